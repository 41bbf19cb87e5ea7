using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block;

/// <summary>
/// How far a read or write of an image has come, and the vectors of what is left: one call seldom takes more than 1,024 of
/// them, and may take less than it was given. Direct I/O of memory that is not aligned goes through a buffer, piece by piece.
/// Made once for each request that can be under way, and used again.
/// <para>Safe because vectors point into memory that their maker keeps until completion, and the two blocks here are
/// kept until <see cref="Dispose"/>, which waits for no one: the engine does.</para>
/// </summary>
internal sealed unsafe class ImageTransfer : IDisposable
{
    private const int BounceSize = 256 << 10;
    private const int Page = 4096;

    private readonly uint _alignment;
    private BlockRequest _request = null!;
    private BlockVector* _vectors;
    private byte* _bounce;
    private int _first;
    private nuint _skip;
    private long _done;
    private bool _write;
    private bool _bounced;

    internal ImageTransfer(ImageFile image) => _alignment = image.MemoryAlignment;

    /// <summary>Where the rest begins on the disk.</summary>
    internal long Offset => _request.Offset + _done;

    /// <summary>The vectors of the next call, after <see cref="Prepare"/>; until then, and until the call is done, they stay.</summary>
    internal BlockVector* Vectors => _vectors;

    /// <summary>Whether nothing is left.</summary>
    internal bool Finished => _first == _request.Vectors.Length;

    /// <summary>Takes a request from its start.</summary>
    internal void Begin(BlockRequest request, bool write)
    {
        _request = request;
        _write = write;
        _first = 0;
        _skip = 0;
        _done = 0;
        _bounced = _alignment != 0 && !Aligned(request.Vectors);
        if (_vectors == null)
            _vectors = (BlockVector*)NativeMemory.Alloc(NativeFile.IOV_MAX, (nuint)sizeof(BlockVector));
        if (_bounced && _bounce == null)
            _bounce = (byte*)NativeMemory.AlignedAlloc(BounceSize, Page);
        SkipTaken(0);
    }

    /// <summary>Fills <see cref="Vectors"/> with what comes next; how many they are.</summary>
    internal int Prepare()
    {
        var all = _request.Vectors;
        if (_bounced)
        {
            _vectors[0] = new BlockVector((nint)_bounce, Move(BounceSize, toBounce: true, copy: _write));
            return 1;
        }

        var count = Math.Min(NativeFile.IOV_MAX, all.Length - _first);
        for (var i = 0; i < count; i++)
            _vectors[i] = all[_first + i];
        _vectors[0] = new BlockVector(_vectors[0].Pointer + (nint)_skip, _vectors[0].Length - _skip);
        return count;
    }

    /// <summary>A call has moved this many bytes.</summary>
    /// <returns>0, or EIO where it moved none: the image was cut short by someone else, or the device takes nothing.</returns>
    internal int Advance(long bytes)
    {
        // Direct I/O goes on at a whole sector, or the next call would be refused.
        if (_alignment != 0)
            bytes &= ~(ImageFile.Sector - 1L);
        if (bytes <= 0)
            return NativeFile.EIO;
        if (_bounced && !_write)
            Move((nuint)bytes, toBounce: false, copy: true);
        _done += bytes;
        SkipTaken((nuint)bytes);
        return 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_vectors);
        NativeMemory.AlignedFree(_bounce);
        _vectors = null;
        _bounce = null;
    }

    private void SkipTaken(nuint bytes)
    {
        var all = _request.Vectors;
        var left = bytes + _skip;
        while (_first < all.Length && left >= all[_first].Length)
            left -= all[_first++].Length;
        _skip = left;
    }

    /// <summary>Copies between the buffer and the vectors from where they stand, at most <paramref name="limit"/> bytes; how many.</summary>
    private nuint Move(nuint limit, bool toBounce, bool copy)
    {
        var all = _request.Vectors;
        nuint moved = 0;
        var skip = _skip;
        for (var i = _first; i < all.Length && moved < limit; i++, skip = 0)
        {
            var length = nuint.Min(all[i].Length - skip, limit - moved);
            var memory = (byte*)all[i].Pointer + skip;
            if (copy)
                NativeMemory.Copy(toBounce ? memory : _bounce + moved, toBounce ? _bounce + moved : memory, length);
            moved += length;
        }

        return moved;
    }

    private bool Aligned(ReadOnlySpan<BlockVector> vectors)
    {
        foreach (var vector in vectors)
        {
            if (((nuint)vector.Pointer & (_alignment - 1)) != 0 || (vector.Length & (ImageFile.Sector - 1)) != 0)
                return false;
        }

        return true;
    }
}
