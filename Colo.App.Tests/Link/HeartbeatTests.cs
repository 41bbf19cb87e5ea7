using Colo.Link;

namespace Colo.Tests.Link;

public sealed class HeartbeatTests
{
    private const long Ms = 1_000_000;
    private const long Start = 1_000_000 * Ms;

    private static Heartbeat New(long now = Start) =>
        new(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(20), now);

    private static byte[] Beat(Heartbeat from, long now, ulong epoch = 0)
    {
        var body = new byte[Heartbeat.BodyLength];
        from.WriteBeat(now, new HeartbeatStatus(epoch, 1, 2), body);
        return body;
    }

    private static byte[] Echo(Heartbeat at, byte[] beat, long now)
    {
        var echo = new byte[Heartbeat.BodyLength];
        Assert.Null(at.OnBeat(beat, now, new HeartbeatStatus(9, 8, 7), echo));
        return echo;
    }

    [Fact]
    public void No_output_before_the_first_echo()
    {
        var primary = New();
        Beat(primary, Start);
        Assert.Equal((0, 0), (primary.ReleaseUntilNs, primary.LastEchoedSendTimeNs));
    }

    [Fact]
    public void The_window_counts_from_the_sending_time_and_ends_before_the_peer_takes_over()
    {
        var primary = New();
        var secondary = New(Start + (7_777 * Ms));
        var beat = Beat(primary, Start, epoch: 5);
        // The secondary's clock has nothing to do with the primary's; the beat took 30 ms, the echo 40 ms.
        var heard = Start + (9_000 * Ms);
        var echo = Echo(secondary, beat, heard);
        Assert.Equal(heard + (500 * Ms), secondary.LostAtNs);
        Assert.Null(primary.OnEcho(echo, Start + (70 * Ms)));
        Assert.Equal(Start, primary.LastEchoedSendTimeNs);
        Assert.Equal(Start + (480 * Ms), primary.ReleaseUntilNs);
        Assert.Equal((70 * Ms, 70 * Ms), (primary.SmoothedRttNs, primary.MinimumRttNs));
        Assert.Equal(new HeartbeatStatus(9, 8, 7), primary.PeerStatus);
        Assert.Equal(new HeartbeatStatus(5, 1, 2), secondary.PeerStatus);
    }

    [Fact]
    public void An_echo_that_is_read_late_does_not_widen_the_window()
    {
        var primary = New();
        var secondary = New();
        var first = Beat(primary, Start);
        var second = Beat(primary, Start + (50 * Ms));
        var echo1 = Echo(secondary, first, Start + Ms);
        var echo2 = Echo(secondary, second, Start + (51 * Ms));
        // The primary was stopped for three seconds.
        Assert.Null(primary.OnEcho(echo1, Start + (3_000 * Ms)));
        Assert.Null(primary.OnEcho(echo2, Start + (3_000 * Ms)));
        Assert.True(primary.ReleaseUntilNs < Start + (3_000 * Ms));
        Assert.Equal(Start + (530 * Ms), primary.ReleaseUntilNs);
    }

    [Fact]
    public void Silence_counts_from_the_last_beat_or_echo()
    {
        var secondary = New();
        Assert.Equal(120 * Ms, secondary.SilenceNs(Start + (120 * Ms)));
        Echo(secondary, Beat(New(), Start), Start + (200 * Ms));
        Assert.Equal(0, secondary.SilenceNs(Start + (200 * Ms)));
        Assert.Equal(Start + (700 * Ms), secondary.LostAtNs);
    }

    [Fact]
    public void After_a_pause_one_beat_is_due_and_not_all_that_were_missed()
    {
        var beats = New();
        Beat(beats, Start);
        Assert.Equal(Start + (50 * Ms), beats.NextBeatNs);
        Beat(beats, Start + (1_234 * Ms));
        Assert.Equal(Start + (1_284 * Ms), beats.NextBeatNs);
    }

    [Fact]
    public void Wrong_numbers_and_lengths_are_named()
    {
        var primary = New();
        var secondary = New();
        var echo = new byte[Heartbeat.BodyLength];
        var first = Beat(primary, Start);
        var second = Beat(primary, Start + Ms);
        var echo2 = Echo(secondary, second, Start);
        Assert.Contains("beat 1 after beat 2", secondary.OnBeat(first, Start, default, echo));
        Assert.Contains("23 bytes", secondary.OnBeat(second.AsSpan(1), Start, default, echo));
        Assert.Contains("0 bytes", primary.OnEcho([], Start));
        Assert.Null(primary.OnEcho(echo2, Start + Ms));
        Assert.Contains("an echo of beat 2", primary.OnEcho(echo2, Start + Ms));
        echo2[0] = 77;
        Assert.Contains("an echo of beat 77", primary.OnEcho(echo2, Start + Ms));
        Assert.Equal(Start + Ms, primary.LastEchoedSendTimeNs);
    }

    [Fact]
    public void An_echo_of_a_forgotten_beat_opens_nothing()
    {
        var primary = New();
        var secondary = New();
        var old = Beat(primary, Start);
        for (var i = 1; i <= 256; i++)
            Beat(primary, Start + (i * Ms));
        Assert.Null(primary.OnEcho(Echo(secondary, old, Start), Start + (300 * Ms)));
        Assert.Equal(0, primary.ReleaseUntilNs);
        Assert.Equal(Start + (300 * Ms), primary.LastHeardNs);
    }

    [Fact]
    public void Under_random_delays_and_stops_the_window_always_ends_before_the_peer_gives_up()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var primary = New();
            var secondary = New();
            var sendTime = Start;
            var toSecondary = new Queue<(long At, byte[] Beat)>();
            var toPrimary = new Queue<(long At, byte[] Echo)>();
            long lastA = 0, lastB = 0;
            for (var now = Start; now < Start + (3_000 * Ms); now += 5 * Ms)
            {
                if (now >= primary.NextBeatNs && random.Next(10) > 0)
                    toSecondary.Enqueue((lastA = Math.Max(lastA, now + (random.Next(300) * Ms)), Beat(primary, now)));
                while (toSecondary.TryPeek(out var beat) && beat.At <= now)
                    toPrimary.Enqueue((lastB = Math.Max(lastB, now + (random.Next(300) * Ms)), Echo(secondary, toSecondary.Dequeue().Beat, now)));
                while (toPrimary.TryPeek(out var echo) && echo.At <= now)
                    Assert.Null(primary.OnEcho(toPrimary.Dequeue().Echo, now));
                Assert.True(primary.ReleaseUntilNs < secondary.LostAtNs, $"seed {seed}, round {round}, at {now}");
                sendTime = now;
            }

            Assert.True(primary.LastEchoedSendTimeNs > 0 && sendTime > Start, $"seed {seed}: nothing was echoed");
        }
    }
}
