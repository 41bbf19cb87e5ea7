using System.Buffers.Binary;
using System.Text;
using Colo.Guest;

namespace Colo.Tests.Guest;

public sealed class ImageTests
{
    [Fact]
    public void Image_is_an_elf_with_the_two_notes()
    {
        ReadOnlySpan<byte> image = BuiltinGuest.Image;
        Assert.Equal([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1], image[..6].ToArray());
        int headers = (int)BinaryPrimitives.ReadUInt64LittleEndian(image[32..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(image[56..]);
        ulong loadStart = 0, loadEnd = 0;
        var notes = new Dictionary<(string, uint), byte[]>();
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = image.Slice(headers + i * 56, 56);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(header);
            int offset = (int)BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
            int size = (int)BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
            if (type == 1)
            {
                loadStart = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
                loadEnd = loadStart + BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
            }
            else if (type == 4)
            {
                for (ReadOnlySpan<byte> n = image.Slice(offset, size); n.Length >= 12;)
                {
                    int name = BinaryPrimitives.ReadInt32LittleEndian(n);
                    int value = BinaryPrimitives.ReadInt32LittleEndian(n[4..]);
                    uint kind = BinaryPrimitives.ReadUInt32LittleEndian(n[8..]);
                    int at = 12 + ((name + 3) & ~3);
                    notes[(Encoding.ASCII.GetString(n.Slice(12, name - 1)), kind)] = n.Slice(at, value).ToArray();
                    n = n[(at + ((value + 3) & ~3))..];
                }
            }
        }
        ulong entry = BinaryPrimitives.ReadUInt64LittleEndian(notes[("Xen", 18)]);
        Assert.InRange(entry, loadStart, loadEnd - 1);
        // It has to run in 16 MiB, and the boot page tables reach no further.
        Assert.InRange(loadEnd, loadStart + 1, 4UL << 20);
        Assert.Equal([1, 0, 0, 0], notes[("colo", 1)]);
    }
}
