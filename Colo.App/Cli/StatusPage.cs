using System.Globalization;
using System.Text;
using Colo.Dashboard;
using Colo.Monitor;
using static Colo.Monitor.Figures;

namespace Colo.Cli;

/// <summary>The page of <c>colo status</c>: a pure function of the status.</summary>
internal static class StatusPage
{
    private const int NameWidth = 12;

    /// <param name="s">What the node says.</param>
    /// <param name="now">For what is told as a duration.</param>
    /// <param name="width">Columns there are: lines are broken at words; without a terminal they are as long as they are.</param>
    internal static string Write(NodeStatus s, DateTimeOffset now, int width = int.MaxValue)
    {
        var page = new StringBuilder();
        void Line(string name, string text)
        {
            // What fits stays as it is: the table's rows keep their columns.
            foreach (var line in text.Length <= width - NameWidth ? [text] : Wrap.Lines(text, width - NameWidth))
            {
                page.Append(CultureInfo.InvariantCulture, $"{name,-NameWidth}{line}\n");
                name = "";
            }
        }

        Line(s.Vm, $"{s.Role}, {s.State} for {Duration((long)(now - s.Since).TotalSeconds)}; epoch {Count(s.Epoch)}; colo {s.Version}, up {Duration(s.UptimeS)}");
        if (s.Attention is { } attention)
        {
            Line("attention", $"{attention.What} (for {Duration((long)(now - attention.Since).TotalSeconds)})");
            Line("", $"what the node did: {attention.Did}");
            Line("", $"what is left to do: {attention.Todo}");
        }

        Line("peer", Peer(s.Peer));
        var c = s.Checkpoint;
        var r = c.ByReason;
        Line("checkpoints", $"{Count(c.Count)}, {Size(c.BytesSent)} sent (divergence {Count(r.Divergence)}, interval {Count(r.Interval)}, queue {Count(r.Queue)}, planned {Count(r.Planned)}, sync {Count(r.Sync)})");
        if (c.Count > 0)
        {
            Line("", $"{"",-13}{"last",10}{"median",10}{"99 %",10}{"most",10}");
            Line("", Row("pause", c.PauseUs, Time));
            Line("", Row("to commit", c.CommitUs, Time));
            Line("", Row("dirty pages", c.DirtyPages, Count));
        }

        var o = s.Compare;
        Line("output", $"{Count(o.Released)} released, {Count(o.Matched)} matched, {Count(o.Diverged)} diverged; {Count(o.Flows)} flows");
        Line("", $"held now: {Count(o.Held)} frames, {Size(o.HeldBytes)}; held for {Time(o.HoldUs.P50)} (99 %: {Time(o.HoldUs.P99)})");
        foreach (var d in s.Disk)
        {
            Line("disk", $"{d.Name}: {Size(d.Size)}, {d.SyncPercent.ToString("0.0", CultureInfo.InvariantCulture)} % in sync, {Size(d.Pending)} pending, {Size(d.Replicated)} replicated, {Size(d.Changed)} to compare after a break");
            if (d.SyncBytesPerS > 0)
                Line("", $"sync: {Size(d.SyncBytesPerS)}/s{(d.SyncLeftS is { } left ? $", {Count(left)} s left" : "")}");
        }

        foreach (var n in s.Nic)
            Line("nic", $"{n.Name}: {n.Mac}, received {Count(n.RxPackets)} ({Size(n.RxBytes)}), sent {Count(n.TxPackets)} ({Size(n.TxBytes)}), dropped {Count(n.Dropped)}");
        Line("failovers", s.Failover.Last is { } last
            ? $"{Count(s.Failover.Count)}; the last at {Moment(last.At)} UTC: {last.Reason}{(last.DurationUs is { } us ? $", {Time(us)}" : "")}"
            : Count(s.Failover.Count));
        return page.ToString();
    }

    /// <summary>Cuts a page to the height of a terminal, at its end: what matters most stands above.</summary>
    internal static string Fit(string page, int height)
    {
        var lines = page.TrimEnd('\n').Split('\n');
        // Below the last line stands the cursor.
        var room = Math.Max(2, height - 1);
        return lines.Length <= room
            ? page
            : $"{string.Join('\n', lines.Take(room - 1))}\n... {lines.Length - room + 1} more lines; a larger window shows them\n";
    }

    private static string Peer(PeerStatus p)
    {
        if (p.Address is null)
            return "none";
        var text = $"{p.Address}, {(p.Connected ? "connected" : "not connected")}";
        if (p.RttUs is { } rtt)
            text += $", round trip {Time(rtt)}";
        return p.LastHeardMs is { } heard ? text + $", heard {Count(heard)} ms ago" : text + ", not heard yet";
    }

    private static string Row(string name, Percentiles p, Func<long, string> write) =>
        $"{name,-13}{write(p.Last),10}{write(p.P50),10}{write(p.P99),10}{write(p.Max),10}";
}
