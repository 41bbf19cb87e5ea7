using System.Buffers.Binary;

namespace Colo.Devices.Net;

/// <summary>
/// The classic BPF program of a guest's packet socket (linux/filter.h): frames for the guest's MAC address, broadcast
/// and multicast; nothing that this host sends itself. It runs in the kernel, so the host's own traffic never reaches
/// this process.
/// </summary>
internal static class PacketFilter
{
    // SKF_AD_OFF + SKF_AD_PKTTYPE: the packet type, as an ancillary load.
    private const uint PacketType = unchecked((uint)-0x1000 + 4);
    private const uint PacketOutgoing = 4;
    private const ushort LoadByte = 0x30;
    private const ushort LoadHalf = 0x28;
    private const ushort LoadWord = 0x20;
    private const ushort JumpEqual = 0x15;
    private const ushort JumpSet = 0x45;
    private const ushort Return = 0x06;

    internal static NativeNet.FilterInstruction[] For(ReadOnlySpan<byte> mac) =>
    [
        new() { Code = LoadByte, Value = PacketType },
        new() { Code = JumpEqual, JumpTrue = 7, Value = PacketOutgoing },
        // The group bit: broadcast and multicast.
        new() { Code = LoadByte, Value = 0 },
        new() { Code = JumpSet, JumpTrue = 4, Value = 1 },
        new() { Code = LoadWord, Value = 0 },
        new() { Code = JumpEqual, JumpFalse = 3, Value = BinaryPrimitives.ReadUInt32BigEndian(mac) },
        new() { Code = LoadHalf, Value = 4 },
        new() { Code = JumpEqual, JumpFalse = 1, Value = BinaryPrimitives.ReadUInt16BigEndian(mac[4..]) },
        new() { Code = Return, Value = 0xFFFF_FFFF },
        new() { Code = Return, Value = 0 },
    ];
}
