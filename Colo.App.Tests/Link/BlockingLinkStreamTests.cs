using System.Diagnostics;
using System.Runtime.InteropServices;
using Colo.Link;
using Colo.Linux;
using Xunit.Abstractions;

namespace Colo.Tests.Link;

public sealed class BlockingLinkStreamTests(ITestOutputHelper output) : LinkTestBase
{
    private (BlockingLinkStream A, BlockingLinkStream B) Open(LinkProtection protection)
    {
        var options = new LinkOptions { CheckpointProtection = protection };
        var listener = Listen(options);
        var result = Dial(listener.Address, LinkKind.Checkpoint, options);
        Assert.True(result.Outcome == LinkDialOutcome.Connected, result.Text);
        return (Own(result.Channel!.OpenBlocking()), Own(TakeAccepted().OpenBlocking()));
    }

    [Theory]
    [InlineData(LinkProtection.Plain)]
    [InlineData(LinkProtection.Sealed)]
    public async Task Scattered_pages_arrive_in_order(LinkProtection protection)
    {
        var (a, b) = Open(protection);
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        const int Size = 24 << 20;
        var memory = new byte[Size];
        random.NextBytes(memory);
        var pin = GCHandle.Alloc(memory, GCHandleType.Pinned);
        try
        {
            var at = pin.AddrOfPinnedObject();
            var parts = new List<IoVector>();
            var expected = new MemoryStream();
            // More parts than one call takes; empty and odd ones too.
            for (var i = 0; i < 5_000; i++)
            {
                var from = random.Next(Size - 20_000);
                var length = random.Next(5) switch { 0 => 0, 1 => random.Next(20_000), _ => 4096 };
                parts.Add(new IoVector(at + from, (nuint)length));
                expected.Write(memory, from, length);
            }

            var sending = Task.Run(() => a.SendScattered(CollectionsMarshal.AsSpan(parts)));
            var got = new byte[expected.Length];
            for (var done = 0; done < got.Length;)
            {
                var step = Math.Min(got.Length - done, random.Next(1, 300_000));
                b.ReceiveExactly(got.AsSpan(done, step));
                done += step;
            }

            await sending;
            Assert.True(got.AsSpan().SequenceEqual(expected.ToArray()), $"seed {seed}");
            Assert.Equal((expected.Length, expected.Length), (a.BytesSent, b.BytesReceived));
        }
        finally
        {
            pin.Free();
        }
    }

    [Theory]
    [InlineData(LinkProtection.Plain)]
    [InlineData(LinkProtection.Sealed)]
    public void Frames_have_their_type_and_length(LinkProtection protection)
    {
        var (a, b) = Open(protection);
        a.SendFrame(7, "hello"u8);
        a.SendFrame(8, ReadOnlySpan<byte>.Empty);
        b.ReceiveFrameHeader(out var type, out var length);
        var body = new byte[length];
        b.ReceiveExactly(body);
        Assert.Equal((7, "hello"), (type, System.Text.Encoding.ASCII.GetString(body)));
        b.ReceiveFrameHeader(out type, out length);
        Assert.Equal((8, 0), (type, length));
        // Both directions.
        b.SendFrame(9, [1]);
        a.ReceiveFrameHeader(out type, out length);
        Assert.Equal((9, 1), (type, length));
    }

    [Theory]
    [InlineData(0xFFFF_FFFFu, 0)]
    [InlineData(64u * 1024 * 1024 + 1, 0)]
    [InlineData(0u, 1)]
    public void An_impossible_frame_header_is_named(uint length, ushort flags)
    {
        var (a, b) = Open(LinkProtection.Plain);
        a.Send([.. BitConverter.GetBytes(length), 1, 0, .. BitConverter.GetBytes(flags)]);
        Assert.Equal(LinkClosedReason.Protocol, Assert.Throws<LinkStreamException>(() => b.ReceiveFrameHeader(out _, out _)).Reason);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Abort_ends_a_waiting_thread_at_once(bool receiving)
    {
        var (a, b) = Open(LinkProtection.Plain);
        a.WaitLimit = TimeSpan.FromMinutes(1);
        using var begun = new ManualResetEventSlim(false);
        var waiting = Task.Run(() => Assert.Throws<LinkStreamException>(() =>
        {
            begun.Set();
            if (receiving)
                a.ReceiveExactly(new byte[1]);
            else
                a.Send(new byte[64 << 20]);
        }));
        begun.Wait();
        if (!receiving)
        {
            // Until the kernel takes no more.
            var last = -1L;
            Until(() => { var now = a.BytesSent; var same = now == last && now > 0; last = now; Thread.Yield(); return same; }, "the sender did not begin");
        }

        var watch = Stopwatch.StartNew();
        a.Abort();
        Assert.Equal(LinkClosedReason.Local, (await waiting).Reason);
        Assert.True(watch.ElapsedMilliseconds < 2_000, $"{watch.ElapsedMilliseconds} ms");
        a.Dispose();
        a.Abort();
        Assert.Throws<ObjectDisposedException>(() => a.Send([1]));
        b.Dispose();
    }

    [Fact]
    public void A_wait_has_a_limit_and_an_end_is_told_apart()
    {
        var (a, b) = Open(LinkProtection.Plain);
        b.WaitLimit = TimeSpan.FromMilliseconds(100);
        var watch = Stopwatch.StartNew();
        Assert.Equal(LinkClosedReason.Silence, Assert.Throws<LinkStreamException>(() => b.ReceiveExactly(new byte[1])).Reason);
        Assert.InRange(watch.ElapsedMilliseconds, 95, 5_000);
        a.Send([1, 2, 3]);
        a.Dispose();
        Assert.Equal(LinkClosedReason.MidMessage, Assert.Throws<LinkStreamException>(() => b.ReceiveExactly(new byte[4])).Reason);
        Assert.Equal(LinkClosedReason.PeerClosed, Assert.Throws<LinkStreamException>(() => b.ReceiveExactly(new byte[4])).Reason);
    }

    [Fact]
    public void Both_directions_of_a_sealed_stream_are_independent()
    {
        var (a, b) = Open(LinkProtection.Sealed);
        a.Send(new byte[100]);
        b.ReceiveExactly(new byte[50]);
        b.Send(new byte[10]);
        b.ReceiveExactly(new byte[50]);
        a.ReceiveExactly(new byte[10]);
        Assert.Equal((100, 10), (a.BytesSent, b.BytesSent));
        Assert.Equal((10, 100), (a.BytesReceived, b.BytesReceived));
    }

    [Theory]
    [InlineData(LinkProtection.Plain)]
    [InlineData(LinkProtection.Sealed)]
    public unsafe void Throughput_of_scattered_pages_over_loopback(LinkProtection protection)
    {
        var (a, b) = Open(protection);
        const int Pages = 16 * 1024;
        const int Rounds = 16;
        var memory = (byte*)NativeMemory.AlignedAlloc(Pages * 4096, 4096);
        var target = (byte*)NativeMemory.AlignedAlloc(Pages * 4096, 4096);
        NativeMemory.Fill(memory, Pages * 4096, 1);
        NativeMemory.Fill(target, Pages * 4096, 2);
        var parts = new IoVector[Pages];
        // No two neighbours next to each other.
        for (var i = 0; i < Pages; i++)
            parts[i] = new IoVector((nint)(memory + ((i * 7919L % Pages) * 4096)), 4096);
        var receiver = new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
                b.ReceiveExactly(target, Pages * 4096L);
        });
        var watch = Stopwatch.StartNew();
        receiver.Start();
        for (var round = 0; round < Rounds; round++)
            a.SendScattered(parts);
        receiver.Join();
        var rate = (double)Rounds * Pages * 4096 / watch.Elapsed.TotalSeconds / 1e9;
        output.WriteLine($"{protection}: {rate:0.00} GB/s");
        NativeMemory.AlignedFree(memory);
        NativeMemory.AlignedFree(target);
        Assert.True(rate > 0.05, $"{rate:0.00} GB/s");
    }
}
