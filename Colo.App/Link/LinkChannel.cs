using Colo.Linux;

namespace Colo.Link;

/// <summary>
/// An authenticated connection that nothing has been read from yet. Its owner opens it once, as a
/// <see cref="LinkConnection"/> on an event loop, as a <see cref="BlockingLinkStream"/> of a thread or as a
/// <see cref="LinkByteStream"/>, or disposes it.
/// </summary>
public sealed class LinkChannel : IDisposable
{
    private readonly LinkOptions _options;
    private FileDescriptor? _fd;
    private byte[] _sendKey;
    private byte[] _receiveKey;

    internal LinkChannel(FileDescriptor fd, LinkPeer peer, LinkOptions options, (byte[] Send, byte[] Receive) keys)
    {
        _fd = fd;
        Peer = peer;
        _options = options;
        (_sendKey, _receiveKey) = keys;
        LinkSocket.Configure(fd, peer.Kind);
    }

    /// <summary>Who is at the other end.</summary>
    public LinkPeer Peer { get; }

    /// <summary>Makes the event loop's connection. On the loop's thread, or before the loop runs.</summary>
    /// <param name="loop">Where its handler is called.</param>
    /// <param name="handler">Gets messages and the end.</param>
    public LinkConnection Open(EventLoop loop, ILinkHandler handler)
    {
        var fd = Take();
        var queue = Peer.Kind == LinkKind.Packets ? _options.PacketQueueBytes : 1024 * 1024;
        return new LinkConnection(loop, fd, Peer, handler, queue, Ciphers());
    }

    /// <summary>Makes a thread's blocking stream.</summary>
    public BlockingLinkStream OpenBlocking() => new(Take(), Peer, Ciphers());

    /// <summary>Makes a stream of bytes that never waits.</summary>
    public LinkByteStream OpenBytes() => new(Take(), Peer, Ciphers());

    /// <summary>Closes it, if it was not opened.</summary>
    public void Dispose()
    {
        _fd?.Dispose();
        _fd = null;
        Forget();
    }

    private FileDescriptor Take()
    {
        var fd = _fd ?? throw new ObjectDisposedException(nameof(LinkChannel));
        _fd = null;
        return fd;
    }

    private (RecordCipher Send, RecordCipher Receive)? Ciphers()
    {
        if (Peer.Protection == LinkProtection.Plain)
            return null;
        var ciphers = (new RecordCipher(_sendKey), new RecordCipher(_receiveKey));
        Forget();
        return ciphers;
    }

    private void Forget()
    {
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(_sendKey);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(_receiveKey);
        _sendKey = _receiveKey = [];
    }
}
