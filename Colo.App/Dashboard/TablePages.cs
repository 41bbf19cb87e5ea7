using Colo.Monitor;
using static Colo.Monitor.Figures;

namespace Colo.Dashboard;

/// <summary>The flows that hold most output or diverged most often.</summary>
internal static class FlowsPage
{
    private static readonly Column[] Columns =
    [
        new("Flow (guest > remote)", 0), new("NIC", 5), new("Held", 5, true), new("Bytes", 9, true), new("For", 7, true), new("Diverged", 8, true),
    ];

    internal static void Draw(Area area, DashboardModel model, ref int scroll)
    {
        Table.Draw(area, Columns, [.. model.Flows.Select(f => new TableRow(
            f.Diverged > 0 ? Tone.Warning : Tone.Normal,
            f.Flow, f.Nic, Count(f.Held), Size(f.HeldBytes), f.Held > 0 ? Time(f.HeldUs) : "-", Count(f.Diverged)))], ref scroll);
        if (model.Flows.Count == 0)
            area.Text(1, 2, model.Status?.Role == "primary" ? "No flow is known." : "Flows are compared on the primary; this node has none.");
    }
}

/// <summary>Disks with their sync, and network cards.</summary>
internal static class DevicesPage
{
    private static readonly Column[] Disks =
    [
        new("Disk", 0), new("Size", 9, true), new("In sync", 8, true), new("Pending", 9, true), new("Replicated", 10, true), new("To compare", 10, true),
    ];

    private static readonly Column[] Nics =
    [
        new("NIC", 0), new("Address", 17), new("Received", 9, true), new("frames", 9, true), new("Sent", 9, true), new("frames", 9, true), new("Dropped", 7, true),
    ];

    internal static void Draw(Area area, DashboardModel model, ref int scroll)
    {
        if (model.Status is not { } s)
            return;
        // Two tables on one page: scrolled as one, by disks.
        var hidden = Math.Clamp(scroll, 0, Math.Max(0, s.Disk.Count - 1));
        scroll = hidden;
        var row = 0;
        area.Rule(row++, "Disks");
        foreach (var d in s.Disk.Skip(hidden))
        {
            var none = 0;
            Table.Draw(area.Part(0, row, area.Width, 2), Disks,
                [new(Tone.Normal, d.Name, Size(d.Size), Percent(d.SyncPercent), Size(d.Pending), Size(d.Replicated), Size(d.Changed))], ref none);
            row += 2;
            var tone = d.SyncPercent >= 100 ? Tone.Good : Tone.Warning;
            var x = area.Text(1, row, Plot.Bar(area.Charset, d.SyncPercent, Math.Min(60, area.Width / 2)), tone) + 1;
            area.Text(x, row, Sync(d), tone);
            row += 2;
        }

        if (s.Disk.Count == 0)
            area.Text(1, row++, "No disk.");
        area.Rule(row++, "Network cards");
        if (s.Nic.Count == 0)
        {
            area.Text(1, row, "No network card.");
            return;
        }

        var top = 0;
        Table.Draw(area.Below(row), Nics, [.. s.Nic.Select(n => new TableRow(
            Tone.Normal, n.Name, n.Mac, Size(n.RxBytes), Short(n.RxPackets), Size(n.TxBytes), Short(n.TxPackets), Short(n.Dropped)))], ref top);
    }

    private static string Sync(DiskStatus d) =>
        d.SyncBytesPerS > 0 ? $"{Size(d.SyncBytesPerS)}/s, {(d.SyncLeftS is { } left ? $"{Duration(left)} left" : "time left not known")}"
        : d.SyncPercent >= 100 ? "in sync"
        : "no sync under way";

    // Nine cells hold up to 9,999,999.
    private static string Short(long count) => count < 10_000_000 ? Count(count) : $"{Count(count / 1_000_000)} M";
}

/// <summary>The node's log.</summary>
internal static class LogPage
{
    private static readonly Column[] Columns = [new("UTC", 8), new("Level", 7), new("Event", 0)];

    internal static void Draw(Area area, DashboardModel model, ref int scroll)
    {
        Table.Draw(area, Columns, [.. model.Log.Select(Row)], ref scroll, fromEnd: true);
        if (model.Log.Count == 0)
            area.Text(1, 2, "Nothing yet.");
    }

    /// <summary>The newest entries, for another page.</summary>
    internal static void Tail(Area area, DashboardModel model)
    {
        var scroll = 0;
        Table.Draw(area, Columns, [.. model.Log.TakeLast(area.Height).Select(Row)], ref scroll, fromEnd: true);
    }

    private static TableRow Row(LogEntry e) => new(
        e.Level switch { "error" => Tone.Bad, "warning" => Tone.Warning, "debug" => Tone.Dim, _ => Tone.Normal },
        e.At.UtcDateTime.ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture), e.Level, e.Text);
}

/// <summary>Takeovers and switchovers.</summary>
internal static class FailoversPage
{
    private static readonly Column[] Columns = [new("When (UTC)", 19), new("Took", 9, true), new("Why", 0)];

    internal static void Draw(Area area, DashboardModel model, ref int scroll)
    {
        if (model.Status is not { } s)
            return;
        var history = s.Failover.History.Count > 0 ? s.Failover.History : s.Failover.Last is { } last ? [last] : [];
        area.Text(1, 0, $"{Count(s.Failover.Count)} since the node started{(s.Failover.Count > history.Count ? $"; the last {history.Count}:" : "")}");
        Table.Draw(area.Below(1), Columns, [.. history.Select(e => new TableRow(Tone.Normal, Moment(e.At), (e.DurationUs is { } us ? Time(us) : ""), e.Reason))], ref scroll);
    }
}
