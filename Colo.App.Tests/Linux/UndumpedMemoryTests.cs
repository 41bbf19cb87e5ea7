using System.Globalization;
using Colo.Block.Nbd;
using Colo.Checkpoint;
using Colo.Link;
using Colo.Linux;
using Colo.Memory;

namespace Colo.Tests.Linux;

public sealed unsafe class UndumpedMemoryTests
{
    /// <summary>A keeper hears of a crash only when the core is written: nothing of the guest's may be in it.</summary>
    [Fact]
    public void What_holds_the_guests_data_is_left_out_of_cores()
    {
        using var shared = GuestMemory.Create(8 << 20);
        using var overImage = GuestMemory.CreateOverImage(8 << 20);
        // Private pages are what a core would hold.
        overImage.Base[0] = 1;
        using var ring = new MirroredBuffer(1 << 20);
        using var staging = new Staging(1024);
        using var pool = new NbdBufferPool(1 << 20, 1 << 20);
        var disk = pool.TryRent(256 << 10);
        using var pages = new NativeArray<PageContent>();
        pages.SetCount(64);
        pages.Reserve(2048);
        fixed (byte* staged = staging.Reserve(1))
        {
            (string What, nint From, ulong Length)[] all =
            [
                ("a primary's memory", (nint)shared.Base, shared.Size), ("a secondary's memory", (nint)overImage.Base, overImage.Size),
                ("the image", (nint)overImage.Image, overImage.Size), ("a ring of the link", (nint)ring.At(0), 2ul * (uint)ring.Capacity),
                ("staged pages", (nint)staged, 4096), ("pages of a stop", (nint)pages.Pointer, 2048 * 4096), ("a disk's buffer", (nint)disk, 256 << 10),
            ];
            foreach (var (what, from, length) in all)
                Assert.True(IsLeftOut(from, length), what);
        }

        pool.Return(disk, 256 << 10);
    }

    [Fact]
    public void Memory_that_is_resized_keeps_what_it_holds_and_stays_out_of_cores()
    {
        var memory = UndumpedMemory.Map(5000);
        memory[0] = 7;
        memory[8191] = 8;
        memory = UndumpedMemory.Resize(memory, 5000, 64 << 20);
        Assert.Equal((7, 8, 0), (memory[0], memory[8191], memory[(64 << 20) - 1]));
        Assert.True(IsLeftOut((nint)memory, 64 << 20));
        memory = UndumpedMemory.Resize(memory, 64 << 20, 1);
        Assert.Equal(7, memory[0]);
        UndumpedMemory.Unmap(memory, 1);
        UndumpedMemory.Unmap(null, 1);
    }

    /// <summary>Whether each mapping that has part of a range has "dd" among its flags (proc_pid_smaps(5)).</summary>
    internal static bool IsLeftOut(nint from, ulong length)
    {
        var to = from + (nint)length;
        var inside = false;
        var covered = 0L;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            var range = line.Split(' ')[0].Split('-');
            if (range is [var first, var last] && long.TryParse(first, NumberStyles.HexNumber, null, out var start) && long.TryParse(last, NumberStyles.HexNumber, null, out var end))
            {
                inside = start < to && end > from;
                covered += inside ? Math.Min(end, to) - Math.Max(start, from) : 0;
            }
            else if (inside && line.StartsWith("VmFlags:", StringComparison.Ordinal) && !line.Split(' ').Contains("dd"))
            {
                return false;
            }
        }

        return covered == (long)length;
    }
}
