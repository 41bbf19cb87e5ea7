using System.Numerics;
using Colo.Linux;
using Colo.Memory;
using Colo.Monitor;

namespace Colo.Checkpoint;

/// <summary>
/// The primary's side of checkpoints: a thread that first sends all of the guest's memory while it runs, then streams
/// dirty pages between checkpoints, and after each stop sends the remainder that <see cref="Capture"/> has copied.
/// The stop itself costs one harvest and one copy of the remainder, on the event loop's thread.
/// </summary>
public sealed unsafe class CheckpointSender : IDisposable
{
    private static readonly TimeSpan StreamPeriod = TimeSpan.FromMilliseconds(20);

    private readonly GuestMemory _memory;
    private readonly IDirtySource _dirty;
    private readonly ICheckpointStream _stream;
    private readonly Action _syncReady;
    private readonly Action<Exception> _failed;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _work = new(false);
    private readonly PageBitmap _pending;
    private readonly PageHeat _heat;
    private readonly byte[] _head = new byte[CheckpointFormat.HeaderSize + (CheckpointFormat.MaxPagesPerMessage * 8)];
    private readonly nint[] _addresses = new nint[CheckpointFormat.MaxPagesPerMessage];
    private readonly ulong[] _numbers = new ulong[CheckpointFormat.MaxPagesPerMessage];
    private readonly NativeArray<ulong> _remainderPages = new();
    private readonly NativeArray<PageContent> _remainder = new();
    private byte[] _state = new byte[64 * 1024];
    private int _stateLength;
    private ulong _epoch;
    private ulong _streamedThisEpoch;
    private int _inFlight;
    private volatile Action? _streamed;
    private volatile bool _captured;
    private volatile bool _synced;
    private volatile bool _stop;
    private long _bytesSent;
    private long _syncPagesSent;

    /// <summary>Makes the sender; <see cref="Start"/> starts its thread.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="dirty">Dirty tracking, which is on already.</param>
    /// <param name="stream">The connection; the caller disposes it after this.</param>
    /// <param name="syncReady">Called on the sender's thread when so little is left of the first sync that a checkpoint can be taken.</param>
    /// <param name="failed">Called once on the sender's thread when the connection failed.</param>
    public CheckpointSender(GuestMemory memory, IDirtySource dirty, ICheckpointStream stream, Action syncReady, Action<Exception> failed)
    {
        _memory = memory;
        _dirty = dirty;
        _stream = stream;
        _syncReady = syncReady;
        _failed = failed;
        _pending = new PageBitmap(memory.Pages);
        _heat = new PageHeat(memory.Pages);
        _thread = new Thread(Run) { IsBackground = true, Name = "ckpt-send" };
    }

    /// <summary>All bytes sent so far.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>Pages sent or skipped in the first sync, of <see cref="GuestMemory.Pages"/>; more than that when pages had to go again.</summary>
    public long SyncPagesDone => Volatile.Read(ref _syncPagesSent);

    /// <summary>Starts the first sync.</summary>
    public void Start() => _thread.Start();

    /// <summary>
    /// Takes the checkpoint while the PVM and its devices stand still: harvests, copies what is dirty, keeps the state.
    /// The PVM may run as soon as this returns. Not to be called again before the secondary has loaded this one.
    /// </summary>
    /// <returns>Pages that were copied, and pages streamed before.</returns>
    public (int Remainder, long Streamed) Capture(ulong epoch, ReadOnlySpan<byte> state)
    {
        if (_captured)
            throw new InvalidOperationException("a checkpoint is still being sent");
        if (state.Length is 0 or > CheckpointFormat.MaxStateLength)
            throw new InvalidOperationException($"a state record of {state.Length} bytes");
        long streamed;
        lock (_gate)
        {
            _dirty.Harvest(_pending);
            _heat.EndEpoch(_pending);
            // What the thread has taken but may read only after the PVM runs again belongs to this checkpoint as it is now.
            for (var i = 0; i < _inFlight; i++)
                _pending.Set(_numbers[i]);
            CopyRemainder();
            _pending.Clear();
            streamed = (long)_streamedThisEpoch;
        }

        if (_state.Length < state.Length)
            _state = new byte[state.Length * 2];
        state.CopyTo(_state);
        _stateLength = state.Length;
        _epoch = epoch;
        _captured = true;
        _work.Set();
        return (_remainderPages.Count, streamed);
    }

    /// <summary>
    /// Streams what is dirty, and what gets dirty meanwhile, until little is left, while the guest runs: before a checkpoint of much
    /// memory, which would all be copied in its pause.
    /// </summary>
    /// <param name="streamed">Called on the sender's thread; not when the connection fails before that.</param>
    public void StreamNow(Action streamed)
    {
        _streamed = streamed;
        _work.Set();
    }

    /// <summary>Ends the thread. The connection is aborted.</summary>
    public void Dispose()
    {
        if (_stop)
            return;
        _stop = true;
        _stream.Abort();
        _work.Set();
        if (_thread.IsAlive)
            _thread.Join();
        _pending.Dispose();
        _heat.Dispose();
        _remainder.Dispose();
        _remainderPages.Dispose();
        _work.Dispose();
    }

    private void Run()
    {
        try
        {
            FirstSync();
            while (!_stop)
            {
                _work.WaitOne(StreamPeriod);
                if (_stop)
                    return;
                if (_captured)
                    SendCaptured();
                else if (_streamed is { } streamed)
                    StreamRounds(streamed);
                else if (_synced)
                    StreamDirty(all: false);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            if (!_stop)
                _failed(e);
        }
    }

    /// <summary>Sends all pages, then what was dirtied meanwhile, until rounds no longer get smaller.</summary>
    private void FirstSync()
    {
        lock (_gate)
            _dirty.Harvest(_pending);
        _pending.Clear();
        var started = MonotonicClock.Now;
        SendAllPages();
        StreamRounds(all: true);
        Log.Debug($"memory of the guest sent in {(MonotonicClock.Now - started) / 1_000_000} ms, {BytesSent >> 20} MiB");
        if (!_stop)
            _syncReady();
    }

    private void StreamRounds(bool all)
    {
        var before = ulong.MaxValue;
        for (var round = 0; round < 10 && !_stop; round++)
        {
            var sent = StreamDirty(all);
            if (sent < 256 || sent > before * 3 / 4)
                break;
            before = sent;
        }
    }

    private void StreamRounds(Action streamed)
    {
        _streamed = null;
        // Before the first checkpoint all that is dirty goes with that one. After it each page once an epoch at most, as always:
        // the other side has room for no more.
        if (_synced)
            StreamRounds(all: false);
        if (!_stop)
            streamed();
    }

    private void SendAllPages()
    {
        var count = 0;
        for (ulong page = 0; page < _memory.Pages && !_stop; page++)
        {
            var address = _memory.Base + (page * GuestMemory.PageSize);
            // The secondary's image is new and all zero. A page that is written after this look is dirty and comes later.
            if (new ReadOnlySpan<byte>(address, GuestMemory.PageSize).IndexOfAnyExcept((byte)0) < 0)
            {
                _syncPagesSent++;
                continue;
            }

            Collect(page, ref count);
            if (count < CheckpointFormat.MaxPagesPerMessage)
                continue;
            SendCollected(CheckpointMessage.Pages, ref count);
            FaultPoints.Reach("primary-in-sync");
        }

        SendCollected(CheckpointMessage.Pages, ref count);
        FaultPoints.Reach("primary-in-sync");
    }

    /// <summary>Harvests and sends dirty pages while the guest runs: all, or those that are likely to stay as they are.</summary>
    private ulong StreamDirty(bool all)
    {
        lock (_gate)
            _dirty.Harvest(_pending);
        ulong sent = 0;
        var word = 0;
        while (word < _pending.WordCount && !_stop && (all || !_captured))
        {
            var count = 0;
            // Bits are taken under the lock and before the page is read: a write after that sets the page's bit anew.
            lock (_gate)
            {
                if (_captured)
                    return sent;
                TakeBits(ref word, all, ref count);
                _inFlight = count;
            }

            sent += (ulong)count;
            if (count > 0)
                FaultPoints.Reach("primary-in-pages");
            SendCollected(CheckpointMessage.Pages, ref count);
            lock (_gate)
                _inFlight = 0;
        }

        return sent;
    }

    private void TakeBits(ref int word, bool all, ref int count)
    {
        var words = _pending.Words;
        for (; word < words.Length; word++)
        {
            var bits = words[word];
            while (bits != 0)
            {
                if (count == CheckpointFormat.MaxPagesPerMessage)
                    return;
                var bit = BitOperations.TrailingZeroCount(bits);
                bits &= bits - 1;
                var page = ((ulong)word * 64) + (ulong)bit;
                if (!all && !_heat.TakeForStream(page))
                    continue;
                words[word] &= ~(1UL << bit);
                Collect(page, ref count);
            }
        }
    }

    private void Collect(ulong page, ref int count)
    {
        _numbers[count] = page;
        _addresses[count++] = (nint)(_memory.Base + (page * GuestMemory.PageSize));
    }

    private void SendCollected(CheckpointMessage type, ref int count, ReadOnlySpan<byte> content = default, uint seed = 0)
    {
        if (count == 0)
            return;
        var numbers = System.Runtime.InteropServices.MemoryMarshal.AsBytes(_numbers.AsSpan(0, count));
        var checksum = CheckpointFormat.Checksum(numbers, seed);
        if (type == CheckpointMessage.FinalPages)
            checksum = CheckpointFormat.Checksum(content, checksum);
        CheckpointFormat.WriteHeader(_head, type, 0, (uint)count, (uint)(count * (8 + GuestMemory.PageSize)), checksum);
        numbers.CopyTo(_head.AsSpan(CheckpointFormat.HeaderSize));
        _stream.SendPages(_head.AsSpan(0, CheckpointFormat.HeaderSize + numbers.Length), _addresses.AsSpan(0, count));
        Interlocked.Add(ref _bytesSent, CheckpointFormat.HeaderSize + (count * (8L + GuestMemory.PageSize)));
        _streamedThisEpoch += (ulong)count;
        _syncPagesSent += count;
        count = 0;
    }

    private void CopyRemainder()
    {
        _remainderPages.Clear();
        var words = _pending.Words;
        for (var word = 0; word < words.Length; word++)
        {
            for (var bits = words[word]; bits != 0; bits &= bits - 1)
                _remainderPages.Add(((ulong)word * 64) + (ulong)BitOperations.TrailingZeroCount(bits));
        }

        _remainder.SetCount(_remainderPages.Count);
        var target = (byte*)_remainder.Pointer;
        foreach (var page in _remainderPages.Span)
        {
            System.Runtime.CompilerServices.Unsafe.CopyBlock(target, _memory.Base + (page * GuestMemory.PageSize), GuestMemory.PageSize);
            target += GuestMemory.PageSize;
        }
    }

    private void SendCaptured()
    {
        FaultPoints.Reach("primary-before-final");
        var pages = _remainderPages.Span;
        for (var first = 0; first < pages.Length && !_stop; first += CheckpointFormat.MaxPagesPerMessage)
        {
            var some = Math.Min(CheckpointFormat.MaxPagesPerMessage, pages.Length - first);
            var content = new ReadOnlySpan<byte>(_remainder.Pointer + first, some * GuestMemory.PageSize);
            for (var i = 0; i < some; i++)
            {
                _numbers[i] = pages[first + i];
                _addresses[i] = (nint)(_remainder.Pointer + first + i);
            }

            SendCollected(CheckpointMessage.FinalPages, ref some, content, (uint)first);
            FaultPoints.Reach("primary-in-final");
        }

        FaultPoints.Reach("primary-before-state");
        var epoch = _epoch;
        SendSmall(CheckpointMessage.State, epoch, 0, _state.AsSpan(0, _stateLength));
        FaultPoints.Reach("primary-before-end");
        Span<byte> total = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(total, _streamedThisEpoch);
        // All is sent but the end mark, so the buffers are free. Not after it: the secondary may have loaded the checkpoint,
        // and the loop's thread taken the next one, before this thread gets the processor again.
        var count = (uint)pages.Length;
        _streamedThisEpoch = 0;
        _synced = true;
        _captured = false;
        SendSmall(CheckpointMessage.End, epoch, count, total);
        FaultPoints.Reach("primary-after-end");
    }

    private void SendSmall(CheckpointMessage type, ulong epoch, uint count, ReadOnlySpan<byte> body)
    {
        Span<byte> header = stackalloc byte[CheckpointFormat.HeaderSize];
        CheckpointFormat.WriteHeader(header, type, epoch, count, (uint)body.Length, CheckpointFormat.Checksum(body, (uint)type));
        _stream.Send(header);
        _stream.Send(body);
        Interlocked.Add(ref _bytesSent, header.Length + body.Length);
    }
}
