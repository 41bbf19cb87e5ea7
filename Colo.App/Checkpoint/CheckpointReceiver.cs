using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Colo.Memory;

namespace Colo.Checkpoint;

/// <summary>A complete, verified checkpoint that waits on the secondary to be loaded.</summary>
/// <param name="Epoch">The epoch that begins with it.</param>
/// <param name="First">Whether it is the first of this pairing: the image has all pages already.</param>
/// <param name="State">The state record.</param>
public sealed record ReceivedCheckpoint(ulong Epoch, bool First, ReadOnlyMemory<byte> State);

/// <summary>
/// The secondary's side of checkpoints: a thread that receives pages into <see cref="Staging"/> (in the first sync, when
/// no VM runs on it yet, into the image itself), checks them, and hands over each complete checkpoint. It goes on with the
/// next only after <see cref="Loaded"/>.
/// </summary>
public sealed unsafe class CheckpointReceiver : IDisposable
{
    private readonly GuestMemory _memory;
    private readonly ICheckpointStream _stream;
    private readonly Action<ReceivedCheckpoint> _complete;
    private readonly Action<Exception> _failed;
    private readonly Thread _thread;
    private readonly AutoResetEvent _loaded = new(false);
    private readonly byte[] _header = new byte[CheckpointFormat.HeaderSize];
    private readonly ulong[] _numbers = new ulong[CheckpointFormat.MaxPagesPerMessage];
    private readonly byte[] _page = new byte[CheckpointFormat.MaxPagesPerMessage * GuestMemory.PageSize];
    private readonly PageBitmap _allocated;
    private byte[] _state = [];
    private int _stateLength;
    private ulong _stateEpoch;
    private ulong _lastEpoch;
    private CheckpointMessage _last = CheckpointMessage.Pages;
    private ulong _pages;
    private uint _finalPages;
    private bool _first = true;
    private volatile bool _stop;
    private long _received;

    /// <summary>Makes the receiver; <see cref="Start"/> starts its thread.</summary>
    /// <param name="memory">Memory with an image (<see cref="GuestMemory.CreateOverImage"/>).</param>
    /// <param name="stream">The connection; the caller disposes it after this.</param>
    /// <param name="complete">Called on the receiver's thread for each complete checkpoint.</param>
    /// <param name="failed">Called once on the receiver's thread when the connection failed or carried nonsense.</param>
    public CheckpointReceiver(GuestMemory memory, ICheckpointStream stream, Action<ReceivedCheckpoint> complete, Action<Exception> failed)
    {
        if (memory.Image == null)
            throw new ArgumentException("the secondary's memory needs an image", nameof(memory));
        _memory = memory;
        _stream = stream;
        _complete = complete;
        _failed = failed;
        Staging = new Staging(memory.Pages);
        _allocated = new PageBitmap(memory.Pages);
        _thread = new Thread(Run) { IsBackground = true, Name = "ckpt-recv" };
    }

    /// <summary>Pages received so far.</summary>
    public long PagesReceived => Volatile.Read(ref _received);

    /// <summary>The staged pages of the complete checkpoint, until <see cref="Loaded"/>.</summary>
    internal Staging Staging { get; }

    /// <summary>Starts to receive.</summary>
    public void Start() => _thread.Start();

    /// <summary>Tells that the complete checkpoint was loaded; the next one is received from here on.</summary>
    public void Loaded() => _loaded.Set();

    /// <summary>Ends the thread; what was received of an unfinished checkpoint is thrown away.</summary>
    public void Dispose()
    {
        if (_stop)
            return;
        _stop = true;
        _stream.Abort();
        _loaded.Set();
        if (_thread.IsAlive)
            _thread.Join();
        Staging.Dispose();
        _allocated.Dispose();
        _loaded.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_stop)
            {
                _stream.Receive(_header);
                var header = CheckpointHeader.Parse(_header);
                CheckOrder(header);
                switch (header.Type)
                {
                    case CheckpointMessage.Pages or CheckpointMessage.FinalPages:
                        ReceivePages(header);
                        break;
                    case CheckpointMessage.State:
                        ReceiveState(header);
                        break;
                    default:
                        ReceiveEnd(header);
                        break;
                }
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ObjectDisposedException)
        {
            if (!_stop)
                _failed(e);
        }
    }

    /// <summary>Pages, then those of the stop, then one state, then the end; of an epoch that has not been before.</summary>
    private void CheckOrder(CheckpointHeader header)
    {
        var inOrder = header.Type == CheckpointMessage.State
            ? _last < CheckpointMessage.State
            : header.Type >= _last && (header.Type == CheckpointMessage.End) == (_last == CheckpointMessage.State);
        if (!inOrder)
            throw new InvalidDataException($"checkpoint stream: {header.Type} after {_last}");
        var epochFits = header.Type switch
        {
            CheckpointMessage.State => header.Epoch > _lastEpoch,
            CheckpointMessage.End => header.Epoch == _stateEpoch,
            _ => header.Epoch == 0,
        };
        if (!epochFits)
            throw new InvalidDataException($"checkpoint stream: {header.Type} of epoch {header.Epoch} after epoch {_lastEpoch}");
        _last = header.Type;
    }

    private void ReceivePages(CheckpointHeader header)
    {
        var numbers = _numbers.AsSpan(0, header.Count);
        _stream.Receive(MemoryMarshal.AsBytes(numbers));
        var final = header.Type == CheckpointMessage.FinalPages;
        var checksum = CheckpointFormat.Checksum(MemoryMarshal.AsBytes(numbers), final ? _finalPages : 0);
        if (!final && checksum != header.Checksum)
            throw new InvalidDataException("checkpoint stream: page numbers are damaged");
        foreach (var page in numbers)
        {
            if (page >= _memory.Pages)
                throw new InvalidDataException($"checkpoint stream: page {page} of {_memory.Pages}");
        }

        Span<byte> content = _first ? _page.AsSpan(0, header.Count * GuestMemory.PageSize) : Staging.Reserve(header.Count);
        _stream.Receive(content);
        if (final)
        {
            if (CheckpointFormat.Checksum(content, checksum) != header.Checksum)
                throw new InvalidDataException("checkpoint stream: pages of the stop are damaged");
            _finalPages += (uint)header.Count;
        }

        if (_first)
            WriteImage(numbers, content);
        else
            Staging.Commit(numbers);
        _pages += (ulong)header.Count;
        Volatile.Write(ref _received, _received + header.Count);
        FaultPoints.Reach(header.Type == CheckpointMessage.FinalPages ? "secondary-in-final" : _first ? "secondary-in-sync" : "secondary-in-pages");
    }

    private void WriteImage(ReadOnlySpan<ulong> numbers, ReadOnlySpan<byte> content)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            content.Slice(i * GuestMemory.PageSize, GuestMemory.PageSize)
                .CopyTo(new Span<byte>(_memory.Image + (numbers[i] * GuestMemory.PageSize), GuestMemory.PageSize));
            _allocated.Set(numbers[i]);
        }
    }

    private void ReceiveState(CheckpointHeader header)
    {
        if (_state.Length < header.Length)
            _state = new byte[header.Length + (header.Length / 2)];
        _stateLength = header.Length;
        _stream.Receive(_state.AsSpan(0, _stateLength));
        if (CheckpointFormat.Checksum(_state.AsSpan(0, _stateLength), (uint)CheckpointMessage.State) != header.Checksum)
            throw new InvalidDataException("checkpoint stream: the state is damaged");
        _stateEpoch = header.Epoch;
        FaultPoints.Reach("secondary-after-state");
    }

    private void ReceiveEnd(CheckpointHeader header)
    {
        Span<byte> body = stackalloc byte[8];
        _stream.Receive(body);
        if (CheckpointFormat.Checksum(body, (uint)CheckpointMessage.End) != header.Checksum)
            throw new InvalidDataException("checkpoint stream: the end mark is damaged");
        if (_stateLength == 0 || BinaryPrimitives.ReadUInt64LittleEndian(body) != _pages ||
            header.Count != (int)_finalPages)
            throw new InvalidDataException("checkpoint stream: the checkpoint is not whole");
        ReserveImage();
        FaultPoints.Reach("secondary-before-complete");
        _complete(new ReceivedCheckpoint(header.Epoch, _first, _state.AsMemory(0, _stateLength)));
        _loaded.WaitOne();
        if (_stop)
            return;
        Staging.Clear();
        _lastEpoch = header.Epoch;
        _last = CheckpointMessage.Pages;
        _stateLength = 0;
        _pages = 0;
        _finalPages = 0;
        _first = false;
    }

    /// <summary>
    /// Has the image's pages allocated before the checkpoint is acknowledged: loading it may then not fail for memory.
    /// A hole reads as zero, before and after, so this changes nothing that the SVM sees.
    /// </summary>
    private void ReserveImage()
    {
        for (var i = 0; i < Staging.Count; i++)
        {
            if (!Staging.TryGet(i, out var page, out _) || !_allocated.Set(page))
                continue;
            LinuxMemory.Allocate(_memory.MemFd, (long)(page * GuestMemory.PageSize), GuestMemory.PageSize);
        }
    }
}
