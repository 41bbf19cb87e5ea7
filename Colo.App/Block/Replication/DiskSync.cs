using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>
/// Brings the secondary's image to the state of this one while the guest runs: goes over the extents that may differ,
/// compares hashes, and sends the blocks that do differ. What the guest writes meanwhile goes to the secondary by
/// itself; a range under comparison is locked against it for the milliseconds that this takes. On the loop's thread;
/// hashes are computed on the pool.
/// </summary>
/// <remarks>
/// The hashes of the secondary may be older than the local data that they are compared with. That is harmless: between
/// the two only writes can have changed the secondary's block that have changed the local one too, and the last of them
/// made both equal.
/// </remarks>
public sealed unsafe class DiskSync : IDisposable
{
    /// <summary>Bytes that are compared at a time.</summary>
    public const int Chunk = ChangedExtents.ExtentBytes;

    private const int Window = 4;

    private readonly PrimaryDisk _disk;
    private readonly IReadOnlyList<ExtentRun> _plan;
    private readonly bool _peerIsBlank;
    private readonly Action<long, int> _ask;
    private readonly Action<string?> _ended;
    private readonly Slot[] _slots;
    private readonly long _startedNs = MonotonicClock.Now;
    private int _run;
    private uint _next;
    private bool _over;

    /// <summary>Makes one; <see cref="Start"/> begins.</summary>
    /// <param name="disk">The disk, with a secondary attached.</param>
    /// <param name="plan">The extents that may differ.</param>
    /// <param name="peerIsBlank">The secondary's image reads as zeroes all over: there is nothing to compare with.</param>
    /// <param name="ask">Asks the secondary for the hashes of offset and length; the answer goes to <see cref="OnHashes"/>.</param>
    /// <param name="ended">Called once: null when both are alike, else what went wrong here. Not after <see cref="Dispose"/>.</param>
    public DiskSync(PrimaryDisk disk, IReadOnlyList<ExtentRun> plan, bool peerIsBlank, Action<long, int> ask, Action<string?> ended)
    {
        _disk = disk;
        _plan = plan;
        _peerIsBlank = peerIsBlank;
        _ask = ask;
        _ended = ended;
        _slots = [.. Enumerable.Range(0, Window).Select(_ => new Slot(this))];
        foreach (var run in plan)
            TotalBytes += Math.Min(((long)run.First + run.Count) * Chunk, disk.Size) - ((long)run.First * Chunk);
    }

    /// <summary>Bytes of the image that have to be compared.</summary>
    public long TotalBytes { get; }

    /// <summary>Bytes that have been.</summary>
    public long DoneBytes { get; private set; }

    /// <summary>Bytes of data that were sent because they differed; zeroes are told, not sent, and do not count.</summary>
    public long SentBytes { get; private set; }

    /// <summary>Bytes of the image compared a second, since the start.</summary>
    public long Rate => (long)(DoneBytes / Math.Max(0.001, (MonotonicClock.Now - _startedNs) / 1e9));

    /// <summary>Begins. With nothing to do, <c>ended</c> is called before this returns.</summary>
    public void Start()
    {
        foreach (var slot in _slots)
            slot.Next();
        CheckEnd();
    }

    /// <summary>The secondary's hashes of a chunk have come.</summary>
    /// <exception cref="FormatException">Nobody asked for these.</exception>
    public void OnHashes(long offset, ReadOnlySpan<byte> hashes)
    {
        foreach (var slot in _slots)
        {
            if (slot.TakeHashes(offset, hashes))
                return;
        }

        if (!_over)
            throw new FormatException($"hashes of {offset} that were not asked for");
    }

    /// <summary>Gives up. What is under way ends by itself, without a trace.</summary>
    public void Dispose()
    {
        _over = true;
        foreach (var slot in _slots)
            slot.Cancel();
    }

    private bool TakeChunk(out long offset, out int length)
    {
        offset = 0;
        length = 0;
        if (_over || _run == _plan.Count)
            return false;
        offset = ((long)_plan[_run].First + _next) * Chunk;
        length = (int)Math.Min(Chunk, _disk.Size - offset);
        if (++_next == _plan[_run].Count)
        {
            _run++;
            _next = 0;
        }

        return length > 0;
    }

    private void Fail(string what)
    {
        if (_over)
            return;
        Dispose();
        _ended(what);
    }

    private void CheckEnd()
    {
        if (_over || _run < _plan.Count || _slots.Any(slot => !slot.Idle))
            return;
        Dispose();
        _ended(null);
    }

    /// <summary>One chunk under way: hashes asked → lock → what of it is data → read → hash → send what differs.</summary>
    private sealed class Slot : IBlockCompletion
    {
        private readonly DiskSync _sync;
        private readonly BlockRequest _request;
        private readonly byte[] _theirs = new byte[Chunk / BlockHashes.Block * BlockHashes.Size];
        private readonly byte[] _ours = new byte[Chunk / BlockHashes.Block * BlockHashes.Size];
        private readonly Action _locked;
        private readonly Action _hashed;
        private readonly Action<int> _sent;
        private byte* _data;
        private long _offset;
        private int _length;
        private int _sending;
        private bool _asked;
        private bool _holds;

        internal Slot(DiskSync sync)
        {
            _sync = sync;
            _request = new BlockRequest(1, this) { Extents = new BlockExtent[1] };
            _locked = OnLocked;
            _hashed = OnHashed;
            _sent = OnSent;
            _data = (byte*)NativeMemory.AlignedAlloc(Chunk, BlockHashes.Block);
        }

        internal bool Idle { get; private set; } = true;

        internal void Next()
        {
            if (!_sync.TakeChunk(out _offset, out _length))
                return;
            Idle = false;
            if (_sync._peerIsBlank)
            {
                _sync._disk.Locks.Acquire(_offset, _length, _locked);
                return;
            }

            _asked = true;
            _sync._ask(_offset, _length);
        }

        internal bool TakeHashes(long offset, ReadOnlySpan<byte> hashes)
        {
            if (!_asked || offset != _offset || hashes.Length != BlockHashes.Count(_length) * BlockHashes.Size)
                return false;
            _asked = false;
            hashes.CopyTo(_theirs);
            _sync._disk.Locks.Acquire(_offset, _length, _locked);
            return true;
        }

        internal void Cancel()
        {
            if (_asked || Idle)
            {
                _asked = false;
                Idle = true;
                Free();
            }
        }

        public void Completed(BlockRequest request)
        {
            if (Stopped())
                return;
            if (request.Operation == BlockOperation.Status)
            {
                if (request.Error == 0 && request.ExtentCount > 0 && request.Extents[0] is { Hole: true } hole && hole.Length >= _length)
                {
                    SendHole();
                    return;
                }

                // Where the file system does not tell, all of it is data.
                _request.Begin(BlockOperation.Read, _offset, _length);
                _request.Add(new BlockVector((nint)_data, (nuint)_length));
                _sync._disk.Image.Submit(_request);
                return;
            }

            if (request.Error != 0)
            {
                var text = Marshal.GetPInvokeErrorMessage(request.Error);
                Release();
                _sync.Fail($"disk {_sync._disk.Name}: the image cannot be read at {_offset}: {text}");
                return;
            }

            if (_sync._peerIsBlank)
                OnHashed();
            else
                ThreadPool.UnsafeQueueUserWorkItem(static slot => slot.Hash(), this, preferLocal: false);
        }

        private void Hash()
        {
            BlockHashes.Compute(new ReadOnlySpan<byte>(_data, _length), _ours);
            _sync._disk.Loop.Post(_hashed);
        }

        private void OnLocked()
        {
            _holds = true;
            if (Stopped())
                return;
            _request.Begin(BlockOperation.Status, _offset, _length);
            _sync._disk.Image.Submit(_request);
        }

        private void SendHole()
        {
            if (!_sync._peerIsBlank && !TheirsAreZero())
            {
                _sending = 1;
                _sync._disk.SendForSync(_offset, _length, 0, _sent);
            }

            Release();
            if (_sending == 0)
                Done();
        }

        private bool TheirsAreZero()
        {
            Span<byte> zero = stackalloc byte[BlockHashes.Size];
            for (var i = 0; i < BlockHashes.Count(_length); i++)
            {
                var block = Math.Min(BlockHashes.Block, _length - (i * BlockHashes.Block));
                BlockHashes.Compute(Zeroes.AsSpan(0, block), zero);
                if (!zero.SequenceEqual(_theirs.AsSpan(i * BlockHashes.Size, BlockHashes.Size)))
                    return false;
            }

            return true;
        }

        private static byte[] Zeroes { get; } = new byte[BlockHashes.Block];

        private void OnHashed()
        {
            if (Stopped())
                return;
            // Held while the parts are submitted, so that the last answer cannot come before the last part is sent.
            _sending = 1;
            var count = BlockHashes.Count(_length);
            for (var i = 0; i < count;)
            {
                var kind = Differs(i);
                var first = i++;
                while (i < count && Differs(i) == kind)
                    i++;
                if (kind == Part.Equal)
                    continue;
                var from = first * BlockHashes.Block;
                var bytes = Math.Min(i * BlockHashes.Block, _length) - from;
                _sending++;
                _sync.SentBytes += kind == Part.Data ? bytes : 0;
                _sync._disk.SendForSync(_offset + from, bytes, kind == Part.Data ? (nint)(_data + from) : 0, _sent);
                if (_sync._over)
                    break;
            }

            Release();
            OnSent(0);
        }

        private Part Differs(int block)
        {
            var from = block * BlockHashes.Block;
            var data = new ReadOnlySpan<byte>(_data + from, Math.Min(BlockHashes.Block, _length - from));
            var zero = !data.ContainsAnyExcept((byte)0);
            if (_sync._peerIsBlank)
                return zero ? Part.Equal : Part.Data;
            var hash = block * BlockHashes.Size;
            return _ours.AsSpan(hash, BlockHashes.Size).SequenceEqual(_theirs.AsSpan(hash, BlockHashes.Size))
                ? Part.Equal
                : zero ? Part.Zero : Part.Data;
        }

        private void OnSent(int error)
        {
            // An error ends the session, which disposes this.
            if (--_sending > 0)
                return;
            if (!Stopped())
                Done();
        }

        private void Done()
        {
            _sync.DoneBytes += _length;
            Idle = true;
            Next();
            _sync.CheckEnd();
        }

        private void Release()
        {
            if (!_holds)
                return;
            _holds = false;
            _sync._disk.Locks.Release(_offset, _length);
        }

        /// <summary>Whether the sync is over: then this is the last that happens here.</summary>
        private bool Stopped()
        {
            if (!_sync._over)
                return false;
            Release();
            if (_sending == 0 && !Idle)
            {
                Idle = true;
                Free();
            }

            return true;
        }

        private void Free()
        {
            NativeMemory.AlignedFree(_data);
            _data = null;
        }

        private enum Part
        {
            Equal,
            Zero,
            Data,
        }
    }
}
