using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Colo.Devices.Net;
using Colo.Link;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Protection;

/// <summary>
/// The small process beside a node (no guest memory, no KVM). It sleeps on the node's robust mutex. When the node dies, it
/// makes sure that no thread of it is left to speak, tells the node on the other host, and forwards to it the frames that
/// still arrive for the guest here, beginning with the very next one that the dead node had not read, because both hold
/// the same socket. It never sends as the guest.
/// </summary>
internal sealed partial class KeeperProcess : ILinkHandler
{
    /// <summary>The hidden first argument that starts a keeper.</summary>
    internal const string Command = "keeper";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly KeeperPage _page;
    private readonly EventLoop _loop = new();
    private readonly INetworkBackend[] _nics;
    private readonly int _pidfd;
    private readonly byte[] _frame = new byte[12 + 65_550 + 64];
    private readonly LinkIdentity _identity;
    private readonly LinkOptions _options;
    private readonly IPEndPoint _peer;
    private LinkConnection? _connection;
    private LinkDialer? _dialer;
    private readonly List<int> _forwarding = [];
    private bool _dead, _ended;

    private KeeperProcess(KeeperArguments arguments)
    {
        _page = KeeperPage.Open(arguments.PageDescriptor);
        _pidfd = arguments.PidDescriptor;
        _nics = [.. arguments.Nics];
        _peer = arguments.Peer;
        _options = new LinkOptions { LocalAddress = arguments.Local };
        _identity = new LinkIdentity
        {
            VmName = arguments.VmName,
            Node = arguments.Node,
            Instance = new LinkInstance(BinaryPrimitives.ReadUInt128LittleEndian(_page.InstanceId)),
            Key = LinkKey.Load(arguments.KeyFile),
        };
    }

    /// <summary>Runs a keeper with the arguments that <see cref="KeeperArguments.Format"/> made.</summary>
    internal static int Run(ReadOnlySpan<string> args)
    {
        try
        {
            var keeper = new KeeperProcess(KeeperArguments.Parse(args));
            keeper.Watch();
            return 0;
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            Log.Error($"keeper: {e.Message}");
            return 1;
        }
    }

    /// <inheritdoc/>
    public void OnMessage(LinkConnection connection, ushort type, ReadOnlySpan<byte> body)
    {
        if ((KeeperMessage)type != KeeperMessage.Done)
            throw new FormatException($"unexpected message {type}");
        _loop.Stop();
    }

    /// <inheritdoc/>
    public void OnClosed(LinkConnection connection, LinkClosedReason reason, string text)
    {
        _connection = null;
        if (_ended)
            return;
        foreach (var nic in _forwarding)
            _loop.Remove(nic);
        _forwarding.Clear();
        // Also when it was told: the other node may have been between two roles, and what it was told is lost with the connection.
        Dial();
    }

    private void Watch()
    {
        new Thread(() =>
        {
            _page.WaitForDeath();
            _loop.Post(OnDeath);
        })
        { IsBackground = true, Name = "watch" }.Start();
        Dial();
        _loop.Run();
        _ended = true;
        _connection?.Close(LinkClosedReason.Local, "the keeper ends");
    }

    private void Dial()
    {
        _dialer = new LinkDialer(_loop, _peer, _identity, _options, LinkKind.Keeper, default, OnDialled) { Retry = true };
        _dialer.Start();
    }

    private void OnDialled(LinkDialResult result)
    {
        if (result.Channel is not { } channel)
            return;
        _connection = channel.Open(_loop, this);
        if (_dead)
            Tell();
    }

    private void OnDeath()
    {
        if ((_page.Flags & KeeperPage.NodeFlags.Orderly) != 0)
        {
            _loop.Stop();
            return;
        }

        _dead = true;
        // The thread that held the mutex is gone; whatever else of the process may still run for a moment, ends now.
        _ = pidfd_send_signal(424, _pidfd, 9, 0, 0);
        var told = _connection is not null;
        _loop.AddTimer(_loop.Stop).SetAfter(Longest);
        Tell();
        // Whoever reads standard error may have stopped, as this host may be about to: that must hold up neither the notice nor
        // what is forwarded. (O_NONBLOCK would be everybody's who has the same pipe.) A thread that waits there ends with the process.
        new Thread(() => Log.Warning(told ? "keeper: the node died; the other node is told" : "keeper: the node died; the other node is being called"))
        {
            IsBackground = true,
            Name = "log",
        }.Start();
    }

    private void Tell()
    {
        if (_connection is not { } connection)
            return;
        Span<byte> token = _page.SessionToken;
        var session = new LinkSession(BinaryPrimitives.ReadUInt64LittleEndian(token), BinaryPrimitives.ReadUInt64LittleEndian(token[8..]));
        Span<byte> notice = stackalloc byte[DeathNotice.Size];
        new DeathNotice(session, _page.Flags, _page.Mirrored).Write(notice);
        connection.TrySend((ushort)KeeperMessage.Death, notice, []);
        connection.Flush();
        if ((_page.Flags & KeeperPage.NodeFlags.Speaks) == 0)
            return;
        for (var i = 0; i < _nics.Length; i++)
        {
            var forwarder = new Forwarder(this, i);
            _loop.Add(_nics[i].Descriptor, EventLoop.Readable, forwarder);
            _forwarding.Add(_nics[i].Descriptor);
            forwarder.OnReady(0);
        }
    }

    private void Forward(int nic)
    {
        Span<byte> head = [(byte)nic];
        while (_connection is { } connection && _nics[nic].TryReceive(_frame, out var length))
        {
            // What does not fit is lost as on a wire that is too slow.
            _ = connection.TrySend((ushort)KeeperMessage.Frame, head, _frame.AsSpan(0, length));
        }

        _connection?.Flush();
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long pidfd_send_signal(long number, int pidfd, int signal, nint info, uint flags);

    private sealed class Forwarder(KeeperProcess keeper, int nic) : IEventHandler
    {
        public void OnReady(uint events) => keeper.Forward(nic);
    }
}
