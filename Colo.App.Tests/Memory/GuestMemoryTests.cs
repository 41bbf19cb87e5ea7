using Colo.Memory;

namespace Colo.Tests.Memory;

public sealed unsafe class GuestMemoryTests
{
    /// <summary>No page is touched, so memory beyond the hole costs nothing here.</summary>
    [Fact]
    public void RangesAreFoundOnlyIfWhollyInRam()
    {
        using var memory = GuestMemory.Create(0x1_0000_0000); // 3 GiB below the hole, 1 GiB above
        var low = GuestMemory.HoleStart;
        var high = GuestMemory.HoleEnd;
        (ulong At, ulong Length, bool Fits)[] cases =
        [
            (0, 1, true), (0, low, true), (0, low + 1, false), (low - 1, 1, true), (low - 1, 2, false),
            (low, 0, false), (low, 1, false), (high - 1, 1, false), (high - 1, 2, false), (high, 1, true),
            (high, 1 << 30, true), (high, (1 << 30) + 1, false), (high + (1 << 30), 0, true), (high + (1 << 30), 1, false),
            (ulong.MaxValue, 1, false), (ulong.MaxValue, ulong.MaxValue, false), (0, ulong.MaxValue, false), (1, ulong.MaxValue, false),
        ];
        foreach (var (at, length, fits) in cases)
            Assert.True(memory.TryGetPointer(at, length, out _) == fits, $"{at:x} + {length:x}");
        Assert.True(memory.TryGetPointer(high, 1, out var pointer) && pointer == memory.Base + low);
        Assert.Equal(high, memory.PageToGuestPhysical(low / 4096));
        Assert.Equal(low - 4096, memory.PageToGuestPhysical((low / 4096) - 1));
        Assert.False(memory.TryGetSpan(0, uint.MaxValue, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => GuestMemory.Create(4095));
        Assert.Throws<ArgumentOutOfRangeException>(() => GuestMemory.Create(0));
    }

    [Fact]
    public void DeviceWritesMarkEveryPageTheyTouch()
    {
        using var memory = GuestMemory.Create(16 * 4096);
        memory.MarkDirty(4095, 2);
        memory.MarkDirty(3 * 4096, 4096);
        memory.MarkDirty(5 * 4096, 0);
        memory.MarkDirty(15 * 4096, 4097);
        Assert.Equal([0, 1, 3], Enumerable.Range(0, 16).Where(n => memory.DeviceDirty.IsSet((ulong)n)));
        memory.MarkDirty(0, memory.Size);
        Assert.Equal(16ul, memory.DeviceDirty.Count());
    }

    [Fact]
    public void TheImageStaysWhenTheGuestWritesAndDisposeTwiceUnmapsOnce()
    {
        var memory = GuestMemory.CreateOverImage(4 * 4096);
        memory.Image[0] = 1;
        Assert.Equal(1, memory.Base[0]);
        memory.Base[0] = 2;
        Assert.Equal((1, 2), (memory.Image[0], memory.Base[0]));
        memory.Dispose();
        using var next = GuestMemory.Create(4 * 4096);
        next.Base[0] = 3;
        memory.Dispose();
        Assert.Equal(3, next.Base[0]);
    }

    [Fact]
    public void BitmapKeepsEveryBitThatIsSetWhileItIsMoved()
    {
        using var bits = new PageBitmap(1000);
        using var target = new PageBitmap(1000);
        var first = 0;
        var threads = Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            for (ulong page = 0; page < 1000; page++)
            {
                if (bits.Set(page))
                    Interlocked.Increment(ref first);
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        while (threads.Any(t => t.IsAlive))
            bits.MoveTo(target);
        bits.MoveTo(target);
        Assert.Equal((0ul, 1000ul), (bits.Count(), target.Count()));
        Assert.True(first >= 1000);
        Assert.Throws<ArgumentOutOfRangeException>(() => bits.Set(1000));
        Assert.False(bits.IsSet(ulong.MaxValue));
        using var smaller = new PageBitmap(10);
        Assert.Throws<ArgumentOutOfRangeException>(() => bits.MoveTo(smaller));
    }
}
