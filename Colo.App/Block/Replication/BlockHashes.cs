using System.Security.Cryptography;

namespace Colo.Block.Replication;

/// <summary>
/// What two nodes compare instead of the data of their images: for each block the first 16 bytes of its SHA-256.
/// Cryptographic, because the guest chooses the data: with a weaker one it could make two blocks look alike.
/// </summary>
public static class BlockHashes
{
    /// <summary>Bytes of a block; the last one of a disk may be shorter.</summary>
    public const int Block = 4096;

    /// <summary>Bytes of a hash.</summary>
    public const int Size = 16;

    /// <summary>Hashes of a range of so many bytes that begins at a block.</summary>
    public static int Count(long length) => (int)((length + Block - 1) / Block);

    /// <summary>Fills in the hashes of data.</summary>
    /// <param name="data">From the beginning of a block on.</param>
    /// <param name="hashes">At least <see cref="Count"/> times <see cref="Size"/> bytes.</param>
    public static void Compute(ReadOnlySpan<byte> data, Span<byte> hashes)
    {
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        for (var i = 0; data.Length > 0; i++)
        {
            var block = data[..Math.Min(Block, data.Length)];
            SHA256.HashData(block, whole);
            whole[..Size].CopyTo(hashes[(i * Size)..]);
            data = data[block.Length..];
        }
    }
}
