using Colo.Proxy;
using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Tests.Proxy;

public sealed class DatagramTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Datagrams_match_in_order_whatever_their_identification(bool v6)
    {
        using var h = new ComparerHarness();
        h.P(Udp([1], ipId: 1, v6: v6));
        h.P(Udp([2], ipId: 2, v6: v6));
        h.S(Udp([1], ipId: 77, v6: v6));
        Assert.Single(h.Released);
        h.S(Udp([2], ipId: 78, v6: v6));
        h.S(Udp([3], ipId: 79, v6: v6));
        h.P(Udp([3], ipId: 3, v6: v6));
        Assert.Equal([Udp([1], ipId: 1, v6: v6), Udp([2], ipId: 2, v6: v6), Udp([3], ipId: 3, v6: v6)], h.Released);
        Assert.Equal(0, h.Comparer.RentedBuffers);
        Assert.Equal(3ul, h.Comparer.ConfirmedIndex);
    }

    public static TheoryData<string> Changes => ["payload", "longer", "ttl", "tos", "order"];

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_difference_holds_the_flow(string what)
    {
        using var h = new ComparerHarness();
        byte[] other = what == "longer" ? Udp([1, 2, 3, 4]) : what == "payload" ? Udp([1, 2, 4]) : what == "order" ? Udp([9]) : Udp([1, 2, 3]);
        if (what == "ttl")
            other[26 + 8]--;
        if (what == "tos")
            other[26 + 1] = 4;
        h.P(Udp([1, 2, 3]));
        h.P(Udp([9]));
        h.S(other);
        h.S(Udp([9]));
        Assert.Empty(h.Released);
        Assert.Equal([CheckpointReason.Divergence], h.Requests);
        Assert.Equal(0ul, h.Comparer.ConfirmedIndex);
        h.Checkpoint();
        Assert.Equal(2, h.Released.Count);
        Assert.Equal(0, h.Comparer.RentedBuffers);
    }

    [Fact]
    public void A_partial_checksum_equals_a_complete_one()
    {
        using var h = new ComparerHarness();
        byte[] partial = Udp([1, 2, 3]);
        partial[0] = 1;
        partial[6] = 34;
        partial[8] = 6;
        partial[26 + 20 + 6] ^= 0x55;
        h.P(partial);
        h.S(Udp([1, 2, 3]));
        Assert.Equal(partial, Assert.Single(h.Released));
    }

    [Fact]
    public void Icmp_arp_and_unknown_frames_are_compared()
    {
        using var h = new ComparerHarness();
        byte[] unknown = new byte[12 + 14 + 3];
        unknown[24] = 0x12;
        foreach (byte[] frame in new[] { IcmpEcho(1, 1, [1, 2]), Arp(4), unknown })
        {
            int before = h.Released.Count;
            h.P(frame);
            Assert.Equal(before, h.Released.Count);
            h.S(frame);
            Assert.Equal(before + 1, h.Released.Count);
        }
        // Two echo conversations do not hold each other up.
        h.P(IcmpEcho(5, 1, [1]));
        h.S(IcmpEcho(6, 1, [1]));
        h.P(IcmpEcho(6, 1, [1]));
        Assert.Equal(4, h.Released.Count);
        h.P(Arp(9));
        h.S(Arp(8));
        Assert.Equal([CheckpointReason.Divergence], h.Requests);
    }

    [Fact]
    public void Vlans_are_flows_of_their_own()
    {
        using var h = new ComparerHarness();
        h.P(Udp([1], vlans: [5]));
        h.S(Udp([1], vlans: [6]));
        h.S(Udp([1]));
        h.S(Udp([1], vlans: [9, 5]));
        Assert.Empty(h.Released);
        h.S(Udp([1], vlans: [5]));
        Assert.Single(h.Released);
        h.P(Udp([1], vlans: [9, 5]));
        Assert.Equal(2, h.Released.Count);
    }

    [Fact]
    public void Fragments_are_compared_and_never_pass()
    {
        using var h = new ComparerHarness();
        byte[] first = Stream(16), second = Stream(8);
        h.P(Fragment(first, 0, true, 1));
        h.P(Fragment(second, 16, false, 1));
        Assert.Empty(h.Released);
        h.S(Fragment(first, 0, true, 50));
        h.S(Fragment(second, 16, false, 50));
        Assert.Equal(2, h.Released.Count);
        // The same bytes, but the secondary's end belongs to another datagram.
        h.P(Fragment(first, 0, true, 2));
        h.P(Fragment(second, 16, false, 2));
        h.S(Fragment(first, 0, true, 51));
        h.S(Fragment(second, 16, false, 52));
        Assert.Equal(3, h.Released.Count);
        Assert.Equal([CheckpointReason.Divergence], h.Requests);

        static byte[] Stream(int n) => ComparerHarness.Stream(0, n);
    }

    [Fact]
    public void Padding_is_not_released()
    {
        using var h = new ComparerHarness();
        byte[] padded = [.. Udp([1]), 0xde, 0xad];
        h.P(padded);
        h.S(Udp([1]));
        Assert.Equal(Udp([1]), Assert.Single(h.Released));
    }

    [Fact]
    public void A_header_that_contradicts_the_frame_makes_it_opaque()
    {
        using var h = new ComparerHarness();
        h.Open();
        byte[] frame = Tcp(ComparerHarness.Seg(0, 100) with { GsoSize = 10 });
        frame[4] = frame[5] = 0;
        h.P(frame);
        h.S(ComparerHarness.Seg(0, 100));
        Assert.Empty(h.Released);
        h.S(frame);
        Assert.Equal(frame, Assert.Single(h.Released));
    }
}
