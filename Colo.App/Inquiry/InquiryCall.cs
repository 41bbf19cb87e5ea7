using System.Net;
using Colo.Link;
using Colo.Linux;

namespace Colo.Inquiry;

/// <summary>How an inquiry ended.</summary>
/// <param name="Outcome">Whether the peer was reached.</param>
/// <param name="Text">For the operator.</param>
/// <param name="Report">What the peer says of itself; null when it was not reached or does not answer.</param>
/// <param name="Peer">The authenticated peer; also there when it then declined.</param>
/// <param name="Failure">Why the handshake failed.</param>
/// <param name="RoundTripNs">Nanoseconds from the question to the answer.</param>
internal sealed record InquiryResult(
    LinkDialOutcome Outcome, string Text, NodeReport? Report, LinkPeer? Peer, LinkFailure? Failure, long RoundTripNs);

/// <summary>Asks the peer once what it is and has. On the loop's thread.</summary>
internal sealed class InquiryCall : ILinkHandler, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private readonly EventLoop _loop;
    private readonly Action<InquiryResult> _ended;
    private readonly LinkDialer _dialer;
    private readonly LoopTimer _limit;
    private LinkConnection? _connection;
    private LinkPeer? _peer;
    private long _askedNs;
    private bool _over;

    /// <summary>Calls; <paramref name="ended"/> is called once, and never after <see cref="Dispose"/>.</summary>
    internal InquiryCall(EventLoop loop, IPEndPoint peer, LinkIdentity identity, LinkOptions options, Action<InquiryResult> ended)
    {
        _loop = loop;
        _ended = ended;
        _limit = loop.AddTimer(() => End("the peer does not say what it is", null));
        _dialer = new LinkDialer(loop, peer, identity, options, LinkKind.Inquiry, default, OnDialled);
        _dialer.Start();
    }

    /// <inheritdoc/>
    public void OnMessage(LinkConnection connection, ushort type, ReadOnlySpan<byte> body)
    {
        if (type != (ushort)InquiryServer.Message.Report)
            throw new FormatException($"unexpected message {type} of {body.Length} bytes");
        End("", NodeReport.Read(body));
    }

    /// <inheritdoc/>
    public void OnClosed(LinkConnection connection, LinkClosedReason reason, string text) => End(text, null);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_over)
            return;
        _over = true;
        _limit.Dispose();
        _dialer.Dispose();
        _connection?.Dispose();
    }

    private void OnDialled(LinkDialResult result)
    {
        if (_over)
            return;
        if (result.Channel is null)
        {
            Dispose();
            _ended(new InquiryResult(result.Outcome, result.Text, null, result.Peer, result.Failure, 0));
            return;
        }

        _peer = result.Peer;
        _connection = result.Channel.Open(_loop, this);
        _limit.SetAfter(Limit);
        _askedNs = MonotonicClock.Now;
        _ = _connection.TrySend((ushort)InquiryServer.Message.Ask, [], []);
    }

    private void End(string text, NodeReport? report)
    {
        if (_over)
            return;
        Dispose();
        _ended(new InquiryResult(LinkDialOutcome.Connected, text, report, _peer, null, MonotonicClock.Now - _askedNs));
    }
}
