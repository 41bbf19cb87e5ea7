using Colo.Proxy;

namespace Colo.Node;

/// <summary>
/// The primary's side of one NIC: the comparer, and the gate before the wire that is shut while this node may not speak.
/// One thread.
/// </summary>
internal sealed class PrimaryNic : IComparerOutput, IDisposable
{
    private const int GateBytes = 64 << 20;
    private readonly GuestNic _nic;
    private readonly Voice _voice;
    private readonly Action<CheckpointReason> _requestCheckpoint;
    private readonly FrameRing _gate = new(GateBytes);
    private readonly byte[] _frame = new byte[GuestNic.MaxFrame];
    private ulong _confirmed;

    internal PrimaryNic(GuestNic nic, Voice voice, Action<CheckpointReason> requestCheckpoint)
    {
        _nic = nic;
        _voice = voice;
        _requestCheckpoint = requestCheckpoint;
        Comparer = new OutputComparer(new ComparerOptions(), this);
    }

    internal OutputComparer Comparer { get; }

    /// <summary>NAME of its section.</summary>
    internal string Name => _nic.Name;

    /// <summary>Whether the guest was refused a frame and has to be asked again.</summary>
    internal bool Refused { get; set; }

    /// <summary>Whether another frame of the guest can be taken.</summary>
    internal bool CanTake => _gate.Count == 0 && Comparer.CanTakePrimary;

    /// <summary>Frames lost because the gate was full: only after half a minute of full speed behind a shut gate.</summary>
    internal long Dropped { get; private set; }

    /// <inheritdoc/>
    public void Release(ReadOnlySpan<byte> frame)
    {
        if (_gate.Count == 0 && _voice.MaySpeak)
            _nic.Backend.Send(frame);
        else if (!_gate.TryAdd(0, 0, frame))
            Dropped++;
    }

    /// <inheritdoc/>
    public void RequestCheckpoint(CheckpointReason reason) => _requestCheckpoint(reason);

    /// <summary>Sends what waits at the gate, as far as this node may.</summary>
    internal void OpenGate()
    {
        while (_gate.TryPeek(out _, out _, out var length) && _voice.MaySpeak)
        {
            _gate.CopyFirst(_frame.AsSpan(0, length));
            _gate.RemoveFirst();
            _nic.Backend.Send(_frame.AsSpan(0, length));
        }
    }

    /// <summary>Whether the secondary can forget more of its output than it was told; then up to where.</summary>
    internal bool TakeConfirmed(out ulong index)
    {
        index = Comparer.ConfirmedIndex;
        if (index == _confirmed)
            return false;
        _confirmed = index;
        return index != 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Comparer.Dispose();
        _gate.Dispose();
    }
}
