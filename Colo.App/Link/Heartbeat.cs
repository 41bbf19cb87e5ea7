using System.Buffers.Binary;
using Colo.Protection;

namespace Colo.Link;

/// <summary>What a beat and its echo carry beside their number; its meaning is the node's.</summary>
/// <param name="Epoch">The sender's epoch.</param>
/// <param name="State">The sender's state.</param>
/// <param name="Flags">Flags.</param>
public readonly record struct HeartbeatStatus(ulong Epoch, uint State, uint Flags);

/// <summary>
/// The bookkeeping of numbered, echoed beats between two nodes: pure logic, given the time. Times are nanoseconds of
/// this host's monotonic clock; no time of the peer's clock is ever used.
/// </summary>
/// <remarks>
/// <code>
/// this node                      peer
///    │ beat n, sent at S           │
///    │ ──────────────────────────► │ heard at L: it takes this node for lost at L + timeout, not sooner
///    │ echo n                      │
///    │ ◄────────────────────────── │
///    output may leave until S + timeout − margin, which is before L + timeout, because S is before L
/// </code>
/// The sending time is taken before the beat is queued and found again by the echo's number. A stop of this process
/// at any point makes S older and the window shorter, never longer. The margin covers the difference of the clocks'
/// rates and the time from the last look at the window to the frame being on the wire. A node that decides to take
/// over closes the connection first: an echo that it sent later would open the window again.
/// </remarks>
public sealed class Heartbeat
{
    /// <summary>Bytes of a beat's and an echo's body: number (u64), epoch (u64), state (u32), flags (u32).</summary>
    public const int BodyLength = 24;

    private const int Remembered = 256;

    private readonly long[] _sentAt = new long[Remembered];
    private readonly long _intervalNs;
    private readonly long _timeoutNs;
    private readonly long _marginNs;
    private ulong _sent;
    private ulong _heardBeat;
    private ulong _newestEcho;

    /// <summary>Begins: the peer counts as heard now, and as never having echoed.</summary>
    /// <param name="interval">Between two beats.</param>
    /// <param name="timeout">Silence after which the peer counts as lost; above two intervals.</param>
    /// <param name="margin">Kept from the end of the timeout; below the timeout.</param>
    /// <param name="nowNs">The time.</param>
    public Heartbeat(TimeSpan interval, TimeSpan timeout, TimeSpan margin, long nowNs)
    {
        _intervalNs = interval.Ticks * 100;
        _timeoutNs = timeout.Ticks * 100;
        _marginNs = margin.Ticks * 100;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_intervalNs, nameof(interval));
        ArgumentOutOfRangeException.ThrowIfLessThan(_timeoutNs, 2 * _intervalNs, nameof(timeout));
        ArgumentOutOfRangeException.ThrowIfNegative(_marginNs, nameof(margin));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(_marginNs, _timeoutNs, nameof(margin));
        NextBeatNs = nowNs;
        LastHeardNs = nowNs;
    }

    /// <summary>When the next beat is due.</summary>
    public long NextBeatNs { get; private set; }

    /// <summary>When the newest beat or echo of the peer was received.</summary>
    public long LastHeardNs { get; private set; }

    /// <summary>The sending time of the newest beat that the peer has echoed; 0: none yet.</summary>
    public long LastEchoedSendTimeNs { get; private set; }

    /// <summary>Output that the peer has not shared may leave before this time; 0: not at all yet.</summary>
    public long ReleaseUntilNs =>
        LastEchoedSendTimeNs == 0 ? 0 : Lease.SpeaksUntil(LastEchoedSendTimeNs, _timeoutNs, _marginNs);

    /// <summary>When the peer counts as lost, if it is not heard before.</summary>
    public long LostAtNs => Lease.SilentAt(LastHeardNs, _timeoutNs);

    /// <summary>What the peer last said of itself.</summary>
    public HeartbeatStatus PeerStatus { get; private set; }

    /// <summary>Round trip, smoothed over about eight beats; 0 before the first.</summary>
    public long SmoothedRttNs { get; private set; }

    /// <summary>The shortest round trip; 0 before the first.</summary>
    public long MinimumRttNs { get; private set; }

    /// <summary>Beats sent.</summary>
    public ulong BeatsSent => _sent;

    /// <summary>How long the peer has been silent.</summary>
    public long SilenceNs(long nowNs) => Math.Max(0, nowNs - LastHeardNs);

    /// <summary>Makes the next beat, whose sending time is now.</summary>
    /// <param name="nowNs">The time, taken just before.</param>
    /// <param name="status">What to say of this node.</param>
    /// <param name="body">At least <see cref="BodyLength"/> bytes.</param>
    public void WriteBeat(long nowNs, HeartbeatStatus status, Span<byte> body)
    {
        _sent++;
        _sentAt[_sent % Remembered] = nowNs;
        Write(body, _sent, status);
        SkipBeat(nowNs);
    }

    /// <summary>Leaves a beat out: there is no room to send it.</summary>
    public void SkipBeat(long nowNs)
    {
        // After a pause of this process one beat goes out, not all that were missed.
        NextBeatNs += _intervalNs;
        if (NextBeatNs <= nowNs)
            NextBeatNs = nowNs + _intervalNs;
    }

    /// <summary>Takes a beat of the peer and makes its echo.</summary>
    /// <param name="body">The beat.</param>
    /// <param name="nowNs">The time.</param>
    /// <param name="status">What to say of this node.</param>
    /// <param name="echo">At least <see cref="BodyLength"/> bytes: the echo, to be sent at once.</param>
    /// <returns>Null, or what is wrong with the beat.</returns>
    public string? OnBeat(ReadOnlySpan<byte> body, long nowNs, HeartbeatStatus status, Span<byte> echo)
    {
        if (body.Length != BodyLength)
            return $"a beat of {body.Length} bytes";
        var number = BinaryPrimitives.ReadUInt64LittleEndian(body);
        if (number <= _heardBeat)
            return $"beat {number} after beat {_heardBeat}";
        _heardBeat = number;
        Hear(body, nowNs);
        Write(echo, number, status);
        return null;
    }

    /// <summary>Takes an echo of the peer.</summary>
    /// <returns>Null, or what is wrong with the echo.</returns>
    public string? OnEcho(ReadOnlySpan<byte> body, long nowNs)
    {
        if (body.Length != BodyLength)
            return $"an echo of {body.Length} bytes";
        var number = BinaryPrimitives.ReadUInt64LittleEndian(body);
        if (number <= _newestEcho || number > _sent)
            return $"an echo of beat {number}; {_newestEcho} was the last echoed, {_sent} the last sent";
        _newestEcho = number;
        Hear(body, nowNs);
        // So far behind that its sending time is forgotten: it says nothing about the window.
        if (_sent - number >= Remembered)
            return null;
        var sentAt = _sentAt[number % Remembered];
        LastEchoedSendTimeNs = sentAt;
        var rtt = Math.Max(1, nowNs - sentAt);
        MinimumRttNs = MinimumRttNs == 0 ? rtt : Math.Min(MinimumRttNs, rtt);
        SmoothedRttNs = SmoothedRttNs == 0 ? rtt : SmoothedRttNs + ((rtt - SmoothedRttNs) / 8);
        return null;
    }

    private static void Write(Span<byte> body, ulong number, HeartbeatStatus status)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(body, number);
        BinaryPrimitives.WriteUInt64LittleEndian(body[8..], status.Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(body[16..], status.State);
        BinaryPrimitives.WriteUInt32LittleEndian(body[20..], status.Flags);
    }

    private void Hear(ReadOnlySpan<byte> body, long nowNs)
    {
        LastHeardNs = Math.Max(LastHeardNs, nowNs);
        PeerStatus = new HeartbeatStatus(
            BinaryPrimitives.ReadUInt64LittleEndian(body[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(body[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(body[20..]));
    }
}
