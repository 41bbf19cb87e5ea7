using System.Numerics;

namespace Colo.Kvm;

/// <summary>
/// The CPUID tables of the guest: what KVM supports, less what no guest may see, or a level's (<see cref="CpuLevel"/>), with each
/// vCPU's APIC number and topology (one package, one thread a core). Leaf numbers and bits: Intel SDM volume 2A, CPUID; AMD
/// APM volume 3, appendix E; Documentation/virt/kvm/x86/cpuid.rst.
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

    // Hidden from every guest, because KVM keeps their state where a checkpoint does not reach. VMX and SVM: what a guest's own
    // hypervisor has is in KVM_GET_NESTED_STATE, and with CR4.VMXE or EFER.SVME set and none of it KVM refuses the registers, or
    // runs the second level's memory as the first's (Linux guests since 6.12 execute VMXON as soon as kvm_intel is loaded).
    // Shadow stacks and IBT: the shadow stack's pointer is reached by KVM_GET_ONE_REG only (Linux 6.18).
    private const uint L1C_Never = 1 << 5 /* VMX */;
    private const uint L7C_Never = 1 << 7 /* SHSTK */;
    private const uint L7D_Never = 1 << 20 /* IBT */;
    private const uint X1C_Never = 1 << 2 /* SVM */ | 1 << 12 /* SKINIT */;
    private const uint XssNever = 1 << 11 | 1 << 12; // user and supervisor CET
    private const uint SvmFeatures = 0x8000_000A;

    /// <summary>Makes the table of the first vCPU; <see cref="ForVcpu"/> makes the others' of it.</summary>
    /// <param name="supported">What KVM supports here.</param>
    /// <param name="model">What the guest may see.</param>
    /// <param name="maskRandom">Hides RDRAND and RDSEED.</param>
    /// <param name="tscDeadline">Whether KVM has the TSC deadline timer.</param>
    /// <param name="tscKhz">The guest's TSC rate, kHz.</param>
    /// <param name="ramEnd">Where the guest's memory ends.</param>
    /// <exception cref="KvmException">The host lacks what the model needs.</exception>
    internal static kvm_cpuid_entry2[] Build(
        ReadOnlySpan<kvm_cpuid_entry2> supported, CpuModel model, bool maskRandom, bool tscDeadline, uint tscKhz, ulong ramEnd = 0)
    {
        var table = model == CpuModel.Host ? OfHost(supported, maskRandom, tscDeadline) : CpuLevel.Build(supported, model, tscDeadline, ramEnd);

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
        return WithTscRate([.. table], tscKhz);
    }

    /// <summary>The table of a guest whose TSC has another rate.</summary>
    internal static kvm_cpuid_entry2[] WithTscRate(ReadOnlySpan<kvm_cpuid_entry2> table, uint tscKhz)
    {
        var own = table.ToArray();
        foreach (ref var entry in own.AsSpan())
        {
            if (entry.function == HypervisorTiming)
            {
                entry.eax = tscKhz;
            }
            else if (entry is { function: 0x15, eax: not 0, ecx: not 0 })
            {
                // TSC = crystal × EBX / EAX; keep the crystal and say what the guest's TSC really is.
                entry.eax = 1000;
                entry.ebx = (uint)((ulong)tscKhz * 1000 * 1000 / entry.ecx);
            }
        }

        return own;
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

    private static List<kvm_cpuid_entry2> OfHost(ReadOnlySpan<kvm_cpuid_entry2> supported, bool maskRandom, bool tscDeadline)
    {
        var table = new List<kvm_cpuid_entry2>(supported.Length + 3);
        foreach (var entry in supported)
        {
            if (entry.function is >= Hypervisor and < 0x5000_0000)
                continue;
            var seen = entry;
            Filter(ref seen, maskRandom, tscDeadline);
            table.Add(seen);
        }

        return table;
    }

    private static void Filter(ref kvm_cpuid_entry2 entry, bool maskRandom, bool tscDeadline)
    {
        switch (entry.function)
        {
            case 1:
                entry.ecx = (entry.ecx & ~L1C_Never) | 1U << 31;
                entry.ecx = tscDeadline ? entry.ecx | 1 << 24 : entry.ecx & ~(1U << 24);
                if (maskRandom)
                    entry.ecx &= ~(1U << 30);
                break;
            case 7 when entry.index == 0:
                if (maskRandom)
                    entry.ebx &= ~(1U << 18);
                entry.ecx &= ~L7C_Never;
                entry.edx &= ~L7D_Never;
                break;
            case 0xD when entry.index == 1:
                entry.ecx &= ~XssNever; // EBX, the size, is KVM's to compute (kvm_update_cpuid_runtime)
                break;
            case 0xD when entry.index is 11 or 12:
                (entry.eax, entry.ebx, entry.ecx, entry.edx) = (0, 0, 0, 0);
                break;
            case 0x8000_0001:
                entry.ecx &= ~X1C_Never;
                break;
            case SvmFeatures:
                (entry.eax, entry.ebx, entry.ecx, entry.edx) = (0, 0, 0, 0);
                break;
            default:
                break;
        }
    }
}
