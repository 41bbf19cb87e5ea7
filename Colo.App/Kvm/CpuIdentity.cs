using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Colo.Kvm;

/// <summary>What two hosts compare of the CPU that their guests see. All but the TSC's rate, which is compared by itself.</summary>
internal static class CpuIdentity
{
    private const uint Tsc = 0x15, Frequencies = 0x16, HypervisorTiming = 0x4000_0010;

    private static readonly (uint Function, int Register, int Bit, string Name)[] Variable =
    [
        (0x8000_0007, 3, 8, "invariant-tsc"),
        (7, 3, 10, "md-clear"), (7, 3, 26, "spec-ctrl"), (7, 3, 27, "stibp"), (7, 3, 28, "flush-l1d"), (7, 3, 31, "ssbd"),
        (0x8000_0008, 1, 12, "ibpb"), (0x8000_0008, 1, 14, "ibrs"), (0x8000_0008, 1, 15, "stibp"), (0x8000_0008, 1, 24, "ssbd"),
    ];

    /// <summary>
    /// Describes a table so that equal ones, and only they, have the same text: which model, vendor and processor, for a level what
    /// it takes from the host, and the beginning of a hash of all of it. For people, too: where two differ both are shown.
    /// </summary>
    internal static string Describe(ReadOnlySpan<kvm_cpuid_entry2> table, CpuModel model)
    {
        uint eax = 0, bits = 0;
        var vendor = "";
        var names = new List<string>();
        foreach (var entry in table)
        {
            if (entry.index != 0)
                continue;
            if (entry.function == 0)
                vendor = Encoding.ASCII.GetString(MemoryMarshal.AsBytes((ReadOnlySpan<uint>)[entry.ebx, entry.edx, entry.ecx])).Trim('\0', ' ');
            eax = entry.function == 1 ? entry.eax : eax;
            bits = entry.function == 0x8000_0008 ? entry.eax & 0xFF : bits;
            foreach (var (function, register, bit, name) in Variable)
            {
                if (function == entry.function && ((register == 1 ? entry.ebx : entry.edx) & 1U << bit) != 0)
                    names.Add(name);
            }
        }

        var hash = Convert.ToHexStringLower(Hash(table))[..16];
        if (model == CpuModel.Host)
            return $"host, {vendor} {Family(eax)}/{Model(eax)}/{eax & 0xF}, {hash}";
        return $"{(model == CpuModel.X86_64_V3 ? "x86-64-v3" : "x86-64-v2")}, {vendor}, {bits}-bit, {string.Join(' ', names)}, {hash}";
    }

    /// <summary>Bytes and components (bits of XCR0) of the extended state that the guest of a table can have, in the standard format.</summary>
    internal static (int Size, ulong Components) Xsave(ReadOnlySpan<kvm_cpuid_entry2> table)
    {
        // Legacy area and header; x87 and SSE are there without XSAVE, too.
        const int Least = 512 + 64;
        foreach (var entry in table)
        {
            if (entry is { function: 0xD, index: 0 })
                return ((int)Math.Clamp(entry.ecx, Least, int.MaxValue), entry.eax | (ulong)entry.edx << 32 | 3);
        }

        return (Least, 3);
    }

    // In the order of their numbers, and without those that are all zero: kernels list more of them or fewer, in another order.
    private static byte[] Hash(ReadOnlySpan<kvm_cpuid_entry2> table)
    {
        var sorted = new List<kvm_cpuid_entry2>(table.Length);
        foreach (var entry in table)
        {
            if (entry.function is not (Tsc or Frequencies or HypervisorTiming) && (entry.eax | entry.ebx | entry.ecx | entry.edx) != 0)
                sorted.Add(entry);
        }

        sorted.Sort(static (a, b) => a.function != b.function ? a.function.CompareTo(b.function) : a.index.CompareTo(b.index));
        var bytes = new byte[sorted.Count * 24];
        for (var i = 0; i < sorted.Count; i++)
        {
            var entry = sorted[i];
            Span<uint> words = [entry.function, entry.index, entry.eax, entry.ebx, entry.ecx, entry.edx];
            for (var n = 0; n < words.Length; n++)
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((i * 24) + (n * 4)), words[n]);
        }

        return SHA256.HashData(bytes);
    }

    private static uint Family(uint eax) => (eax >> 8 & 0xF) + ((eax >> 8 & 0xF) == 0xF ? eax >> 20 & 0xFF : 0);

    private static uint Model(uint eax) => (eax >> 4 & 0xF) | (eax >> 16 & 0xF) << 4;
}
