using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>
/// Finds out whether an image that nobody writes is the same on both nodes, by the hashes of its blocks, chunk after
/// chunk. On the loop's thread; hashes are computed on the pool.
/// </summary>
public sealed unsafe class ImageComparison : IBlockCompletion, IDisposable
{
    private const int Chunk = DiskSync.Chunk;

    private readonly string _name;
    private readonly IBlockBackend _image;
    private readonly EventLoop _loop;
    private readonly Action<long, int> _ask;
    private readonly Action<string?> _ended;
    private readonly BlockRequest _request;
    private readonly byte[] _ours = new byte[Chunk / BlockHashes.Block * BlockHashes.Size];
    private readonly byte[] _theirs = new byte[Chunk / BlockHashes.Block * BlockHashes.Size];
    private readonly Action _hashed;
    private byte* _data = (byte*)NativeMemory.AlignedAlloc(Chunk, BlockHashes.Block);
    private int _length;
    private bool _haveOurs;
    private bool _haveTheirs;
    private bool _reading;
    private bool _over;

    /// <summary>Makes one; <see cref="Start"/> begins.</summary>
    /// <param name="name">The disk's, for messages.</param>
    /// <param name="image">This node's image.</param>
    /// <param name="loop">The loop whose thread this is used on, and which the image calls back on.</param>
    /// <param name="ask">Asks the other node for the hashes of offset and length; the answer goes to <see cref="OnHashes"/>.</param>
    /// <param name="ended">Called once: null when both are the same, else what is wrong. Not after <see cref="Dispose"/>.</param>
    public ImageComparison(string name, IBlockBackend image, EventLoop loop, Action<long, int> ask, Action<string?> ended)
    {
        _name = name;
        _image = image;
        _loop = loop;
        _ask = ask;
        _ended = ended;
        _request = new BlockRequest(1, this);
        _hashed = OnHashed;
    }

    /// <summary>Bytes that have been found to be the same.</summary>
    public long DoneBytes { get; private set; }

    /// <summary>Begins.</summary>
    public void Start() => Next();

    /// <summary>The other node's hashes of a chunk have come.</summary>
    /// <exception cref="FormatException">Nobody asked for these.</exception>
    public void OnHashes(long offset, ReadOnlySpan<byte> hashes)
    {
        if (_over)
            return;
        if (_haveTheirs || offset != DoneBytes || hashes.Length != BlockHashes.Count(_length) * BlockHashes.Size)
            throw new FormatException($"hashes of {offset} that were not asked for");
        hashes.CopyTo(_theirs);
        _haveTheirs = true;
        Compare();
    }

    /// <inheritdoc/>
    public void Completed(BlockRequest request)
    {
        if (request.Error == 0 && !_over)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static comparison => comparison.Hash(), this, preferLocal: false);
            return;
        }

        _reading = false;
        if (_over)
            Free();
        else
            End($"disk {_name}: the image cannot be read at {DoneBytes}: {Marshal.GetPInvokeErrorMessage(request.Error)}");
    }

    /// <summary>Gives up. What is under way ends by itself, without a trace.</summary>
    public void Dispose()
    {
        if (_over)
            return;
        _over = true;
        if (!_reading)
            Free();
    }

    private void Next()
    {
        if (DoneBytes == _image.Size)
        {
            End(null);
            return;
        }

        _length = (int)Math.Min(Chunk, _image.Size - DoneBytes);
        _haveOurs = _haveTheirs = false;
        _reading = true;
        _request.Begin(BlockOperation.Read, DoneBytes, _length);
        _request.Add(new BlockVector((nint)_data, (nuint)_length));
        // Both read at the same time.
        _ask(DoneBytes, _length);
        _image.Submit(_request);
    }

    private void Hash()
    {
        BlockHashes.Compute(new ReadOnlySpan<byte>(_data, _length), _ours);
        _loop.Post(_hashed);
    }

    private void OnHashed()
    {
        _reading = false;
        if (_over)
        {
            Free();
            return;
        }

        _haveOurs = true;
        Compare();
    }

    private void Compare()
    {
        if (!_haveOurs || !_haveTheirs)
            return;
        var bytes = BlockHashes.Count(_length) * BlockHashes.Size;
        var same = _ours.AsSpan(0, bytes).CommonPrefixLength(_theirs.AsSpan(0, bytes));
        if (same < bytes)
        {
            End($"disk {_name}, which is read-only and not replicated, is not the same on both nodes: the block at byte {DoneBytes + (same / BlockHashes.Size * BlockHashes.Block)} " +
                "is the first that differs; give both the same image");
            return;
        }

        DoneBytes += _length;
        Next();
    }

    private void End(string? wrong)
    {
        Dispose();
        _ended(wrong);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }
}
