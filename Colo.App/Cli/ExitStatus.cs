namespace Colo.Cli;

/// <summary>The exit statuses of every command.</summary>
public static class ExitStatus
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Failed while running.</summary>
    public const int Failed = 1;

    /// <summary>Usage or configuration error.</summary>
    public const int Usage = 2;

    /// <summary>Refused for safety.</summary>
    public const int Refused = 3;

    /// <summary>No such node is running.</summary>
    public const int NotRunning = 4;
}
