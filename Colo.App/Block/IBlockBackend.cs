namespace Colo.Block;

/// <summary>What a block request asks for.</summary>
public enum BlockOperation
{
    /// <summary>Fills the vectors from the disk.</summary>
    Read,

    /// <summary>Writes the vectors to the disk.</summary>
    Write,

    /// <summary>Makes all writes durable that were completed before this was submitted.</summary>
    Flush,

    /// <summary>The range's content is no longer needed; it may read as anything it read as before, or as zeroes.</summary>
    Discard,

    /// <summary>The range reads as zeroes from now on.</summary>
    WriteZeroes,

    /// <summary>
    /// Fills <see cref="BlockRequest.Extents"/> with what of the range is data and what is a hole, from its first byte on,
    /// perhaps for less than the whole range. Changes nothing. EOPNOTSUPP: not known, take all of it for data.
    /// </summary>
    Status,

    /// <summary>
    /// Has the space that writing to the range will take set aside, so that it cannot fail for want of it; no content
    /// changes. ENOSPC and the like: there is not so much. A file system or device that cannot do it takes it for done.
    /// EOPNOTSUPP: this backend does not know.
    /// </summary>
    Reserve,
}

/// <summary>A part of a disk in one state.</summary>
/// <param name="Length">Bytes, above 0.</param>
/// <param name="Hole">It takes no space and reads as zeroes; otherwise it is data, which may be zeroes too.</param>
public readonly record struct BlockExtent(long Length, bool Hole);

/// <summary>struct iovec: memory that stays valid until the request is completed.</summary>
/// <param name="Pointer">Host address.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct BlockVector(nint Pointer, nuint Length);

/// <summary>Gets completed block requests.</summary>
public interface IBlockCompletion
{
    /// <summary>A request is done, well or with an error. On the event loop's thread.</summary>
    void Completed(BlockRequest request);
}

/// <summary>
/// One request to a disk. Belongs to the backend from <see cref="IBlockBackend.Submit"/> until its completion, then
/// again to whoever made it, who may use it anew. A backend between device and image keeps the completion it found,
/// puts in its own, and passes the request on.
/// </summary>
public sealed class BlockRequest
{
    private readonly BlockVector[] _vectors;
    private int _count;

    /// <summary>Makes an empty request.</summary>
    /// <param name="capacity">Most vectors it can hold.</param>
    /// <param name="completion">Who is told.</param>
    public BlockRequest(int capacity, IBlockCompletion completion)
    {
        _vectors = new BlockVector[capacity];
        Completion = completion;
    }

    /// <summary>What is asked for.</summary>
    public BlockOperation Operation { get; set; }

    /// <summary>First byte on the disk.</summary>
    public long Offset { get; set; }

    /// <summary>Bytes; equal to the sum of the vectors for reads and writes, 0 for a flush.</summary>
    public long Length { get; set; }

    /// <summary>For <see cref="BlockOperation.WriteZeroes"/>: the space may be given back.</summary>
    public bool MayUnmap { get; set; }

    /// <summary>For <see cref="BlockOperation.WriteZeroes"/>: EOPNOTSUPP, and nothing changed, where it would take as long as writing.</summary>
    public bool OnlyIfFast { get; set; }

    /// <summary>For writes, zeroes and discards: durable when completed.</summary>
    public bool Durable { get; set; }

    /// <summary>For <see cref="BlockOperation.Status"/>: where the extents go, at most as many as it has room for; the backend counts them.</summary>
    public BlockExtent[] Extents { get; set; } = [];

    /// <summary>Extents that are valid, at completion of <see cref="BlockOperation.Status"/>.</summary>
    public int ExtentCount { get; set; }

    /// <summary>Where the data is or goes.</summary>
    public ReadOnlySpan<BlockVector> Vectors => _vectors.AsSpan(0, _count);

    /// <summary>0, or the errno of what failed; valid at completion.</summary>
    public int Error { get; set; }

    /// <summary>Who is told.</summary>
    public IBlockCompletion Completion { get; set; }

    /// <summary>Begins anew, with no vectors.</summary>
    public void Begin(BlockOperation operation, long offset, long length)
    {
        Operation = operation;
        Offset = offset;
        Length = length;
        MayUnmap = false;
        OnlyIfFast = false;
        Durable = false;
        ExtentCount = 0;
        Error = 0;
        _count = 0;
    }

    /// <summary>Adds a vector.</summary>
    public void Add(BlockVector vector) => _vectors[_count++] = vector;

    /// <summary>Completes the request. On the event loop's thread.</summary>
    /// <param name="error">0 or an errno.</param>
    public void Complete(int error)
    {
        Error = error;
        Completion.Completed(this);
    }
}

/// <summary>A disk. Several requests may be under way; they may be completed in any order. Used on the event loop's thread.</summary>
public interface IBlockBackend : IDisposable
{
    /// <summary>Bytes, a multiple of 512.</summary>
    long Size { get; }

    /// <summary>Whether writes are refused.</summary>
    bool ReadOnly { get; }

    /// <summary>Takes a request whose range lies within <see cref="Size"/>. It is completed on the loop's thread, perhaps before this returns.</summary>
    void Submit(BlockRequest request);
}
