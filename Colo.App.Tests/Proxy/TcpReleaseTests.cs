using Colo.Proxy;
using static Colo.Tests.Proxy.ComparerHarness;
using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Tests.Proxy;

public sealed class TcpReleaseTests
{
    [Fact]
    public void Data_waits_for_the_secondary_and_leaves_when_both_have_it()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 100));
        Assert.Empty(h.Released);
        h.S(Seg(0, 100));
        Assert.Equal(Stream(0, 100), h.Last.Payload);
        Assert.Empty(h.Requests);
        Assert.Equal(h.Index, h.Comparer.ConfirmedIndex);
        Assert.Equal(0, h.Comparer.RentedBuffers);
    }

    [Fact]
    public void Data_that_the_secondary_sent_first_leaves_at_once()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.S(Seg(0, 60));
        h.S(Seg(60, 40));
        Assert.Empty(h.Released);
        Assert.True(h.Comparer.ConfirmedIndex < h.Index);
        h.P(Seg(0, 100));
        Assert.Equal(Stream(0, 100), h.Last.Payload);
        Assert.Equal(h.Index, h.Comparer.ConfirmedIndex);
        Assert.Equal(0, h.Comparer.RentedBuffers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_super_frame_leaves_in_the_parts_the_secondary_has_produced(bool v6)
    {
        using var h = new ComparerHarness();
        h.Open(v6: v6, vlans: [42]);
        const int total = 60000;
        h.P(Seg(0, total, flags: Ack | Psh | Fin) with { GsoSize = 1448, V6 = v6, Vlans = [42] });
        var received = new List<byte>();
        for (int at = 0; at < total; at += 10000)
        {
            h.S(Seg(at, 10000, flags: at == 50000 ? (byte)(Ack | Fin) : Ack) with { V6 = v6, Vlans = [42] });
            WireSegment part = h.Last;
            Assert.Equal(PrimaryIsn + 1 + (uint)at, part.Seq);
            Assert.Equal(at == 50000, part.Has(Fin));
            Assert.Equal(at == 50000, part.Has(Psh));
            received.AddRange(part.Payload);
        }
        Assert.Equal(Stream(0, total), received);
        Assert.Equal(0, h.Comparer.RentedBuffers);
    }

    [Fact]
    public void A_small_split_moves_the_header_over_itself()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 50, flags: Ack | Psh) with { Options = Timestamps(9, 8) });
        for (int i = 0; i < 50; i++)
            h.S(Seg(i, 1));
        Assert.Equal(Stream(0, 50), h.Segments.SelectMany(s => s.Payload));
        Assert.All(h.Segments, s => Assert.Equal(9u, s.TimestampValue));
        Assert.Equal(50, h.Released.Count);
    }

    [Fact]
    public void A_differing_byte_asks_once_and_holds_only_its_flow()
    {
        using var h = new ComparerHarness();
        h.Open();
        byte[] other = Stream(0, 100);
        other[70] ^= 1;
        h.P(Seg(0, 100));
        h.S(Seg(0, 100) with { Payload = other });
        Assert.Equal([CheckpointReason.Divergence], h.Requests);
        Assert.Empty(h.Released);
        h.P(Seg(100, 100));
        h.S(Seg(100, 100));
        h.P(Udp([1, 2, 3]));
        h.S(Udp([1, 2, 3]));
        Assert.Equal(Udp([1, 2, 3]), Assert.Single(h.Released));
        Assert.Single(h.Requests);
        DivergenceRecord record = h.Comparer.Statistics.RecentDivergences().First();
        Assert.Equal((DivergenceCause.Payload, 70L), (record.Cause, record.Offset));
        Assert.Equal(Stream(70, 1)[0], (byte)record.Primary);
        Assert.Equal(other[70], (byte)record.Secondary);
        h.Released.Clear();
        h.Checkpoint();
        Assert.Equal(Stream(0, 200), h.Segments.SelectMany(s => s.Payload));
        h.P(Seg(200, 10));
        h.S(Seg(200, 10));
        Assert.Equal(Stream(200, 10), h.Last.Payload);
        Assert.Equal(0, h.Comparer.RentedBuffers);
    }

    [Fact]
    public void Acknowledgement_and_window_are_the_smaller_of_both()
    {
        using var h = new ComparerHarness();
        h.Open(scale: 7, window: 60000);
        h.P(Seg(0, 0, acked: 3000, window: 400));
        Assert.Empty(h.Released);
        h.S(Seg(0, 0, acked: 2000, window: 300));
        Assert.Equal(ClientIsn + 1 + 2000, h.Last.Ack);
        Assert.Equal(300, h.Last.Window);
        Assert.Equal(PrimaryIsn + 1, h.Last.Seq);
        h.S(Seg(0, 0, acked: 3000, window: 500));
        Assert.Equal(ClientIsn + 1 + 3000, h.Last.Ack);
        Assert.Equal(400, h.Last.Window);
        Assert.Equal(2, h.Released.Count);
        Assert.Equal(2, h.Comparer.Statistics.Acknowledgements);
    }

    [Fact]
    public void Data_carries_no_acknowledgement_that_the_secondary_lacks()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 10, acked: 500));
        h.S(Seg(0, 10, acked: 200));
        Assert.Equal(ClientIsn + 1 + 200, h.Last.Ack);
        h.S(Seg(10, 0, acked: 500));
        Assert.Equal(ClientIsn + 1 + 500, h.Last.Ack);
        Assert.Equal(PrimaryIsn + 11, h.Last.Seq);
        Assert.Empty(h.Last.Payload);
    }

    [Fact]
    public void Without_a_known_scale_the_smaller_field_leaves()
    {
        using var h = new ComparerHarness();
        h.P(Seg(0, 10, acked: 100, window: 50));
        h.S(Seg(0, 10, acked: 90, window: 40));
        Assert.Equal((ClientIsn + 1 + 90, (ushort)40), (h.Last.Ack, h.Last.Window));
    }

    [Fact]
    public void Duplicate_acknowledgements_leave_once_both_have_reached_them()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.S(Seg(0, 0, acked: 1000));
        h.P(Seg(0, 0, acked: 1000));
        h.P(Seg(0, 0, acked: 1000));
        h.P(Seg(0, 0, acked: 1000));
        Assert.Equal(3, h.Released.Count);
        h.P(Seg(0, 0, acked: 2000));
        h.P(Seg(0, 0, acked: 2000));
        h.P(Seg(0, 0, acked: 2000));
        h.P(Seg(0, 0, acked: 2000));
        Assert.Equal(3, h.Released.Count);
        h.S(Seg(0, 0, acked: 2000));
        Assert.Equal(4, h.Segments.Count(s => s.Ack == ClientIsn + 1 + 2000));
    }

    [Fact]
    public void Repeats_of_released_data_leave_and_of_held_data_do_not()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 100));
        h.S(Seg(0, 100));
        h.P(Seg(100, 100));
        h.Released.Clear();
        h.P(Seg(0, 100));
        Assert.Equal(Stream(0, 100), h.Last.Payload);
        h.P(Seg(100, 100));
        Assert.Single(h.Released);
        h.S(Seg(100, 100));
        Assert.Equal(2, h.Released.Count);
        Assert.Equal(1, h.Comparer.Statistics.RepeatsDropped);
        Assert.Equal(0, h.Comparer.RentedBuffers);
    }

    [Fact]
    public void Fin_leaves_only_where_both_end()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 10, flags: Ack | Fin));
        h.S(Seg(0, 10));
        Assert.False(h.Last.Has(Fin));
        Assert.Equal(Stream(0, 10), h.Last.Payload);
        h.S(Seg(10, 0, flags: Ack | Fin));
        Assert.True(h.Last.Has(Fin));
        Assert.Equal(PrimaryIsn + 11, h.Last.Seq);
        Assert.Empty(h.Requests);
        Assert.Equal(0, h.Comparer.WaitingFlows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fin_against_data_diverges(bool secondaryEnds)
    {
        using var h = new ComparerHarness();
        h.Open();
        TcpSpec fin = Seg(0, 0, flags: Ack | Fin), data = Seg(0, 10);
        h.P(secondaryEnds ? data : fin);
        h.S(secondaryEnds ? fin : data);
        Assert.Empty(h.Released);
        Assert.Equal([CheckpointReason.Divergence], h.Requests);
    }

    [Fact]
    public void Reset_needs_its_counterpart_at_the_same_place()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 0, flags: Rst | Ack));
        Assert.Empty(h.Released);
        h.S(Seg(0, 0, flags: Rst | Ack));
        Assert.True(h.Last.Has(Rst));

        using var other = new ComparerHarness();
        other.Open();
        other.P(Seg(0, 0, flags: Rst | Ack));
        other.S(Seg(5, 0, flags: Rst | Ack));
        Assert.Empty(other.Released);
        Assert.Single(other.Requests);
        other.Checkpoint();
        Assert.True(other.Last.Has(Rst));
    }

    [Fact]
    public void Reset_of_a_closed_port_is_compared()
    {
        using var h = new ComparerHarness();
        var rst = new TcpSpec { Seq = 0, AckNumber = 9, Flags = Rst | Ack, Window = 0 };
        h.S(rst);
        Assert.Empty(h.Released);
        h.P(rst);
        Assert.Equal(9u, h.Last.Ack);
        h.P(rst with { AckNumber = 10 });
        h.S(rst with { AckNumber = 10 });
        Assert.Equal(10u, h.Last.Ack);
        Assert.Empty(h.Requests);
    }

    [Theory]
    [InlineData("mss")]
    [InlineData("scale")]
    [InlineData("no timestamps")]
    [InlineData("ack")]
    [InlineData("flags")]
    public void Syn_options_must_agree(string what)
    {
        using var h = new ComparerHarness();
        var syn = new TcpSpec { Seq = PrimaryIsn, AckNumber = ClientIsn + 1, Flags = Syn | Ack, Options = SynOptions(7, timestamp: 5) };
        TcpSpec other = what switch
        {
            "mss" => syn with { Options = SynOptions(7, mss: 1400) },
            "scale" => syn with { Options = SynOptions(6) },
            "no timestamps" => syn with { Options = [2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7] },
            "ack" => syn with { AckNumber = ClientIsn + 2 },
            _ => syn with { Flags = Syn },
        };
        h.P(syn);
        h.S(other with { Seq = 4 }, pending: true);
        Assert.Empty(h.Released);
        Assert.Equal([CheckpointReason.Divergence], h.Requests);
    }

    [Fact]
    public void Syn_of_the_secondary_may_come_first_and_in_wire_numbering_must_be_equal()
    {
        using var h = new ComparerHarness();
        var syn = new TcpSpec { Seq = PrimaryIsn, Flags = Syn, Options = SynOptions(7), AckNumber = 0 };
        h.S(syn with { Seq = 99, Options = SynOptions(7, timestamp: 77) }, pending: true);
        Assert.Empty(h.Released);
        h.P(syn);
        Assert.Equal(PrimaryIsn, h.Last.Seq);
        Assert.Equal(0, h.Comparer.WaitingFlows);

        using var wire = new ComparerHarness();
        wire.P(syn);
        wire.S(syn with { Seq = PrimaryIsn + 1 });
        Assert.Empty(wire.Released);
        Assert.Single(wire.Requests);
    }

    [Fact]
    public void A_connection_opened_by_the_guest_learns_the_scale_from_the_answer()
    {
        using var h = new ComparerHarness();
        var syn = new TcpSpec { Seq = PrimaryIsn, Flags = Syn, Options = SynOptions(7), AckNumber = 0 };
        h.P(syn);
        h.S(syn);
        h.C(new TcpSpec { Seq = ClientIsn, AckNumber = PrimaryIsn + 1, Flags = Syn | Ack, Options = SynOptions(3) });
        h.P(Seg(0, 0, window: 100));
        h.S(Seg(0, 0, window: 80));
        Assert.Equal(80, h.Last.Window);
        h.P(Seg(0, 5, acked: 128, window: 100));
        h.S(Seg(0, 5, acked: 0, window: 100));
        // Right edge: 0 + (100 << 7) of the secondary, acknowledgement 0.
        Assert.Equal((ClientIsn + 1, (ushort)100), (h.Last.Ack, h.Last.Window));
    }

    [Fact]
    public void Ports_may_be_used_again()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 0, acked: 1, flags: Ack | Fin));
        h.S(Seg(0, 0, acked: 1, flags: Ack | Fin));
        h.C(new TcpSpec { Seq = ClientIsn + 1, AckNumber = PrimaryIsn + 2, Flags = Ack | Fin });
        h.Released.Clear();
        var syn = new TcpSpec { Seq = 900_000, AckNumber = 70_001, Flags = Syn | Ack, Options = SynOptions(0), Window = 5 };
        h.P(syn);
        // The last acknowledgement of the old connection comes late.
        h.S(Seg(1, 0, acked: 1));
        Assert.Empty(h.Released);
        h.S(syn);
        Assert.Equal(900_000u, h.Last.Seq);
        h.P(new TcpSpec { Seq = 900_001, AckNumber = 70_001, Payload = [1, 2] });
        h.S(new TcpSpec { Seq = 900_001, AckNumber = 70_001, Payload = [1, 2] });
        Assert.Equal(new byte[] { 1, 2 }, h.Last.Payload);
        Assert.Empty(h.Requests);
    }

    [Fact]
    public void Timestamps_never_go_back()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 10) with { Options = Timestamps(100, 1) });
        h.S(Seg(0, 0, acked: 50) with { Options = Timestamps(99, 1) });
        h.P(Seg(10, 0, acked: 50) with { Options = Timestamps(200, 1) });
        Assert.Equal(200u, h.Last.TimestampValue);
        Assert.Equal(PrimaryIsn + 1, h.Last.Seq);
        h.S(Seg(0, 10) with { Options = Timestamps(100, 1) });
        Assert.Equal(200u, h.Last.TimestampValue);
    }

    [Fact]
    public void Sack_blocks_leave_as_far_as_the_secondary_has_the_data()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.S(Seg(0, 0));
        h.P(Seg(0, 0));
        h.Released.Clear();
        uint b = ClientIsn + 1;
        h.P(Seg(0, 0) with { Options = Sack(b + 100, b + 300) });
        Assert.Empty(h.Released);
        h.S(Seg(0, 0) with { Options = Sack(b + 100, b + 200) });
        Assert.Equal([b + 100, b + 200], h.Last.SackEdges);
        h.S(Seg(0, 0) with { Options = Sack(b + 100, b + 300) });
        Assert.Equal([b + 100, b + 300], h.Last.SackEdges);
        h.P(Seg(0, 0) with { Options = Sack(b + 100, b + 300) });
        Assert.Equal(3, h.Released.Count);
        // With data the segment leaves anyway, without the block that the secondary lacks.
        h.P(Seg(0, 20) with { Options = Sack(b + 500, b + 600, b + 100, b + 300) });
        h.S(Seg(0, 10));
        Assert.Equal([b + 100, b + 300], h.Last.SackEdges);
        h.S(Seg(10, 10));
        Assert.Equal([b + 100, b + 300], h.Last.SackEdges);
        Assert.Equal(Stream(10, 10), h.Last.Payload);
    }

    [Fact]
    public void A_shut_window_of_the_secondary_asks_for_a_checkpoint()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 0, acked: 10, window: 5000));
        h.S(Seg(0, 0, acked: 10, window: 0));
        Assert.Equal(0, h.Last.Window);
        h.Now = h.Comparer.NextDeadlineNs;
        h.Comparer.OnTimer(h.Now);
        Assert.Single(h.Requests);
        Assert.Equal(DivergenceCause.Window, h.Comparer.Statistics.RecentDivergences().First().Cause);
        h.Checkpoint();
        Assert.Equal(5000, h.Last.Window);
    }

    [Fact]
    public void A_window_that_opens_on_the_secondary_is_told_to_the_client()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 0, acked: 10, window: 5000));
        h.S(Seg(0, 0, acked: 10, window: 0));
        h.S(Seg(0, 0, acked: 10, window: 4000));
        Assert.Equal(4000, h.Last.Window);
        Assert.Equal(long.MaxValue, h.Comparer.NextDeadlineNs);
    }

    [Fact]
    public void Urgent_data_needs_the_same_mark()
    {
        using var h = new ComparerHarness();
        h.Open();
        h.P(Seg(0, 10, flags: Ack | Urg) with { Urgent = 3 });
        h.S(Seg(0, 10));
        Assert.Empty(h.Released);
        h.S(Seg(0, 10, flags: Ack | Urg) with { Urgent = 3 });
        Assert.True(h.Last.Has(Urg));
    }
}
