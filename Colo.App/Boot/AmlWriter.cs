using System.Buffers.Binary;
using System.Text;

namespace Colo.Boot;

/// <summary>
/// Writes ACPI Machine Language (ACPI specification, chapter 20), as much of it as a machine with fixed devices needs:
/// scopes, devices, names, integers, texts, packages and resource templates (chapter 6.4).
/// </summary>
internal sealed class AmlWriter
{
    private readonly List<byte> _bytes = [];

    internal byte[] ToArray() => [.. _bytes];

    /// <summary>Scope (<paramref name="path"/>) { … }.</summary>
    internal void Scope(string path, Action<AmlWriter> body) => Block([0x10], path, body);

    /// <summary>Device (<paramref name="name"/>) { … }.</summary>
    internal void Device(string name, Action<AmlWriter> body) => Block([0x5B, 0x82], name, body);

    /// <summary>Name (<paramref name="name"/>, number).</summary>
    internal void Name(string name, ulong value)
    {
        StartName(name);
        Integer(value);
    }

    /// <summary>Name (<paramref name="name"/>, text).</summary>
    internal void Name(string name, string text)
    {
        StartName(name);
        _bytes.Add(0x0D);
        _bytes.AddRange(Encoding.ASCII.GetBytes(text));
        _bytes.Add(0);
    }

    /// <summary>Name (_HID, EISAID (<paramref name="id"/>)): three letters and four hexadecimal digits in 32 bits.</summary>
    internal void EisaHardwareId(string id)
    {
        StartName("_HID");
        var letters = (id[0] - 0x40) << 10 | (id[1] - 0x40) << 5 | (id[2] - 0x40);
        var number = Convert.FromHexString(id.AsSpan(3, 4));
        _bytes.AddRange([0x0C, (byte)(letters >> 8), (byte)letters, number[0], number[1]]);
    }

    /// <summary>Name (<paramref name="name"/>, Package { numbers }).</summary>
    internal void NamePackage(string name, params ReadOnlySpan<byte> values)
    {
        StartName(name);
        var inner = new AmlWriter();
        inner._bytes.Add((byte)values.Length);
        foreach (var value in values)
            inner.Integer(value);
        _bytes.Add(0x12);
        Sized(inner._bytes);
    }

    /// <summary>Name (_CRS, ResourceTemplate { … }).</summary>
    internal void Resources(Action<AmlWriter> resources)
    {
        StartName("_CRS");
        var template = new AmlWriter();
        resources(template);
        template._bytes.AddRange([0x79, 0]); // end, without a checksum
        var inner = new AmlWriter();
        inner.Integer((ulong)template._bytes.Count);
        inner._bytes.AddRange(template._bytes);
        _bytes.Add(0x11);
        Sized(inner._bytes);
    }

    /// <summary>IO (Decode16, …): ports.</summary>
    internal void Ports(ushort first, byte count)
    {
        _bytes.AddRange([0x47, 1]);
        U16(first);
        U16(first);
        _bytes.AddRange([1, count]);
    }

    /// <summary>IRQNoFlags () { … }: an interrupt of the ISA bus, edge triggered, active high.</summary>
    internal void IsaInterrupt(int number)
    {
        _bytes.Add(0x22);
        U16((ushort)(1 << number));
    }

    /// <summary>Memory32Fixed (ReadWrite, …).</summary>
    internal void Memory(uint address, uint size)
    {
        _bytes.AddRange([0x86, 9, 0, 1]);
        U32(address);
        U32(size);
    }

    /// <summary>Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { … }.</summary>
    internal void Interrupt(uint gsi)
    {
        _bytes.AddRange([0x89, 6, 0, 3, 1]);
        U32(gsi);
    }

    private void Block(ReadOnlySpan<byte> opcode, string path, Action<AmlWriter> body)
    {
        var inner = new AmlWriter();
        inner.Path(path);
        body(inner);
        _bytes.AddRange(opcode);
        Sized(inner._bytes);
    }

    private void StartName(string name)
    {
        _bytes.Add(0x08);
        Path(name);
    }

    // A name of four characters, or one from the root.
    private void Path(string path)
    {
        if (path.TrimStart('\\').Length != 4)
            throw new ArgumentException($"'{path}' is no AML name of four characters", nameof(path));
        _bytes.AddRange(Encoding.ASCII.GetBytes(path));
    }

    private void Integer(ulong value)
    {
        switch (value)
        {
            case 0 or 1:
                _bytes.Add((byte)value);
                break;
            case <= 0xFF:
                _bytes.AddRange([0x0A, (byte)value]);
                break;
            case <= 0xFFFF:
                _bytes.Add(0x0B);
                U16((ushort)value);
                break;
            case <= 0xFFFF_FFFF:
                _bytes.Add(0x0C);
                U32((uint)value);
                break;
            default:
                _bytes.Add(0x0E);
                U32((uint)value);
                U32((uint)(value >> 32));
                break;
        }
    }

    // PkgLength counts itself: one byte up to 63; else a byte with the number of further ones and the lowest four bits.
    private void Sized(List<byte> content)
    {
        var more = content.Count + 1 < 1 << 6 ? 0 : content.Count + 2 < 1 << 12 ? 1 : content.Count + 3 < 1 << 20 ? 2 : 3;
        var length = content.Count + 1 + more;
        if (more == 0)
        {
            _bytes.Add((byte)length);
        }
        else
        {
            _bytes.Add((byte)(more << 6 | (length & 0xF)));
            for (var i = 0; i < more; i++)
                _bytes.Add((byte)(length >> (4 + (8 * i))));
        }

        _bytes.AddRange(content);
    }

    private void U16(ushort value)
    {
        Span<byte> two = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(two, value);
        _bytes.AddRange(two);
    }

    private void U32(uint value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(four, value);
        _bytes.AddRange(four);
    }
}
