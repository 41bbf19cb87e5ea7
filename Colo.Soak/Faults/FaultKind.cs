namespace Colo.Soak.Faults;

/// <summary>What the campaign does to a pair.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL for the primary; its keeper tells.</summary>
    KillPrimary,

    /// <summary>SIGKILL for the primary's keeper and the primary: nobody tells, and calling back is refused.</summary>
    KillPrimaryAndKeeper,

    /// <summary>SIGKILL for the secondary.</summary>
    KillSecondary,

    /// <summary>SIGSTOP for the primary, for longer than the time-out; then SIGCONT.</summary>
    FreezePrimary,

    /// <summary>The same for the secondary.</summary>
    FreezeSecondary,

    /// <summary>The link is cut for longer than the time-out.</summary>
    LinkDown,

    /// <summary>The link is cut for less than the time-out.</summary>
    LinkBlip,

    /// <summary>Nothing gets through in one direction, for longer than the time-out.</summary>
    HalfOpen,

    /// <summary>The link is slow (tc-tbf(8)).</summary>
    SlowLink,

    /// <summary>The file system of the secondary's disks is full.</summary>
    FullDisk,

    /// <summary>The primary's host is gone at once: no link, no keeper, no node. Later it is back.</summary>
    PowerLoss,

    /// <summary>A planned switchover (<c>colo failover</c>).</summary>
    SwitchOver,

    /// <summary>SIGTERM for the primary: it hands the guest over.</summary>
    StopPrimary,

    /// <summary>SIGTERM for the secondary: it leaves.</summary>
    StopSecondary,

    /// <summary>The arbiter stands still.</summary>
    ArbiterAway,

    /// <summary>The arbiter stands still while the primary is killed: a death that is told needs no permission.</summary>
    ArbiterAwayKillPrimary,

    /// <summary>The arbiter stands still while the link is cut: neither node may speak.</summary>
    ArbiterAwayLinkDown,

    /// <summary>Both nodes are killed. The guest is lost, by rights; what was acknowledged is not.</summary>
    KillBoth,
}

/// <summary>What a pair is, as far as it decides which faults make sense.</summary>
/// <param name="HasArbiter">Whether an arbiter decides when the nodes lose each other.</param>
internal readonly record struct PairView(bool HasArbiter);

/// <summary>What must, may and must not come of a fault that hits a protected pair with <c>silence = wait</c>. Pure.</summary>
internal static class FaultRules
{
    /// <summary>Whether the guest is lost by rights: it boots anew, with all that was acknowledged.</summary>
    internal static bool LosesGuest(FaultKind kind) => kind == FaultKind.KillBoth;

    /// <summary>Whether the other node has to go on.</summary>
    internal static bool MustMove(FaultKind kind) => kind is FaultKind.KillPrimary or FaultKind.KillPrimaryAndKeeper
        or FaultKind.ArbiterAwayKillPrimary or FaultKind.SwitchOver or FaultKind.StopPrimary;

    /// <summary>Whether the other node may go on. Silence alone moves the guest only with an arbiter.</summary>
    internal static bool MayMove(FaultKind kind, PairView view) => MustMove(kind) || kind switch
    {
        // When the host is back it yields; or the arbiter has decided before.
        FaultKind.PowerLoss or FaultKind.KillBoth => true,
        FaultKind.FreezePrimary or FaultKind.LinkDown or FaultKind.LinkBlip or FaultKind.HalfOpen or FaultKind.SlowLink or FaultKind.ArbiterAwayLinkDown => view.HasArbiter,
        _ => false,
    };

    /// <summary>Frames that the former primary may send after the takeover: of one that froze, the send that was under way.</summary>
    internal static int LateFrames(FaultKind kind) => kind == FaultKind.FreezePrimary ? 1 : 0;

    /// <summary>Whether it leaves one node alone that is started anew, so that a second death of that one does no harm.</summary>
    internal static bool StartsNodeAnew(FaultKind kind) => kind is FaultKind.KillPrimary or FaultKind.KillPrimaryAndKeeper or FaultKind.KillSecondary
        or FaultKind.StopPrimary or FaultKind.StopSecondary;

    /// <summary>Whether it makes sense for such a pair.</summary>
    internal static bool Fits(FaultKind kind, PairView view) =>
        view.HasArbiter || kind is not (FaultKind.ArbiterAway or FaultKind.ArbiterAwayKillPrimary or FaultKind.ArbiterAwayLinkDown);
}
