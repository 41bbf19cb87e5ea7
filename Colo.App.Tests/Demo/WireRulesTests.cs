using Colo.Demo;
using Colo.Tests.Support;

namespace Colo.Tests.Demo;

/// <summary>Each rule is broken once, and each legal case that looks like a breach is let through.</summary>
public sealed class WireRulesTests
{
    private const long Ms = 1_000_000;
    private readonly WireRules _rules = new(FrameBuilder.Guest, FrameBuilder.GuestMac, SwitchPort.A);
    private long _now = 1_000_000 * Ms;

    [Fact]
    public void A_connection_in_order_is_clean()
    {
        Connect();
        for (uint i = 0; i < 100; i++)
            Guest(101 + (i * 4), [1, 2, 3, (byte)i]);
        Assert.Empty(_rules.Violations);
        Assert.Equal(101, _rules.GuestFrames);
    }

    [Fact]
    public void A_doubled_segment_is_found_and_a_retransmission_is_not()
    {
        Connect();
        Guest(101, [1, 2, 3]);
        Guest(101, [1, 2, 3]);
        Assert.Equal("doubled", Assert.Single(_rules.Violations).Rule);
        _now += 200 * Ms;
        Guest(101, [1, 2, 3]);
        Assert.Single(_rules.Violations);
        Assert.Equal(1, _rules.Retransmissions);
    }

    [Fact]
    public void Three_duplicate_acknowledgements_allow_a_fast_retransmission()
    {
        Connect();
        Guest(101, [1, 2, 3]);
        for (var i = 0; i < 4; i++)
            Client(51, 101, []);
        Guest(101, [1, 2, 3]);
        Assert.Empty(_rules.Violations);
        Assert.Equal(1, _rules.Retransmissions);
    }

    [Fact]
    public void Pure_acknowledgements_may_come_again()
    {
        Connect();
        Guest(101, []);
        Guest(101, []);
        Assert.Empty(_rules.Violations);
    }

    [Fact]
    public void A_takeover_that_was_withdrawn_may_come_no_more()
    {
        _rules.AnnounceTakeover(SwitchPort.B, _now);
        _rules.WithdrawTakeover(_now);
        Speak(SwitchPort.B);
        Assert.Equal("voice", Assert.Single(_rules.Violations).Rule);
    }

    [Fact]
    public void A_takeover_that_is_permitted_doubles_nothing_until_it_comes()
    {
        _rules.PermitTakeover(SwitchPort.B);
        Udp([1]);
        Udp([1]);
        Assert.Equal("doubled", Assert.Single(_rules.Violations).Rule);
        Speak(SwitchPort.B);
        Udp([1], SwitchPort.B);
        Assert.Single(_rules.Violations);
        Assert.Equal(1, _rules.TakeoverRepeats);
    }

    [Fact]
    public void One_frame_of_a_node_that_froze_may_come_late_and_no_second()
    {
        Speak(SwitchPort.A);
        _rules.AnnounceTakeover(SwitchPort.B, _now, lateFrames: 1);
        Speak(SwitchPort.B);
        Speak(SwitchPort.A);
        Assert.Empty(_rules.Violations);
        Assert.Equal(1, _rules.LateFrames);
        Speak(SwitchPort.A);
        Assert.Equal("voice", Assert.Single(_rules.Violations).Rule);
    }

    [Fact]
    public void A_guest_that_boots_anew_speaks_from_either_port_and_then_from_no_other()
    {
        Connect();
        Guest(101, [1, 2, 3]);
        _rules.AnnounceBoot();
        Speak(SwitchPort.B);
        // The same numbers carry other bytes now.
        Connect(SwitchPort.B);
        Guest(101, [4, 5, 6], SwitchPort.B);
        Assert.Empty(_rules.Violations);
        Speak(SwitchPort.A);
        Assert.Equal("voice", Assert.Single(_rules.Violations).Rule);
    }

    [Fact]
    public void Other_bytes_at_the_same_place_are_found_even_across_a_takeover()
    {
        Connect();
        Guest(101, [1, 2, 3]);
        _rules.AnnounceTakeover(SwitchPort.B, _now);
        Guest(101, [1, 2, 4], SwitchPort.B);
        Assert.Equal("content", Assert.Single(_rules.Violations).Rule);
    }

    [Fact]
    public void Repeats_are_allowed_across_a_takeover_and_not_afterwards()
    {
        Connect();
        Guest(101, [1, 2, 3]);
        Udp([9, 9]);
        _rules.AnnounceTakeover(SwitchPort.B, _now);
        Guest(101, [1, 2, 3], SwitchPort.B);
        Udp([9, 9], SwitchPort.B);
        Assert.Empty(_rules.Violations);
        Assert.Equal(2, _rules.TakeoverRepeats);
        _now += 3_000 * Ms;
        Udp([9, 9], SwitchPort.B);
        Assert.Equal("doubled", Assert.Single(_rules.Violations).Rule);
    }

    [Fact]
    public void A_takeover_repeats_no_datagram_that_was_answered_long_before()
    {
        Udp([1, 1]);
        _now += 2_500 * Ms;
        Udp([2, 2]);
        _now += 600 * Ms;
        _rules.AnnounceTakeover(SwitchPort.B, _now);
        // That it takes long makes nothing older.
        _now += 20_000 * Ms;
        Udp([2, 2], SwitchPort.B);
        Assert.Empty(_rules.Violations);
        Udp([1, 1], SwitchPort.B);
        Assert.Equal("stale", Assert.Single(_rules.Violations).Rule);
        Assert.Contains("3100 ms before the takeover", _rules.Violations[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_doubled_datagram_is_found()
    {
        Udp([1, 2]);
        Udp([1, 3]);
        Assert.Empty(_rules.Violations);
        Udp([1, 2]);
        Assert.Equal("doubled", Assert.Single(_rules.Violations).Rule);
    }

    [Fact]
    public void The_second_node_has_no_voice_before_the_takeover_nor_the_first_after()
    {
        Udp([1], SwitchPort.B);
        Assert.Equal("voice", Assert.Single(_rules.Violations).Rule);
        _rules.AnnounceTakeover(SwitchPort.B, _now);
        Udp([2]);
        Udp([3], SwitchPort.B);
        Assert.Single(_rules.Violations);
        Assert.Single(_rules.FirstFrames);
        Udp([4]);
        Assert.Equal(2, _rules.ViolationCount);
    }

    [Fact]
    public void A_second_MAC_is_found_also_in_ARP()
    {
        Send(SwitchPort.A, FrameBuilder.Arp(FrameBuilder.GuestMac, FrameBuilder.Guest));
        Assert.Empty(_rules.Violations);
        Send(SwitchPort.A, FrameBuilder.Arp(0x020000000099, FrameBuilder.Guest));
        Assert.Equal("mac", Assert.Single(_rules.Violations).Rule);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    public void A_wrong_checksum_is_found_unless_marked_partial(int at)
    {
        var frame = FrameBuilder.Udp(fromGuest: true, [1, 2, 3, 4]);
        frame[at] ^= 1;
        _rules.Check(SwitchPort.A, frame, partial: false, _now);
        Assert.Equal("checksum", Assert.Single(_rules.Violations).Rule);
        frame = FrameBuilder.Udp(fromGuest: true, [1, 2, 3, 5]);
        frame[40] ^= 1;
        _rules.Check(SwitchPort.A, frame, partial: true, _now);
        Assert.Single(_rules.Violations);
    }

    [Fact]
    public void An_acknowledgement_of_what_was_never_sent_is_found()
    {
        Connect();
        Client(51, 101, [1, 2, 3]);
        Send(SwitchPort.A, FrameBuilder.Tcp(true, 4000, 101, 54, 16, []));
        Assert.Empty(_rules.Violations);
        Send(SwitchPort.A, FrameBuilder.Tcp(true, 4000, 101, 55, 16, []));
        Assert.Equal("content", Assert.Single(_rules.Violations).Rule);
    }

    [Fact]
    public void A_timestamp_that_goes_back_is_found()
    {
        Send(SwitchPort.A, FrameBuilder.Tcp(true, 4000, 1, 1, 16, [1], timestamp: 0xFFFFFFFE));
        Send(SwitchPort.A, FrameBuilder.Tcp(true, 4000, 2, 1, 16, [1], timestamp: 3));
        Assert.Empty(_rules.Violations);
        Send(SwitchPort.A, FrameBuilder.Tcp(true, 4000, 3, 1, 16, [1], timestamp: 2));
        Assert.Equal("clock", Assert.Single(_rules.Violations).Rule);
    }

    [Fact]
    public void Cut_and_random_frames_do_no_harm()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 50_000; i++)
        {
            var frame = i % 2 == 0 ? FrameBuilder.Tcp(true, 4000, 1, 1, 16, [1, 2, 3], timestamp: 1) : FrameBuilder.Udp(true, [1, 2, 3]);
            for (var flips = random.Next(4); flips > 0; flips--)
                frame[random.Next(12, frame.Length)] = (byte)random.Next(256);
            var cut = frame[..random.Next(frame.Length + 1)];
            var error = Record.Exception(() => _rules.Check((SwitchPort)random.Next(3), cut, random.Next(2) == 0, i));
            Assert.True(error is null, $"seed {seed}, round {i}: {error}");
        }
    }

    private void Speak(SwitchPort port) => Send(port, FrameBuilder.Arp(FrameBuilder.GuestMac, FrameBuilder.Guest));

    private void Connect(SwitchPort port = SwitchPort.A)
    {
        Send(SwitchPort.Client, FrameBuilder.Tcp(false, 4000, 50, 0, 2, []));
        Send(port, FrameBuilder.Tcp(true, 4000, 100, 51, 18, []));
        Client(51, 101, []);
    }

    private void Client(uint seq, uint ack, byte[] data) => Send(SwitchPort.Client, FrameBuilder.Tcp(false, 4000, seq, ack, 16, data));

    private void Guest(uint seq, byte[] data, SwitchPort port = SwitchPort.A) => Send(port, FrameBuilder.Tcp(true, 4000, seq, 51, 16, data));

    private void Udp(byte[] data, SwitchPort port = SwitchPort.A) => Send(port, FrameBuilder.Udp(true, data));

    private void Send(SwitchPort port, byte[] frame)
    {
        _now += Ms / 10;
        _rules.Check(port, frame, partial: false, _now);
    }
}
