using Colo.Link;
using Colo.Linux;

namespace Colo.Inquiry;

/// <summary>Answers the peer's inquiries, a few at a time and each for a bounded time. On the loop's thread.</summary>
internal sealed class InquiryServer(EventLoop loop, Func<NodeReport> report) : IDisposable
{
    private const int Most = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private readonly List<Client> _clients = [];

    /// <summary>Asks, and then the answer.</summary>
    internal enum Message : ushort
    {
        /// <summary>Empty.</summary>
        Ask = 1,

        /// <summary>A <see cref="NodeReport"/>.</summary>
        Report = 2,
    }

    /// <summary>Takes an authenticated channel.</summary>
    internal void Accept(LinkChannel channel)
    {
        // The peer is authenticated and asks now and then: more than these are forgotten ones.
        if (_clients.Count >= Most)
            _clients[0].End();
        _clients.Add(new Client(this, channel));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_clients.Count > 0)
            _clients[^1].End();
    }

    private sealed class Client : ILinkHandler
    {
        private readonly InquiryServer _server;
        private readonly LinkConnection _connection;
        private readonly LoopTimer _limit;

        internal Client(InquiryServer server, LinkChannel channel)
        {
            _server = server;
            _limit = server.Loop.AddTimer(End);
            _limit.SetAfter(Limit);
            _connection = channel.Open(server.Loop, this);
        }

        public void OnMessage(LinkConnection connection, ushort type, ReadOnlySpan<byte> body)
        {
            if (type != (ushort)Message.Ask)
                throw new FormatException($"unexpected message {type} of {body.Length} bytes");
            _ = connection.TrySend((ushort)Message.Report, [], _server.Report().Write());
        }

        public void OnClosed(LinkConnection connection, LinkClosedReason reason, string text)
        {
            _limit.Dispose();
            _server._clients.Remove(this);
        }

        internal void End()
        {
            _server._clients.Remove(this);
            _limit.Dispose();
            _connection.Dispose();
        }
    }

    private EventLoop Loop => loop;

    private NodeReport Report() => report();
}
