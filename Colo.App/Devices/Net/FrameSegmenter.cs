using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Colo.Devices.Net;

/// <summary>
/// Cuts a large TCP or UDP frame into frames as they go on a wire, with all checksums: what a NIC's segmentation
/// offload does. For guests that do not take large frames.
/// </summary>
public ref struct FrameSegmenter
{
    private readonly ReadOnlySpan<byte> _frame;
    private readonly FrameLayout _layout;
    private readonly int _size;
    private int _at;
    private int _index;

    /// <summary>Begins with a frame whose header <see cref="VirtioNetHeader.Fits"/>.</summary>
    /// <param name="ethernet">The frame behind the virtio header.</param>
    /// <param name="header">Its header, with a segmentation type.</param>
    public FrameSegmenter(ReadOnlySpan<byte> ethernet, in VirtioNetHeader header)
    {
        if (!FrameLayout.TryParse(ethernet, out _layout))
            throw new ArgumentException("not a TCP or UDP frame", nameof(ethernet));
        _frame = ethernet;
        _size = header.GsoSize;
        _at = _layout.PayloadOffset;
    }

    /// <summary>Bytes of the longest segment, headers included.</summary>
    public readonly int LongestSegment => Math.Min(_frame.Length, _layout.PayloadOffset + _size);

    /// <summary>Whether there is another segment.</summary>
    public readonly bool More => _at < _frame.Length;

    /// <summary>Writes the next segment.</summary>
    /// <param name="segment">At least <see cref="LongestSegment"/> bytes.</param>
    /// <returns>The segment's length in bytes.</returns>
    public int Next(Span<byte> segment)
    {
        var headers = _layout.PayloadOffset;
        var part = Math.Min(_size, _frame.Length - _at);
        var length = headers + part;
        segment = segment[..length];
        _frame[..headers].CopyTo(segment);
        _frame.Slice(_at, part).CopyTo(segment[headers..]);

        var network = segment[_layout.NetworkOffset..];
        if (_layout.Version == 4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(network[2..], (ushort)network.Length);
            var id = BinaryPrimitives.ReadUInt16BigEndian(network[4..]);
            BinaryPrimitives.WriteUInt16BigEndian(network[4..], (ushort)(id + _index));
            network[10] = network[11] = 0;
            MemoryMarshal.Write(network[10..], InternetChecksum.Fold(
                InternetChecksum.Add(0, network[..(_layout.TransportOffset - _layout.NetworkOffset)])));
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(network[4..], (ushort)(network.Length - 40));
        }

        var transport = segment[_layout.TransportOffset..];
        int checksumAt;
        if (_layout.Protocol == FrameLayout.Tcp)
        {
            var sequence = BinaryPrimitives.ReadUInt32BigEndian(transport[4..]);
            BinaryPrimitives.WriteUInt32BigEndian(transport[4..], sequence + (uint)(_at - headers));
            // FIN and PSH belong to the last byte, CWR to the first segment (RFC 3168, 6.1.2).
            if (_at + part < _frame.Length)
                transport[13] &= unchecked((byte)~0x09);
            if (_index != 0)
                transport[13] &= 0x7F;
            checksumAt = 16;
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(transport[4..], (ushort)transport.Length);
            checksumAt = 6;
        }

        transport[checksumAt] = transport[checksumAt + 1] = 0;
        var sum = InternetChecksum.PseudoHeader(segment, _layout, transport.Length);
        var checksum = InternetChecksum.Fold(InternetChecksum.Add(sum, transport));
        MemoryMarshal.Write(transport[checksumAt..], checksum == 0 ? (ushort)0xFFFF : checksum);
        _at += part;
        _index++;
        return length;
    }
}
