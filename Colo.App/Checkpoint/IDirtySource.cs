using Colo.Memory;

namespace Colo.Checkpoint;

/// <summary>Tells which pages were written: KVM's dirty tracking together with the devices' own.</summary>
public interface IDirtySource
{
    /// <summary>
    /// Ors all pages written since the last call into <paramref name="target"/>, and from then on records writes anew.
    /// While vCPUs run, a page written at that very moment is in this or in the next call's result.
    /// </summary>
    void Harvest(PageBitmap target);
}
