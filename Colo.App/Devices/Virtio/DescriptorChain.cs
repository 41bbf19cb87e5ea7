using Colo.Memory;

namespace Colo.Devices.Virtio;

/// <summary>A piece of guest RAM that a descriptor names, checked to lie wholly in RAM.</summary>
public readonly unsafe struct GuestSegment
{
    /// <summary>Makes a piece. Its maker has checked the range.</summary>
    public GuestSegment(byte* pointer, ulong address, uint length)
    {
        Pointer = pointer;
        Address = address;
        Length = length;
    }

    /// <summary>Host address of the first byte.</summary>
    public byte* Pointer { get; }

    /// <summary>Guest-physical address of the first byte.</summary>
    public ulong Address { get; }

    /// <summary>Bytes, at least 1.</summary>
    public uint Length { get; }

    /// <summary>The piece behind the first <paramref name="offset"/> bytes, at most <paramref name="length"/> long.</summary>
    public GuestSegment Slice(uint offset, uint length) =>
        new(Pointer + offset, Address + offset, Math.Min(length, Length - offset));
}

/// <summary>
/// One request of the driver: pieces that the device reads, then pieces that it writes (virtio 1.2, 2.7.5). Made once
/// and filled again for each request, so that the data path allocates nothing. Safe because <see cref="VirtQueue"/>
/// puts in only pieces that it has checked, and every copy here is bounded by their lengths.
/// </summary>
public sealed unsafe class DescriptorChain
{
    private readonly GuestSegment[] _segments;
    private int _count;
    private int _readable;

    /// <summary>Makes an empty chain.</summary>
    /// <param name="capacity">Most pieces it can hold: the largest queue size it is used with.</param>
    public DescriptorChain(int capacity) => _segments = new GuestSegment[capacity];

    /// <summary>The index of the first descriptor, which names the chain in the used ring.</summary>
    public ushort Head { get; internal set; }

    /// <summary>The pieces the device reads.</summary>
    public ReadOnlySpan<GuestSegment> Readable => _segments.AsSpan(0, _readable);

    /// <summary>The pieces the device writes.</summary>
    public ReadOnlySpan<GuestSegment> Writable => _segments.AsSpan(_readable, _count - _readable);

    /// <summary>Bytes in <see cref="Readable"/>; at most 2^32 - 1.</summary>
    public ulong ReadableBytes { get; private set; }

    /// <summary>Bytes in <see cref="Writable"/>; at most 2^32 - 1.</summary>
    public ulong WritableBytes { get; private set; }

    /// <summary>Copies readable bytes from <paramref name="offset"/> on.</summary>
    /// <returns>Bytes copied: fewer than asked for at the end of the chain.</returns>
    public int Read(ulong offset, Span<byte> target)
    {
        var done = 0;
        foreach (ref readonly var segment in Readable)
        {
            if (offset >= segment.Length)
            {
                offset -= segment.Length;
                continue;
            }

            var part = (int)Math.Min((ulong)(target.Length - done), segment.Length - offset);
            new ReadOnlySpan<byte>(segment.Pointer + offset, part).CopyTo(target[done..]);
            done += part;
            offset = 0;
            if (done == target.Length)
                break;
        }

        return done;
    }

    /// <summary>Copies into the writable bytes from <paramref name="offset"/> on, and marks the pages dirty.</summary>
    /// <returns>Bytes copied: fewer than given at the end of the chain.</returns>
    public int Write(GuestMemory memory, ulong offset, ReadOnlySpan<byte> source)
    {
        var done = 0;
        foreach (ref readonly var segment in Writable)
        {
            if (offset >= segment.Length)
            {
                offset -= segment.Length;
                continue;
            }

            var part = (int)Math.Min((ulong)(source.Length - done), segment.Length - offset);
            source.Slice(done, part).CopyTo(new Span<byte>(segment.Pointer + offset, part));
            memory.MarkDirty(segment.Address + offset, (ulong)part);
            done += part;
            offset = 0;
            if (done == source.Length)
                break;
        }

        return done;
    }

    internal void Clear()
    {
        _count = 0;
        _readable = 0;
        ReadableBytes = 0;
        WritableBytes = 0;
    }

    /// <summary>Adds a piece; null when it fits, else what is wrong with it.</summary>
    internal string? Add(in GuestSegment segment, bool writable)
    {
        if (_count == _segments.Length)
            return "a chain is longer than the queue";
        if (writable)
        {
            WritableBytes += segment.Length;
        }
        else
        {
            if (_readable != _count)
                return "a readable descriptor follows a writable one";
            ReadableBytes += segment.Length;
            _readable++;
        }

        _segments[_count++] = segment;
        // virtio 1.2, 2.7.4: the device may count on it that a chain has at most 2^32 bytes in total.
        return ReadableBytes + WritableBytes > uint.MaxValue ? "a chain has more than 4 GiB" : null;
    }
}
