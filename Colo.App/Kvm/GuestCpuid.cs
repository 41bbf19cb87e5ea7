using System.Numerics;

namespace Colo.Kvm;

/// <summary>
/// The CPUID tables of the guest: what KVM supports, less what the model hides, with each vCPU's APIC number and
/// topology (one package, one thread a core). Leaf numbers and bits: Intel SDM volume 2A, CPUID; AMD APM volume 3,
/// appendix E; Documentation/virt/kvm/x86/cpuid.rst.
/// </summary>
internal static class GuestCpuid
{
    private const uint Hypervisor = 0x4000_0000;
    private const uint HypervisorFeatures = 0x4000_0001;
    private const uint HypervisorTiming = 0x4000_0010;

    // Paravirtual features that keep their state in registers and MSRs: kvmclock (0, 3, 24), no I/O delay (1),
    // EOI (6), unhalt (7), IPIs (11). Left out: asynchronous page faults and steal time, because there the kernel
    // writes into guest memory by events that a checkpoint cannot carry.
    private const uint ParavirtualKept = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 6 | 1 << 7 | 1 << 11 | 1 << 24;

    // Hidden in every model, because KVM keeps their state where a checkpoint does not reach. VMX and SVM: what a guest's own
    // hypervisor has is in KVM_GET_NESTED_STATE, and with CR4.VMXE or EFER.SVME set and none of it KVM refuses the registers, or
    // runs the second level's memory as the first's (Linux guests since 6.12 execute VMXON as soon as kvm_intel is loaded).
    // Shadow stacks and IBT: the shadow stack's pointer is reached by KVM_GET_ONE_REG only (Linux 6.18).
    private const uint L1C_Never = 1 << 5 /* VMX */;
    private const uint L7C_Never = 1 << 7 /* SHSTK */;
    private const uint L7D_Never = 1 << 20 /* IBT */;
    private const uint X1C_Never = 1 << 2 /* SVM */ | 1 << 12 /* SKINIT */;
    private const uint XssNever = 1 << 11 | 1 << 12; // user and supervisor CET
    private const uint SvmFeatures = 0x8000_000A;

    // Leaf 1.
    private const uint L1C_Base =
        1 << 0 /* SSE3 */ | 1 << 9 /* SSSE3 */ | 1 << 13 /* CX16 */ | 1 << 19 /* SSE4.1 */ | 1 << 20 /* SSE4.2 */ |
        1 << 23 /* POPCNT */;

    private const uint L1C_System =
        1 << 17 /* PCID */ | 1 << 21 /* x2APIC */ | 1 << 24 /* TSC deadline */ | 1 << 26 /* XSAVE */ |
        1 << 27 /* OSXSAVE */ | 1 << 30 /* RDRAND */ | 1U << 31 /* hypervisor */;

    private const uint L1C_V3 = 1 << 12 /* FMA */ | 1 << 22 /* MOVBE */ | 1 << 28 /* AVX */ | 1 << 29 /* F16C */;

    // Leaf 7 EBX.
    private const uint L7B_System =
        1 << 0 /* FSGSBASE */ | 1 << 7 /* SMEP */ | 1 << 9 /* ERMS */ | 1 << 10 /* INVPCID */ | 1 << 18 /* RDSEED */ |
        1 << 20 /* SMAP */;

    private const uint L7B_V3 = 1 << 3 /* BMI1 */ | 1 << 5 /* AVX2 */ | 1 << 8 /* BMI2 */;

    // Leaf 7 ECX and EDX: UMIP; the bits about speculation, which a guest kernel needs for its mitigations.
    private const uint L7C_System = 1 << 2;
    private const uint L7D_System = 1 << 10 | 1 << 26 | 1 << 27 | 1 << 28 | 1 << 29 | 1U << 31;

    // Leaf 0x80000001 ECX: LAHF; above it in v3 ABM (LZCNT). System: the legacy CR8 and topology extensions.
    private const uint X1C_Base = 1 << 0;
    private const uint X1C_System = 1 << 1 | 1 << 4 | 1 << 22;
    private const uint X1C_V3 = 1 << 5;

    /// <summary>Makes the table of the first vCPU; <see cref="ForVcpu"/> makes the others' of it.</summary>
    /// <param name="supported">What KVM supports here.</param>
    /// <param name="model">What the guest may see.</param>
    /// <param name="maskRandom">Hides RDRAND and RDSEED.</param>
    /// <param name="tscDeadline">Whether KVM has the TSC deadline timer.</param>
    /// <param name="tscKhz">The guest's TSC rate, kHz.</param>
    /// <exception cref="KvmException">The host lacks what the model needs.</exception>
    internal static kvm_cpuid_entry2[] Build(
        ReadOnlySpan<kvm_cpuid_entry2> supported, CpuModel model, bool maskRandom, bool tscDeadline, uint tscKhz)
    {
        var table = new List<kvm_cpuid_entry2>(supported.Length + 2);
        foreach (var entry in supported)
        {
            if (entry.function is < Hypervisor or >= 0x5000_0000)
                table.Add(entry);
        }

        if (model != CpuModel.Host)
            Require(table, model);
        for (var i = 0; i < table.Count; i++)
        {
            var entry = table[i];
            Filter(ref entry, model, maskRandom, tscDeadline, tscKhz);
            table[i] = entry;
        }

        // "KVMKVMKVM\0\0\0"; EAX is the last hypervisor leaf.
        table.Add(new kvm_cpuid_entry2
        {
            function = Hypervisor, eax = HypervisorTiming, ebx = 0x4B4D_564B, ecx = 0x564B_4D56, edx = 0x4D,
        });
        uint features = 0;
        foreach (var entry in supported)
            features |= entry.function == HypervisorFeatures ? entry.eax & ParavirtualKept : 0;
        table.Add(new kvm_cpuid_entry2 { function = HypervisorFeatures, eax = features });

        // TSC and APIC bus frequency in kHz; KVM's APIC bus runs at 1 GHz.
        table.Add(new kvm_cpuid_entry2 { function = HypervisorTiming, eax = tscKhz, ebx = 1_000_000 });
        return [.. table];
    }

    /// <summary>The table with the APIC number and topology of one vCPU.</summary>
    internal static kvm_cpuid_entry2[] ForVcpu(ReadOnlySpan<kvm_cpuid_entry2> table, int index, int cpus)
    {
        var own = table.ToArray();
        WithTopologyLeaves(ref own);
        var coreBits = (uint)BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)cpus));
        var apic = (uint)index;
        for (var i = 0; i < own.Length; i++)
        {
            ref var entry = ref own[i];
            switch (entry.function)
            {
                case 1:
                    entry.ebx = (entry.ebx & 0x0000_FFFF) | ((uint)Math.Min(cpus, 255) << 16) | (apic << 24);
                    entry.edx = cpus > 1 ? entry.edx | 1 << 28 : entry.edx & ~(1U << 28);
                    break;
                case 4 when (entry.eax & 0x1F) != 0:
                    // Each cache of levels 1 and 2 is one core's, level 3 the package's.
                    var sharing = (entry.eax >> 5 & 7) >= 3 ? (1U << (int)coreBits) - 1 : 0;
                    entry.eax = (entry.eax & 0x3FFF) | (sharing << 14) | (Math.Min((1U << (int)coreBits) - 1, 63) << 26);
                    break;
                case 0xB or 0x1F:
                    entry.edx = apic;
                    (entry.eax, entry.ebx, entry.ecx) = entry.index switch
                    {
                        0 => (0U, 1U, 0x100U),
                        1 => (coreBits, (uint)cpus, 0x201U),
                        _ => (0U, 0U, entry.index & 0xFF),
                    };
                    break;
                case 0x8000_0008:
                    entry.ecx = (entry.ecx & ~0xF0FFU) | (coreBits << 12) | (uint)(Math.Min(cpus, 256) - 1);
                    break;
                case 0x8000_001D when (entry.eax & 0x1F) != 0:
                    entry.eax = (entry.eax & 0x3FFF) | ((entry.eax >> 5 & 7) >= 3 ? (uint)(cpus - 1) << 14 : 0);
                    break;
                case 0x8000_001E:
                    (entry.eax, entry.ebx, entry.ecx) = (apic, apic & 0xFF, 0);
                    break;
                case 0x8000_0001:
                    // CmpLegacy: several cores without threads.
                    entry.ecx = cpus > 1 && (entry.ecx & 1 << 22) != 0 ? entry.ecx | 1 << 1 : entry.ecx & ~(1U << 1);
                    break;
                default:
                    break;
            }
        }

        return own;
    }

    // Threads, cores, and the end of the list, whatever KVM has of them: since Linux 6.1 it has one empty level, and a guest
    // that finds no level of cores takes each vCPU for a package.
    private static void WithTopologyLeaves(ref kvm_cpuid_entry2[] table)
    {
        uint last = 0;
        foreach (var entry in table)
            last = entry.function == 0 ? entry.eax : last;
        var kept = new List<kvm_cpuid_entry2>(table.Length + 6);
        foreach (var entry in table)
        {
            if (entry.function is not (0xB or 0x1F))
                kept.Add(entry);
        }

        foreach (var function in (ReadOnlySpan<uint>)[0xB, 0x1F])
        {
            for (uint level = 0; level < 3 && function <= last; level++)
                kept.Add(new kvm_cpuid_entry2 { function = function, index = level, flags = KvmValue.KVM_CPUID_FLAG_SIGNIFCANT_INDEX });
        }

        table = [.. kept];
    }

    private static void Filter(ref kvm_cpuid_entry2 entry, CpuModel model, bool maskRandom, bool tscDeadline, uint tscKhz)
    {
        var v3 = model == CpuModel.X86_64_V3;
        var limited = model != CpuModel.Host;
        switch (entry.function)
        {
            case 1:
                if (limited)
                    entry.ecx &= L1C_Base | L1C_System | (v3 ? L1C_V3 : 0);
                entry.ecx = (entry.ecx & ~L1C_Never) | 1U << 31;
                entry.ecx = tscDeadline ? entry.ecx | 1 << 24 : entry.ecx & ~(1U << 24);
                if (maskRandom)
                    entry.ecx &= ~(1U << 30);
                break;
            case 7 when entry.index == 0:
                if (limited)
                {
                    entry.eax = 0;
                    entry.ebx &= L7B_System | (v3 ? L7B_V3 : 0);
                    entry.ecx &= L7C_System;
                    entry.edx &= L7D_System;
                }

                if (maskRandom)
                    entry.ebx &= ~(1U << 18);
                entry.ecx &= ~L7C_Never;
                entry.edx &= ~L7D_Never;
                break;
            case 7 when limited:
                (entry.eax, entry.ebx, entry.ecx, entry.edx) = (0, 0, 0, 0);
                break;
            case 0xD when limited:
                FilterXsave(ref entry, v3 ? 7U : 3U);
                break;
            case 0xD when entry.index == 1:
                entry.ecx &= ~XssNever; // EBX, the size, is KVM's to compute (kvm_update_cpuid_runtime)
                break;
            case 0xD when entry.index is 11 or 12:
                (entry.eax, entry.ebx, entry.ecx, entry.edx) = (0, 0, 0, 0);
                break;
            case 0x15 when entry.eax != 0 && entry.ecx != 0:
                // TSC = crystal × EBX / EAX; keep the crystal and say what the guest's TSC really is.
                entry.eax = 1000;
                entry.ebx = (uint)((ulong)tscKhz * 1000 * 1000 / entry.ecx);
                break;
            case 0x14 or 0x19 or 0x1D or 0x1E or 0x24 when limited:
                // Tracing, key locker, AMX tiles, AVX10.
                (entry.eax, entry.ebx, entry.ecx, entry.edx) = (0, 0, 0, 0);
                break;
            case 0x8000_0001:
                entry.ecx &= ~X1C_Never;
                if (!limited)
                    break;
                entry.ecx &= X1C_Base | X1C_System | (v3 ? X1C_V3 : 0);
                entry.edx &= ~(1U << 22 | 1U << 30 | 1U << 31); // MMX extensions and 3DNow! of AMD alone
                break;
            case SvmFeatures:
                (entry.eax, entry.ebx, entry.ecx, entry.edx) = (0, 0, 0, 0);
                break;
            default:
                break;
        }
    }

    // XSAVE components: x87 and SSE always, AVX with v3; the areas of others are not announced.
    private static void FilterXsave(ref kvm_cpuid_entry2 entry, uint components)
    {
        if (entry.index == 0)
        {
            entry.eax &= components;
            entry.edx = 0;
            entry.ecx = components > 3 ? 832U : 576U;
            entry.ebx = entry.ecx;
        }
        else if (entry.index == 1)
        {
            entry.eax &= 0x7; // XSAVEOPT, XSAVEC, XGETBV(1); no XSAVES
            (entry.ebx, entry.ecx, entry.edx) = (0, 0, 0);
        }
        else if (entry.index > 31 || (components & (1U << (int)entry.index)) == 0)
        {
            (entry.eax, entry.ebx, entry.ecx, entry.edx) = (0, 0, 0, 0);
        }
    }

    private static void Require(List<kvm_cpuid_entry2> table, CpuModel model)
    {
        uint l1c = 0, l7b = 0, x1c = 0;
        foreach (var entry in table)
        {
            l1c |= entry.function == 1 ? entry.ecx : 0;
            l7b |= entry is { function: 7, index: 0 } ? entry.ebx : 0;
            x1c |= entry.function == 0x8000_0001 ? entry.ecx : 0;
        }

        var v3 = model == CpuModel.X86_64_V3;
        var missing = new List<string>();
        Need(missing, l1c, L1C_Base | (v3 ? L1C_V3 : 0), [(0, "SSE3"), (9, "SSSE3"), (12, "FMA"), (13, "CMPXCHG16B"),
            (19, "SSE4.1"), (20, "SSE4.2"), (22, "MOVBE"), (23, "POPCNT"), (28, "AVX"), (29, "F16C")]);
        Need(missing, l7b, v3 ? L7B_V3 : 0, [(3, "BMI1"), (5, "AVX2"), (8, "BMI2")]);
        Need(missing, x1c, X1C_Base | (v3 ? X1C_V3 : 0), [(0, "LAHF"), (5, "LZCNT")]);
        if (missing.Count > 0)
        {
            var name = v3 ? "x86-64-v3" : "x86-64-v2";
            throw new KvmException(
                $"this host lacks {string.Join(", ", missing)}, which cpu = {name} needs: choose a lower level on both nodes");
        }
    }

    private static void Need(List<string> missing, uint have, uint need, ReadOnlySpan<(int Bit, string Name)> names)
    {
        foreach (var (bit, name) in names)
        {
            if ((need & ~have & 1U << bit) != 0)
                missing.Add(name);
        }
    }
}
