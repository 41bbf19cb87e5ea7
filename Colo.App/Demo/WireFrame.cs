using System.Buffers.Binary;
using System.Globalization;

namespace Colo.Demo;

/// <summary>A port of the switch.</summary>
public enum SwitchPort
{
    /// <summary>Host a.</summary>
    A,

    /// <summary>Host b.</summary>
    B,

    /// <summary>The client.</summary>
    Client,
}

/// <summary>One thing that must not be on the wire.</summary>
/// <param name="TimeNs">When, in nanoseconds of CLOCK_REALTIME.</param>
/// <param name="Rule">Which rule: mac, checksum, voice, doubled, content, clock, capture.</param>
/// <param name="Detail">What was wrong, with a digest of the frame.</param>
public sealed record WireViolation(long TimeNs, string Rule, string Detail)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{DateTime.UnixEpoch.AddTicks(TimeNs / 100):HH:mm:ss.ffffff} {Rule}: {Detail}");
}

/// <summary>The fields of one Ethernet frame that the rules are about. Nothing in it is trusted: short frames have none.</summary>
internal readonly ref struct WireFrame
{
    internal WireFrame(ReadOnlySpan<byte> frame)
    {
        Frame = frame;
        if (frame.Length < 14)
            return;
        SourceMac = Mac(frame[6..]);
        EtherType = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        var rest = frame[14..];
        if (EtherType is 0x0806 or 0x8035 && rest.Length >= 28)
        {
            SourceIp = BinaryPrimitives.ReadUInt32BigEndian(rest[14..]);
            SenderMac = Mac(rest[8..]);
            return;
        }

        if (EtherType != 0x0800 || rest.Length < 20 || rest[0] >> 4 != 4)
            return;
        var headerLength = (rest[0] & 15) * 4;
        var total = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        if (headerLength < 20 || total < headerLength || total > rest.Length)
            return;
        IsIpv4 = true;
        Packet = rest[..total];
        IpHeader = rest[..headerLength];
        Payload = Packet[headerLength..];
        SourceIp = BinaryPrimitives.ReadUInt32BigEndian(rest[12..]);
        DestinationIp = BinaryPrimitives.ReadUInt32BigEndian(rest[16..]);
        Protocol = rest[9];
        IsFragment = (BinaryPrimitives.ReadUInt16BigEndian(rest[6..]) & 0x3FFF) != 0;
        if (Protocol is 6 or 17 && !IsFragment && Payload.Length >= 8)
            Ports = BinaryPrimitives.ReadUInt32BigEndian(Payload);
        if (Protocol == 6 && !IsFragment && Payload.Length >= 20 && (Payload[12] >> 4) * 4 is >= 20 and var offset && offset <= Payload.Length)
        {
            IsTcp = true;
            Sequence = BinaryPrimitives.ReadUInt32BigEndian(Payload[4..]);
            Acknowledgement = BinaryPrimitives.ReadUInt32BigEndian(Payload[8..]);
            Flags = (byte)(Payload[13] & 0x3F);
            Options = Payload[20..offset];
            Data = Payload[offset..];
        }
    }

    internal ReadOnlySpan<byte> Frame { get; }

    internal ulong SourceMac { get; }

    /// <summary>The MAC inside an ARP or RARP message.</summary>
    internal ulong SenderMac { get; }

    internal ushort EtherType { get; }

    internal uint SourceIp { get; }

    internal uint DestinationIp { get; }

    internal bool IsIpv4 { get; }

    internal bool IsFragment { get; }

    internal byte Protocol { get; }

    /// <summary>Without the padding that short frames have.</summary>
    internal ReadOnlySpan<byte> Packet { get; }

    internal ReadOnlySpan<byte> IpHeader { get; }

    internal ReadOnlySpan<byte> Payload { get; }

    /// <summary>Source port in the upper half, destination port in the lower.</summary>
    internal uint Ports { get; }

    internal bool IsTcp { get; }

    internal uint Sequence { get; }

    internal uint Acknowledgement { get; }

    /// <summary>FIN 1, SYN 2, RST 4, PSH 8, ACK 16.</summary>
    internal byte Flags { get; }

    internal ReadOnlySpan<byte> Options { get; }

    internal ReadOnlySpan<byte> Data { get; }

    /// <summary>The sender's timestamp (RFC 7323), when the segment has one.</summary>
    internal uint? Timestamp
    {
        get
        {
            var left = Options;
            while (!left.IsEmpty && left[0] != 0)
            {
                if (left[0] == 1)
                {
                    left = left[1..];
                    continue;
                }

                if (left.Length < 2 || left[1] < 2 || left[1] > left.Length)
                    return null;
                if (left[0] == 8 && left[1] == 10)
                    return BinaryPrimitives.ReadUInt32BigEndian(left[2..]);
                left = left[left[1]..];
            }

            return null;
        }
    }

    internal static ulong Mac(ReadOnlySpan<byte> bytes) =>
        ((ulong)BinaryPrimitives.ReadUInt32BigEndian(bytes) << 16) | BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);

    /// <summary>One line that tells what the frame is.</summary>
    internal string Digest()
    {
        var hash = Hash(Frame);
        if (IsTcp)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"TCP {Ip(SourceIp)}:{Ports >> 16} > {Ip(DestinationIp)}:{Ports & 0xFFFF} seq {Sequence} ack {Acknowledgement} flags {Flags:x2} len {Data.Length} id {BinaryPrimitives.ReadUInt16BigEndian(IpHeader[4..])} #{hash:x16}");
        }

        if (IsIpv4)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"IP protocol {Protocol} {Ip(SourceIp)}:{Ports >> 16} > {Ip(DestinationIp)}:{Ports & 0xFFFF} len {Payload.Length} {Convert.ToHexString(Payload[..Math.Min(24, Payload.Length)])} #{hash:x16}");
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"type {EtherType:x4} from {SourceMac:x12} len {Frame.Length} {Convert.ToHexString(Frame[..Math.Min(42, Frame.Length)])} #{hash:x16}");
    }

    internal static ulong Hash(ReadOnlySpan<byte> data)
    {
        // FNV-1a: equal in every run, so that a digest can be looked for in another capture.
        var hash = 14695981039346656037UL;
        foreach (var b in data)
            hash = (hash ^ b) * 1099511628211UL;
        return hash;
    }

    internal static string Ip(uint address) => string.Create(CultureInfo.InvariantCulture,
        $"{address >> 24}.{(address >> 16) & 255}.{(address >> 8) & 255}.{address & 255}");
}
