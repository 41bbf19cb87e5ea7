using System.Runtime.InteropServices;
using Colo.Linux;
using Colo.Memory;

namespace Colo.Devices.Virtio;

/// <summary>
/// The virtio entropy device (virtio 1.2, 5.4): getrandom(2), at a bounded rate, so that a guest cannot keep the event
/// loop with it. All members are for the event loop's thread.
/// </summary>
public sealed unsafe partial class VirtioRng : VirtioDevice
{
    private const int Chunk = 4096;

    // What a request costs at least, so that empty ones are bounded too.
    private const int LeastCost = 64;
    private readonly DescriptorChain _chain = new(64);
    private readonly byte[] _random = new byte[Chunk];
    private readonly LoopTimer _timer;
    private readonly int _perSecond;
    private double _tokens;
    private long _last = MonotonicClock.Now;

    /// <summary>Makes the device. Before the loop runs, or on its thread.</summary>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="loop">The loop to whose thread the device belongs.</param>
    /// <param name="bytesPerSecond">Most bytes a second, at least 4096; so many at once, too.</param>
    public VirtioRng(GuestMemory memory, EventLoop loop, int bytesPerSecond = 256 * 1024)
        : base("rng", memory, loop, [64])
    {
        _perSecond = Math.Max(Chunk, bytesPerSecond);
        _tokens = _perSecond;
        _timer = loop.AddTimer(() => Kick(0));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _timer.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    public override uint DeviceId => 4;

    /// <inheritdoc/>
    public override ulong OfferedFeatures =>
        VirtioFeatures.Version1 | VirtioFeatures.IndirectDescriptors | VirtioFeatures.EventIndex;

    /// <inheritdoc/>
    public override void ReadConfiguration(uint offset, Span<byte> data) => data.Clear();

    /// <inheritdoc/>
    protected override void OnKick(int queue)
    {
        var now = MonotonicClock.Now;
        _tokens = Math.Min(_perSecond, _tokens + ((now - _last) * 1e-9 * _perSecond));
        _last = now;
        var ring = Queues[0];
        ring.DisableNotification();
        while (true)
        {
            if (_tokens < LeastCost)
            {
                _timer.SetAfter(TimeSpan.FromMilliseconds(100));
                break;
            }

            if (!ring.TryPop(_chain))
            {
                if (!ring.EnableNotification())
                    break;
                continue;
            }

            // Fewer bytes than asked for are allowed, but not none (5.4.6.1).
            var length = (int)Math.Min(Math.Min((ulong)Chunk, _chain.WritableBytes), (ulong)_tokens);
            fixed (byte* start = _random)
            {
                if (length > 0 && getrandom(start, (nuint)length, 0) != length)
                    throw LinuxException.FromLastError("getrandom");
            }

            _ = _chain.Write(Memory, 0, _random.AsSpan(0, length));
            ring.AddUsed(_chain.Head, (uint)length);
            _tokens -= Math.Max(length, LeastCost);
        }

        PublishUsed(0);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getrandom(byte* buffer, nuint length, uint flags);
}
