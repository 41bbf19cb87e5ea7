using System.Globalization;

namespace Colo.Monitor;

/// <summary>
/// The lines of the log that an operator reads for a guest: all of one form, which names the guest and the checkpoint that it
/// goes on from, so that the logs of two nodes and of several guests can be laid side by side.
/// </summary>
/// <param name="vm">Name of the guest.</param>
/// <param name="epoch">The checkpoint that the guest goes on from, asked at each line; null: there are none (standalone).</param>
public sealed class EventLog(string vm, Func<ulong>? epoch = null)
{
    /// <summary>Writes an error: the operator has to act.</summary>
    public void Error(string what) => Log.Error(Line(what));

    /// <summary>Writes a warning: something is not as it should be.</summary>
    public void Warning(string what) => Log.Warning(Line(what));

    /// <summary>Writes an event.</summary>
    public void Info(string what) => Log.Info(Line(what));

    /// <summary>An event as the log has it.</summary>
    internal string Line(string what) =>
        epoch is null ? $"{vm}: {what}" : string.Create(CultureInfo.InvariantCulture, $"{vm}: {what} (epoch {epoch()})");
}
