using Colo.Link;
using Colo.Linux;
using Colo.Protection;

namespace Colo.Node;

/// <summary>The connection of the other node's keeper to this node. On the loop's thread.</summary>
internal sealed class KeeperChannel : ILinkHandler, IDisposable
{
    private static readonly TimeSpan ForwardAfterTakeover = TimeSpan.FromSeconds(1);
    private readonly NodeContext _node;
    private readonly List<KeeperChannel> _all;
    private readonly LinkConnection _connection;
    private bool _dead;

    internal KeeperChannel(NodeContext node, LinkChannel channel, List<KeeperChannel> all)
    {
        _node = node;
        _all = all;
        _connection = channel.Open(node.Loop, this);
    }

    /// <inheritdoc/>
    public void OnMessage(LinkConnection connection, ushort type, ReadOnlySpan<byte> body)
    {
        switch ((KeeperMessage)type)
        {
            case KeeperMessage.Death:
                OnDeath(DeathNotice.Read(body));
                break;
            case KeeperMessage.Frame when _dead && body.Length > 1:
                OnFrame(body[0], body[1..]);
                break;
            default:
                throw new FormatException($"unexpected message {type} of {body.Length} bytes");
        }
    }

    /// <inheritdoc/>
    public void OnClosed(LinkConnection connection, LinkClosedReason reason, string text) => _all.Remove(this);

    /// <summary>Ends the connection; the keeper calls again, and whoever listens then is told what it has to tell.</summary>
    public void Dispose() => _connection.Dispose();

    /// <summary>This node speaks now: after a moment, in which the switch learns that, nothing more needs to be forwarded.</summary>
    internal void EndSoon()
    {
        if (!_dead)
            return;
        LoopTimer timer = null!;
        timer = _node.Loop.AddTimer(() =>
        {
            _ = _connection.TrySend((ushort)KeeperMessage.Done, [], []);
            _node.Loop.Post(() => timer.Dispose());
        });
        timer.SetAfter(ForwardAfterTakeover);
    }

    private void OnDeath(DeathNotice notice)
    {
        _dead = true;
        _node.Primary?.OnDeathNotice(_connection.Peer.Instance);
        _node.Secondary?.OnDeathNotice(
            _connection.Peer.Instance, notice.Session, (notice.Flags & KeeperPage.NodeFlags.Protected) != 0, notice.Mirrored);
        // This node speaks already, whatever the dead one was.
        if (_node.Primary is not null)
            EndSoon();
    }

    private void OnFrame(int nic, ReadOnlySpan<byte> frame)
    {
        // A node that has no role yet has no guest to give it to.
        if (_node.Vm is null)
            return;
        if (nic >= _node.Vm.Nics.Count || frame.Length > GuestNic.MaxFrame)
            throw new FormatException($"a frame of NIC {nic} and {frame.Length} bytes");
        // A keeper outlives its node by seconds, in which others may have paired: only the last primary's is listened to.
        if (_node.Primary is { } primary)
        {
            if (_node.TakenFrom == _connection.Peer.Instance)
                _ = primary.FromWire(_node.Vm.Nics[nic], frame);
        }
        else if (_node.Secondary is { } secondary && secondary.PrimaryInstance == _connection.Peer.Instance)
        {
            secondary.OnForwarded(nic, frame);
        }
    }
}
