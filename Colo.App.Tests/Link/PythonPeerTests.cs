using System.Diagnostics;
using Colo.Link;
using Colo.Linux;

namespace Colo.Tests.Link;

/// <summary>
/// A second implementation of the handshake, written from the specification in <see cref="LinkProtocol"/>, in a process
/// of its own that can be killed and stopped.
/// </summary>
public sealed class PythonPeerTests : LinkTestBase
{
    private const string Script = """
        import hashlib, hmac, os, socket, struct, sys, time
        host, port, key, cut = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3]), int(sys.argv[4])

        def mac(key, *parts): return hmac.new(key, b''.join(parts), hashlib.sha256).digest()
        def hkdf(key, salt, info): return mac(mac(salt or bytes(32), key), info, b'\x01')
        def message(kind, body): return b'COLO' + struct.pack('<BBH', kind, 0, len(body)) + body
        def exactly(n):
            data = b''
            while len(data) < n:
                part = s.recv(n - len(data))
                if not part: sys.exit('closed')
                data += part
            return data
        def receive(kind):
            header = exactly(8)
            assert header[:4] == b'COLO', header
            body = exactly(struct.unpack('<H', header[6:])[0])
            assert header[4] == kind, (header, body)
            return header + body

        s = socket.create_connection((host, port))
        name = b'web1'
        hello = message(1, struct.pack('<HHBBBB', 1, 1, 1, 0, 0, 0) + b'i' * 16 + struct.pack('<QQ', 3, 4)
                        + os.urandom(32) + bytes([len(name)]) + name)
        s.sendall(hello)
        reply = receive(2)
        H = hashlib.sha256(hello + reply[:-32]).digest()
        A = hkdf(key, b'', b'colo link 1 authentication')
        listener = mac(A, b'colo link 1 listener\0', H)
        assert hmac.compare_digest(listener, reply[-32:])
        dialler = mac(A, b'colo link 1 dialler\0', H, listener)
        s.sendall(message(3, dialler))
        accepted = receive(4)
        assert accepted[8:] == mac(A, b'colo link 1 accepted\0', H, dialler)

        def frame(kind, body): return struct.pack('<IHH', len(body), kind, 0) + body
        s.sendall(frame(5, b'from python'))
        s.sendall(frame(0xFF01, struct.pack('<QQII', 1, 42, 0, 0)))
        while True:
            length, kind, flags = struct.unpack('<IHH', exactly(8))
            body = exactly(length)
            if kind == 0xFF01: s.sendall(frame(0xFF02, body[:8] + struct.pack('<QII', 42, 0, 0)))
            if kind == 0xFF02:
                number, epoch, state, flags = struct.unpack('<QQII', body)
                s.sendall(frame(6, b'echo %d of epoch %d' % (number, epoch)))
                if cut:
                    s.sendall(frame(7, bytes(1000))[:cut])
                    time.sleep(60)
        """;

    private (Process Process, LinkConnection Connection, LinkHeartbeat Heartbeat, Recorder Recorder, int[] Silent) Start(int cut)
    {
        var options = new LinkOptions { Protection = LinkProtection.Plain };
        var listener = Listen(options);
        var start = new ProcessStartInfo("python3") { RedirectStandardError = true };
        foreach (var argument in new[] { "-c", Script, "127.0.0.1", $"{listener.Address.Port}", Convert.ToHexString(Key.Bytes), $"{cut}" })
            start.ArgumentList.Add(argument);
        var process = Own(Process.Start(start)!);
        if (!Accepted.TryTake(out var channel, Limit))
            throw new TimeoutException(process.HasExited ? process.StandardError.ReadToEnd() : "python3 did not connect");
        var recorder = new Recorder();
        var silent = new int[1];
        var (connection, heartbeat) = B.Get(() =>
        {
            var open = channel.Open(B.Loop, recorder);
            var beats = new Heartbeat(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(400), TimeSpan.Zero, MonotonicClock.Now);
            return (open, new LinkHeartbeat(B.Loop, open, beats, () => new HeartbeatStatus(17, 0, 0), () => Interlocked.Increment(ref silent[0])));
        });
        Assert.Equal("from python", System.Text.Encoding.ASCII.GetString(recorder.Next().Body));
        Assert.Equal("echo 1 of epoch 17", System.Text.Encoding.ASCII.GetString(recorder.Next().Body));
        Assert.Equal(42ul, B.Get(() => heartbeat.Beats.PeerStatus.Epoch));
        Assert.Equal((LinkNode.A, new LinkSession(3, 4)), (connection.Peer.Node, connection.Peer.Session));
        return (process, connection, heartbeat, recorder, silent);
    }

    [PythonFact]
    public void A_killed_peer_is_noticed_by_its_connection()
    {
        var (process, _, _, recorder, _) = Start(cut: 0);
        process.Kill();
        var (reason, _) = recorder.End();
        Assert.True(reason is LinkClosedReason.PeerClosed or LinkClosedReason.Reset, $"{reason}");
        Assert.Equal(1, recorder.ClosedCalls);
    }

    [PythonFact]
    public void A_peer_killed_in_the_middle_of_a_message_leaves_no_part_of_it()
    {
        var (process, connection, _, recorder, _) = Start(cut: 500);
        // Two messages, a beat, and the part.
        Until(() => B.Get(() => connection.BytesReceived) >= 8 + 11 + 8 + 18 + 8 + 24 + 500, "the part did not come");
        process.Kill();
        var (reason, _) = recorder.End();
        Assert.True(reason is LinkClosedReason.MidMessage or LinkClosedReason.Reset, $"{reason}");
        Assert.DoesNotContain(recorder.Messages, m => m.Type == 7);
    }

    [PythonFact]
    public void A_stopped_peer_is_silent_and_its_connection_stays()
    {
        var (process, connection, heartbeat, recorder, silent) = Start(cut: 0);
        // Its echoes alone keep it from counting as lost, for longer than the time limit.
        Until(() => B.Get(() => heartbeat.Beats.BeatsSent) > 10, "no beats went out");
        Assert.Equal(0, Volatile.Read(ref silent[0]));
        Signal(process, "-STOP");
        Until(() => Volatile.Read(ref silent[0]) == 1, "the silence was not noticed");
        Assert.True(B.Get(() => connection.IsOpen));
        Assert.True(B.Get(() => heartbeat.Beats.SilenceNs(MonotonicClock.Now)) >= 400_000_000);
        Signal(process, "-CONT");
        process.Kill();
        recorder.End();
    }

    private static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
