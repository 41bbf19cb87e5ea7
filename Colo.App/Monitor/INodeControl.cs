namespace Colo.Monitor;

/// <summary>
/// What the control socket asks of a running node. Called from threads of the control socket, several at once: the
/// node makes them safe. <see cref="GetStatus"/> returns at once; the others may take as long as they need.
/// </summary>
public interface INodeControl
{
    /// <summary>What the node is doing.</summary>
    NodeStatus GetStatus();

    /// <summary>A switchover, takeover or going on alone, as the role has it. Returns when it has ended.</summary>
    /// <param name="force">The operator's word also where that is refused otherwise: a primary that is heard is asked for the guest, and a third's permission is not waited for.</param>
    ControlResult Failover(bool force);

    /// <summary>Powers the guest off on both nodes. Returns when that is certain; the node may then end.</summary>
    ControlResult Stop();

    /// <summary>Writes a complete snapshot of the guest.</summary>
    /// <param name="path">A full path. Who asks is root or the node's own user.</param>
    ControlResult Save(string path);

    /// <summary>The flows that matter most: those with the most held bytes, then those that diverged most often.</summary>
    /// <param name="most">How many at most.</param>
    IReadOnlyList<FlowStatus> GetFlows(int most);

    /// <summary>The guest's serial console.</summary>
    GuestConsole Console { get; }
}

/// <summary>How a command to a node ended.</summary>
/// <param name="Ok">True when it is done.</param>
/// <param name="Error">What went wrong, for the operator; null when it is done.</param>
/// <param name="Exit">Exit status of the command: 0 done, 1 failed, 3 refused for safety.</param>
public sealed record ControlResult(bool Ok, string? Error, int Exit)
{
    /// <summary>It is done.</summary>
    public static ControlResult Done { get; } = new(true, null, 0);

    /// <summary>It went wrong.</summary>
    public static ControlResult Failed(string error) => new(false, error, 1);

    /// <summary>It would not be safe.</summary>
    public static ControlResult Refused(string error) => new(false, error, 3);
}
