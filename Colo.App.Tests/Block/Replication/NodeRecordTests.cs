using System.Buffers.Binary;
using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

public sealed class NodeRecordTests : IDisposable
{
    private readonly RecordFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private void WriteAndClose(params NodeData[] all)
    {
        var record = _fixture.Open();
        foreach (var data in all)
            _fixture.Do(() => record.Write(data));
        _fixture.Close(record);
    }

    private NodeData Reopened(out string? repaired)
    {
        var record = _fixture.Open();
        var data = record.Data;
        repaired = record.Repaired;
        Assert.False(record.IsNew);
        _fixture.Close(record);
        return data;
    }

    [Fact]
    public void ANewRecordIsEmptyPrivateAndHasItsSpace()
    {
        var record = _fixture.Open();
        Assert.True(record.IsNew);
        Assert.Equal(NodeData.New, record.Data);
        Assert.Null(record.Repaired);
        Assert.Equal((100, 40_000), (record.Changed(0).Extents, record.Changed(1).Extents));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_fixture.Path));
        Assert.Equal(8192 + (3 * 4096), new FileInfo(_fixture.Path).Length);
        Assert.Equal([_fixture.Path], Directory.GetFiles(_fixture.Folder));
        _fixture.Close(record);
        Assert.Equal(NodeData.New, Reopened(out _));
    }

    [Fact]
    public void WhatWasWrittenIsReadAgain()
    {
        for (var n = 0; n < 5; n++)
        {
            WriteAndClose(RecordFixture.Sample(n), RecordFixture.Sample(n + 1));
            Assert.Equal(RecordFixture.Sample(n + 1), Reopened(out var repaired));
            Assert.Null(repaired);
        }
    }

    [Fact]
    public void ASecondProcessIsToldThatTheRecordIsInUse()
    {
        var record = _fixture.Open();
        var e = Assert.Throws<IOException>(() => _fixture.Open());
        Assert.Contains("in use by another process", e.Message);
        Assert.StartsWith(_fixture.Path, e.Message);
        _fixture.Close(record);
        _fixture.Close(_fixture.Open());
    }

    [Fact]
    public void ATornSlotLeavesWhatWasBefore()
    {
        WriteAndClose(RecordFixture.Sample(1));
        var before = RecordFixture.Contents(_fixture.Path);
        WriteAndClose(RecordFixture.Sample(2));
        var after = RecordFixture.Contents(_fixture.Path);
        for (var slot = 0; slot < 2; slot++)
        {
            // All of a slot that changes is in its first sector; here even that one is torn.
            for (var bytes = 13; bytes < 112; bytes += 9)
            {
                var torn = before.ToArray();
                after.AsSpan(slot * 4096, bytes).CopyTo(torn.AsSpan(slot * 4096));
                File.WriteAllBytes(_fixture.Path, torn);
                Assert.Equal(RecordFixture.Sample(1), Reopened(out var repaired));
                Assert.Contains("damaged", repaired);
                Assert.Equal(RecordFixture.Sample(1), Reopened(out repaired));
                Assert.Null(repaired);
            }

            var whole = before.ToArray();
            after.AsSpan(slot * 4096, 512).CopyTo(whole.AsSpan(slot * 4096));
            File.WriteAllBytes(_fixture.Path, whole);
            Assert.Equal(RecordFixture.Sample(2), Reopened(out var remark));
            Assert.Null(remark);
        }
    }

    [Fact]
    public void EveryFlippedByteOfASlotIsNoticed()
    {
        var slot = new byte[4096];
        NodeRecordFormat.WriteSlot(slot, 7, RecordFixture.Sample(3), _fixture.Disks);
        Assert.Equal(RecordFixture.Sample(3), NodeRecordFormat.ReadSlot(slot)!.Data);
        Assert.Equal(_fixture.Disks, NodeRecordFormat.ReadSlot(slot)!.Disks);
        for (var i = 0; i < slot.Length * 8; i++)
        {
            slot[i / 8] ^= (byte)(1 << (i % 8));
            Assert.Null(NodeRecordFormat.ReadSlot(slot));
            slot[i / 8] ^= (byte)(1 << (i % 8));
        }
    }

    [Fact]
    public void DamageToOneSlotLosesNothingAndIsMended()
    {
        for (var at = 0; at < 8192; at += 371)
        {
            WriteAndClose(RecordFixture.Sample(at));
            var bytes = RecordFixture.Contents(_fixture.Path);
            bytes[at] ^= 0x40;
            File.WriteAllBytes(_fixture.Path, bytes);
            Assert.Equal(RecordFixture.Sample(at), Reopened(out var repaired));
            Assert.Contains("damaged", repaired);
            Assert.Equal(RecordFixture.Sample(at), Reopened(out repaired));
            Assert.Null(repaired);
        }
    }

    [Fact]
    public void ARecordWithBothSlotsDamagedIsRefused()
    {
        WriteAndClose(RecordFixture.Sample(1));
        var bytes = RecordFixture.Contents(_fixture.Path);
        bytes[100] ^= 1;
        bytes[4096] ^= 1;
        File.WriteAllBytes(_fixture.Path, bytes);
        var message = _fixture.Refused();
        Assert.Contains("damaged", message);
        Assert.Contains("remove this file", message);
        // Neither is what was never a record, or lost its content, taken for a new one.
        File.WriteAllBytes(_fixture.Path, new byte[bytes.Length]);
        Assert.Contains("damaged", _fixture.Refused());
        File.WriteAllBytes(_fixture.Path, []);
        Assert.Contains("it has 0 bytes", _fixture.Refused());
    }

    [Fact]
    public void ARecordThatWasCutShortIsRefused()
    {
        WriteAndClose(RecordFixture.Sample(1));
        var bytes = RecordFixture.Contents(_fixture.Path);
        File.WriteAllBytes(_fixture.Path, bytes[..^1]);
        Assert.Contains($"{bytes.Length - 1} bytes of {bytes.Length}", _fixture.Refused());
    }

    [Fact]
    public void ARecordOfALaterVersionIsRefused()
    {
        WriteAndClose(RecordFixture.Sample(1));
        var bytes = RecordFixture.Contents(_fixture.Path);
        // One slot is enough: the later version may have written only that one yet.
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4096 + 8), 2);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4096 + 12), NodeRecordFormat.SlotChecksum(bytes.AsSpan(4096, 4096)));
        File.WriteAllBytes(_fixture.Path, bytes);
        Assert.Contains("version 2", _fixture.Refused());
    }

    [Fact]
    public void OtherDisksThanTheRecordsAreNamed()
    {
        WriteAndClose(RecordFixture.Sample(1));
        var (root, data) = (_fixture.Disks[0], _fixture.Disks[1]);
        Assert.Contains("disk 'more' is not in it", _fixture.Refused([root, data, new("more", 1)]));
        Assert.Contains("it has disk 'data', which is not configured", _fixture.Refused([root]));
        Assert.Contains("disk 2 is 'data' there and 'date' in", _fixture.Refused([root, data with { Name = "date" }]));
        Assert.Contains($"disk 'root' had {root.Size} bytes and has 512", _fixture.Refused([root with { Size = 512 }, data]));
        Assert.Contains("disk 1 is 'root' there and 'data'", _fixture.Refused([data, root]));
        Assert.Equal(RecordFixture.Sample(1), Reopened(out _));
    }

    [Fact]
    public void AWriteThatFailsChangesNothing()
    {
        var record = _fixture.Open();
        _fixture.Do(() => record.Write(RecordFixture.Sample(1)));
        foreach (var syncs in new[] { false, true })
        {
            (_fixture.Files[0].FailWrites, _fixture.Files[0].FailSyncs) = syncs ? (0, 5) : (28, 0);
            var e = Assert.Throws<IOException>(() => _fixture.Do(() => record.Write(RecordFixture.Sample(2))));
            Assert.StartsWith(_fixture.Path + ": cannot write the node's record: " + (syncs ? "Input/output error" : "No space left"), e.Message);
            Assert.Equal(RecordFixture.Sample(1), record.Data);
        }

        _fixture.Close(record);
        Assert.Equal(RecordFixture.Sample(1), Reopened(out _));
        record = _fixture.Open();
        _fixture.Files[0].FailSyncs = 5;
        Assert.Throws<IOException>(() => _fixture.Do(() => record.Write(RecordFixture.Sample(2))));
        _fixture.Files[0].FailSyncs = 0;
        _fixture.Do(() => record.Write(RecordFixture.Sample(3)));
        _fixture.Close(record);
        Assert.Equal(RecordFixture.Sample(3), Reopened(out _));
    }

    [Fact]
    public void APowerFailureAtAnyWriteLeavesTheOldOrTheNew()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        WriteAndClose(RecordFixture.Sample(0));
        for (var round = 0; round < 60; round++)
        {
            var start = RecordFixture.Contents(_fixture.Path);
            var record = _fixture.Open();
            var n = random.Next(1, 4);
            for (var i = 1; i < n; i++)
                _fixture.Do(() => record.Write(RecordFixture.Sample((round * 10) + i)));
            var sure = record.Data;
            // The last one is written, and perhaps not synced.
            var file = _fixture.Files[0];
            var fails = random.Next(2) == 0;
            file.FailSyncs = fails ? 5 : 0;
            var last = RecordFixture.Sample((round * 10) + n);
            try
            {
                _fixture.Do(() => record.Write(last));
                sure = last;
            }
            catch (IOException)
            {
            }

            file.LosePower(start, random);
            _fixture.Close(record);
            File.WriteAllBytes(_fixture.Path, start);
            var found = Reopened(out _);
            Assert.True(found == sure || (fails && found == last), $"seed {seed}, round {round}: {found}, expected {sure}");
        }
    }

    [Fact]
    public void WhatACrashLeftOfAnUnfinishedRecordIsReplaced()
    {
        File.WriteAllBytes(_fixture.Path + ".new", [1, 2, 3]);
        WriteAndClose(RecordFixture.Sample(1));
        Assert.Equal(RecordFixture.Sample(1), Reopened(out _));
        Assert.Equal([_fixture.Path], Directory.GetFiles(_fixture.Folder));
    }

    [Fact]
    public void AMissingStateDirectoryIsMade()
    {
        var path = Path.Combine(_fixture.Folder, "state", "web1.colo");
        _fixture.Close(_fixture.Open(path));
        Assert.True(File.Exists(path));
        var e = Assert.Throws<IOException>(() => _fixture.Open(Path.Combine(_fixture.Folder, "a", "b", "web1.colo")));
        Assert.Contains("make the folder", e.Message, StringComparison.OrdinalIgnoreCase);
    }

    [MountFact]
    public void AFullDiskIsToldWhenTheRecordIsMade()
    {
        var mount = Path.Combine(_fixture.Folder, "full");
        Directory.CreateDirectory(mount);
        Run("mount", "-t", "tmpfs", "-o", "size=64k", "none", mount);
        try
        {
            var path = Path.Combine(mount, "disk.img.colo");
            var e = Assert.Throws<IOException>(() => _fixture.Open(path, [new("root", 1L << 46)]));
            Assert.StartsWith(path + ": no space for the node's record of ", e.Message);
            Assert.Contains("state-dir", e.Message);
            Assert.Empty(Directory.GetFiles(mount));

            // One that fits has its space: it can be written when nothing else can.
            var record = _fixture.Open(path, [new("root", 400L << 30)]);
            try
            {
                Assert.Throws<IOException>(() => File.WriteAllBytes(Path.Combine(mount, "rest"), new byte[65536]));
                _fixture.Do(() => record.Write(RecordFixture.Sample(1)));
                Assert.Equal(0, _fixture.Wait(record.Changed(0).MarkAll));
            }
            finally
            {
                _fixture.Close(record);
            }
        }
        finally
        {
            Run("umount", mount);
        }
    }

    [Fact]
    public void TheRecordIsInTheStateDirectoryOrBesideTheImage()
    {
        Assert.Equal("/var/lib/colo/web1.colo", NodeRecord.PathFor("/var/lib/colo", "web1", "/images/a.img"));
        Assert.Equal("/images/a.img.colo", NodeRecord.PathFor(null, "web1", "/images/a.img"));
        Assert.Null(NodeRecord.PathFor(null, "web1", null));
        Assert.Null(NodeRecord.PathFor(null, "web1", "/dev/vg/web1"));
        Assert.Equal("/s/web1.colo", NodeRecord.PathFor("/s", "web1", "/dev/vg/web1"));
    }

    [Fact]
    public void DisksThatNoRecordCanHaveAreRefused()
    {
        Assert.Throws<ArgumentException>(() => _fixture.Open(disks: []));
        Assert.Throws<ArgumentException>(() => _fixture.Open(disks: [new("", 512)]));
        Assert.Throws<ArgumentException>(() => _fixture.Open(disks: [new(new string('ü', 17), 512)]));
        Assert.Throws<ArgumentException>(() => _fixture.Open(disks: [new("a", 0)]));
        Assert.Throws<ArgumentException>(() => _fixture.Open(disks: [new("a", (1L << 50) + 1)]));
        var most = Enumerable.Range(0, 64).Select(i => new RecordDisk($"{i:D32}", 1 + i)).ToArray();
        Assert.Throws<ArgumentException>(() => _fixture.Open(disks: [.. most, new("more", 1)]));
        _fixture.Close(_fixture.Open(disks: most));
        _fixture.Close(_fixture.Open(disks: most));
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}

/// <summary>A test that mounts a file system.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MountFactAttribute : FactAttribute
{
    public MountFactAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "needs root: it mounts a tmpfs";
}
