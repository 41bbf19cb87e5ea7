using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Colo.Link;

/// <summary>
/// One side of the handshake as a machine that is fed bytes and leaves bytes (<see cref="LinkProtocol"/>); it knows
/// no socket and no clock. It asks for exactly the bytes of the next message, so what follows the handshake stays
/// in the socket.
/// </summary>
internal sealed class LinkHandshake
{
    private const int HeaderLength = 8;
    private const int MaxBody = 1024;

    private readonly LinkIdentity _self;
    private readonly LinkOptions _options;
    private readonly IPEndPoint _address;
    private readonly Func<LinkPeer, string?>? _judge;
    private readonly bool _dialler;
    private readonly byte[] _authentication;
    private readonly byte[] _in = new byte[HeaderLength + MaxBody];
    private readonly byte[] _out = new byte[2 * (HeaderLength + MaxBody)];
    private readonly byte[] _transcript = new byte[LinkSecrets.HashLength];
    private readonly byte[] _proof = new byte[LinkSecrets.HashLength];
    private HandshakeHello? _hello;
    private byte[] _helloMessage = [];
    private MessageType _expected;
    private int _have;
    private int _want = HeaderLength;
    private int _outFrom;
    private int _outTo;
    private ushort _version;

    private LinkHandshake(
        LinkIdentity self, LinkOptions options, IPEndPoint address, bool dialler, Func<LinkPeer, string?>? judge)
    {
        _self = self;
        _options = options;
        _address = address;
        _dialler = dialler;
        _judge = judge;
        _authentication = LinkSecrets.Authentication(self.Key);
        _expected = dialler ? MessageType.Reply : MessageType.Hello;
    }

    private enum MessageType : byte
    {
        Hello = 1,
        Reply = 2,
        Proof = 3,
        Accepted = 4,
        Refused = 5,
    }

    /// <summary>Where the next bytes from the peer go; empty when no more are wanted.</summary>
    internal Span<byte> Wanted => Completed || Failure is not null ? [] : _in.AsSpan(_have, _want - _have);

    /// <summary>What is to be sent, also after a failure.</summary>
    internal ReadOnlySpan<byte> Output => _out.AsSpan(_outFrom, _outTo - _outFrom);

    /// <summary>Both sides are authenticated and agree; open when <see cref="Output"/> is sent.</summary>
    internal bool Completed { get; private set; }

    /// <summary>Why it failed, or null.</summary>
    internal LinkFailure? Failure { get; private set; }

    /// <summary>The peer, from when it has proved itself, also when it then refuses.</summary>
    internal LinkPeer? Peer { get; private set; }

    internal static LinkHandshake Dial(
        LinkIdentity self, LinkOptions options, IPEndPoint address, LinkKind kind, LinkSession session)
    {
        var handshake = new LinkHandshake(self, options, address, dialler: true, judge: null);
        handshake._hello = handshake.OwnHello(kind, session);
        Span<byte> body = stackalloc byte[HandshakeHello.MaxLength];
        var length = handshake._hello.Write(body);
        handshake._helloMessage = handshake.Put(MessageType.Hello, body[..length]).ToArray();
        return handshake;
    }

    /// <param name="self">Who answers.</param>
    /// <param name="options">Protection that is asked for.</param>
    /// <param name="address">The caller's.</param>
    /// <param name="judge">Says null to take an authenticated peer, or why not.</param>
    internal static LinkHandshake Answer(
        LinkIdentity self, LinkOptions options, IPEndPoint address, Func<LinkPeer, string?> judge) =>
        new(self, options, address, dialler: false, judge);

    /// <summary>The keys of a completed handshake.</summary>
    internal (byte[] Send, byte[] Receive) ChannelKeys() =>
        (LinkSecrets.Channel(_self.Key, _transcript, _dialler), LinkSecrets.Channel(_self.Key, _transcript, !_dialler));

    internal void Sent(int count) => _outFrom += count;

    /// <summary>Says that so many bytes of <see cref="Wanted"/> were filled in.</summary>
    internal void Received(int count)
    {
        _have += count;
        var magic = Math.Min(_have, 4);
        if (!_in.AsSpan(0, magic).SequenceEqual("COLO"u8[..magic]))
        {
            FailSilently(LinkRefusal.NotThisProtocol, "the bytes are not of this protocol");
            return;
        }

        if (_have == HeaderLength && _want == HeaderLength && !Header())
            return;
        if (_have < _want)
            return;
        var message = _in.AsSpan(0, _have);
        Message((MessageType)message[4], message);
        _have = 0;
        _want = HeaderLength;
    }

    /// <summary>Ends it for a reason from outside: time, end of the connection, a failed call.</summary>
    internal void Fail(LinkRefusal reason, string text)
    {
        if (Failure is null && (byte)reason < 128)
            PutRefused(reason, text, tagged: false);
        FailSilently(reason, text);
    }

    /// <summary>How far it had come, for messages.</summary>
    internal string Stage => _expected switch
    {
        MessageType.Hello => "before its hello",
        MessageType.Reply => "before its reply",
        MessageType.Proof => "before its proof",
        _ => "before its verdict",
    };

    /// <summary>Makes a peer's text fit for the log: printable, one line, short.</summary>
    internal static string Printable(ReadOnlySpan<byte> text)
    {
        var clean = new StringBuilder();
        foreach (var c in Encoding.UTF8.GetString(text[..Math.Min(text.Length, LinkProtocol.MaxText)]))
            clean.Append(char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format ? '?' : c);
        return clean.ToString();
    }

    private bool Header()
    {
        var type = (MessageType)_in[4];
        var length = BinaryPrimitives.ReadUInt16LittleEndian(_in.AsSpan(6));
        if (type != _expected && (type != MessageType.Refused || _expected == MessageType.Hello))
            Fail(LinkRefusal.Malformed, $"handshake message {(byte)type} where {(byte)_expected} is due");
        else if (_in[5] != 0 || length is 0 or > MaxBody)
            Fail(LinkRefusal.Malformed, $"a handshake message of {length} bytes (reserved {_in[5]})");
        _want = HeaderLength + length;
        return Failure is null;
    }

    private void Message(MessageType type, ReadOnlySpan<byte> message)
    {
        var body = message[HeaderLength..];
        switch (type)
        {
            case MessageType.Hello:
                OnHello(message, body);
                break;
            case MessageType.Reply:
                OnReply(message, body);
                break;
            case MessageType.Proof:
                OnProof(body);
                break;
            case MessageType.Accepted:
                OnAccepted(body);
                break;
            default:
                OnRefused(body);
                break;
        }
    }

    private void OnHello(ReadOnlySpan<byte> message, ReadOnlySpan<byte> body)
    {
        if (HandshakeHello.Read(body, out var wrong) is not { } peer)
        {
            Fail(LinkRefusal.Malformed, wrong);
            return;
        }

        var version = Math.Min(peer.Versions.Newest, _self.Versions.Newest);
        if (version < peer.Versions.Oldest || version < _self.Versions.Oldest)
        {
            Fail(LinkRefusal.Version, $"the caller speaks versions {peer.Versions.Oldest} to {peer.Versions.Newest} of the link, this node {_self.Versions.Oldest} to {_self.Versions.Newest}");
            return;
        }

        var mine = _options.ProtectionOf(peer.Kind);
        if (peer.VmName != _self.VmName)
            Fail(LinkRefusal.OtherVm, $"the call is for the VM '{Printable(Encoding.UTF8.GetBytes(peer.VmName))}', this node runs '{_self.VmName}'");
        else if (peer.Node == _self.Node)
            Fail(LinkRefusal.OwnNode, $"both ends are node {NodeName(peer.Node)}: check --node and [link] node-a, node-b");
        else if (peer.Protection != mine)
            Fail(LinkRefusal.Protection, $"the {peer.Kind} channel is {peer.Protection} at the caller and {mine} here: configure both nodes alike");
        if (Failure is not null)
            return;

        Span<byte> reply = stackalloc byte[4 + HandshakeHello.MaxLength + LinkSecrets.HashLength];
        var length = OwnHello(peer.Kind, peer.Session).Write(reply[4..]);
        BinaryPrimitives.WriteUInt16LittleEndian(reply, version);
        BinaryPrimitives.WriteUInt16LittleEndian(reply[2..], (ushort)length);
        reply = reply[..(4 + length + LinkSecrets.HashLength)];
        var sent = Put(MessageType.Reply, reply);
        Transcript(message, sent[..^LinkSecrets.HashLength]);
        LinkSecrets.Proof(_authentication, "colo link 1 listener"u8, _transcript, [], [], _proof);
        _proof.CopyTo(sent[^LinkSecrets.HashLength..]);
        _hello = peer;
        _version = version;
        _expected = MessageType.Proof;
    }

    private void OnReply(ReadOnlySpan<byte> message, ReadOnlySpan<byte> body)
    {
        if (body.Length < 4 + LinkSecrets.HashLength
            || BinaryPrimitives.ReadUInt16LittleEndian(body[2..]) != body.Length - 4 - LinkSecrets.HashLength)
        {
            Fail(LinkRefusal.Malformed, $"a reply of {body.Length} bytes that contradicts itself");
            return;
        }

        var own = _hello!;
        if (HandshakeHello.Read(body[4..^LinkSecrets.HashLength], out var wrong) is not { } peer)
        {
            Fail(LinkRefusal.Malformed, wrong);
            return;
        }

        Transcript(_helloMessage, message[..^LinkSecrets.HashLength]);
        LinkSecrets.Proof(_authentication, "colo link 1 listener"u8, _transcript, [], [], _proof);
        if (!CryptographicOperations.FixedTimeEquals(_proof, body[^LinkSecrets.HashLength..]))
        {
            Fail(LinkRefusal.WrongKey, "the two nodes hold different link keys: copy the key file from one to the other");
            return;
        }

        // The listener has checked all this and its proof covers it: only a faulty one gets here.
        var version = BinaryPrimitives.ReadUInt16LittleEndian(body);
        if (version < own.Versions.Oldest || version > own.Versions.Newest)
            Fail(LinkRefusal.Version, $"the listener chose version {version}");
        else if (peer.Node == own.Node)
            Fail(LinkRefusal.OwnNode, $"both ends are node {NodeName(peer.Node)}: check --node and [link] node-a, node-b");
        else if (peer.Kind != own.Kind || peer.Session != own.Session || peer.Protection != own.Protection || peer.VmName != own.VmName)
            Fail(LinkRefusal.Malformed, "the reply is to another call");
        if (Failure is not null)
            return;
        Peer = PeerOf(peer, version);
        LinkSecrets.Proof(_authentication, "colo link 1 dialler"u8, _transcript, _proof, [], _proof);
        Put(MessageType.Proof, _proof);
        _expected = MessageType.Accepted;
    }

    private void OnProof(ReadOnlySpan<byte> body)
    {
        LinkSecrets.Proof(_authentication, "colo link 1 dialler"u8, _transcript, _proof, [], _proof);
        if (!CryptographicOperations.FixedTimeEquals(_proof, body))
        {
            Fail(LinkRefusal.WrongKey, "the caller does not hold this node's link key");
            return;
        }

        Peer = PeerOf(_hello!, _version);
        if (_judge!(Peer) is { } refusal)
        {
            PutRefused(LinkRefusal.Declined, refusal, tagged: true);
            FailSilently(LinkRefusal.Declined, refusal);
            return;
        }

        Span<byte> tag = stackalloc byte[LinkSecrets.HashLength];
        LinkSecrets.Proof(_authentication, "colo link 1 accepted"u8, _transcript, _proof, [], tag);
        Put(MessageType.Accepted, tag);
        Completed = true;
    }

    private void OnAccepted(ReadOnlySpan<byte> body)
    {
        Span<byte> tag = stackalloc byte[LinkSecrets.HashLength];
        LinkSecrets.Proof(_authentication, "colo link 1 accepted"u8, _transcript, _proof, [], tag);
        if (CryptographicOperations.FixedTimeEquals(tag, body))
            Completed = true;
        else
            FailSilently(LinkRefusal.WrongKey, "the listener's verdict was altered on its way");
    }

    private void OnRefused(ReadOnlySpan<byte> body)
    {
        const int Fixed = 4 + LinkSecrets.HashLength;
        if (body.Length < Fixed || BinaryPrimitives.ReadUInt16LittleEndian(body[2..]) != body.Length - Fixed
            || body.Length - Fixed > LinkProtocol.MaxText || body[0] is 0 or > (byte)LinkRefusal.Busy || body[1] > 1)
        {
            FailSilently(LinkRefusal.Malformed, "a refusal that contradicts itself");
            return;
        }

        var authenticated = false;
        if (body[1] == 1 && _expected == MessageType.Accepted)
        {
            Span<byte> tag = stackalloc byte[LinkSecrets.HashLength];
            RefusalTag(body[0], body[4..^LinkSecrets.HashLength], tag);
            authenticated = CryptographicOperations.FixedTimeEquals(tag, body[^LinkSecrets.HashLength..]);
        }

        var text = Printable(body[4..^LinkSecrets.HashLength]);
        Failure ??= new LinkFailure((LinkRefusal)body[0], text, _address, FromPeer: true, authenticated);
    }

    private void RefusalTag(byte code, ReadOnlySpan<byte> text, Span<byte> tag)
    {
        Span<byte> more = stackalloc byte[1 + LinkProtocol.MaxText];
        more[0] = code;
        text.CopyTo(more[1..]);
        LinkSecrets.Proof(_authentication, "colo link 1 refused"u8, _transcript, _proof, more[..(1 + text.Length)], tag);
    }

    private void PutRefused(LinkRefusal reason, string text, bool tagged)
    {
        Span<byte> body = stackalloc byte[4 + LinkProtocol.MaxText + LinkSecrets.HashLength];
        Encoding.UTF8.TryGetBytes(text.Length > LinkProtocol.MaxText ? text[..LinkProtocol.MaxText] : text, body.Slice(4, LinkProtocol.MaxText), out var length);
        body = body[..(4 + length + LinkSecrets.HashLength)];
        body[0] = (byte)reason;
        body[1] = tagged ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(body[2..], (ushort)length);
        body[^LinkSecrets.HashLength..].Clear();
        if (tagged)
            RefusalTag(body[0], body.Slice(4, length), body[^LinkSecrets.HashLength..]);
        Put(MessageType.Refused, body);
    }

    private void FailSilently(LinkRefusal reason, string text)
    {
        Completed = false;
        Failure ??= new LinkFailure(reason, text, _address, FromPeer: false, Authenticated: false);
    }

    /// <summary>Appends a message to the output; returns it there.</summary>
    private Span<byte> Put(MessageType type, ReadOnlySpan<byte> body)
    {
        var message = _out.AsSpan(_outTo, HeaderLength + body.Length);
        "COLO"u8.CopyTo(message);
        message[4] = (byte)type;
        message[5] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(message[6..], (ushort)body.Length);
        body.CopyTo(message[HeaderLength..]);
        _outTo += message.Length;
        return message;
    }

    private void Transcript(ReadOnlySpan<byte> hello, ReadOnlySpan<byte> reply)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(hello);
        hash.AppendData(reply);
        hash.GetHashAndReset(_transcript);
    }

    private HandshakeHello OwnHello(LinkKind kind, LinkSession session) => new()
    {
        Versions = _self.Versions,
        Kind = kind,
        Protection = _options.ProtectionOf(kind),
        Node = _self.Node,
        Instance = _self.Instance,
        Session = session,
        Nonce = RandomNumberGenerator.GetBytes(HandshakeHello.NonceLength),
        VmName = _self.VmName,
    };

    private LinkPeer PeerOf(HandshakeHello hello, ushort version) => new()
    {
        Kind = hello.Kind,
        Node = hello.Node,
        Instance = hello.Instance,
        Session = hello.Session,
        Version = version,
        Versions = hello.Versions,
        Protection = hello.Protection,
        Address = _address,
        Dialled = _dialler,
    };

    private static char NodeName(LinkNode node) => node == LinkNode.A ? 'a' : 'b';
}
