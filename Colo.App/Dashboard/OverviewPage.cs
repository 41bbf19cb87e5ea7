using Colo.Monitor;
using static Colo.Monitor.Figures;

namespace Colo.Dashboard;

/// <summary>Everything at a glance: who and how, and the plots.</summary>
internal static class OverviewPage
{
    private const int LabelWidth = 12;
    private const int LeastPlot = 4;
    private const int MostPlot = 14;
    private const int LeastLog = 6;

    internal static void Draw(Area area, DashboardModel model, DateTimeOffset now)
    {
        if (model.Status is not { } s)
            return;
        var row = 0;
        Guests(area, row++, s);
        Peer(area, row++, s);
        Output(area, row++, s);
        var tall = area.Height >= 40;
        foreach (var disk in tall ? s.Disk.Take(4) : Worst(s.Disk))
            Disk(area, row++, disk, s.Disk.Count, tall);
        if (tall)
        {
            foreach (var nic in s.Nic.Take(4))
                Nic(area, row++, nic);
        }

        Failovers(area, row++, s, model.At);
        area = area.Below(row);
        var columns = area.Width >= 120 ? 3 : 2;
        var plotRows = (6 + columns - 1) / columns;
        var height = Math.Clamp(area.Height / plotRows, Math.Min(LeastPlot, Math.Max(1, area.Height / plotRows)), MostPlot);
        // What is left over below the plots shows the log, when that is enough for a few lines.
        if (area.Height - height * plotRows < LeastLog && area.Height / plotRows > 10)
            height = Math.Max(10, (area.Height - LeastLog) / plotRows);
        Plots(area, model, s, columns, plotRows, height);
        var rest = area.Below(height * plotRows);
        if (rest.Height >= LeastLog)
            LogPage.Tail(rest, model);
    }

    private static void Plots(Area area, DashboardModel model, NodeStatus s, int columns, int rows, int height)
    {
        var c = s.Checkpoint;
        // Rows that do not divide evenly go to the first ones: no empty line at the foot.
        var spare = Math.Min(rows, Math.Max(0, area.Height - height * rows));
        if (area.Height - height * rows > rows)
            spare = 0;
        Area Cell(int index)
        {
            var (x, y) = (index % columns, index / columns);
            var left = x * area.Width / columns;
            return area.Part(left, y * height + Math.Min(y, spare), (x + 1) * area.Width / columns - left, height + (y < spare ? 1 : 0));
        }

        Plot.Draw(Cell(0), "Pause", Time(c.PauseUs.Last), $"99 % {Time(c.PauseUs.P99)}", model.Pause, Time);
        Plot.Draw(Cell(1), "Dirty pages", Count(c.DirtyPages.Last), $"99 % {Count(c.DirtyPages.P99)}", model.DirtyPages, Count);
        Plot.Draw(Cell(2), "Held output", Size(s.Compare.HeldBytes), $"{Count(s.Compare.Held)} frames", model.Held, Round, binary: true);
        Plot.Draw(Cell(3), "Divergences", PerSecond(model.Divergences.Now), $"{Count(s.Compare.Diverged)} in all", model.Divergences, v => $"{Count(v)}/s");
        Plot.Draw(Cell(4), "Throughput", $"{Size((long)model.Throughput.Now)}/s", "", model.Throughput, v => $"{Round(v)}/s", binary: true);
        Checkpoints(Cell(5), model, c);
    }

    private static void Checkpoints(Area area, DashboardModel model, CheckpointStatus c)
    {
        area.Rule(0, "");
        var x = area.Text(1, 0, " Checkpoints ", Tone.Accent);
        area.Text(x, 0, $"{Count(c.Count)} ", Tone.Strong);
        var rate = $" {PerSecond(model.Checkpoints.Now)} ";
        area.Right(area.Width - 1, 0, rate, Tone.Dim);
        var (r, half) = (c.ByReason, 19);
        (string, long)[] left = [("divergence", r.Divergence), ("queue full", r.Queue), ("sync", r.Sync)];
        (string, long)[] right = [("interval", r.Interval), ("planned", r.Planned)];
        for (var i = 0; i < left.Length; i++)
            Pair(area, 1, 1 + i, half, left[i].Item1, Count(left[i].Item2));
        for (var i = 0; i < right.Length; i++)
            Pair(area, 1 + half + 1, 1 + i, half - 2, right[i].Item1, Count(right[i].Item2));
        Pair(area, 1 + half + 1, 3, half - 2, "sent", Size(c.BytesSent));
        if (area.Height > 4)
            Pair(area, 1, 4, half * 2 - 1, "to commit: median, 99 %", $"{Time(c.CommitUs.P50)} {Time(c.CommitUs.P99)}");
    }

    private static void Pair(Area area, int x, int y, int width, string label, string value)
    {
        area.Text(x, y, label, Tone.Dim);
        area.Right(x + width, y, value);
    }

    private static void Guests(Area area, int row, NodeStatus s)
    {
        var g = s.Guests;
        area.Text(1, row, "Guest", Tone.Dim);
        var x = area.Text(LabelWidth, row, "here ");
        x = area.Text(x, row, g.Here, ToneOfGuest(g.Here)) + 3;
        x = area.Text(x, row, "there ");
        x = area.Text(x, row, g.There, ToneOfGuest(g.There)) + 3;
        if (g.MemoryBytes > 0)
            x = area.Text(x, row, $"{Size(g.MemoryBytes)}, {Count(g.Cpus)} {(g.Cpus == 1 ? "vCPU" : "vCPUs")}") + 3;
        area.Text(x, row, $"epoch {Count(s.Epoch)}");
    }

    private static void Peer(Area area, int row, NodeStatus s)
    {
        var p = s.Peer;
        area.Text(1, row, "Other node", Tone.Dim);
        if (p.Address is null)
        {
            area.Text(LabelWidth, row, "none: this node runs alone");
            return;
        }

        var x = area.Text(LabelWidth, row, p.Connected ? "CONNECTED" : "NOT CONNECTED", p.Connected ? Tone.Good : Tone.Bad) + 2;
        x = area.Text(x, row, p.RttUs is { } rtt ? $"rtt {Time(rtt)}, " : "");
        x = area.Text(x, row, p.LastHeardMs is { } heard ? $"heard {Heard(heard)} ago" : "not heard yet") + 2;
        area.Text(x, row, p.Address);
    }

    private static void Output(Area area, int row, NodeStatus s)
    {
        var o = s.Compare;
        area.Text(1, row, "Output", Tone.Dim);
        var text = $"{Count(o.Released)} released, {Count(o.Matched)} matched, {Count(o.Diverged)} diverged";
        var more = $"; {Count(o.Flows)} flows; held for {Time(o.HoldUs.P50)}, 99 % {Time(o.HoldUs.P99)}";
        var flows = $"; {Count(o.Flows)} flows";
        text += LabelWidth + text.Length + more.Length < area.Width ? more : LabelWidth + text.Length + flows.Length < area.Width ? flows : "";
        area.Text(LabelWidth, row, text);
    }

    private static void Disk(Area area, int row, DiskStatus d, int count, bool all)
    {
        area.Text(1, row, "Disk", Tone.Dim);
        var inSync = d.SyncPercent >= 100;
        var x = area.Text(LabelWidth, row, $"{d.Name} ");
        x = area.Text(x, row, Plot.Bar(area.Charset, d.SyncPercent, 12), inSync ? Tone.Good : Tone.Warning) + 1;
        x = area.Text(x, row, $"{Percent(d.SyncPercent)} in sync", inSync ? Tone.Good : Tone.Warning);
        if (d.SyncBytesPerS > 0)
            x = area.Text(x, row, $", {Size(d.SyncBytesPerS)}/s{(d.SyncLeftS is { } left ? $", {Duration(left)} left" : "")}");
        x = area.Text(x, row, $", {Size(d.Pending)} pending");
        if (!all && count > 1)
            area.Text(x, row, $" (of {count})", Tone.Dim);
    }

    private static void Nic(Area area, int row, NicStatus n)
    {
        area.Text(1, row, "NIC", Tone.Dim);
        area.Text(LabelWidth, row, $"{n.Name} {n.Mac}, received {Size(n.RxBytes)}, sent {Size(n.TxBytes)}, {Count(n.Dropped)} dropped");
    }

    private static void Failovers(Area area, int row, NodeStatus s, DateTimeOffset at)
    {
        area.Text(1, row, "Failovers", Tone.Dim);
        var x = area.Text(LabelWidth, row, s.Failover.Last is { } last
            ? $"{Count(s.Failover.Count)}, last {Duration((long)(at - last.At).TotalSeconds)} ago{(last.DurationUs is { } us ? $" in {Time(us)}" : "")}: {last.Reason}"
            : Count(s.Failover.Count));
        var up = $"up {Duration(s.UptimeS)}, colo {s.Version}";
        if (x + up.Length + 3 < area.Width)
            area.Right(area.Width - 1, row, up, Tone.Dim);
    }

    // Where there is a line for one disk only, it is the one that is least in sync.
    private static IEnumerable<DiskStatus> Worst(IReadOnlyList<DiskStatus> disks) =>
        disks.OrderBy(d => d.SyncPercent).Take(1);

    private static Tone ToneOfGuest(string state) => state is "none" or "unknown" ? Tone.Normal : DashboardModel.ToneOf(state);

    private static string Heard(long ms) => ms < 10_000 ? $"{Count(ms)} ms" : Duration(ms / 1000);

    // The scale's bounds are powers of two: a decimal would say nothing.
    private static string Round(long bytes) => Size(bytes).Replace(".0", "", StringComparison.Ordinal);

    private static string PerSecond(double rate) =>
        rate.ToString(rate is > 0 and < 10 ? "0.0" : "#,0", System.Globalization.CultureInfo.InvariantCulture) + "/s";
}
