using System.Buffers.Binary;
using Colo.Checkpoint;
using Colo.Memory;
using Colo.Node;

namespace Colo.Tests.Node;

public sealed unsafe class SnapshotFileTests : IDisposable
{
    private const ulong Size = 64 * 4096;
    private const int Header = 40;
    private const int State = 77;
    private readonly string _folder = Directory.CreateTempSubdirectory("colo-snapshot-").FullName;
    private readonly GuestMemory _memory = GuestMemory.Create(Size);
    private readonly byte[] _state = new byte[State];
    private readonly string _path;

    public SnapshotFileTests()
    {
        _path = Path.Combine(_folder, "guest.snap");
        var random = new Random(1);
        random.NextBytes(_state);
        foreach (var page in new[] { 0, 3, 63 })
            random.NextBytes(new Span<byte>(_memory.Base + (page * 4096), 4096));
        SnapshotFile.Write(_memory, _state, _path);
    }

    public void Dispose()
    {
        _memory.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void WhatIsWrittenIsReadAndOldMemoryIsGone()
    {
        using var other = GuestMemory.Create(Size);
        new Span<byte>(other.Base, (int)Size).Fill(0xEE);
        Assert.Equal(_state, SnapshotFile.Read(other, _path));
        Assert.True(new Span<byte>(other.Base, (int)Size).SequenceEqual(new Span<byte>(_memory.Base, (int)Size)));
        Assert.Equal(Header + State + (3 * (16 + 4096)) + 8, new FileInfo(_path).Length);
        Assert.Equal([_path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void EveryFlippedBitBeforeThePagesIsRefused()
    {
        for (var bit = 0; bit < (Header + State) * 8; bit++)
            AssertRefused(bytes => bytes[bit / 8] ^= (byte)(1 << (bit % 8)), $"bit {bit}");
    }

    [Fact]
    public void EveryDamagedPageIsRefused()
    {
        var random = new Random(3);
        for (var page = 0; page < 3; page++)
        {
            var start = Header + State + (page * (16 + 4096));
            for (var bit = 0; bit < 16 * 8; bit++)
                AssertRefused(bytes => bytes[start + (bit / 8)] ^= (byte)(1 << (bit % 8)), $"head of page {page}, bit {bit}");
            for (var n = 0; n < 50; n++)
                AssertRefused(bytes => bytes[start + 16 + random.Next(4096)] ^= (byte)(1 << random.Next(8)), $"content of page {page}");
        }
    }

    [Fact]
    public void TruncatedAnywhereItIsRefused()
    {
        var whole = File.ReadAllBytes(_path);
        for (var length = 0; length < whole.Length; length += length < 300 || length > whole.Length - 30 ? 1 : 97)
        {
            var message = Refusal(whole[..length], _memory.Size);
            Assert.True(message is not null && message.StartsWith(_path, StringComparison.Ordinal), $"length {length}: {message}");
            Assert.Contains("truncated at", message, StringComparison.Ordinal);
        }

        Assert.Contains("end mark", Refusal([.. whole, 0], _memory.Size), StringComparison.Ordinal);
    }

    [Fact]
    public void TheReasonIsNamed()
    {
        var whole = File.ReadAllBytes(_path);
        Assert.Contains("not a snapshot of colo", Refusal(new byte[10_000], Size), StringComparison.Ordinal);
        Assert.Contains("set [vm] memory to that", Refusal(whole, Size * 2), StringComparison.Ordinal);
        var newer = (byte[])whole.Clone();
        BinaryPrimitives.WriteUInt32LittleEndian(newer.AsSpan(8), 2);
        Assert.Contains("version 2", Refusal(newer, Size), StringComparison.Ordinal);
        // Whoever makes the checksum right may still not ask for what makes no sense.
        var greedy = (byte[])whole.Clone();
        BinaryPrimitives.WriteUInt32LittleEndian(greedy.AsSpan(12), uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(greedy.AsSpan(36), CheckpointFormat.Checksum(greedy.AsSpan(0, 36), 2));
        Assert.Contains("makes no sense", Refusal(greedy, Size), StringComparison.Ordinal);
        BinaryPrimitives.WriteUInt32LittleEndian(greedy.AsSpan(12), State);
        BinaryPrimitives.WriteUInt64LittleEndian(greedy.AsSpan(24), 65);
        BinaryPrimitives.WriteUInt32LittleEndian(greedy.AsSpan(36), CheckpointFormat.Checksum(greedy.AsSpan(0, 36), 2));
        Assert.Contains("makes no sense", Refusal(greedy, Size), StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatCannotBeWrittenLeavesTheOldOne()
    {
        var before = File.ReadAllBytes(_path);
        Directory.CreateDirectory(_path + ".part");
        Assert.ThrowsAny<Exception>(() => SnapshotFile.Write(_memory, _state, _path));
        Assert.Equal(before, File.ReadAllBytes(_path));
        Assert.Throws<DirectoryNotFoundException>(() => SnapshotFile.Write(_memory, _state, Path.Combine(_folder, "none", "x")));
    }

    private void AssertRefused(Action<byte[]> damage, string what)
    {
        var bytes = File.ReadAllBytes(_path);
        damage(bytes);
        var message = Refusal(bytes, Size);
        Assert.True(message is not null, $"{what} is not noticed");
        Assert.StartsWith(_path, message, StringComparison.Ordinal);
    }

    private string? Refusal(byte[] bytes, ulong size)
    {
        var original = File.ReadAllBytes(_path);
        File.WriteAllBytes(_path, bytes);
        using var other = GuestMemory.Create(size);
        try
        {
            SnapshotFile.Read(other, _path);
            return null;
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
        finally
        {
            File.WriteAllBytes(_path, original);
        }
    }
}
