using System.Buffers.Binary;

namespace Colo.Proxy;

/// <summary>
/// Offsets and constants of <c>struct virtio_net_hdr_v1</c> (VIRTIO 1.2, 5.1.6; linux/virtio_net.h), which precedes
/// every frame: 12 bytes, little endian.
/// </summary>
internal static class VirtioNetHeader
{
    public const int Size = 12;
    public const int Flags = 0;
    public const int GsoType = 1;
    public const int HeaderLength = 2;
    public const int GsoSize = 4;
    public const int ChecksumStart = 6;
    public const int ChecksumOffset = 8;

    public const byte NeedsChecksum = 1;

    public const byte GsoNone = 0;
    public const byte GsoTcp4 = 1;
    public const byte GsoTcp6 = 4;
    public const byte GsoEcn = 0x80;

    public static ushort U16(ReadOnlySpan<byte> frame, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(frame[offset..]);

    public static void SetU16(Span<byte> frame, int offset, ushort value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(frame[offset..], value);
}
