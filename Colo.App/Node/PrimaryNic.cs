using Colo.Devices.Net;
using Colo.Proxy;

namespace Colo.Node;

/// <summary>
/// The primary's side of one NIC: the comparer, and the gate before the wire that is shut while this node may not speak.
/// One thread.
/// </summary>
internal sealed class PrimaryNic : IComparerOutput, IDisposable
{
    private const int GateBytes = 64 << 20;
    private readonly INetworkBackend _wire;
    private readonly Voice _voice;
    private readonly Action<CheckpointReason> _requestCheckpoint;
    private readonly FrameRing _gate = new(GateBytes);
    private readonly byte[] _frame = new byte[GuestNic.MaxFrame];
    private ulong _confirmed;
    private bool _committedOwed;

    internal PrimaryNic(GuestNic nic, Voice voice, Action<CheckpointReason> requestCheckpoint)
        : this(nic.Name, nic.Backend, voice, requestCheckpoint)
    {
    }

    internal PrimaryNic(string name, INetworkBackend wire, Voice voice, Action<CheckpointReason> requestCheckpoint)
    {
        Name = name;
        _wire = wire;
        _voice = voice;
        _requestCheckpoint = requestCheckpoint;
        Comparer = new OutputComparer(new ComparerOptions(), this);
    }

    internal OutputComparer Comparer { get; }

    /// <summary>NAME of its section.</summary>
    internal string Name { get; }

    /// <summary>Whether the guest was refused a frame and has to be asked again.</summary>
    internal bool Refused { get; set; }

    /// <summary>Whether another frame of the guest can be taken.</summary>
    internal bool CanTake => _gate.Count == 0 && Comparer.CanTakePrimary;

    /// <summary>Frames that wait at the gate.</summary>
    internal int Waiting => _gate.Count;

    /// <summary>Frames lost because the gate was full: only after half a minute of full speed behind a shut gate.</summary>
    internal long Dropped { get; private set; }

    /// <inheritdoc/>
    public void Release(ReadOnlySpan<byte> frame)
    {
        if (_gate.Count == 0 && _voice.MaySpeak)
            _wire.Send(frame);
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
            _wire.Send(_frame.AsSpan(0, length));
        }
    }

    /// <summary>
    /// Whether the secondary can forget more of its output than it was told; then up to where. Not while anything waits at the gate:
    /// it has not left, and if this node dies now nobody but the secondary can send it.
    /// </summary>
    internal bool TakeConfirmed(out ulong index)
    {
        index = Comparer.ConfirmedIndex;
        if (index == _confirmed || _gate.Count > 0)
            return false;
        _confirmed = index;
        return index != 0;
    }

    /// <summary>What waited for a checkpoint was released; see <see cref="TakeCommitted"/>.</summary>
    internal void OweCommitted() => _committedOwed = true;

    /// <summary>Whether the secondary is to be told that what waited for the last checkpoint has left; once for each.</summary>
    internal bool TakeCommitted()
    {
        if (!_committedOwed || _gate.Count > 0)
            return false;
        _committedOwed = false;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Comparer.Dispose();
        _gate.Dispose();
    }
}
