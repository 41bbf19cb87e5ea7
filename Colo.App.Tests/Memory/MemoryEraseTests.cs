using Colo.Linux;
using Colo.Memory;
using Colo.Tests.Linux;

namespace Colo.Tests.Memory;

public sealed unsafe class MemoryEraseTests
{
    private const int PageSize = GuestMemory.PageSize;
    private const ulong Pages = 20_001;

    [Fact]
    public void A_primarys_memory_is_freed_and_dirty_is_what_was_not_zero()
    {
        using var memory = GuestMemory.Create(Pages * PageSize);
        using var erase = new MemoryErase(memory);
        var written = Write(memory, memory.Base);
        // Looked at, and so found by the host, and still zero: as all pages are after a first sync.
        for (ulong page = 5; page < Pages; page += 100)
            Assert.Equal(0, memory.Base[page * PageSize]);
        Assert.Equal((ulong)written.Count, erase.Run(() => false));
        AssertErased(memory, written);

        // Again, and nothing was written but this.
        memory.Base[(3 * PageSize) + 4095] = 1;
        Forget(memory);
        Assert.Equal(1ul, erase.Run(() => false));
        AssertErased(memory, [3]);
    }

    [Fact]
    public void A_survivors_memory_is_freed_with_the_image_below_it()
    {
        using var memory = GuestMemory.CreateOverImage(Pages * PageSize);
        using var erase = new MemoryErase(memory);
        // In the image and never written since, in a copy over it, in a copy over nothing, and a copy that is zero over something.
        var expected = Write(memory, memory.Image);
        foreach (var page in Write(memory, memory.Base, 7))
            expected.Add(page);
        new Span<byte>(memory.Image + (9_000 * PageSize), PageSize).Fill(9);
        new Span<byte>(memory.Base + (9_000 * PageSize), PageSize).Clear();
        expected.Remove(9_000);
        Assert.Equal((ulong)expected.Count, erase.Run(() => false));
        AssertErased(memory, expected);
        Assert.True(UndumpedMemoryTests.IsLeftOut((nint)memory.Base, memory.Size));

        // What it goes on with is its own: nothing of it comes into the image.
        memory.Base[8 * PageSize] = 1;
        Assert.Equal(0, memory.Image[8 * PageSize]);
        Forget(memory);
        Assert.Equal(1ul, erase.Run(() => false));
        Assert.Equal(0, memory.Base[8 * PageSize]);
    }

    [Fact]
    public void It_ends_in_the_middle_when_it_is_told_to()
    {
        using var memory = GuestMemory.Create(Pages * PageSize);
        using var erase = new MemoryErase(memory);
        memory.Base[0] = memory.Base[(Pages - 1) * PageSize] = 1;
        var asked = 0;
        Assert.Equal(1ul, erase.Run(() => ++asked > 1));
        Assert.Equal((0, 1), (memory.Base[0], memory.Base[(Pages - 1) * PageSize]));
    }

    private static HashSet<ulong> Write(GuestMemory memory, byte* to, ulong seed = 1)
    {
        var written = new HashSet<ulong>();
        for (var page = seed; page < Pages; page += page % 1000 < 500 ? 1ul : 37 * seed)
        {
            to[(page * PageSize) + (page * seed % PageSize)] = (byte)(page | 1);
            written.Add(page);
        }

        Forget(memory);
        return written;
    }

    private static void Forget(GuestMemory memory) => memory.DeviceDirty.Clear();

    private static void AssertErased(GuestMemory memory, HashSet<ulong> dirty)
    {
        Assert.Equal(Pages, memory.Pages);
        Assert.True(NativeFile.lseek(memory.MemFd, 0, NativeFile.SEEK_DATA) < 0, "the host still has memory for it");
        for (ulong page = 0; page < Pages; page++)
            Assert.True(memory.DeviceDirty.IsSet(page) == dirty.Contains(page), $"page {page}");
        Assert.True(new ReadOnlySpan<byte>(memory.Base, (int)memory.Size).IndexOfAnyExcept((byte)0) < 0, "something is left");
    }
}
