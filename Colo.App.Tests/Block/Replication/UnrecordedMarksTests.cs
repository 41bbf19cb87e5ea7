using Colo.Block;
using Colo.Block.Replication;
using Colo.Linux;
using Colo.Node;

namespace Colo.Tests.Block.Replication;

/// <summary>A record that cannot be written is no reason for the guest's disk to fail, nor for a later sync to miss what it wrote.</summary>
public sealed class UnrecordedMarksTests
{
    private const long Extent = ChangedExtents.ExtentBytes;
    private const int EIO = 5;
    private readonly List<string?> _told = [];

    [Fact]
    public void The_guest_writes_and_after_a_crash_all_counts_as_changed()
    {
        using var f = new SecondaryDisksFixture();
        var disk = Fail(f);
        Assert.Equal(0, f.Write(disk, 5 * Extent, 7).Wait());
        Assert.Equal(7, f.At(0, 5 * Extent));
        Assert.True(File.Exists(ChangedExtents.NoticeFor(f.ImagePath("d0"))));
        Assert.Contains("errno 5", Assert.Single(_told), StringComparison.Ordinal);
        // Nothing is forgotten now, and nobody waits for a mark.
        Assert.Equal(0, f.On(() => f.History.Changed(0).ForgetBefore(ulong.MaxValue, 0, 0)));
        Assert.Equal(0, f.Write(disk, 6 * Extent, 8).Wait());
        f.Die();
        using var again = new LoopOf(f);
        Assert.Equal(f.SizeInExtents, again.Get(() => again.History.Changed(0).CountMarked));
        again.Until(() => !again.History.Changed(0).Unrecorded);
        Assert.False(File.Exists(ChangedExtents.NoticeFor(f.ImagePath("d0"))));
        Assert.True(again.Get(() => again.History.Changed(0).Covers(0, SecondaryDisksFixture.Size)));
    }

    [Fact]
    public void When_it_can_be_written_again_all_is_recorded_as_changed_and_forgotten_as_ever()
    {
        using var f = new SecondaryDisksFixture();
        var disk = Fail(f);
        Assert.Equal(0, f.Write(disk, 5 * Extent, 7).Wait());
        Thread.Sleep(1200);
        Assert.True(f.On(() => f.History.Changed(0).Unrecorded));
        f.Record[1].FailWrites = 0;
        f.Until(() => !f.History.Changed(0).Unrecorded, "all is recorded");
        Assert.False(File.Exists(ChangedExtents.NoticeFor(f.ImagePath("d0"))));
        Assert.Equal(2, _told.Count);
        Assert.Null(_told[1]);
        Assert.Equal(f.SizeInExtents, f.On(() => f.History.Changed(0).CountMarked));
        f.On(() => f.History.Changed(0).TouchMarked(3));
        Assert.Equal(f.SizeInExtents, f.On(() => f.History.Changed(0).ForgetBefore(9, 0, 0)));
    }

    [Fact]
    public void Where_that_cannot_be_noted_either_nothing_is_written()
    {
        using var f = new SecondaryDisksFixture();
        Directory.CreateDirectory(ChangedExtents.NoticeFor(f.ImagePath("d0")));
        var disk = Fail(f);
        Assert.Equal(EIO, f.Write(disk, 5 * Extent, 7).Wait());
        Assert.Equal(0, f.At(0, 5 * Extent));
        Assert.Empty(_told);
        f.Record[1].FailWrites = 0;
        Assert.Equal(0, f.Write(disk, 5 * Extent, 7).Wait());
    }

    [Fact]
    public void A_takeover_goes_on_without_marks_where_that_is_noted()
    {
        using var f = new SecondaryDisksFixture();
        f.Follow();
        Assert.Equal(0, f.Write(f.Fronts[0], 2 * Extent, 7).Wait());
        using var done = f.TakeOver(() => f.Record[1].FailWrites = EIO);
        Assert.True(done.Wait(30_000));
        Assert.Equal(7, f.At(0, 2 * Extent));
        Assert.True(File.Exists(ChangedExtents.NoticeFor(f.ImagePath("d0"))));
        Assert.True(f.On(() => f.History.Changed(0).Unrecorded));
    }

    private PrimaryDisk Fail(SecondaryDisksFixture f)
    {
        f.Record[1].FailWrites = EIO;
        return f.On(() =>
        {
            f.History.MarksTold = _told.Add;
            return new PrimaryDisk("d0", f.Images[0], f.History.Changed(0), f.Loop);
        });
    }

    /// <summary>The next life of a node whose fixture has died.</summary>
    private sealed class LoopOf : IDisposable
    {
        private readonly Devices.LoopThread _loop = new(new EventLoop());

        internal LoopOf(SecondaryDisksFixture f) => _loop.Do(() =>
            History = NodeHistory.Open(null, "vm", [(f.ImagePath("d0"), new RecordDisk("d0", SecondaryDisksFixture.Size))], _loop.Loop));

        internal NodeHistory History { get; private set; } = null!;

        internal T Get<T>(Func<T> value)
        {
            T result = default!;
            _loop.Do(() => result = value());
            return result;
        }

        internal void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(() => Get(condition), 30_000));

        public void Dispose()
        {
            _loop.Do(History.Dispose);
            _loop.Dispose();
        }
    }
}
