using System.Globalization;
using Colo.Linux;

namespace Colo.Monitor;

/// <summary>How much an entry of the log matters, as syslog numbers it.</summary>
public enum LogLevel
{
    /// <summary>Something failed and the operator has to act.</summary>
    Error = 3,

    /// <summary>Something is not as it should be, and is dealt with.</summary>
    Warning = 4,

    /// <summary>An event the operator cares about.</summary>
    Info = 6,

    /// <summary>Detail for finding a fault.</summary>
    Debug = 7,
}

/// <summary>
/// The log of the process: one line an event on standard error, with the journal's level prefix
/// (sd-daemon(3)) when standard error is the journal. Never used on the path of a frame that is in order.
/// </summary>
public static class Log
{
    private const int StandardError = 2;

    private static readonly Lock Gate = new();
    private static readonly LogBuffer Recent = new(1000);
    private static readonly bool Journal = IsJournal(Environment.GetEnvironmentVariable("JOURNAL_STREAM"), StandardError);
    private static readonly bool Terminal = !Console.IsErrorRedirected;

    /// <summary>The least important level that is written.</summary>
    public static LogLevel Level { get; set; } =
        Environment.GetEnvironmentVariable("COLO_LOG") == "debug" ? LogLevel.Debug : LogLevel.Info;

    /// <summary>Writes an error.</summary>
    public static void Error(string message) => Write(LogLevel.Error, message);

    /// <summary>Writes a warning.</summary>
    public static void Warning(string message) => Write(LogLevel.Warning, message);

    /// <summary>Writes an event.</summary>
    public static void Info(string message) => Write(LogLevel.Info, message);

    /// <summary>Writes detail.</summary>
    public static void Debug(string message) => Write(LogLevel.Debug, message);

    /// <summary>What was written last: the process keeps 1,000 entries.</summary>
    /// <param name="after">Only entries with a greater number.</param>
    /// <param name="most">The newest so many.</param>
    /// <returns>The oldest first.</returns>
    public static IReadOnlyList<LogEntry> Read(long after, int most)
    {
        lock (Gate)
            return Recent.Read(after, most);
    }

    private static void Write(LogLevel level, string message)
    {
        if (level > Level)
            return;
        var now = DateTimeOffset.UtcNow;
        var line = Journal ? $"<{(int)level}>{message}\n" : Line(now, level, message, Terminal);
        lock (Gate)
        {
            Recent.Add(now, Name(level), message);
            try
            {
                Console.Error.Write(line);
            }
            catch (IOException)
            {
                // A closed standard error must not stop the guest.
            }
        }
    }

    /// <summary>
    /// Whether a descriptor is the stream of the journal that a process was given (systemd.exec(5), $JOURNAL_STREAM): device
    /// and inode are the same. The variable alone is inherited by whatever a service starts, wherever that one writes.
    /// </summary>
    internal static bool IsJournal(string? stream, int descriptor) =>
        !string.IsNullOrEmpty(stream)
        && FileStatus.OfOpen(descriptor, FileStatus.STATX_INO, out var status)
        && stream == string.Create(CultureInfo.InvariantCulture, $"{status.Device}:{status.stx_ino}");

    /// <summary>A line that is not the journal's: who reads a file or a pipe later has to know the day, and whose clock it is.</summary>
    internal static string Line(DateTimeOffset now, LogLevel level, string message, bool terminal) => terminal
        ? string.Create(CultureInfo.InvariantCulture, $"{now:HH:mm:ss.ffffff} {Name(level),-7} {message}\n")
        : string.Create(CultureInfo.InvariantCulture, $"{now.ToLocalTime():yyyy-MM-ddTHH:mm:ss.ffffffzzz} {Name(level),-7} {message}\n");

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Info => "info",
        _ => "debug",
    };
}
