using Colo.Demo;

namespace Colo.Bench.Pair;

/// <summary>The pauses of a protected guest since it is protected.</summary>
/// <param name="Count">Checkpoints.</param>
/// <param name="P50">Median time in which the vCPUs did not run, microseconds.</param>
/// <param name="P99">What 99 of 100 do not exceed.</param>
/// <param name="Max">The longest.</param>
/// <param name="CommitP50">Median time from the pause's begin to the acknowledgement; NaN where it is not told.</param>
/// <param name="PagesP50">Median of pages sent for a checkpoint; NaN where it is not told.</param>
internal sealed record Pauses(long Count, double P50, double P99, double Max, double CommitP50, double PagesP50);

/// <summary>One way to run the built-in guest; what is measured asks nothing but this.</summary>
internal interface IGuestSide : IDisposable
{
    /// <summary>Where clients are.</summary>
    NetworkNamespace Client { get; }

    /// <summary>Boots the guest, alone or protected, and waits until it serves.</summary>
    /// <returns>When the guest is protected: seconds from the secondary's start until then; else NaN.</returns>
    double Start();

    /// <summary>Starts a secondary for a guest that runs alone, and waits until it is protected.</summary>
    /// <returns>Seconds from the secondary's start.</returns>
    double Protect();

    /// <summary>Pauses so far.</summary>
    Pauses Pauses();

    /// <summary>Kills the primary with SIGKILL, and does at once what the guest's going on needs.</summary>
    /// <returns>When, in <see cref="Colo.Linux.MonotonicClock"/> nanoseconds.</returns>
    long KillPrimary();

    /// <summary>After a takeover: protected again, with the killed node as the secondary.</summary>
    void ProtectAgain();

    /// <summary>The process of the secondary (after a takeover: of the survivor), and that of the primary.</summary>
    (int Primary, int Secondary) Processes { get; }
}

/// <summary>A way to run the guest, and its name in the tables.</summary>
/// <param name="Name">For example <c>colo protected</c>.</param>
/// <param name="Protected">Whether a secondary is there.</param>
/// <param name="IsColo">Whether it is ours.</param>
/// <param name="Make">Makes one with a guest of so many megabytes.</param>
internal sealed record Way(string Name, bool Protected, bool IsColo, Func<int, IGuestSide> Make);
