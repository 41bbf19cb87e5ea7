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
    private Action<string?>? _forced;
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

    /// <summary>What this node's images are worth by its record, as of <see cref="Verdict"/>; empty before there is one.</summary>
    internal string Worth { get; private set; } = "";

    /// <summary>This node's record; null when it keeps none.</summary>
    internal NodeData? Data => _path is null ? null : NodeRecord.Peek(_path);

    internal void Start() => Ask();

    /// <summary>
    /// The operator's word: this node is to be the primary. The other one is asked once more before: it may have come up since, with
    /// newer data, and would only be refused as the secondary of this node.
    /// </summary>
    /// <param name="answer">Called with null, or with why it may not; from here, or later from the loop.</param>
    internal void Force(Action<string?> answer)
    {
        if (NodeHistory.RefusesPrimary(Data ?? NodeData.New, _path ?? "") is { } refusal)
        {
            answer(refusal);
            return;
        }

        if (LostImages.RefusesLeader(_configuration) is { } lost)
        {
            answer(lost);
            return;
        }

        _forced += answer;
        _timer.Cancel();
        Ask();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over = true;
        _timer.Dispose();
        AnswerForced("this node ends");
    }

    private void Ask() => _node.Ask(OnAnswer);

    private void OnAnswer(InquiryResult result)
    {
        if (_over)
            return;
        // A check answers as a node does, and is none.
        var report = result.Report is { Role: "primary" or "secondary" or "undecided" } node ? node : null;
        var own = Data;
        var verdict = StartRules.Decide(_node.Identity.Node == Link.LinkNode.A, own, new PeerView(report?.Role, report?.State ?? "", report?.Data?.Node));
        Worth = _path is null ? "none" : StartRules.Worth(own ?? NodeData.New);
        if (verdict.Rule is "cold" or "unshared" && result.Failure is { } failure)
            verdict = verdict with { Decision = StartDecision.Wait, Text = $"{verdict.Text} ({failure.Text})" };
        if (verdict.Rule == "unshared" && MonotonicClock.Now < _graceEndsNs)
            verdict = verdict with { Decision = StartDecision.Wait, Text = "this node ran the guest last, alone; the other node gets a moment to be heard" };
        Verdict = verdict;
        if (_forced is not null && verdict.Rule is "cold" or "unshared")
            verdict = new StartVerdict(StartDecision.Lead, "operator", "the operator said so");
        if (verdict.Decision != StartDecision.Wait)
        {
            End(verdict);
            return;
        }

        AnswerForced($"the other node answers: {verdict.Text}");

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
        // First: who hears the answer looks at what has come of it.
        _node.Loop.Post(() => _decided(verdict));
        AnswerForced(verdict.Decision == StartDecision.Lead ? null : $"the other node answers: {verdict.Text}");
        Dispose();
    }

    private void AnswerForced(string? refusal)
    {
        var forced = _forced;
        _forced = null;
        forced?.Invoke(refusal);
    }
}
