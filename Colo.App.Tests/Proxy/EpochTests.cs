using Colo.Proxy;
using static Colo.Tests.Proxy.ComparerHarness;
using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Tests.Proxy;

public sealed class EpochTests
{
    [Fact]
    public void Unprotected_everything_leaves_at_once_and_unchanged()
    {
        using var h = new ComparerHarness(synced: false);
        byte[][] frames = [Tcp(Seg(0, 10)), Udp([1]), Arp(1), Tcp(Seg(5, 0, flags: Rst))];
        foreach (byte[] frame in frames)
            h.P(frame);
        Assert.Equal(frames, h.Released);
    }

    [Fact]
    public void The_first_checkpoint_holds_like_any_other()
    {
        using var h = new ComparerHarness(synced: false);
        h.P(Seg(0, 10));
        h.Comparer.SetProtected(true);
        h.P(Seg(10, 10));
        h.Comparer.CheckpointTaken(1, h.Now);
        h.P(Seg(20, 10));
        Assert.Single(h.Released);
        h.Commit();
        Assert.Equal(Stream(0, 20), h.Segments.SelectMany(s => s.Payload));
        h.S(Seg(20, 10));
        Assert.Equal(Stream(0, 30), h.Segments.SelectMany(s => s.Payload));
        // Known from before protection: a repeat leaves, an acknowledgement needs the secondary.
        h.P(Seg(0, 10));
        Assert.Equal(Stream(0, 10), h.Last.Payload);
    }

    [Fact]
    public void Commit_releases_in_order_across_flows_and_discards_the_rest_of_the_secondary()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 10));
        h.P(Udp([1]));
        h.P(Seg(10, 10));
        h.P(Arp(3));
        h.S(Seg(0, 5) with { Payload = [9, 9, 9, 9, 9], ClientPort = 7 });
        h.S(Udp([8], guestPort: 9));
        Assert.Empty(h.Released);
        h.Checkpoint();
        Assert.Equal([Tcp(Seg(0, 10)), Udp([1]), Tcp(Seg(10, 10)), Arp(3)], h.Released);
        Assert.Equal(0, h.Comparer.RentedBuffers);
        Assert.Equal(0, h.Comparer.Statistics.SecondaryBytes);
        Assert.Equal(0, h.Comparer.WaitingFlows);
        Assert.Equal(long.MaxValue, h.Comparer.NextDeadlineNs);
    }

    [Fact]
    public void Output_after_the_stop_is_not_matched_by_the_old_epoch()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 10));
        h.Comparer.CheckpointTaken(2, h.Now);
        h.P(Seg(10, 10, acked: 100));
        h.P(Udp([1]));
        h.S(Seg(0, 20, acked: 100));
        h.S(Udp([1]));
        // Of the old epoch's frame all leaves, of the new one nothing.
        Assert.Equal(Stream(0, 10), h.Segments.SelectMany(s => s.Payload));
        Assert.All(h.Segments, s => Assert.Equal(ClientIsn + 1, s.Ack));
        h.Commit();
        Assert.Single(h.Released);
        Assert.Equal(0ul, h.Comparer.ConfirmedIndex);
        h.S(Seg(10, 10, acked: 100));
        h.S(Udp([1]));
        Assert.Equal(3, h.Released.Count);
        Assert.Equal(ClientIsn + 101, WireSegment.Parse(h.Released[1])!.Ack);
        Assert.Equal(2ul, h.Comparer.ConfirmedIndex);
        Assert.Equal(0, h.Comparer.RentedBuffers);
    }

    [Fact]
    public void Acknowledgements_after_the_stop_are_owed_until_the_secondary_repeats_them()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.Comparer.CheckpointTaken(2, h.Now);
        h.P(Seg(0, 0, acked: 50));
        h.S(Seg(0, 0, acked: 50));
        Assert.Empty(h.Released);
        h.Commit();
        Assert.Empty(h.Released);
        h.S(Seg(0, 0, acked: 50));
        Assert.Equal(ClientIsn + 51, h.Last.Ack);
    }

    [Fact]
    public void An_acknowledgement_from_before_the_stop_leaves_with_the_commit()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 0, acked: 50));
        h.Comparer.CheckpointTaken(2, h.Now);
        h.P(Seg(0, 0, acked: 80));
        h.Commit();
        Assert.Equal(ClientIsn + 51, Assert.Single(h.Segments).Ack);
        h.S(Seg(0, 0, acked: 80));
        Assert.Equal(ClientIsn + 81, h.Last.Ack);
    }

    [Fact]
    public void Frames_of_another_epoch_are_dropped_and_early_ones_wait()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 10));
        h.Comparer.FromSecondary(7, 1, 0, Tcp(Seg(0, 10)), h.Now);
        h.Comparer.FromSecondary(0, 1, 0, Tcp(Seg(0, 10)), h.Now);
        Assert.Empty(h.Released);
        Assert.Equal(2, h.Comparer.Statistics.SecondaryDropped);
        h.Comparer.CheckpointTaken(2, h.Now);
        h.P(Seg(10, 10));
        h.Comparer.FromSecondary(2, 1, 0, Tcp(Seg(10, 10)), h.Now);
        Assert.Empty(h.Released);
        h.Commit();
        Assert.Equal(Stream(0, 20), h.Segments.SelectMany(s => s.Payload));
        Assert.Equal(1ul, h.Comparer.ConfirmedIndex);
        Assert.Equal(0, h.Comparer.RentedBuffers);
    }

    [Fact]
    public void Loss_of_the_secondary_releases_everything_in_order()
    {
        using var h = new ComparerHarness();
        h.Open();
        byte[] wrong = [1, 1];
        h.P(Seg(0, 10, acked: 7));
        h.P(Udp([5]));
        h.P(new TcpSpec { ClientPort = 1, Flags = Syn, Seq = 5, Options = SynOptions(1) });
        h.P(Seg(10, 0, flags: Rst | Ack));
        h.S(Udp(wrong));
        h.Comparer.CheckpointTaken(2, h.Now);
        h.P(Udp([6]));
        h.Comparer.SetProtected(false);
        Assert.Equal(5, h.Released.Count);
        Assert.Equal(ClientIsn + 8, WireSegment.Parse(h.Released[0])!.Ack);
        Assert.Equal(Udp([6]), h.Released[4]);
        Assert.Equal(0, h.Comparer.RentedBuffers);
        Assert.Equal(0, h.Comparer.Statistics.Held);
        h.P(Udp([7]));
        Assert.Equal(Udp([7]), h.Released[^1]);

        // And a new secondary, which counts its epochs anew.
        h.Comparer.SetProtected(true);
        h.Comparer.CheckpointTaken(1, h.Now);
        h.P(Udp([8]));
        Assert.Equal(6, h.Released.Count);
        h.Comparer.CheckpointCommitted(1, h.Now);
        h.Epoch = 1;
        h.Index = 0;
        h.S(Udp([8]));
        Assert.Equal(7, h.Released.Count);
    }

    [Fact]
    public void Lost_secondary_sends_the_acknowledgement_that_was_owed()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 0, acked: 50));
        h.Comparer.SetProtected(false);
        Assert.Equal(ClientIsn + 51, h.Last.Ack);
    }

    [Fact]
    public void Time_out_asks_once_and_the_deadline_follows_the_round_trip()
    {
        using var h = new ComparerHarness();
        long start = h.Now;
        h.P(Udp([1]));
        Assert.Equal(start + 5_000_000, h.Comparer.NextDeadlineNs);
        h.Comparer.SetRoundTrip(2_000_000);
        Assert.Equal(start + 16_000_000, h.Comparer.NextDeadlineNs);
        h.Comparer.SetRoundTrip(long.MaxValue);
        Assert.Equal(start + 200_000_000, h.Comparer.NextDeadlineNs);
        h.Comparer.SetRoundTrip(0);
        h.Comparer.OnTimer(start + 4_999_999);
        Assert.Empty(h.Requests);
        h.Comparer.OnTimer(start + 5_000_000);
        h.Comparer.OnTimer(start + 50_000_000);
        Assert.Single(h.Requests);
        Assert.Equal(long.MaxValue, h.Comparer.NextDeadlineNs);
        h.Checkpoint();
        Assert.Single(h.Released);
    }

    [Fact]
    public void Output_of_the_secondary_alone_is_never_released_and_asks_in_time()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.S(Udp([1]));
        h.S(Seg(0, 10));
        h.S(new TcpSpec { ClientPort = 2, Seq = 9, Flags = Rst });
        h.S(new TcpSpec { ClientPort = 3, Seq = 9, Flags = Syn });
        h.Now += 5_000_000;
        h.Comparer.OnTimer(h.Now);
        Assert.Single(h.Requests);
        h.Checkpoint();
        Assert.Empty(h.Released);
        Assert.Equal(0, h.Comparer.WaitingFlows);
        Assert.Equal(0, h.Comparer.RentedBuffers);
    }

    [Fact]
    public void An_acknowledgement_that_the_secondary_delays_is_no_divergence()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 0, acked: 50));
        h.Now += 45_000_000;
        h.Comparer.OnTimer(h.Now);
        Assert.Empty(h.Requests);
        h.S(Seg(0, 0, acked: 50));
        Assert.Single(h.Released);
        Assert.Equal(long.MaxValue, h.Comparer.NextDeadlineNs);
    }

    [Fact]
    public void A_flood_meets_the_bound_and_is_pushed_back()
    {
        using var h = new ComparerHarness(new ComparerOptions { MaxHeldFrames = 10 });
        for (byte i = 0; i < 10; i++)
            Assert.True(h.P(Udp([i])));
        Assert.Equal([CheckpointReason.Queue], h.Requests);
        Assert.False(h.Comparer.CanTakePrimary);
        Assert.False(h.P(Udp([99])));
        Assert.Equal(10, h.Comparer.Statistics.Held);
        h.Checkpoint();
        Assert.Equal(10, h.Released.Count);
        Assert.True(h.P(Udp([99])));
    }

    [Fact]
    public void A_flood_of_the_secondary_meets_the_bound_and_releases_nothing()
    {
        using var h = new ComparerHarness(new ComparerOptions { MaxSecondaryBytes = 1000 });
        for (int i = 0; i < 100; i++)
            h.S(Udp(new byte[100]));
        Assert.Equal([CheckpointReason.Queue], h.Requests);
        Assert.True(h.Comparer.Statistics.SecondaryBytes <= 1000);
        h.P(Arp(1));
        h.S(Arp(1));
        Assert.Empty(h.Released);
        h.Checkpoint();
        Assert.Equal([Arp(1)], h.Released);
        h.P(Arp(2));
        h.S(Arp(2));
        Assert.Equal(2, h.Released.Count);
    }

    [Fact]
    public void A_gap_in_the_index_makes_the_secondary_useless_until_the_next_checkpoint()
    {
        using var h = new ComparerHarness();
        h.Index++;
        h.S(Udp([1]));
        h.P(Udp([1]));
        Assert.Empty(h.Released);
        Assert.Equal([CheckpointReason.Queue], h.Requests);
        h.Checkpoint();
        Assert.Single(h.Released);
    }

    [Fact]
    public void A_full_table_holds_newcomers_until_a_checkpoint()
    {
        using var h = new ComparerHarness(new ComparerOptions { MaxFlows = 2 });
        h.P(Udp([1], clientPort: 1));
        h.P(Udp([2], clientPort: 2));
        h.P(Udp([3], clientPort: 3));
        h.S(Udp([3], clientPort: 3));
        Assert.Empty(h.Released);
        Assert.Equal([CheckpointReason.Queue], h.Requests);
        h.S(Udp([1], clientPort: 1));
        h.P(Udp([4], clientPort: 3));
        Assert.Single(h.Released);
        h.Checkpoint();
        Assert.Equal([Udp([1], clientPort: 1), Udp([2], clientPort: 2), Udp([3], clientPort: 3), Udp([4], clientPort: 3)], h.Released);
        // Idle ones give way.
        for (ushort port = 10; port < 30; port++)
        {
            h.P(Udp([1], clientPort: port));
            h.S(Udp([1], clientPort: port));
        }
        Assert.Equal(24, h.Released.Count);
        Assert.Equal(2, h.Comparer.Statistics.Flows);
        Assert.Equal(0, h.Comparer.RentedBuffers);
    }

    [Fact]
    public void An_evicted_connection_is_learned_again()
    {
        using var h = new ComparerHarness(new ComparerOptions { MaxFlows = 1 });
        h.Open();
        h.P(Seg(0, 10));
        h.S(Seg(0, 10));
        h.P(Udp([1]));
        h.S(Udp([1]));
        h.S(Seg(10, 10));
        h.P(Seg(10, 10));
        Assert.Equal(Stream(10, 10), h.Last.Payload);
        Assert.Empty(h.Requests);
    }

    [Fact]
    public void New_connection_on_ports_still_held_waits_for_a_checkpoint()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 10));
        h.P(new TcpSpec { Seq = 5, Flags = Syn | Ack, AckNumber = 1, Options = SynOptions(1) });
        Assert.Equal([CheckpointReason.Divergence], h.Requests);
        Assert.Empty(h.Released);
        h.Comparer.CheckpointTaken(2, h.Now);
        h.P(new TcpSpec { Seq = 6, AckNumber = 1, Payload = [1] });
        h.Commit();
        Assert.Equal(2, h.Released.Count);
        Assert.Equal(2, h.Requests.Count);
        h.Checkpoint();
        Assert.Equal(3, h.Released.Count);
        h.P(new TcpSpec { Seq = 7, AckNumber = 1, Payload = [2] });
        h.S(new TcpSpec { Seq = 7, AckNumber = 1, Payload = [2] });
        Assert.Equal(4, h.Released.Count);
    }
}
