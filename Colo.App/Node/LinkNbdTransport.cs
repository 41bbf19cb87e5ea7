using Colo.Block;
using Colo.Block.Nbd;
using Colo.Link;
using Colo.Linux;

namespace Colo.Node;

/// <summary>
/// NBD over a Disk channel of the link. Here because neither side knows the other: the link carries bytes, NBD takes any
/// stream whose peer is authenticated.
/// </summary>
/// <param name="stream">Belongs to the transport from now on.</param>
internal sealed unsafe class LinkNbdTransport(LinkByteStream stream) : INbdTransport
{
    /// <inheritdoc/>
    public int Descriptor => stream.Descriptor;

    /// <inheritdoc/>
    public bool SendPending => stream.SendPending;

    // Both vectors are struct iovec.

    /// <inheritdoc/>
    public nint Receive(BlockVector* into, int count) => stream.Receive((IoVector*)into, count);

    /// <inheritdoc/>
    public nint Send(BlockVector* from, int count) => stream.Send((IoVector*)from, count);

    /// <inheritdoc/>
    public nint Flush() => stream.Flush();

    /// <summary>Ends both directions, so that a handshake on another thread ends too. From any thread.</summary>
    internal void Abort() => stream.Abort();

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();
}
