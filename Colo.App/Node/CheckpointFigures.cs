using Colo.Monitor;
using Colo.Proxy;

namespace Colo.Node;

/// <summary>What the primary measured of its checkpoints; the first sync is counted and not measured. On the loop's thread.</summary>
internal sealed class CheckpointFigures
{
    private readonly long[] _byReason = new long[Enum.GetValues<CheckpointReason>().Length];

    internal long Count { get; private set; }

    internal long BytesSent { get; set; }

    /// <summary>How long the PVM stood still, microseconds.</summary>
    internal PercentileWindow PauseUs { get; } = new();

    /// <summary>From the pause's start to the secondary's acknowledgement, microseconds.</summary>
    internal PercentileWindow CommitUs { get; } = new();

    /// <summary>Pages sent for a checkpoint, streamed and at the stop.</summary>
    internal PercentileWindow Pages { get; } = new();

    /// <summary>The same three since the start, for the metrics.</summary>
    internal CheckpointHistograms Histograms { get; } = new();

    /// <summary>Counts a checkpoint that the secondary has acknowledged. Times in nanoseconds.</summary>
    internal void Add(CheckpointReason reason, long pauseNs, long commitNs, long pages)
    {
        Count++;
        _byReason[(int)reason]++;
        if (reason == CheckpointReason.Sync)
            return;
        PauseUs.Add(pauseNs / 1000);
        CommitUs.Add(commitNs / 1000);
        Pages.Add(pages);
        Histograms.PauseUs.Add(pauseNs / 1000);
        Histograms.CommitUs.Add(commitNs / 1000);
        Histograms.DirtyPages.Add(pages);
    }

    internal long ByReason(CheckpointReason reason) => _byReason[(int)reason];
}
