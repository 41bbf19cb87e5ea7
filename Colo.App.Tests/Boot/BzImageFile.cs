using System.Buffers.Binary;

namespace Colo.Tests.Boot;

/// <summary>A bzImage made for a test: a setup header that is right, with a program of the test's at the 64-bit entry.</summary>
internal static class BzImageFile
{
    internal const int Offset = 5 * 512;
    internal const ulong Preferred = 0x100_0000;
    internal const uint InitSize = 0x20_0000;

    internal static byte[] Make(ReadOnlySpan<byte> code)
    {
        var size = (0x200 + code.Length + 15) & ~15;
        var file = new byte[Offset + size];
        file[0x1F1] = 4;
        U32(file, 0x1F4, (uint)size / 16);
        U16(file, 0x1FE, 0xAA55);
        file[0x200] = 0xEB;
        file[0x201] = 0x6A; // the header ends at 0x26c
        "HdrS"u8.CopyTo(file.AsSpan(0x202));
        U16(file, 0x206, 0x20F);
        file[0x211] = 1;
        U32(file, 0x22C, 0x7FFF_FFFF);
        U32(file, 0x230, 0x20_0000);
        file[0x234] = 1;
        U16(file, 0x236, 3);
        U32(file, 0x238, 2047);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(0x250), 0x1234); // a list that the loader has to drop
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(0x258), Preferred);
        U32(file, 0x260, InitSize);
        code.CopyTo(file.AsSpan(Offset + 0x200));
        return file;
    }

    internal static void U16(byte[] file, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);

    internal static void U32(byte[] file, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
}
