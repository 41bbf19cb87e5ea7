using Colo.Block.Replication;
using Colo.Configuration;
using Colo.Inquiry;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>
/// A node with <c>--role auto</c> before it has one: asks the peer what it is, until <see cref="StartRules"/> say what this one
/// is to be. On the loop's thread.
/// </summary>
internal sealed class AutoStart : IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(500);

    // A host that boots together with this one is found within that time, or found to be late.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly NodeContext _node;
    private readonly ColoConfiguration _configuration;
    private readonly string? _path;
    private readonly Action<StartVerdict> _decided;
    private readonly LoopTimer _timer;
    private readonly long _graceEndsNs;
    private string _told = "";
    private bool _over;

    /// <param name="node">Its node.</param>
    /// <param name="configuration">Names the record.</param>
    /// <param name="decided">Called once, from the loop, with anything but <see cref="StartDecision.Wait"/>.</param>
    internal AutoStart(NodeContext node, ColoConfiguration configuration, Action<StartVerdict> decided)
    {
        _node = node;
        _decided = decided;
        _configuration = configuration;
        _path = NodeHistory.PathOf(configuration);
        _timer = node.Loop.AddTimer(Ask);
        // With the peer silent for less than the failover timeout nothing could be said of it anyway.
        _graceEndsNs = MonotonicClock.Now + (Math.Max(Grace.Ticks, 2 * node.Settings.Timeout.Ticks) * 100);
    }

    /// <summary>What is known, for the operator.</summary>
    internal StartVerdict Verdict { get; private set; } = new(StartDecision.Wait, "", "the other node is asked");

    /// <summary>This node's record; null when it keeps none.</summary>
    internal NodeData? Data => _path is null ? null : NodeRecord.Peek(_path);

    internal void Start() => Ask();

    /// <summary>The operator's word: this node is to be the primary.</summary>
    /// <returns>Null, or why it may not.</returns>
    internal string? Force()
    {
        if (Verdict.Rule is not ("cold" or "unshared" or ""))
            return $"the other node answers: {Verdict.Text}";
        if (Verdict.Rule.Length == 0)
            return "the other node was not asked yet; try again in a moment";
        if (NodeHistory.RefusesPrimary(Data ?? NodeData.New, _path ?? "") is { } refusal)
            return refusal;
        if (LostImages.RefusesLeader(_configuration) is { } lost)
            return lost;
        End(new StartVerdict(StartDecision.Lead, "operator", "the operator said so"));
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over = true;
        _timer.Dispose();
    }

    private void Ask() => _node.Ask(OnAnswer);

    private void OnAnswer(InquiryResult result)
    {
        if (_over)
            return;
        // A check answers as a node does, and is none.
        var report = result.Report is { Role: "primary" or "secondary" or "undecided" } node ? node : null;
        var verdict = StartRules.Decide(
            _node.Identity.Node == Link.LinkNode.A, Data, new PeerView(report?.Role, report?.State ?? "", report?.Data?.Node));
        if (verdict.Rule is "cold" or "unshared" && result.Failure is { } failure)
            verdict = verdict with { Decision = StartDecision.Wait, Text = $"{verdict.Text} ({failure.Text})" };
        if (verdict.Rule == "unshared" && MonotonicClock.Now < _graceEndsNs)
            verdict = verdict with { Decision = StartDecision.Wait, Text = "this node ran the guest last, alone; the other node gets a moment to be heard" };
        Verdict = verdict;
        if (verdict.Decision != StartDecision.Wait)
        {
            End(verdict);
            return;
        }

        if (_told != verdict.Text)
        {
            _node.Events.Warning($"not decided yet what this node is: {verdict.Text}");
            _node.Tell("waiting", verdict.Text, Attentions.Undecided(verdict.Text));
            _told = verdict.Text;
        }

        _timer.SetAfter(Again);
    }

    private void End(StartVerdict verdict)
    {
        if (_over)
            return;
        Dispose();
        _node.Loop.Post(() => _decided(verdict));
    }
}
