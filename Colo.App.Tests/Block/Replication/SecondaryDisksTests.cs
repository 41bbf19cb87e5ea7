using Colo.Block;
using Colo.Block.Replication;
using Colo.Linux;
using Colo.Node;

namespace Colo.Tests.Block.Replication;

/// <summary>The disks of a secondary as a whole: what a takeover marks, records and hands over, and in which order.</summary>
public sealed class SecondaryDisksTests
{
    private const long Extent = ChangedExtents.ExtentBytes;
    private const int EIO = 5;

    [Fact]
    public void What_the_vm_was_writing_at_the_takeover_is_marked_before_it_reaches_the_image()
    {
        using var f = new SecondaryDisksFixture();
        f.Follow();
        f.On(() => f.Logs[0].Hold = r => r.Operation == BlockOperation.Write);
        var write = f.Write(f.Fronts[0], 3 * Extent, 7);
        f.Until(() => f.Logs[0].Held.Count == 1, "the VM's write is on its way to the log");
        List<bool> covered = [];
        f.On(() => f.Images[0].Before = r =>
        {
            if (r.Operation == BlockOperation.Write)
                covered.Add(f.History.Changed(0).Covers(r.Offset, r.Length));
        });
        using var done = f.TakeOver();
        Assert.False(done.IsSet);
        f.On(() => f.Logs[0].Release(0));
        Assert.True(done.Wait(30_000));
        Assert.Equal(0, write.Wait());
        Assert.Equal(7, f.At(0, 3 * Extent));
        Assert.Equal([true], covered);
        Assert.True(f.On(() => f.History.Changed(0).IsMarked(3)));
        Assert.Equal(DataState.Current, f.On(() => f.History.Data.State));
    }

    [Fact]
    public void A_guest_that_ends_while_a_checkpoint_is_applied_ends_in_order_after_it()
    {
        using var f = new SecondaryDisksFixture();
        f.Follow();
        Assert.Equal(0, f.Write(f.Disks[0].Mirror, 0, 1).Wait());
        f.On(() => f.Images[0].Hold = r => r.Operation == BlockOperation.Write);
        using var committed = new ManualResetEventSlim();
        using var ended = new ManualResetEventSlim();
        f.On(() => f.Disks.Commit([4096], 1, committed.Set));
        f.Until(() => f.Images[0].Held.Count == 1, "the checkpoint is being applied");
        Assert.Equal(0, f.Write(f.Disks[0].Mirror, 8192, 2).Wait());
        f.On(() => f.Disks.End([8192], ended.Set));
        Assert.False(committed.IsSet || ended.IsSet);
        f.On(() =>
        {
            f.Images[0].Hold = _ => false;
            f.Images[0].Release(0);
        });
        Assert.True(committed.Wait(30_000) && ended.Wait(30_000));
        Assert.Equal(((byte)1, (byte)2), (f.At(0, 0), f.At(0, 8192)));
        Assert.Equal((DataState.Copy, true), f.On(() => (f.History.Data.State, f.History.Data.Ended)));
        Assert.Empty(f.Failures);
    }

    [Fact]
    public void A_checkpoint_that_fails_while_the_guest_s_end_waits_for_it_is_told_and_nothing_is_claimed()
    {
        using var f = new SecondaryDisksFixture();
        f.Follow();
        Assert.Equal(0, f.Write(f.Disks[0].Mirror, 0, 1).Wait());
        f.On(() => f.Images[0].Hold = r => r.Operation == BlockOperation.Write);
        using var left = new ManualResetEventSlim();
        var ended = false;
        f.On(() => f.Disks.Commit([4096], 1, () => { }));
        f.On(() => f.Disks.End([4096], () => ended = true));
        f.On(() => f.Disks.Leave(left.Set));
        f.Until(() => f.Images[0].Held.Count == 1, "the checkpoint is being applied");
        f.On(() => f.Images[0].Held[0].Complete(EIO));
        Assert.True(left.Wait(30_000));
        f.Until(() => f.Failures.Count > 0, "the failure is told");
        Assert.False(ended);
        Assert.Equal(DataState.Mirror, f.On(() => f.History.Data.State));
    }

    [Fact]
    public void A_checkpoint_is_never_called_durable_while_it_is_being_applied()
    {
        using var f = new SecondaryDisksFixture();
        f.Follow();
        List<ulong> durable = [];
        f.On(() => f.Disks.Durable = durable.Add);
        using var first = new ManualResetEventSlim();
        using var second = new ManualResetEventSlim();
        Assert.Equal(0, f.Write(f.Disks[0].Mirror, 0, 1).Wait());
        f.On(() => f.Disks.Commit([4096], 1, first.Set));
        Assert.True(first.Wait(30_000));
        Assert.Equal(0, f.Write(f.Disks[0].Mirror, 0, 2).Wait());
        f.On(() =>
        {
            f.Images[0].Hold = r => r.Operation == BlockOperation.Write;
            f.Disks.Commit([8192], 2, second.Set);
        });
        f.Until(() => durable.Count > 0, "something is durable");
        Assert.Equal([1UL], f.On(() => durable.ToArray()));
        f.On(() =>
        {
            f.Images[0].Hold = _ => false;
            f.Images[0].Release(0);
        });
        Assert.True(second.Wait(30_000));
        f.Until(() => durable.Contains(2), "the second is durable, too");
    }

    [Fact]
    public void No_disk_goes_on_before_the_end_of_every_disk_s_replay_is_recorded()
    {
        using var f = new SecondaryDisksFixture(disks: 2);
        f.Follow();
        Assert.Equal(0, f.Write(f.Fronts[0], 0, 3).Wait());
        Assert.Equal(0, f.Write(f.Fronts[1], 0, 4).Wait());
        f.On(() => f.Images[1].Hold = r => r.Operation == BlockOperation.Write);
        using var done = f.TakeOver();
        f.Until(() => f.Images[1].Held.Count == 1 && f.At(0, 0) == 3, "one disk is replayed, the other one is not");
        var later = f.Write(f.Fronts[0], 0, 5);
        Assert.False(SpinWait.SpinUntil(() => later.IsDone, 200));
        // A crash here replays both logs: what the guest would have written to the first disk meanwhile, and flushed, would be gone.
        Assert.Empty(f.On(() => f.Connected.ToArray()));
        f.On(() =>
        {
            f.Images[1].Hold = _ => false;
            f.Images[1].Release(0);
        });
        Assert.True(done.Wait(30_000));
        Assert.Equal(0, later.Wait());
        Assert.Equal(((byte)5, (byte)4), (f.At(0, 0), f.At(1, 0)));
    }

    [Theory]
    [InlineData(BlockOperation.Write)]
    [InlineData(BlockOperation.Flush)]
    public void The_guest_never_runs_on_an_image_that_the_replay_could_not_finish(BlockOperation failing)
    {
        using var f = new SecondaryDisksFixture();
        f.Follow();
        Assert.Equal(0, f.Write(f.Fronts[0], 0, 3).Wait());
        Assert.Equal(0, f.Write(f.Fronts[0], 2 * Extent, 4).Wait());
        f.On(() => f.Images[0].Fail = r => r.Operation == failing ? EIO : 0);
        using var done = f.TakeOver();
        var read = new Pending(BlockOperation.Read, 0, new byte[512]);
        f.On(() => f.Fronts[0].Submit(read.Request));
        f.Until(() => f.Told.Count > 0, "the operator is told");
        Assert.Contains("disk d0: ", f.Told[0]!.What, StringComparison.Ordinal);
        Assert.False(done.IsSet || read.IsDone);
        Assert.Empty(f.On(() => f.Connected.ToArray()));
        Assert.Equal(DataState.Replay, f.On(() => f.History.Data.State));
        f.On(() => f.Images[0].Fail = _ => 0);
        Assert.True(done.Wait(30_000));
        Assert.Equal(0, read.Wait());
        Assert.All(read.Data, value => Assert.Equal(3, value));
        Assert.Equal(4, f.At(0, 2 * Extent));
        Assert.Null(f.Told[^1]);
        Assert.Equal(DataState.Current, f.On(() => f.History.Data.State));
        f.On(f.Disks.Dispose);
        Assert.Empty(Directory.GetFiles(f.Folder, "*.colo-log*"));
    }

    [Fact]
    public void A_replay_whose_end_cannot_be_recorded_is_never_repeated_over_newer_data()
    {
        using var f = new SecondaryDisksFixture();
        f.Follow();
        Assert.Equal(0, f.Write(f.Fronts[0], 0, 3).Wait());
        using var done = f.TakeOver(() => f.Record[0].FailWrites = EIO);
        f.Until(() => f.Connected.Count == 1, "the guest goes on");
        Assert.False(File.Exists(f.LogPath("d0")));
        Assert.False(done.IsSet);
        Assert.Equal(0, f.Write(f.Fronts[0], 0, 9).Wait());
        // This node dies before its record can be written again.
        f.Die();
        PairImages.Replay(f.Configuration(), static _ => { }, static () => { });
        Assert.Equal(9, f.At(0, 0));
        using var loop = new EventLoop();
        using var record = NodeRecord.Open(f.ImagePath("d0") + ".colo", [new RecordDisk("d0", SecondaryDisksFixture.Size)], loop);
        Assert.Equal(DataState.Current, record.Data.State);
        Assert.True(record.Changed(0).IsMarked(0));
        Assert.Empty(Directory.GetFiles(f.Folder, "*.colo-log*"));
    }

    [Fact]
    public void No_secondary_is_taken_before_the_end_of_the_replay_is_recorded()
    {
        using var f = new SecondaryDisksFixture();
        f.Follow();
        Assert.Equal(0, f.Write(f.Fronts[0], 0, 3).Wait());
        using var done = f.TakeOver(() => f.Record[0].FailSyncs = EIO);
        f.Until(() => f.Told.Count > 0, "the operator is told");
        Assert.False(SpinWait.SpinUntil(() => done.IsSet, 1500));
        f.Record[0].FailSyncs = 0;
        Assert.True(done.Wait(30_000));
        Assert.Null(f.Told[^1]);
        Assert.Equal(DataState.Current, f.On(() => f.History.Data.State));
        f.On(f.Disks.Dispose);
        Assert.Empty(Directory.GetFiles(f.Folder, "*.colo-log*"));
    }

    [Fact]
    public void An_error_of_the_log_before_the_takeover_costs_the_guest_nothing_that_it_was_told_is_done()
    {
        using var f = new SecondaryDisksFixture();
        f.Follow();
        Assert.Equal(0, f.Write(f.Fronts[0], 0, 3).Wait());
        f.On(() => f.Logs[0].Fail = r => r.Operation == BlockOperation.Write ? EIO : 0);
        var failed = f.Write(f.Fronts[0], 4096, 4);
        f.Until(() => f.Failures.Count > 0, "the log fails");
        using var done = f.TakeOver();
        Assert.True(done.Wait(30_000));
        Assert.Equal(0, failed.Wait());
        Assert.Equal(((byte)3, (byte)4), (f.At(0, 0), f.At(0, 4096)));
    }
}
