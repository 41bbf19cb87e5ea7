using Colo.Checkpoint;
using Colo.Link;
using Colo.Linux;
using Colo.Memory;

namespace Colo.Node;

/// <summary>The Checkpoint channel as the sender and the receiver of checkpoints use it.</summary>
internal sealed unsafe class LinkCheckpointStream(BlockingLinkStream stream) : ICheckpointStream, IDisposable
{
    private readonly IoVector[] _parts = new IoVector[CheckpointFormat.MaxPagesPerMessage + 1];

    /// <inheritdoc/>
    public void SendPages(ReadOnlySpan<byte> head, ReadOnlySpan<nint> pages)
    {
        fixed (byte* start = head)
        {
            _parts[0] = new IoVector((nint)start, (nuint)head.Length);
            var count = 1;
            foreach (var page in pages)
            {
                // Neighbours in one part: fewer of them, and larger copies in the kernel.
                if (count > 1 && _parts[count - 1].Address + (nint)_parts[count - 1].Length == page)
                    _parts[count - 1] = new IoVector(_parts[count - 1].Address, _parts[count - 1].Length + GuestMemory.PageSize);
                else
                    _parts[count++] = new IoVector(page, GuestMemory.PageSize);
            }

            stream.SendScattered(_parts.AsSpan(0, count));
        }
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> bytes) => stream.Send(bytes);

    /// <inheritdoc/>
    public void Receive(Span<byte> bytes) => stream.ReceiveExactly(bytes);

    /// <inheritdoc/>
    public void Abort() => stream.Abort();

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();
}
