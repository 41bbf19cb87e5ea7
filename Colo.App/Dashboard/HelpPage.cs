namespace Colo.Dashboard;

/// <summary>The help page.</summary>
internal static class HelpPage
{
    internal static Dialog Dialog(IDashboardExtension? extra) => new("Help", Tone.Accent,
    [
        .. extra?.Keys.Where(k => k.Help.Length > 0).Select(k => $"{k.Key,-18}  {k.Help}") ?? [],
        "1 to 6, F1 to F6    a page; Tab, Shift-Tab: the next, the one before",
        "arrows, PgUp, PgDn  scroll; Home, End: the first and the last line",
        .. extra?.Keys.Any(k => k.Is("F")) == true ? [] : (string[])["F                   failover, after a question"],
        "P                   pauses the figures and goes on",
        "Ctrl-L              draws the screen anew",
        $"Q, Ctrl-C           {extra?.Leaving ?? "leaves; the node goes on"}",
        "",
        "Console             every key goes to the guest but Ctrl-], which leaves",
        "",
        "Plots: a column is a second, the newest is at the right; an empty column",
        "beside others is a second without an answer.",
        "Pause: how long the vCPUs stood still for a checkpoint. Dirty pages: pages",
        "of 4 KiB sent for it. Held output: what waits for the other node's answer",
        "or a checkpoint. Divergences: outputs that differed. Throughput: what the",
        "guest receives and sends.",
    ], IsQuestion: false);
}
