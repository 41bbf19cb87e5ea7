using System.Runtime.InteropServices;
using System.Text;

namespace Colo.Kvm;

/// <summary>
/// The CPUID tables of the levels x86-64-v2 and v3. They are made, not filtered: a running kernel is moved between the two hosts,
/// so everything that it may have read is the same whatever processor of that vendor and level is below it: signature, brand,
/// caches, features. What cannot be made the same is in the table as the host has it, and then both hosts have to have it: the
/// controls of speculation, which come with microcode, and whether the TSC stops with the processor's clock.
/// </summary>
/// <remarks>
/// Signatures are those that QEMU's models Nehalem, Haswell, Opteron_G4 and EPYC have, which guests know under KVM. They are the
/// oldest of their level, so a kernel takes the processor for vulnerable to what any of the level is; the MSR that would say
/// otherwise (IA32_ARCH_CAPABILITIES) is hidden, because it speaks of one host. Bits: Intel SDM volume 2A, CPUID; AMD APM
/// volume 3, appendix E.
/// </remarks>
internal static class CpuLevel
{
    private const uint GenuineIntel = 0x756E_6547;
    private const uint AuthenticAmd = 0x6874_7541;
    private const uint HygonGenuine = 0x6F67_7948;

    // Leaf 1 ECX.
    private const uint Sse3 = 1 << 0, Ssse3 = 1 << 9, Fma = 1 << 12, Cx16 = 1 << 13, Pcid = 1 << 17, Sse41 = 1 << 19, Sse42 = 1 << 20;
    private const uint X2Apic = 1 << 21, Movbe = 1 << 22, Popcnt = 1 << 23, TscDeadline = 1 << 24, Xsave = 1 << 26, Avx = 1 << 28;
    private const uint F16c = 1 << 29, Hypervisor = 1U << 31;

    // Leaf 1 EDX: FPU to APIC (0 to 9), SEP to PSE36 (11 to 17), CLFLUSH, MMX, FXSR, SSE, SSE2. Any processor with KVM has them.
    private const uint Base1D = 0x078B_FBFF;

    // Leaf 7 EBX; EDX, of Intel: MD_CLEAR, IBRS and IBPB, STIBP, L1D_FLUSH, SSBD.
    private const uint FsGsBase = 1 << 0, Bmi1 = 1 << 3, Avx2 = 1 << 5, Smep = 1 << 7, Bmi2 = 1 << 8, Erms = 1 << 9, Invpcid = 1 << 10, Smap = 1 << 20;
    private const uint Speculation7D = 1U << 10 | 1U << 26 | 1U << 27 | 1U << 28 | 1U << 31;

    // Leaf 0x80000001 ECX and EDX; the bits of EDX that AMD repeats from leaf 1.
    private const uint Lahf = 1 << 0, Lzcnt = 1 << 5, TopologyExtensions = 1 << 22;
    private const uint Syscall = 1 << 11, Nx = 1 << 20, Gigabyte = 1 << 26, Rdtscp = 1 << 27, LongMode = 1 << 29;
    private const uint Repeated1D = 0x0183_F3FF;

    // Leaf 0x80000008 EBX, of AMD: IBPB, IBRS, STIBP, SSBD. Leaf 0x80000007 EDX: invariant TSC.
    private const uint Speculation8B = 1 << 12 | 1 << 14 | 1 << 15 | 1 << 24;
    private const uint InvariantTsc = 1 << 8;

    // What desktops have; servers have more, and a guest of this size needs none of it.
    private const int UsualAddressBits = 39;

    private const uint XsaveOpt = 1;
    private const uint AvxComponents = 7; // x87, SSE, AVX: 512 + 64 + 256 bytes
    private const uint AvxOffset = 576, AvxSize = 256;

    private static readonly (uint Type, uint Level, uint Ways, uint Sets)[] Caches =
        [(1, 1, 8, 64), (2, 1, 8, 64), (3, 2, 8, 1024), (3, 3, 16, 16384)];

    /// <summary>Makes the table, without the hypervisor's leaves and before <see cref="GuestCpuid.ForVcpu"/>.</summary>
    /// <param name="host">What KVM supports here.</param>
    /// <param name="model">One of the levels.</param>
    /// <param name="tscDeadline">Whether KVM has the TSC deadline timer.</param>
    /// <param name="ramEnd">Where the guest's memory ends.</param>
    /// <exception cref="KvmException">The host lacks what the level needs.</exception>
    internal static List<kvm_cpuid_entry2> Build(ReadOnlySpan<kvm_cpuid_entry2> host, CpuModel model, bool tscDeadline, ulong ramEnd)
    {
        var v3 = model == CpuModel.X86_64_V3;
        var vendor = Find(host, 0);
        var amd = vendor.ebx is AuthenticAmd or HygonGenuine;
        var features1C = Sse3 | Ssse3 | Cx16 | Sse41 | Sse42 | Popcnt | (v3 ? Fma | Movbe | Avx | F16c | Xsave | (amd ? 0 : Pcid) : 0);
        var features7B = v3 ? FsGsBase | Bmi1 | Avx2 | Smep | Bmi2 | (amd ? Smap : Erms | Invpcid) : 0;
        var extendedC = Lahf | (v3 ? Lzcnt : 0);
        var extendedD = Syscall | Nx | Rdtscp | LongMode | (v3 ? Gigabyte : 0);
        Require(host, v3, features1C, features7B, extendedC, extendedD);

        var table = new List<kvm_cpuid_entry2>(32);
        var signature = Signature(vendor.ebx, v3);
        Add(table, 0, 0xD, vendor.ebx, vendor.ecx, vendor.edx);
        Add(table, 1, signature, 64 / 8 << 8, features1C | X2Apic | Hypervisor | (tscDeadline ? TscDeadline : 0), Base1D);
        if (!amd)
            Add(table, 2, 0x01, 0, 0, 0xFF); // no descriptors: see leaf 4
        AddCaches(table, amd ? 0x8000_001D : 4);
        Add(table, 6, 1 << 2 /* the APIC timer always runs */, 0, 0, 0);
        AddPart(table, 7, 0, 0, features7B, 0, amd ? 0 : Find(host, 7).edx & Speculation7D);
        if (v3)
        {
            // EBX of the first is KVM's to compute by XCR0.
            AddPart(table, 0xD, 0, AvxComponents, AvxOffset + AvxSize, AvxOffset + AvxSize, 0);
            AddPart(table, 0xD, 1, XsaveOpt, 0, 0, 0);
            AddPart(table, 0xD, 2, AvxSize, AvxOffset, 0, 0);
        }

        Add(table, 0x8000_0000, amd ? 0x8000_001E : 0x8000_0008, amd ? vendor.ebx : 0, amd ? vendor.ecx : 0, amd ? vendor.edx : 0);
        Add(table, 0x8000_0001, amd ? signature : 0, 0, extendedC | (amd ? TopologyExtensions : 0), extendedD | (amd ? Repeated1D : 0));
        AddBrand(table, v3);
        if (amd)
            Add(table, 0x8000_0005, 0, 0, 0x2008_0140, 0x2008_0140); // 32 KiB, 8 ways, lines of 64 bytes; no word of TLBs
        Add(table, 0x8000_0006, 0, 0, 0x0200_6140, amd ? 0x0080_8140U : 0); // 512 KiB, 8 ways; 16 MiB, 16 ways
        Add(table, 0x8000_0007, 0, 0, 0, Find(host, 0x8000_0007).edx & InvariantTsc);
        var addresses = Find(host, 0x8000_0008);
        Add(table, 0x8000_0008, AddressBits((int)(addresses.eax & 0xFF), ramEnd) | 48 << 8, amd ? addresses.ebx & Speculation8B : 0, 0, 0);
        if (amd)
            Add(table, 0x8000_001E, 0, 0, 0, 0);
        return table;
    }

    private static uint Signature(uint vendor, bool v3) => vendor switch
    {
        // Family, model and stepping: 0x17, 1, 2 and 0x15, 1, 2; 0x18, 0, 1; 6, 60, 3 and 6, 26, 3.
        AuthenticAmd => v3 ? 0x0080_0F12U : 0x0060_0F12,
        HygonGenuine => 0x0090_0F01,
        _ => v3 ? 0x0003_06C3U : 0x0001_06A3,
    };

    private static uint AddressBits(int host, ulong ramEnd)
    {
        var needed = ramEnd < 2 ? 0 : 64 - System.Numerics.BitOperations.LeadingZeroCount(ramEnd - 1);
        if (needed > host)
            throw new KvmException($"this host's processor has {host} bits of physical address, the guest's memory needs {needed}: lower [vm] memory");
        return (uint)Math.Min(host, Math.Max(UsualAddressBits, needed));
    }

    private static void AddCaches(List<kvm_cpuid_entry2> table, uint function)
    {
        for (uint i = 0; i < Caches.Length; i++)
        {
            var (type, level, ways, sets) = Caches[i];
            AddPart(table, function, i, type | level << 5 | 1 << 8, (ways - 1) << 22 | (64 - 1), sets - 1, 0);
        }
    }

    private static void AddBrand(List<kvm_cpuid_entry2> table, bool v3)
    {
        var name = new byte[48];
        Encoding.ASCII.GetBytes($"Common {Name(v3)} processor", name);
        var words = MemoryMarshal.Cast<byte, uint>(name);
        for (var i = 0; i < 3; i++)
            Add(table, 0x8000_0002 + (uint)i, words[i * 4], words[(i * 4) + 1], words[(i * 4) + 2], words[(i * 4) + 3]);
    }

    private static string Name(bool v3) => v3 ? "x86-64-v3" : "x86-64-v2";

    private static void Require(ReadOnlySpan<kvm_cpuid_entry2> host, bool v3, uint features1C, uint features7B, uint extendedC, uint extendedD)
    {
        var missing = new List<string>();
        Need(missing, Find(host, 1).ecx, features1C, [(0, "SSE3"), (9, "SSSE3"), (12, "FMA"), (13, "CMPXCHG16B"), (17, "PCID"),
            (19, "SSE4.1"), (20, "SSE4.2"), (22, "MOVBE"), (23, "POPCNT"), (26, "XSAVE"), (28, "AVX"), (29, "F16C")]);
        Need(missing, Find(host, 7).ebx, features7B, [(0, "FSGSBASE"), (3, "BMI1"), (5, "AVX2"), (7, "SMEP"), (8, "BMI2"), (9, "ERMS"),
            (10, "INVPCID"), (20, "SMAP")]);
        var extended = Find(host, 0x8000_0001);
        Need(missing, extended.ecx, extendedC, [(0, "LAHF"), (5, "LZCNT")]);
        Need(missing, extended.edx, extendedD, [(11, "SYSCALL"), (20, "NX"), (26, "pages of 1 GiB"), (27, "RDTSCP"), (29, "long mode")]);
        if (v3)
            Need(missing, Find(host, 0xD, 1).eax, XsaveOpt, [(0, "XSAVEOPT")]);
        if (missing.Count > 0)
            throw new KvmException($"this host lacks {string.Join(", ", missing)}, which cpu = {Name(v3)} needs: choose a lower level on both nodes");
    }

    private static void Need(List<string> missing, uint have, uint need, ReadOnlySpan<(int Bit, string Name)> names)
    {
        foreach (var (bit, name) in names)
        {
            if ((need & ~have & 1U << bit) != 0)
                missing.Add(name);
        }
    }

    private static kvm_cpuid_entry2 Find(ReadOnlySpan<kvm_cpuid_entry2> table, uint function, uint index = 0)
    {
        foreach (var entry in table)
        {
            if (entry.function == function && entry.index == index)
                return entry;
        }

        return default;
    }

    private static void Add(List<kvm_cpuid_entry2> table, uint function, uint eax, uint ebx, uint ecx, uint edx) =>
        table.Add(new kvm_cpuid_entry2 { function = function, eax = eax, ebx = ebx, ecx = ecx, edx = edx });

    private static void AddPart(List<kvm_cpuid_entry2> table, uint function, uint index, uint eax, uint ebx, uint ecx, uint edx) => table.Add(
        new kvm_cpuid_entry2
        {
            function = function, index = index, flags = KvmValue.KVM_CPUID_FLAG_SIGNIFCANT_INDEX, eax = eax, ebx = ebx, ecx = ecx, edx = edx,
        });
}
