using Colo.Node;

namespace Colo.Tests.Node;

public sealed class FrameRingTests
{
    [Theory]
    [InlineData(1 << 12, 200)]
    [InlineData(1 << 19, 9000)]
    [InlineData(1 << 21, 70_000)]
    public void BehavesAsAQueue(int most, int longest)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var ring = new FrameRing(most);
        var model = new Queue<(ulong Tag, ushort Kind, byte[] Data)>();
        long used = 0, refused = 0, added = 0;
        for (var step = 0; step < 20_000; step++)
        {
            // Phases that fill and phases that empty, so that the ring grows, wraps and runs dry.
            var fill = step / 500 % 2 == 0 ? 7 : 3;
            if (random.Next(10) < fill)
            {
                var data = new byte[random.Next(longest)];
                random.NextBytes(data);
                var (tag, kind) = ((ulong)random.NextInt64(), (ushort)random.Next(65536));
                var fits = used + Size(data) <= most;
                Assert.True(ring.TryAdd(tag, kind, data) == fits, $"seed {seed}, step {step}");
                if (fits)
                {
                    model.Enqueue((tag, kind, data));
                    used += Size(data);
                    added++;
                }
                else
                {
                    refused++;
                }
            }
            else if (model.TryDequeue(out var expected))
            {
                Assert.True(ring.TryPeek(out var tag, out var kind, out var length), $"seed {seed}, step {step}");
                var data = new byte[length];
                ring.CopyFirst(data);
                Assert.True((tag, kind) == (expected.Tag, expected.Kind) && data.AsSpan().SequenceEqual(expected.Data), $"seed {seed}, step {step}");
                ring.RemoveFirst();
                used -= Size(expected.Data);
            }
            else
            {
                Assert.False(ring.TryPeek(out _, out _, out _), $"seed {seed}, step {step}");
                ring.RemoveFirst();
            }

            if (random.Next(5000) == 0)
            {
                ring.Clear();
                model.Clear();
                used = 0;
            }

            Assert.True(ring.Count == model.Count && ring.UsedBytes == used, $"seed {seed}, step {step}");
        }

        Assert.True(added > 1000 && refused > 0, $"seed {seed}: {added} added, {refused} refused");
    }

    [Fact]
    public void TheBoundIsExact()
    {
        using var ring = new FrameRing(64);
        Assert.False(ring.TryAdd(1, 1, new byte[49]));
        Assert.True(ring.TryAdd(1, 1, new byte[48]));
        Assert.False(ring.TryAdd(1, 1, []));
        ring.RemoveFirst();
        Assert.Equal(0, ring.UsedBytes);
        Assert.True(ring.TryAdd(1, 1, []));
        Assert.True(ring.TryPeek(out _, out _, out var length) && length == 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FrameRing(100));
    }

    /// <summary>A VM that still sends while its role has ended must not hang the loop.</summary>
    [Fact]
    public void AfterDisposeItTakesNothing()
    {
        var ring = new FrameRing(1 << 12);
        Assert.True(ring.TryAdd(1, 1, new byte[8]));
        ring.Dispose();
        Assert.False(ring.TryAdd(1, 1, new byte[8]));
        Assert.False(ring.TryPeek(out _, out _, out _));
        ring.RemoveFirst();
        ring.Dispose();
    }

    [Fact]
    public void PendingInputKeepsOrderAndDropsOldEpochs()
    {
        using var pending = new PendingInput(1 << 16);
        for (ulong epoch = 5; epoch <= 8; epoch++)
        {
            Assert.True(pending.TryAdd(epoch, 1, [(byte)epoch, 1]));
            Assert.True(pending.TryAdd(epoch, 2, [(byte)epoch, 2]));
        }

        pending.DropBefore(7);
        Assert.Equal(4, pending.Count);
        var seen = new List<(ulong, ushort, byte)>();
        for (; pending.TryPeek(out var epoch, out var kind, out var body); pending.RemoveFirst())
            seen.Add((epoch, kind, body[0]));
        Assert.Equal([(7, 1, 7), (7, 2, 7), (8, 1, 8), (8, 2, 8)], seen);
        Assert.True(pending.TryAdd(1, 1, new byte[GuestNic.MaxFrame > 60_000 ? 60_000 : 1]));
        Assert.False(pending.TryAdd(1, 1, new byte[10_000]));
    }

    private static int Size(byte[] data) => (16 + data.Length + 7) / 8 * 8;
}
