using System.Buffers.Binary;
using System.Net;
using Colo.Linux;
using Colo.Monitor;
using Colo.Node;
using Colo.Proxy;
using Colo.State;

namespace Colo.Tests.Node;

public sealed class NodePartsTests
{
    private static readonly byte[] Mac = [2, 0, 0, 0xAA, 0xBB, 0xCC];

    [Fact]
    public void VoiceSpeaksAloneNeverSilentAndUntilItsLeaseEnds()
    {
        var voice = new Voice();
        Assert.False(voice.MaySpeak);
        voice.Alone();
        Assert.True(voice.MaySpeak);
        voice.Until(MonotonicClock.Now - 1);
        Assert.False(voice.MaySpeak);
        var end = MonotonicClock.Now + 20_000_000;
        voice.Until(end);
        while (voice.MaySpeak)
            Assert.True(MonotonicClock.Now < end + 1_000_000_000);
        Assert.True(MonotonicClock.Now >= end);
        voice.Silent();
        Assert.False(voice.MaySpeak);
    }

    [Fact]
    public void AddressesAreLearnedOnceFromWhatTheGuestSendsAndTheNewestStay()
    {
        var addresses = new GuestAddresses();
        addresses.Observe(new byte[20]);
        addresses.Observe(Ip4(0));
        addresses.Observe(Ip4(0xE0000001));
        addresses.Observe(Ip4(0xFFFFFFFF));
        Assert.All(addresses.V4.ToArray(), a => Assert.Equal(0u, a));
        for (uint n = 1; n <= 10; n++)
        {
            addresses.Observe(Ip4(0x0A000000 + n));
            addresses.Observe(Ip4(0x0A000000 + n));
        }

        Assert.Equal(Enumerable.Range(3, 8).Select(n => 0x0A000000u + (uint)n), addresses.V4.ToArray().Order());
        // An ARP packet and an IPv6 header that are cut off are not read beyond their end.
        for (var length = 0; length <= 12 + 14 + 40; length++)
        {
            var short6 = new byte[length];
            if (length > 25)
                BinaryPrimitives.WriteUInt16BigEndian(short6.AsSpan(24), length % 2 == 0 ? (ushort)0x86DD : (ushort)0x0806);
            addresses.Observe(short6);
        }
    }

    [Fact]
    public void AnnouncementsAreRarpThenArpThenNeighbourAdvertisements()
    {
        var addresses = new GuestAddresses();
        addresses.Observe(Ip4(0x0A4D0032));
        var six = new byte[12 + 14 + 40];
        BinaryPrimitives.WriteUInt16BigEndian(six.AsSpan(24), 0x86DD);
        var address = IPAddress.Parse("fd00::32").GetAddressBytes();
        address.CopyTo(six.AsSpan(12 + 14 + 8));
        addresses.Observe(six);
        var sent = new List<byte[]>();
        Announcement.Send(Mac, addresses, frame => sent.Add(frame[12..].ToArray()));
        Assert.Equal([0x8035, 0x0806, 0x86DD], sent.Select(f => (int)BinaryPrimitives.ReadUInt16BigEndian(f.AsSpan(12))));
        Assert.All(sent, f => Assert.True(f.AsSpan(6, 6).SequenceEqual(Mac) && f.Length >= 60));
        Assert.Equal([0x0A, 0x4D, 0, 0x32], sent[1][(14 + 14)..(14 + 18)]);
        Assert.Equal([0x0A, 0x4D, 0, 0x32], sent[1][(14 + 24)..(14 + 28)]);
        // RFC 4861: the checksum over pseudo header and message is right, the hop limit 255, override set.
        var ip = sent[2].AsSpan(14);
        uint sum = 32 + 58;
        for (var i = 8; i < ip.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(ip[i..]);
        while (sum >> 16 != 0)
            sum = (sum & 0xFFFF) + (sum >> 16);
        Assert.Equal(0xFFFFu, sum);
        Assert.Equal((255, 136, 0x20), (ip[7], ip[40], ip[44]));
        Assert.True(ip.Slice(48, 16).SequenceEqual(address));
    }

    [Fact]
    public void PacketHeadsAreReadAsWrittenAndCheckTheNic()
    {
        var bytes = new byte[PacketHead.Size];
        PacketHead.Write(bytes, 0x1122334455667788, 3, 9);
        Assert.True(PacketHead.TryRead(bytes, 4, out var epoch, out var nic, out var flags));
        Assert.Equal((0x1122334455667788ul, 3, (byte)9), (epoch, nic, flags));
        Assert.False(PacketHead.TryRead(bytes, 3, out _, out _, out _));
        Assert.False(PacketHead.TryRead(bytes.AsSpan(0, PacketHead.Size - 1), 4, out _, out _, out _));
    }

    [Fact]
    public void WrongInitialNumbersAreRefused()
    {
        var rewriter = new SequenceRewriter(live: false);
        for (var length = 0; length < 100; length++)
        {
            if (length != FlowKey.Size + 9)
                Assert.Throws<FormatException>(() => WireIsn.Apply(rewriter, new byte[length]));
        }
    }

    [Fact]
    public void OffersAreReadAsWrittenAndDifferencesNameTheSetting()
    {
        var offer = new PairOffer(512 << 20, 2, ["02:00:00:00:00:01"], ["disk0 10M"], "host, abc", TimeSpan.FromMilliseconds(500), 2_600_000, TakesTscRates: false);
        var read = ReadOffer(Written(offer));
        Assert.Null(offer.Differs(read));
        Assert.Contains("[vm] memory", offer.Differs(offer with { MemorySize = 1 << 30 }), StringComparison.Ordinal);
        Assert.Contains("[vm] cpus", offer.Differs(offer with { Cpus = 3 }), StringComparison.Ordinal);
        Assert.Contains("NICs", offer.Differs(offer with { Macs = [] }), StringComparison.Ordinal);
        Assert.Contains("disks", offer.Differs(offer with { Disks = ["disk0 20M"] }), StringComparison.Ordinal);
        Assert.Contains("[vm] cpu", offer.Differs(offer with { Cpu = "x" }), StringComparison.Ordinal);
        // As Linux measures it at two boots; a rate that is another; one that the secondary's processor scales to.
        Assert.Null(offer.Differs(offer with { TscKhz = 2_600_007 }));
        Assert.Contains("3000000 kHz there", offer.Differs(offer with { TscKhz = 3_000_000 }), StringComparison.Ordinal);
        Assert.Null(offer.Differs(offer with { TscKhz = 3_000_000, TakesTscRates = true }));
        Assert.Contains("upgrade", offer.Differs(offer with { TscKhz = 0 }), StringComparison.Ordinal);
        Assert.Contains("[failover] timeout differs: 500ms here, 400.5ms there", offer.Differs(offer with { Timeout = TimeSpan.FromMilliseconds(400.5) }), StringComparison.Ordinal);
        var whole = Written(offer);
        for (var length = 0; length < whole.Length; length++)
            Assert.Throws<StateFormatException>(() => ReadOffer(whole.AsSpan(0, length)));
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var n = 0; n < 5000; n++)
        {
            var bytes = (byte[])whole.Clone();
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var error = Record.Exception(() => ReadOffer(bytes));
            Assert.True(error is null or StateFormatException, $"seed {seed}: {error}");
        }
    }

    private static PairOffer ReadOffer(ReadOnlySpan<byte> bytes)
    {
        var reader = new StateReader(bytes, "offer");
        var offer = PairOffer.Read(ref reader);
        reader.Finish();
        return offer;
    }

    [Fact]
    public void FiguresKeepTheLastThousandAndLeaveTheSyncOut()
    {
        var figures = new CheckpointFigures();
        Assert.Equal(default, figures.PauseUs.Read());
        figures.Add(CheckpointReason.Sync, 1_000_000_000, 1_000_000_000, 1_000_000);
        Assert.Equal(default, figures.PauseUs.Read());
        for (var n = 1; n <= 1500; n++)
            figures.Add(CheckpointReason.Interval, n * 1000, 2 * n * 1000, n);
        Assert.Equal(new Percentiles(1500, 1000, 1490, 1500), figures.PauseUs.Read());
        Assert.Equal(new Percentiles(3000, 2000, 2980, 3000), figures.CommitUs.Read());
        Assert.Equal(new Percentiles(1500, 1000, 1490, 1500), figures.Pages.Read());
        Assert.Equal((1501L, 1L, 1500L, 0L), (figures.Count, figures.ByReason(CheckpointReason.Sync), figures.ByReason(CheckpointReason.Interval), figures.ByReason(CheckpointReason.Planned)));
    }

    private static byte[] Written(PairOffer offer)
    {
        var writer = new StateWriter();
        offer.Write(writer);
        return writer.Written.ToArray();
    }

    private static byte[] Ip4(uint source)
    {
        var frame = new byte[12 + 14 + 20];
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(24), 0x0800);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(12 + 14 + 12), source);
        return frame;
    }
}
