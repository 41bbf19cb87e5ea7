using System.Globalization;
using System.Text.Json;
using Colo.Demo;
using Colo.Tests.Support;
using Xunit.Abstractions;

namespace Colo.Tests.EndToEnd;

/// <summary>The guest's store on a replicated disk, while nodes die.</summary>
[Collection(EndToEndCollection.Name)]
[Trait("Category", "EndToEnd")]
public sealed class DiskTests(ITestOutputHelper output)
{
    // COLO_TEST_KILLS asks for more.
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("COLO_TEST_KILLS"), out var rounds) ? rounds : 4;

    private static readonly PairSettings WithDisk = new() { Disk = true };

    [PairFact("redis-benchmark")]
    public void No_acknowledged_write_is_lost_over_kills_of_the_primary_and_the_images_end_alike() => PairFixture.Run(output, f =>
    {
        var random = new Random(f.Seed);
        using var sets = new AcknowledgedSets(f, 8);
        // A client that nobody has written for this: it ends at the first error or lost connection.
        using var benchmark = f.Pair.Network.Client.Run(() => System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("redis-benchmark")
        {
            ArgumentList = { "-h", DemoNetwork.GuestAddress.ToString(), "-t", "set", "-r", "100000", "-n", "100000000", "-c", "8", "-q" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
        var primary = 'a';
        for (var round = 1; round <= Rounds; round++)
        {
            sets.WaitMore(50, PairFixture.ReplyLimit, $"round {round}");
            f.Pair.Pause(TimeSpan.FromMilliseconds(random.Next(0, 1_200)));
            f.Pair.Kill(primary);
            primary = DemoPair.Other(primary);
            sets.WaitMore(20, PairFixture.ReplyLimit, $"after kill {round}");
            f.Pair.WaitState(primary, "primary", "unprotected", PairFixture.TakeoverLimit);
            sets.Verify(f, $"after kill {round}");
            f.Pair.Start(DemoPair.Other(primary), "secondary");
            f.Pair.WaitProtected(primary, PairFixture.ProtectLimit);
        }

        sets.Stop();
        sets.AssertNoErrors("at the end");
        f.Print($"{sets.Count} SETs were acknowledged");
        Assert.True(!benchmark.HasExited, "redis-benchmark ended");
        benchmark.Kill();
        benchmark.WaitForExit();
        StopBoth(f, primary);
        AssertImagesAlike(f);
        // The store comes back from the image that was the secondary's to the last.
        f.Pair.Start(DemoPair.Other(primary), "standalone");
        f.Pair.WaitServing(PairFixture.ProtectLimit);
        sets.Verify(f, "from the image");
    }, WithDisk);

    [PairFact]
    public void The_images_are_alike_after_a_resync_of_each_kind() => PairFixture.Run(output, f =>
    {
        using (var sets = new AcknowledgedSets(f, 4))
        {
            sets.WaitMore(50, PairFixture.ReplyLimit, "protected");
            f.Pair.Kill('b');
            f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
            sets.WaitMore(50, PairFixture.ReplyLimit, "alone");
            f.Pair.Start('b', "secondary");
            f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
            sets.WaitMore(50, PairFixture.ReplyLimit, "after the death of the secondary");
            // It leaves in order: its image stays whole while the next sync comes.
            f.Pair.Node('b').Signal(15);
            Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.ProtectLimit));
            f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
            sets.WaitMore(50, PairFixture.ReplyLimit, "alone again");
            f.Pair.Start('b', "secondary");
            f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
            // A switchover, and the former primary follows.
            Assert.Equal(0, Colo("failover", "--config", f.Pair.Files('a').Config).Code);
            f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
            sets.WaitMore(50, PairFixture.ReplyLimit, "after the switchover");
            sets.Stop();
            sets.AssertNoErrors("at the end");
            sets.Verify(f, "at the end");
        }

        StopBoth(f, 'b');
        AssertImagesAlike(f);
    }, WithDisk);

    [PairFact]
    public void A_secondary_that_stands_still_costs_time_and_no_write() => PairFixture.Run(output, f =>
    {
        using var sets = new AcknowledgedSets(f, 8);
        sets.WaitMore(50, PairFixture.ReplyLimit, "protected");
        f.Pair.Node('b').Signal(19);
        sets.WaitMore(50, PairFixture.ReplyLimit, "while the secondary stands still");
        f.Pair.WaitState('a', "primary", "unprotected", PairFixture.TakeoverLimit);
        f.Pair.Node('b').Signal(18);
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        sets.WaitMore(50, PairFixture.ReplyLimit, "protected again");
        sets.Stop();
        sets.AssertNoErrors("at the end");
        sets.Verify(f, "at the end");
        StopBoth(f, 'a');
        AssertImagesAlike(f);
    }, WithDisk);

    [FaultTheory]
    [InlineData("disk-held")]
    [InlineData("disk-commit-begin")]
    [InlineData("disk-commit-middle")]
    [InlineData("disk-commit-applied")]
    [InlineData("secondary-disks-committed")]
    [InlineData("disk-synced")]
    public void The_secondary_dies_while_it_applies_a_commit_and_comes_back_by_resync(string point) => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        Faults.Prepare(f, 'b', point, new Random(f.Seed).Next(1, 4));
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        using var sets = new AcknowledgedSets(f, 8);
        sets.WaitMore(50, PairFixture.ReplyLimit, "protected");
        Faults.Arm(f);
        Faults.AssertFell(f, 'b', point);
        sets.WaitMore(50, PairFixture.ReplyLimit, "alone");
        Faults.Forget(f, 'b');
        f.Pair.Start('b', "secondary");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        sets.WaitMore(50, PairFixture.ReplyLimit, "protected again");
        f.Pair.Kill('a');
        sets.WaitMore(20, PairFixture.ReplyLimit, "taken over");
        sets.Stop();
        sets.AssertNoErrors(point);
        sets.Verify(f, point);
    }, WithDisk);

    [FaultTheory]
    [InlineData("takeover-recorded")]
    [InlineData("disk-takeover-begin")]
    [InlineData("disk-takeover-middle")]
    [InlineData("disk-takeover-applied")]
    [InlineData("takeover-replayed")]
    public void A_survivor_that_dies_in_the_takeover_has_every_acknowledged_write_when_it_starts_again(string point) => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        Faults.Prepare(f, 'b', point);
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        using var sets = new AcknowledgedSets(f, 8);
        sets.WaitMore(200, PairFixture.ReplyLimit, "protected");
        Faults.Arm(f);
        // Right after a checkpoint, so that the log has more than one write when it is applied.
        var checkpoints = f.Pair.Node('a').TryStatus()?.Checkpoints ?? 0;
        f.Pair.Wait('a', "making another checkpoint", s => s.Checkpoints > checkpoints, PairFixture.TakeoverLimit);
        sets.WaitMore(40, PairFixture.ReplyLimit, "after a checkpoint");
        f.Pair.Kill('a');
        Faults.AssertFell(f, 'b', point);
        sets.Dispose();
        Faults.Forget(f, 'b');
        f.Pair.Start('b', "primary");
        f.Pair.WaitServing(PairFixture.ProtectLimit);
        sets.Verify(f, point);
        // And the other one follows it.
        f.Pair.Start('a', "secondary");
        f.Pair.WaitProtected('b', PairFixture.ProtectLimit);
        StopBoth(f, 'b');
        AssertImagesAlike(f);
    }, WithDisk);

    [FaultTheory]
    [InlineData("secondary-disks-received", false)]
    [InlineData("disk-journal-sealed", false)]
    [InlineData("secondary-disks-sealed", true)]
    [InlineData("disk-commit-middle", true)]
    [InlineData("secondary-disks-applied", true)]
    [InlineData("secondary-disks-recorded", true)]
    public void A_copy_stays_whole_until_the_resync_is_complete(string point, bool decided) => PairFixture.Run(output, FaultBinary.Path!, f =>
    {
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        // Large values, so that what differs is more than one write.
        using var sets = new AcknowledgedSets(f, 4, 16_000);
        sets.WaitMore(20, PairFixture.ReplyLimit, "protected");
        f.Pair.Node('b').Signal(15);
        Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.ProtectLimit));
        var before = File.ReadAllBytes(f.Pair.Files('b').DiskImage);
        sets.WaitMore(400, PairFixture.ReplyLimit, "alone");
        sets.Stop();
        Faults.Prepare(f, 'b', point);
        Faults.Arm(f);
        f.Pair.Start('b', "secondary");
        Faults.AssertFell(f, 'b', point);
        if (!decided)
            Assert.True(File.ReadAllBytes(f.Pair.Files('b').DiskImage).AsSpan().SequenceEqual(before), "the last other copy was touched before the new one was whole");
        // Whatever was decided is finished at the next start; then it follows again.
        Faults.Forget(f, 'b');
        f.Pair.Start('b', "secondary");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        StopBoth(f, 'a');
        AssertImagesAlike(f);
    }, WithDisk);

    [PairFact]
    public void After_a_break_only_what_changed_is_sent() => PairFixture.Run(output, PairBinary.Path!, f =>
    {
        var random = new Random(f.Seed);
        f.Pair.StartProtected(PairFixture.ProtectLimit);
        StopBoth(f, 'a');
        // One in a hundred blocks of the primary's image is written while it is alone, as a guest would.
        f.Pair.Start('a', "primary");
        f.Pair.WaitServing(PairFixture.ProtectLimit);
        using (var sets = new AcknowledgedSets(f, 4, 20_000))
        {
            sets.WaitMore(1_000, PairFixture.ProtectLimit * 2, "alone");
            sets.Stop();
        }

        var changed = f.Pair.Node('a').TryStatus()!;
        f.Pair.Start('b', "secondary");
        var status = f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        f.Print($"before the resync {changed.Json}\nafter it {status.Json}");
        var sent = long.Parse(System.Text.RegularExpressions.Regex.Match(status.Json, "\"replicated\":(\\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.InRange(sent, 1, (1L << 30) / 50);
    }, static _ => { }, WithDisk with { DiskSize = "1G", Memory = "128M" });

    [PairFact]
    public void A_full_file_system_at_the_secondary_ends_protection_and_not_the_guest() => PairFixture.Run(output, PairBinary.Path!, f =>
    {
        // A small file system under the secondary's image, sparse in it.
        var folder = Path.GetDirectoryName(f.Pair.Files('b').DiskImage)!;
        Assert.Equal(0, ChildProcess.Capture("/bin/mount", ["-t", "tmpfs", "-o", "size=3m", "colo-small", Path.Combine(folder, "state")]).Code);
        f.Pair.Start('a', "primary");
        f.Pair.WaitServing(PairFixture.ProtectLimit);
        f.Pair.Start('b', "secondary", $"disk:root:path={Path.Combine(folder, "state", "root.img")}");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
    }, f =>
    {
        try
        {
            using var sets = new AcknowledgedSets(f, 8, 2_000);
            Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.ProtectLimit * 2), "the secondary goes on with a full file system");
            Assert.Equal(1, f.Pair.Node('b').ExitCode);
            Assert.Contains("No space left", f.Pair.Node('b').LogTail(50), StringComparison.Ordinal);
            sets.WaitMore(100, PairFixture.ReplyLimit, "alone");
            Assert.True(f.Pair.Node('a').TryStatus() is { State: "unprotected" });
            sets.Stop();
            sets.AssertNoErrors("with a full disk at the secondary");
            sets.Verify(f, "with a full disk at the secondary");
        }
        finally
        {
            f.Pair.Kill('b');
            ChildProcess.Capture("/bin/umount", ["-l", Path.Combine(Path.GetDirectoryName(f.Pair.Files('b').DiskImage)!, "state")]);
        }
    }, WithDisk);

    [PairFact]
    public void What_does_not_fit_or_is_outdated_is_refused_with_the_reason() => PairFixture.Run(output, PairBinary.Path!, f =>
    {
        f.Pair.StartProtected(PairFixture.ProtectLimit);
    }, f =>
    {
        // Outdated by its own record: it followed, and left.
        f.Pair.Node('b').Signal(15);
        Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.ProtectLimit));
        f.Pair.Start('b', "primary");
        Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.TakeoverLimit));
        Assert.Equal(3, f.Pair.Node('b').ExitCode);
        Assert.Contains("is outdated", f.Pair.Node('b').LogTail(20), StringComparison.Ordinal);
        // Another size.
        f.Pair.Start('b', "secondary", $"disk:root:path={f.Pair.Files('b').DiskImage}.other", "disk:root:size=32M", $"vm:state-dir={f.Pair.Folder}");
        Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.TakeoverLimit));
        Assert.Equal(3, f.Pair.Node('b').ExitCode);
        Assert.Contains("the disks differ", f.Pair.Node('b').LogTail(20), StringComparison.Ordinal);
        string Attention() => JsonDocument.Parse(Colo("status", "--json", "--socket", f.Pair.Files('a').Socket).Output).RootElement.GetProperty("attention").ToString();
        Assert.Contains("the disks differ", Attention(), StringComparison.Ordinal);
        // The right one still fits.
        f.Pair.Start('b', "secondary");
        f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
        Assert.Equal("", Attention());
    }, WithDisk);

    [PairFact]
    public void A_read_only_disk_is_not_replicated_and_has_to_be_the_same_on_both_nodes()
    {
        string[] Cd(PairFixture f, string name) => [$"disk:cd:path={Path.Combine(f.Pair.Folder, name)}", "disk:cd:readonly=on"];
        PairFixture.Run(output, PairBinary.Path!, f =>
        {
            var content = new byte[3 << 20];
            new Random(f.Seed).NextBytes(content);
            File.WriteAllBytes(Path.Combine(f.Pair.Folder, "cd.img"), content);
            content[(2 << 20) + 5000] ^= 1;
            File.WriteAllBytes(Path.Combine(f.Pair.Folder, "other.img"), content);
            f.Pair.Start('a', "primary", Cd(f, "cd.img"));
            f.Pair.WaitServing(PairFixture.ProtectLimit);
        }, f =>
        {
            f.Pair.Start('b', "secondary", Cd(f, "other.img"));
            Assert.True(f.Pair.Node('b').WaitForExit(PairFixture.ProtectLimit), "a secondary with another image stays");
            Assert.Equal(3, f.Pair.Node('b').ExitCode);
            Assert.Contains($"disk cd, which is read-only and not replicated, is not the same on both nodes: the block at byte {(2 << 20) + 4096} ", f.Pair.Node('b').LogTail(20), StringComparison.Ordinal);
            // The file is shared here; on two hosts each has its own.
            f.Pair.Start('b', "secondary", Cd(f, "cd.img"));
            f.Pair.WaitProtected('a', PairFixture.ProtectLimit);
            var status = Colo("status", "--json", "--socket", f.Pair.Files('a').Socket).Output;
            var cd = JsonDocument.Parse(status).RootElement.GetProperty("disk").EnumerateArray().Single(disk => disk.GetProperty("name").GetString() == "cd");
            Assert.Equal(100, cd.GetProperty("sync_percent").GetDouble());
            f.Pair.Kill('a');
            f.Pair.WaitState('b', "primary", "unprotected", PairFixture.TakeoverLimit);
        }, WithDisk);
    }

    private static (int Code, string Output) Colo(params string[] arguments) => ChildProcess.Capture(PairBinary.Path!, arguments, 40_000);

    private static void StopBoth(PairFixture f, char primary) => f.Pair.StopGuest(primary, PairFixture.ProtectLimit);

    private static void AssertImagesAlike(PairFixture f)
    {
        var wrong = f.Pair.CompareImages();
        Assert.True(wrong is null, $"the images: {wrong}");
    }
}
