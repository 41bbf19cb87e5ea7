using System.Buffers.Binary;
using Colo.Devices.Net;

namespace Colo.Tests.Devices;

public sealed class FrameTests
{
    public static TheoryData<int, byte, byte, bool> Kinds => new()
    {
        { 4, 6, VirtioNetHeader.GsoTcp4, false },
        { 4, 6, VirtioNetHeader.GsoTcp4, true },
        { 6, 6, VirtioNetHeader.GsoTcp6, false },
        { 6, 6, VirtioNetHeader.GsoTcp6, true },
        { 4, 17, VirtioNetHeader.GsoUdpL4, false },
        { 6, 17, VirtioNetHeader.GsoUdpL4, true },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_partial_checksum_is_finished(int version, byte protocol, byte gso, bool vlan)
    {
        _ = gso;
        for (var payload = 0; payload < 70; payload++)
        {
            var frame = TestFrames.Build(version, protocol, payload, vlan: vlan);
            var header = VirtioNetHeader.Read(frame);
            Assert.True(header.Fits(frame.AsSpan(12)));
            InternetChecksum.Complete(frame.AsSpan(12), header.ChecksumStart, header.ChecksumOffset);
            TestFrames.AssertSound(frame.AsSpan(12));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Segments_are_sound_and_together_are_the_payload(int version, byte protocol, byte gso, bool vlan)
    {
        foreach (var (payload, size) in new[] { (1, 1448), (1448, 1448), (1449, 1448), (64_000, 1448), (5000, 999), (3000, 1) })
        {
            if (payload / size >= VirtioNetHeader.SegmentsMaximum)
                continue;
            // FIN, PSH, ACK, ECE, CWR.
            var frame = TestFrames.Build(version, protocol, payload, gso, (ushort)size, vlan, 0xD9);
            var header = VirtioNetHeader.Read(frame);
            Assert.True(header.Fits(frame.AsSpan(12)));
            var segmenter = new FrameSegmenter(frame.AsSpan(12), header);
            var buffer = new byte[segmenter.LongestSegment];
            var all = new List<byte>();
            for (var index = 0; segmenter.More; index++)
            {
                var segment = buffer.AsSpan(0, segmenter.Next(buffer));
                TestFrames.AssertSound(segment);
                Assert.True(FrameLayout.TryParse(segment, out var layout));
                if (version == 4)
                    Assert.Equal((ushort)(0xFFFE + index), BinaryPrimitives.ReadUInt16BigEndian(segment[(layout.NetworkOffset + 4)..]));
                if (protocol == 6)
                {
                    var t = segment[layout.TransportOffset..];
                    Assert.Equal(unchecked(0xFFFF_FF00 + (uint)all.Count), BinaryPrimitives.ReadUInt32BigEndian(t[4..]));
                    Assert.Equal(0x50 | (index == 0 ? 0x80 : 0) | (segmenter.More ? 0 : 9), t[13]);
                }

                Assert.True(segment.Length - layout.PayloadOffset <= size);
                all.AddRange(TestFrames.Payload(segment));
            }

            Assert.Equal(TestFrames.Payload(frame.AsSpan(12)).ToArray(), all.ToArray());
        }
    }

    [Fact]
    public void Headers_that_do_not_fit_their_frame_are_refused()
    {
        var frame = TestFrames.Build(4, 6, 100, VirtioNetHeader.GsoTcp4, 50);
        Assert.True(VirtioNetHeader.Read(frame).Fits(frame.AsSpan(12)));
        Assert.False(Changed((ref VirtioNetHeader h) => h.ChecksumStart = (ushort)(frame.Length - 12)));
        Assert.False(Changed((ref VirtioNetHeader h) => h.ChecksumOffset = 0xFFFF));
        Assert.False(Changed((ref VirtioNetHeader h) => h.ChecksumStart = 3));
        Assert.False(Changed((ref VirtioNetHeader h) => h.GsoSize = 0));
        Assert.False(Changed((ref VirtioNetHeader h) => h.HeaderLength = 0xFFFF));
        Assert.False(Changed((ref VirtioNetHeader h) => h.GsoType = VirtioNetHeader.GsoTcp6));
        Assert.False(Changed((ref VirtioNetHeader h) => h.GsoType = VirtioNetHeader.GsoUdpL4));
        Assert.False(Changed((ref VirtioNetHeader h) => h.GsoType = 3));
        Assert.False(Changed((ref VirtioNetHeader h) => h.GsoType = VirtioNetHeader.GsoEcn));

        bool Changed(Change change)
        {
            var header = VirtioNetHeader.Read(frame);
            change(ref header);
            return header.Fits(frame.AsSpan(12));
        }
    }

    [Fact]
    public void Random_frames_are_parsed_and_segmented_without_harm()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var segmented = 0;
        var buffer = new byte[70_000];
        for (var i = 0; i < 50_000; i++)
        {
            var frame = TestFrames.Build(
                random.Next(2) == 0 ? 4 : 6, random.Next(2) == 0 ? (byte)6 : (byte)17, random.Next(3000),
                (byte)random.Next(6), (ushort)random.Next(2000), random.Next(2) == 0);
            for (var changes = random.Next(4); changes > 0; changes--)
                frame[random.Next(random.Next(2) == 0 ? 100 : frame.Length) % frame.Length] = (byte)random.Next(256);
            var ethernet = frame.AsSpan(12, random.Next(4) == 0 ? random.Next(frame.Length - 12) : frame.Length - 12);
            var header = VirtioNetHeader.Read(frame);
            if (!header.Fits(ethernet))
                continue;
            try
            {
                if ((header.Flags & 1) != 0)
                    InternetChecksum.Complete(ethernet, header.ChecksumStart, header.ChecksumOffset);
                if (!header.IsLarge || !header.Fits(ethernet))
                    continue;
                var segmenter = new FrameSegmenter(ethernet, header);
                while (segmenter.More)
                    segmenter.Next(buffer.AsSpan(0, segmenter.LongestSegment));
                segmented++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, round {i}: {e}");
            }
        }

        Assert.True(segmented > 500, $"seed {seed}: {segmented}");
    }

    [Theory]
    [InlineData("eth0")]
    [InlineData("bridge:br0")]
    [InlineData("packet:")]
    [InlineData("packet:a/b")]
    [InlineData("tap:sixteen-letters-x")]
    public void A_backend_name_that_is_wrong_is_explained(string text)
    {
        var e = Assert.Throws<NetworkBackendException>(() => NetworkBackends.Open(text, TestFrames.Mac));
        Assert.Contains(text, e.Message, StringComparison.Ordinal);
    }

    private delegate void Change(ref VirtioNetHeader header);
}
