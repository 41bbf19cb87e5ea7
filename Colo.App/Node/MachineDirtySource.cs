using Colo.Checkpoint;
using Colo.Machine;
using Colo.Memory;

namespace Colo.Node;

/// <summary>The machine's dirty tracking as checkpoints use it.</summary>
internal sealed class MachineDirtySource(DirtyTracker tracker) : IDirtySource
{
    /// <inheritdoc/>
    public void Harvest(PageBitmap target) => tracker.Harvest(target);
}
