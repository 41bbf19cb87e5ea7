using System.Text;
using Colo.Protection;

namespace Colo.Tests.Protection;

/// <summary>What docs/protection.md says of the tables: made from the tables themselves.</summary>
internal static class ProtectionDocument
{
    internal const string Begin = "<!-- made from the tables; COLO_UPDATE_DOCS=1 with the tests writes it anew -->";
    internal const string End = "<!-- end of what is made -->";

    internal static string Make() =>
        "\n## The primary\n\n" + Diagram(PrimaryProtection.Table, PrimaryPhase.Alone) + "\n" + Rows(PrimaryProtection.Table) +
        "\n## The secondary\n\n" + Diagram(SecondaryProtection.Table, SecondaryPhase.Waiting) + "\n" + Rows(SecondaryProtection.Table) + "\n";

    private static string Diagram<TPhase, TEvent, TAction>(TransitionTable<TPhase, TEvent, TAction> table, TPhase start)
        where TPhase : struct, Enum
        where TEvent : struct, Enum
        where TAction : struct, Enum
    {
        var text = new StringBuilder("```mermaid\nstateDiagram-v2\n");
        text.Append($"    [*] --> {start}\n");
        foreach (var from in Enum.GetValues<TPhase>())
        {
            foreach (var to in Enum.GetValues<TPhase>())
            {
                var events = Enum.GetValues<TEvent>().Where(what => !from.Equals(to) && table[from, what].Next.Equals(to)).ToArray();
                if (events.Length > 0)
                    text.Append($"    {from} --> {to}: {string.Join(", ", events)}\n");
            }
        }

        return text.Append("```\n").ToString();
    }

    /// <summary>A row for each event and what follows from it; where nothing follows, the phases are not named.</summary>
    private static string Rows<TPhase, TEvent, TAction>(TransitionTable<TPhase, TEvent, TAction> table)
        where TPhase : struct, Enum
        where TEvent : struct, Enum
        where TAction : struct, Enum
    {
        var text = new StringBuilder("| Event | in | action | then | because |\n| --- | --- | --- | --- | --- |\n");
        foreach (var what in Enum.GetValues<TEvent>())
        {
            var rows = Enum.GetValues<TPhase>().Select(phase => (Phase: phase, Cell: table[phase, what]))
                .GroupBy(cell => (cell.Cell.Action, Next: cell.Cell.Next.Equals(cell.Phase) ? "stays" : cell.Cell.Next.ToString(), cell.Cell.Why))
                .OrderBy(row => IsNothing(row.Key.Action, row.Key.Next));
            foreach (var row in rows)
            {
                var nothing = IsNothing(row.Key.Action, row.Key.Next);
                text.Append($"| {what} | {(nothing ? "the others" : string.Join(", ", row.Select(cell => cell.Phase)))} | {(nothing ? "nothing" : row.Key.Action)} | {(nothing ? "" : row.Key.Next)} | {row.Key.Why} |\n");
            }
        }

        return text.ToString();
    }

    private static bool IsNothing<TAction>(TAction action, string next)
        where TAction : struct, Enum =>
        action.Equals(default(TAction)) && next == "stays";
}
