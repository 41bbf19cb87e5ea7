using System.Buffers.Binary;

namespace Colo.Node;

/// <summary>
/// The addresses the guest speaks with on one NIC, learned from the frames that it sends, so that a survivor can tell the
/// network where they are now. The newest few of each family; one thread; no allocation per frame.
/// </summary>
internal sealed class GuestAddresses
{
    /// <summary>virtio_net_hdr_v1 before each frame.</summary>
    private const int NetHeader = 12;
    private const int Most = 8;
    private readonly uint[] _v4 = new uint[Most];
    private readonly UInt128[] _v6 = new UInt128[Most];
    private int _next4;
    private int _next6;

    /// <summary>IPv4 addresses, in host order; 0: none.</summary>
    internal ReadOnlySpan<uint> V4 => _v4;

    /// <summary>IPv6 addresses; 0: none.</summary>
    internal ReadOnlySpan<UInt128> V6 => _v6;

    /// <summary>Looks at a frame that the guest sends.</summary>
    internal void Observe(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < NetHeader + 14 + 20)
            return;
        var ethernet = frame[NetHeader..];
        var type = BinaryPrimitives.ReadUInt16BigEndian(ethernet[12..]);
        switch (type)
        {
            case 0x0800:
                Learn(BinaryPrimitives.ReadUInt32BigEndian(ethernet[(14 + 12)..]));
                break;
            case 0x0806 when ethernet.Length >= 14 + 28:
                Learn(BinaryPrimitives.ReadUInt32BigEndian(ethernet[(14 + 14)..]));
                break;
            case 0x86DD when ethernet.Length >= 14 + 40:
                Learn(BinaryPrimitives.ReadUInt128BigEndian(ethernet[(14 + 8)..]));
                break;
        }
    }

    private void Learn(uint address)
    {
        // Not 0.0.0.0 (DHCP), not multicast or above.
        if (address == 0 || address >> 28 >= 0xE || Array.IndexOf(_v4, address) >= 0)
            return;
        _v4[_next4] = address;
        _next4 = (_next4 + 1) % Most;
    }

    private void Learn(UInt128 address)
    {
        if (address == UInt128.Zero || address >> 120 == 0xFF || Array.IndexOf(_v6, address) >= 0)
            return;
        _v6[_next6] = address;
        _next6 = (_next6 + 1) % Most;
    }
}
