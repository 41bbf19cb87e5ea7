using Colo.Linux;

namespace Colo.Link;

/// <summary>
/// Sends and takes the beats of a <see cref="Heartbeat"/> over a connection, and says when the peer falls silent.
/// All members on the loop's thread. Ends with its connection.
/// </summary>
public sealed class LinkHeartbeat : IDisposable
{
    private readonly LinkConnection _connection;
    private readonly Func<HeartbeatStatus> _status;
    private readonly Action _silent;
    private readonly LoopTimer _timer;
    private bool _silence;
    private bool _disposed;

    /// <summary>Begins to beat in the loop's next round.</summary>
    /// <param name="loop">The connection's loop.</param>
    /// <param name="connection">Its control channel.</param>
    /// <param name="beats">The bookkeeping, new.</param>
    /// <param name="status">Asked for each beat and echo; cached by the caller, so that it allocates nothing.</param>
    /// <param name="silent">Called when the peer has been silent for the timeout, once for each silence; the connection stays.</param>
    public LinkHeartbeat(
        EventLoop loop, LinkConnection connection, Heartbeat beats, Func<HeartbeatStatus> status, Action silent)
    {
        _connection = connection;
        Beats = beats;
        _status = status;
        _silent = silent;
        _timer = loop.AddTimer(OnTimer);
        _timer.SetAt(beats.NextBeatNs);
        connection.Heartbeat = this;
    }

    /// <summary>The bookkeeping.</summary>
    public Heartbeat Beats { get; }

    /// <summary>Called when the peer is heard again after a silence that was reported.</summary>
    public Action? HeardAgain { get; set; }

    /// <summary>Called after each echo: the window in which output may leave has moved.</summary>
    public Action? Echoed { get; set; }

    /// <summary>Beats that were left out because the send queue was full.</summary>
    public long BeatsLeftOut { get; private set; }

    /// <summary>Stops beating.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _timer.Dispose();
    }

    /// <summary>Takes a beat or an echo; null, or what is wrong with it.</summary>
    internal string? OnMessage(ushort type, ReadOnlySpan<byte> body)
    {
        if (_disposed)
            return null;
        var now = MonotonicClock.Now;
        string? wrong;
        if (type == LinkProtocol.EchoType)
        {
            wrong = Beats.OnEcho(body, now);
            if (wrong is null)
                Echoed?.Invoke();
        }
        else
        {
            Span<byte> echo = stackalloc byte[Heartbeat.BodyLength];
            wrong = Beats.OnBeat(body, now, _status(), echo);
            if (wrong is null)
            {
                // At once: other handlers of this round would only add to the measured round trip.
                _connection.Put(LinkProtocol.EchoType, echo, []);
                _connection.Flush();
            }
        }

        if (wrong is null && _silence)
        {
            _silence = false;
            HeardAgain?.Invoke();
        }

        return wrong;
    }

    private void OnTimer()
    {
        var now = MonotonicClock.Now;
        if (now >= Beats.LostAtNs && !_silence)
        {
            // This process may have been the one that slept: beats that came meanwhile wait in the socket.
            _connection.DrainNow();
            if (_disposed)
                return;
            now = MonotonicClock.Now;
            if (now >= Beats.LostAtNs)
            {
                _silence = true;
                _silent();
                if (_disposed)
                    return;
            }
        }

        if (now >= Beats.NextBeatNs)
            Beat(now);
        _timer.SetAt(_silence ? Beats.NextBeatNs : Math.Min(Beats.NextBeatNs, Beats.LostAtNs));
    }

    private void Beat(long now)
    {
        Span<byte> beat = stackalloc byte[Heartbeat.BodyLength];
        Beats.WriteBeat(now, _status(), beat);
        if (!_connection.Put(LinkProtocol.BeatType, beat, []))
            BeatsLeftOut++;
    }
}
