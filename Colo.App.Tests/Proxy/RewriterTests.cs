using System.Buffers.Binary;
using Colo.Proxy;
using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Tests.Proxy;

public sealed class RewriterTests
{
    private const uint Wire = 0xffff_fff0, Guest = 500, Client = 9000;

    private static byte[] Rewrite(SequenceRewriter rewriter, TcpSpec spec, RewriteAction expected = RewriteAction.Send, long now = 0)
    {
        byte[] frame = Tcp(spec);
        Assert.Equal(expected, rewriter.FromGuest(frame, now).Action);
        return frame;
    }

    private static WireSegment Inbound(SequenceRewriter rewriter, TcpSpec spec, long now = 0)
    {
        byte[] frame = Tcp(spec with { FromGuest = false });
        rewriter.ToGuest(frame, now);
        return WireSegment.Parse(frame)!;
    }

    private static TcpSpec SynAck => new() { Seq = Guest, AckNumber = Client + 1, Flags = Syn | Ack, Options = SynOptions(7, timestamp: 100) };

    /// <summary>A secondary's rewriter with one connection: offset Wire - Guest, timestamps + 1000.</summary>
    private static SequenceRewriter Opened(bool v6 = false)
    {
        var rewriter = new SequenceRewriter(live: false);
        byte[] synAck = Tcp(SynAck with { V6 = v6 });
        RewriteResult result = rewriter.FromGuest(synAck, 0);
        Assert.Equal((RewriteAction.SendPending, true, Guest), (result.Action, result.IsSyn, result.WireIsn));
        rewriter.LearnWireIsn(result.Flow, Wire, 1100, true, 0);
        return rewriter;
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Both_directions_are_translated_with_right_checksums(bool v6, bool partial)
    {
        SequenceRewriter rewriter = Opened(v6);
        byte[] frame = Rewrite(rewriter, new TcpSpec { V6 = v6, Partial = partial, Seq = Guest + 20, AckNumber = Client + 5, Payload = [1, 2, 3], Options = Timestamps(150, 7) });
        WireSegment sent = WireSegment.Parse(frame)!;
        Assert.Equal((unchecked(Wire + 20), Client + 5, 1150u, 7u), (sent.Seq, sent.Ack, sent.TimestampValue!.Value, sent.TimestampEcho!.Value));
        WireSegment got = Inbound(rewriter, new TcpSpec { V6 = v6, Partial = partial, Seq = Client + 5, AckNumber = unchecked(Wire + 23), Options = Timestamps(7, 1150) });
        Assert.Equal((Client + 5, Guest + 23, 7u, 150u), (got.Seq, got.Ack, got.TimestampValue!.Value, got.TimestampEcho!.Value));
        got = Inbound(rewriter, new TcpSpec { V6 = v6, AckNumber = unchecked(Wire + 1), Options = Sack(unchecked(Wire + 10), unchecked(Wire + 30), 5, 6) });
        Assert.Equal([Guest + 10, Guest + 30, unchecked(5 - (Wire - Guest)), unchecked(6 - (Wire - Guest))], got.SackEdges);
    }

    [Fact]
    public void An_echo_from_the_guests_future_is_cut()
    {
        SequenceRewriter rewriter = Opened();
        Rewrite(rewriter, new TcpSpec { Seq = Guest + 1, Options = Timestamps(150, 7) });
        WireSegment got = Inbound(rewriter, new TcpSpec { AckNumber = unchecked(Wire + 1), Options = Timestamps(7, 1160) });
        Assert.Equal(150u, got.TimestampEcho);
    }

    [Fact]
    public void The_wires_number_may_come_before_the_guests_syn()
    {
        var rewriter = new SequenceRewriter(live: false);
        var primary = new SequenceRewriter(live: true);
        byte[] syn = Tcp(SynAck with { Seq = Wire });
        RewriteResult told = primary.FromGuest(syn, 0);
        Assert.Equal((RewriteAction.Send, true, Wire, true, 100u), (told.Action, told.IsSyn, told.WireIsn, told.HasTimestamp, told.WireTimestamp));
        rewriter.LearnWireIsn(told.Flow, told.WireIsn, told.WireTimestamp, told.HasTimestamp, 0);
        Assert.Equal(Wire, WireSegment.Parse(Rewrite(rewriter, SynAck))!.Seq);
        // The next connection on the same ports: first told, then answered; the old one goes on meanwhile.
        rewriter.LearnWireIsn(told.Flow, 70_000, 0, false, 0);
        Assert.Equal(unchecked(Wire + 5), WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = Guest + 5 }))!.Seq);
        Assert.Equal(70_000u, WireSegment.Parse(Rewrite(rewriter, SynAck with { Seq = 3 }))!.Seq);
    }

    [Fact]
    public void A_connection_opened_by_the_guest_is_translated()
    {
        var rewriter = new SequenceRewriter(live: false);
        byte[] frame = Tcp(new TcpSpec { Seq = Guest, Flags = Syn });
        RewriteResult result = rewriter.FromGuest(frame, 0);
        Assert.Equal(RewriteAction.SendPending, result.Action);
        rewriter.LearnWireIsn(result.Flow, Wire, 0, false, 0);
        WireSegment answer = Inbound(rewriter, new TcpSpec { Seq = Client, AckNumber = unchecked(Wire + 1), Flags = Syn | Ack });
        Assert.Equal(Guest + 1, answer.Ack);
        Assert.Equal(unchecked(Wire + 1), WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = Guest + 1, AckNumber = Client + 1 }))!.Seq);
    }

    [Fact]
    public void Pending_lets_only_syn_and_rst_out_and_the_clients_acknowledgement_settles_it()
    {
        var rewriter = new SequenceRewriter(live: false);
        Rewrite(rewriter, SynAck, RewriteAction.SendPending);
        Rewrite(rewriter, new TcpSpec { Seq = Guest + 1, Payload = [1] }, RewriteAction.Withhold);
        Rewrite(rewriter, new TcpSpec { Seq = Guest + 1, Flags = Rst }, RewriteAction.SendPending);
        rewriter.BecomeLive(0);
        Assert.Equal(Guest + 1, Inbound(rewriter, new TcpSpec { Seq = Client + 1, AckNumber = 88_001 }).Ack);
        Assert.Equal(88_001u, WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = Guest + 1 }))!.Seq);
    }

    [Fact]
    public void After_a_takeover_timestamps_go_on_above_what_the_client_echoed()
    {
        SequenceRewriter rewriter = Opened();
        Rewrite(rewriter, new TcpSpec { Seq = Guest + 1, Options = Timestamps(150, 7) });
        Inbound(rewriter, new TcpSpec { AckNumber = unchecked(Wire + 1), Options = Timestamps(7, 1500) }, now: 1_000_000_000);
        rewriter.BecomeLive(1_200_000_000);
        byte[] replay = Tcp(new TcpSpec { Seq = unchecked(Wire + 1), Payload = [1], Options = Timestamps(1150, 7) });
        rewriter.PrepareReplay(replay);
        uint lifted = WireSegment.Parse(replay)!.TimestampValue!.Value;
        Assert.Equal(1500u + 200 + 1000, lifted);
        uint first = WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = Guest + 2, Options = Timestamps(151, 7) }))!.TimestampValue!.Value;
        Assert.True(first >= lifted);
        uint second = WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = Guest + 2, Options = Timestamps(251, 7) }))!.TimestampValue!.Value;
        Assert.Equal(first + 100, second);
        // The echo of it finds its way back.
        Assert.Equal(251u, Inbound(rewriter, new TcpSpec { AckNumber = unchecked(Wire + 2), Options = Timestamps(8, second) }).TimestampEcho);
        // A connection that is the same on both sides is lifted too.
        var plain = new SequenceRewriter(live: false);
        Inbound(plain, new TcpSpec { AckNumber = 1, Options = Timestamps(7, 90_000) });
        plain.BecomeLive(0);
        Assert.Equal(91_000u, WireSegment.Parse(Rewrite(plain, new TcpSpec { Seq = 1, Options = Timestamps(89_990, 7) }))!.TimestampValue);
    }

    /// <summary>The guest gets it late, or only after the takeover; the primary's clock went on all the same.</summary>
    [Fact]
    public void What_the_client_echoed_counts_from_when_it_arrived_and_for_the_first_time()
    {
        var rewriter = new SequenceRewriter(live: false);
        byte[] waits = Tcp(new TcpSpec { FromGuest = false, AckNumber = 1, Options = Timestamps(7, 90_000) });
        byte[] before = [.. waits];
        rewriter.NoteArrival(waits, 1_000_000_000);
        Assert.Equal(before, waits);
        // Again, and delivered at last: the same echo says nothing new.
        Inbound(rewriter, new TcpSpec { AckNumber = 1, Options = Timestamps(8, 90_000) }, now: 2_900_000_000);
        // A newer one that was never delivered.
        var second = new TcpSpec { FromGuest = false, AckNumber = 1, ClientPort = 9, Options = Timestamps(7, 70_000) };
        rewriter.NoteArrival(Tcp(second), 2_000_000_000);
        // Neither an answer to a SYN nor what is no TCP or too short has an echo.
        rewriter.NoteArrival(Tcp(second with { Flags = Syn | Ack, Options = Timestamps(7, 99_000) }), 2_000_000_000);
        rewriter.NoteArrival(waits.AsSpan(0, 20), 2_000_000_000);
        rewriter.BecomeLive(3_000_000_000, stallMs: 500);
        Assert.Equal(90_000u + 2000 + 1000 + 500, WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = 1, Options = Timestamps(89_990, 7) }))!.TimestampValue);
        Assert.Equal(70_000u + 1000 + 1000 + 500, WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = 1, ClientPort = 9, Options = Timestamps(69_990, 7) }))!.TimestampValue);
    }

    /// <summary>The SVM may have been behind, or was stopped for a checkpoint, when the client's SYN came.</summary>
    [Fact]
    public void A_guest_that_answers_a_syn_late_does_not_turn_the_wires_clock_back()
    {
        var rewriter = new SequenceRewriter(live: false);
        FlowKey key = new SequenceRewriter(live: true).FromGuest(Tcp(SynAck), 0).Flow;
        rewriter.LearnWireIsn(key, Wire, 3_356, true, 1_000_000_000);
        // 20 s later by both guests' clocks; the primary has repeated its SYN meanwhile, and nobody answered.
        WireSegment late = WireSegment.Parse(Rewrite(rewriter, SynAck with { Options = SynOptions(7, timestamp: 24_000) }, now: 21_000_000_000))!;
        Assert.Equal((Wire, 23_356u), (late.Seq, late.TimestampValue!.Value));
    }

    [Fact]
    public void A_syn_of_the_checkpoint_that_is_repeated_keeps_its_clock()
    {
        var rewriter = new SequenceRewriter(live: false);
        RewriteResult told = new SequenceRewriter(live: true).FromGuest(Tcp(SynAck), 0);
        // Both repeat it, the secondary before the primary's message came, and after it.
        foreach (bool first in new[] { true, false })
        {
            rewriter.Load(Save(new SequenceRewriter(live: true)));
            byte[] again = Tcp(SynAck with { Options = SynOptions(7, timestamp: 1_900) });
            if (first)
                Assert.Equal(RewriteAction.SendPending, rewriter.FromGuest(again, 0).Action);
            rewriter.LearnWireIsn(told.Flow, Guest, 1_850, true, 0);
            Assert.Equal(RewriteAction.Send, rewriter.FromGuest(again, 0).Action);
            Assert.Equal((Guest, 1_900u), (WireSegment.Parse(again)!.Seq, WireSegment.Parse(again)!.TimestampValue!.Value));
        }
    }

    /// <summary>The primary repeated its SYN before it died: nothing that nobody has acknowledged may follow with an older clock.</summary>
    [Fact]
    public void After_a_takeover_a_connection_that_nobody_has_answered_goes_on_above_its_syn()
    {
        const uint Above = 3_911 + 200 + 1000 + 500;
        RewriteResult told = new SequenceRewriter(live: true).FromGuest(Tcp(SynAck), 0);
        // Opened in this epoch: the frame that was kept, the guest's repetition, and then its data.
        SequenceRewriter rewriter = Opened();
        rewriter.LearnWireIsn(told.Flow, Wire, 3_911, true, 1_000_000_000);
        rewriter.BecomeLive(1_200_000_000, stallMs: 500);
        byte[] kept = Tcp(SynAck with { Seq = Wire, Options = SynOptions(7, timestamp: 1_100) });
        rewriter.PrepareReplay(kept);
        Assert.Equal(Above, WireSegment.Parse(kept)!.TimestampValue);
        WireSegment again = WireSegment.Parse(Rewrite(rewriter, SynAck with { Options = SynOptions(7, timestamp: 2_300) }))!;
        Assert.Equal((Wire, Above), (again.Seq, again.TimestampValue!.Value));

        // Opened before it, so that the guest's numbers are the wire's; its clock was stopped for longer than the primary's.
        rewriter = new SequenceRewriter(live: false);
        rewriter.LearnWireIsn(told.Flow, Guest, 3_911, true, 1_000_000_000);
        rewriter.Load(Save(new SequenceRewriter(live: true)));
        rewriter.BecomeLive(1_200_000_000, stallMs: 500);
        again = WireSegment.Parse(Rewrite(rewriter, SynAck with { Options = SynOptions(7, timestamp: 3_500) }))!;
        Assert.Equal((Guest, Above), (again.Seq, again.TimestampValue!.Value));
        WireSegment data = WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = Guest + 1, Options = Timestamps(3_600, 7) }))!;
        Assert.Equal((Guest + 1, Above + 100), (data.Seq, data.TimestampValue!.Value));
        Assert.Equal(3_600u, Inbound(rewriter, new TcpSpec { AckNumber = Guest + 1, Options = Timestamps(8, Above + 100) }).TimestampEcho);
    }

    /// <summary>A guest that was started again begins with a small clock; what an old connection echoed says nothing of it.</summary>
    [Fact]
    public void A_new_connection_on_the_same_ports_has_its_own_clock()
    {
        RewriteResult told = new SequenceRewriter(live: true).FromGuest(Tcp(SynAck), 0);
        SequenceRewriter rewriter = Opened();
        Inbound(rewriter, new TcpSpec { AckNumber = unchecked(Wire + 1), Options = Timestamps(7, 900_000) });
        rewriter.LearnWireIsn(told.Flow, 70_000, 40, true, 0);
        Assert.Equal(70_000u, WireSegment.Parse(Rewrite(rewriter, SynAck with { Seq = 3, Options = SynOptions(7, timestamp: 40) }))!.Seq);
        rewriter.BecomeLive(0);
        Assert.Equal(1_040u, WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = 4, Options = Timestamps(45, 7) }))!.TimestampValue);
    }

    [Fact]
    public void A_live_guest_opens_without_an_offset()
    {
        SequenceRewriter rewriter = Opened();
        byte[] without = Tcp(new TcpSpec { Seq = Guest, AckNumber = Client + 1, Flags = Syn | Ack, ClientPort = 9 });
        rewriter.LearnWireIsn(rewriter.FromGuest(without, 0).Flow, Wire, 0, false, 0);
        rewriter.BecomeLive(0);
        Assert.Equal(42u, WireSegment.Parse(Rewrite(rewriter, SynAck with { Seq = 42 }))!.Seq);
        Assert.Equal(43u, Inbound(rewriter, new TcpSpec { AckNumber = 43 }).Ack);
        Assert.Equal(42u, WireSegment.Parse(Rewrite(rewriter, SynAck with { Seq = 42, ClientPort = 9 }))!.Seq);
        Assert.Equal(43u, Inbound(rewriter, new TcpSpec { AckNumber = 43, ClientPort = 9 }).Ack);
        // Of one there is nothing left to translate, of the other its clock.
        Assert.Equal(1, rewriter.Count);
    }

    [Fact]
    public void Offsets_travel_with_the_checkpoint_and_replace_the_secondarys()
    {
        SequenceRewriter survivor = Opened();
        survivor.BecomeLive(0);
        var record = new byte[survivor.SaveSize];
        Assert.Equal(record.Length, survivor.Save(record));
        var secondary = new SequenceRewriter(live: false);
        Rewrite(secondary, SynAck with { ClientPort = 9 }, RewriteAction.SendPending);
        secondary.Load(record);
        Assert.Equal(1, secondary.Count);
        Assert.Equal(unchecked(Wire + 1), WireSegment.Parse(Rewrite(secondary, new TcpSpec { Seq = Guest + 1 }))!.Seq);
        Assert.Equal(5u, WireSegment.Parse(Rewrite(secondary, new TcpSpec { Seq = 5, ClientPort = 9 }))!.Seq);
        secondary.Load(Save(new SequenceRewriter(live: true)));
        Assert.Equal(Guest + 1, WireSegment.Parse(Rewrite(secondary, new TcpSpec { Seq = Guest + 1 }))!.Seq);
    }

    private static byte[] Save(SequenceRewriter rewriter)
    {
        var record = new byte[rewriter.SaveSize];
        rewriter.Save(record);
        return record;
    }

    [Fact]
    public void A_damaged_record_is_refused_and_changes_nothing()
    {
        byte[] record = Save(Opened());
        SequenceRewriter rewriter = Opened();
        for (int i = 0; i < record.Length; i++)
        {
            byte[] damaged = [.. record];
            damaged[i] ^= 0x40;
            Assert.Throws<InvalidDataException>(() => rewriter.Load(damaged));
            Assert.Throws<InvalidDataException>(() => rewriter.Load(record.AsSpan(0, i)));
        }
        Assert.Throws<InvalidDataException>(() => rewriter.Load([.. record, 0]));
        Assert.Throws<InvalidDataException>(() => new SequenceRewriter(false, 1).Load(Two()));
        Assert.Throws<ArgumentException>(() => rewriter.Save(new byte[5]));
        Assert.Equal(unchecked(Wire + 1), WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = Guest + 1 }))!.Seq);

        static byte[] Two()
        {
            SequenceRewriter two = Opened();
            byte[] syn = Tcp(SynAck with { ClientPort = 2 });
            two.LearnWireIsn(two.FromGuest(syn, 0).Flow, 1, 0, false, 0);
            return Save(two);
        }
    }

    [Fact]
    public void An_icmp_error_quotes_the_guests_number()
    {
        SequenceRewriter rewriter = Opened();
        byte[] quoted = Tcp(new TcpSpec { Seq = unchecked(Wire + 9), Payload = [1] })[26..];
        var icmp = new byte[8 + 28];
        icmp[0] = 3;
        icmp[1] = 4;
        quoted.AsSpan(0, 28).CopyTo(icmp.AsSpan(8));
        U16(icmp, 2, (ushort)~Fold(Sum(icmp)));
        byte[] frame = Ip(1, icmp, false, false, [], 0, [], [], 0);
        rewriter.ToGuest(frame, 0);
        Assert.Equal(Guest + 9, BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(26 + 20 + 8 + 24)));
        Assert.Equal(0xffff, Fold(Sum(frame.AsSpan(46))));
    }

    [Fact]
    public void A_full_table_keeps_translated_connections()
    {
        var rewriter = new SequenceRewriter(live: false, capacity: 2);
        byte[] syn = Tcp(SynAck);
        rewriter.LearnWireIsn(rewriter.FromGuest(syn, 0).Flow, Wire, 0, false, 0);
        for (ushort port = 1; port < 50; port++)
            Inbound(rewriter, new TcpSpec { ClientPort = port, AckNumber = 1, Options = Timestamps(1, 1) });
        Assert.Equal(2, rewriter.Count);
        Assert.Equal(unchecked(Wire + 1), WireSegment.Parse(Rewrite(rewriter, new TcpSpec { Seq = Guest + 1 }))!.Seq);
        syn = Tcp(SynAck with { ClientPort = 99 });
        rewriter.LearnWireIsn(rewriter.FromGuest(syn, 0).Flow, Wire, 0, false, 0);
        long before = rewriter.Refused;
        rewriter.FromGuest(Tcp(SynAck with { ClientPort = 100 }), 0);
        Assert.Equal(before + 1, rewriter.Refused);
    }
}
