using Colo.Linux;
using Colo.Memory;
using Xunit.Abstractions;

namespace Colo.Tests.Memory;

public sealed unsafe class ImageReclaimTests(ITestOutputHelper output)
{
    private const int PageSize = GuestMemory.PageSize;

    [Fact]
    public void What_lies_below_a_copy_is_freed_and_nothing_that_the_guest_sees_changes()
    {
        using var memory = GuestMemory.CreateOverImage(20_000 * PageSize);
        var seen = new byte[memory.Pages];
        var copies = 0;
        for (ulong page = 0; page < memory.Pages; page++)
        {
            // In the image, then looked at, then written; each with and without what comes before. Some in runs.
            var kind = page / 1000 % 2 == 0 ? (int)(page % 8) : (int)(page / 1500 % 8);
            if ((kind & 1) != 0)
                Fill(memory.Image, page, seen[page] = (byte)(page % 250 + 1));
            if ((kind & 2) != 0)
                Assert.Equal(seen[page], memory.Base[(page * PageSize) + 9]);
            if ((kind & 4) != 0)
                Fill(memory.Base, page, seen[page] = (byte)(page % 249 + 2));
            copies += (kind & 4) != 0 ? 1 : 0;
        }

        var before = ImagePages(memory);
        using var reclaim = new ImageReclaim(memory);
        Assert.True(reclaim.Pass());
        Assert.Equal(copies, reclaim.FreedPages);
        // A page that is looked at where the image has a hole gets an empty page of it.
        var after = ImagePages(memory);
        output.WriteLine($"{before} pages of the image before, {after} after; {copies} copies");
        Assert.True(after < before - (copies / 4), $"{before} pages of the image before, {after} after");
        AssertSees(memory, seen);

        // What is written now is found the next time, and only that.
        Fill(memory.Base, 1, seen[1] = 77);
        Fill(memory.Base, 4, seen[4] = 78);
        Assert.True(reclaim.Pass());
        Assert.Equal(copies + 1, reclaim.FreedPages);
        AssertSees(memory, seen);
    }

    [Fact]
    public void In_the_end_a_guest_that_has_written_everything_needs_no_image()
    {
        using var memory = GuestMemory.CreateOverImage(3_001 * PageSize);
        var seen = new byte[memory.Pages];
        for (ulong page = 0; page < memory.Pages; page++)
        {
            Fill(memory.Image, page, 5);
            Fill(memory.Base, page, seen[page] = (byte)(page % 255));
        }

        using var reclaim = new ImageReclaim(memory);
        Assert.True(reclaim.Pass());
        Assert.Equal(((long)memory.Pages, 0L), (reclaim.FreedPages, ImagePages(memory)));
        Assert.True(reclaim.Pass());
        AssertSees(memory, seen);
    }

    /// <summary>The guest goes on meanwhile: it reads, writes, and writes again.</summary>
    [Fact]
    public void Nothing_is_lost_of_what_is_written_meanwhile()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        using var memory = GuestMemory.CreateOverImage(20_000 * PageSize);
        var seen = new byte[memory.Pages];
        for (ulong page = 0; page < memory.Pages; page++)
            Fill(memory.Image, page, seen[page] = (byte)(page % 251));
        using var reclaim = new ImageReclaim(memory);
        var over = false;
        string? wrong = null;
        var guest = new Thread(() =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 300_000 && wrong is null; i++)
            {
                // More and more of it.
                var page = (ulong)random.Next((int)memory.Pages * ((i / 60_000) + 1) / 5);
                var (first, last) = (memory.Base[page * PageSize], memory.Base[(page * PageSize) + PageSize - 1]);
                if (first != seen[page] || last != seen[page])
                    wrong = $"page {page} has {first} and {last}, {seen[page]} was written";
                if (random.Next(3) == 0)
                    Fill(memory.Base, page, seen[page] = (byte)random.Next(256));
            }

            Volatile.Write(ref over, true);
        });
        guest.Start();
        var passes = 0;
        for (; !Volatile.Read(ref over); passes++)
            Assert.True(reclaim.Pass());
        guest.Join();
        Assert.True(reclaim.Pass());
        output.WriteLine($"{reclaim.FreedPages} pages freed in {passes} passes");
        Assert.Null(wrong);
        AssertSees(memory, seen);
        Assert.True(reclaim.FreedPages > (long)memory.Pages / 2, $"{reclaim.FreedPages} pages are freed");
        Assert.Equal((long)memory.Pages - reclaim.FreedPages, ImagePages(memory));
    }

    [Fact]
    public void In_the_background_it_frees_and_can_be_ended_at_any_time()
    {
        using var memory = GuestMemory.CreateOverImage(30_000 * PageSize);
        for (ulong page = 0; page < memory.Pages; page++)
        {
            memory.Image[page * PageSize] = 1;
            memory.Base[page * PageSize] = 2;
        }

        string? failed = null;
        using (var reclaim = new ImageReclaim(memory))
        {
            reclaim.Start(reason => failed = reason);
            Assert.True(SpinWait.SpinUntil(() => reclaim.FreedPages > 0, TimeSpan.FromSeconds(60)), "nothing is freed");
        }

        Assert.Null(failed);
        using (var reclaim = new ImageReclaim(memory))
            reclaim.Start(reason => failed = reason);
        for (ulong page = 0; page < memory.Pages; page++)
            Assert.True(memory.Base[page * PageSize] == 2, $"page {page}");
        Assert.Null(failed);
    }

    [Fact]
    public void Memory_without_an_image_has_nothing_to_free()
    {
        using var memory = GuestMemory.Create(16 * PageSize);
        Assert.Throws<ArgumentException>(() => new ImageReclaim(memory));
    }

    private static void Fill(byte* at, ulong page, byte value) => new Span<byte>(at + (page * PageSize), PageSize).Fill(value);

    private static void AssertSees(GuestMemory memory, byte[] seen)
    {
        for (ulong page = 0; page < memory.Pages; page++)
        {
            var content = new ReadOnlySpan<byte>(memory.Base + (page * PageSize), PageSize);
            if (content.ContainsAnyExcept(seen[page]))
                Assert.Fail($"page {page} has {content[0]}, {seen[page]} was written");
        }
    }

    /// <summary>Pages of the image that have memory.</summary>
    private static long ImagePages(GuestMemory memory)
    {
        const int SeekData = 3, SeekHole = 4;
        long pages = 0;
        for (long at = 0; (at = NativeFile.lseek(memory.MemFd, at, SeekData)) >= 0;)
        {
            var end = NativeFile.lseek(memory.MemFd, at, SeekHole);
            pages += (end - at) / PageSize;
            at = end;
        }

        return pages;
    }
}
