using Colo.Kvm;

namespace Colo.Tests.Kvm;

/// <summary>Hosts of different models, as their KVM describes them, and what guests see on each.</summary>
public sealed class CpuLevelTests
{
    private const uint Intel = 0x756E_6547;
    private const uint Amd = 0x6874_7541;
    private const uint Significant = 1;

    // Haswell: AVX2, no AVX-512, 39 bits of address, no XSAVEC.
    private static readonly kvm_cpuid_entry2[] Haswell = Host(
        Intel, last: 0xD, signature: 0x0003_06C3, l1c: 0xF7FA_3223, l7b: 0x0000_27AB, l7d: 0x9C00_0400, xcr0: 7, xsave: 832, xsave1: 1,
        addresses: 0x3027, x1c: 0x21, cache: 0x1C00_4121, brand: 0x4857_5345, extended: 0x8000_0008);

    // Ice Lake server: AVX-512, protection keys, 46 bits of address, five levels of page tables, another kernel's list of leaves.
    private static readonly kvm_cpuid_entry2[] IceLake =
    [
        .. Host(
            Intel, last: 0x1F, signature: 0x0006_06A6, l1c: 0xF7FA_3223, l7b: 0xF1BF_27EB, l7d: 0xBC00_0410, xcr0: 0x2E7, xsave: 2696, xsave1: 0xF,
            addresses: 0x2E_392E, x1c: 0x121, cache: 0x7C00_4121, brand: 0x4943_4558, extended: 0x8000_0008),
        new() { function = 0xA, eax = 0x0830_0802, ebx = 0, edx = 0x603 },
        new() { function = 0x14, eax = 1, ebx = 0xF },
        new() { function = 0x1D, eax = 1 },
        new() { function = 0x1F, index = 0, flags = Significant, ecx = 0x100 },
        new() { function = 0xD, index = 9, flags = Significant, eax = 8, ebx = 2688 },
    ];

    // EPYC of the first and of the third generation.
    private static readonly kvm_cpuid_entry2[] Naples = Host(
        Amd, last: 0xD, signature: 0x0080_0F12, l1c: 0x76D8_3203, l7b: 0x209C_01A9, l7d: 0, xcr0: 7, xsave: 832, xsave1: 0xF,
        addresses: 0x3030, x1c: 0x0040_01F7, cache: 0, brand: 0x4E41_504C, extended: 0x8000_001F, ibpb: 1 << 12);

    private static readonly kvm_cpuid_entry2[] Milan = Host(
        Amd, last: 0x10, signature: 0x00A0_0F11, l1c: 0x76FA_3203, l7b: 0x219C_97AB, l7d: 0x8C00_0000, xcr0: 0x207, xsave: 2696, xsave1: 0xF,
        addresses: 0x3030, x1c: 0x0040_01F7, cache: 0, brand: 0x4D49_4C41, extended: 0x8000_0021, ibpb: 0x0150_D000);

    [Theory]
    [InlineData(CpuModel.X86_64_V2, 1)]
    [InlineData(CpuModel.X86_64_V3, 1)]
    [InlineData(CpuModel.X86_64_V3, 4)]
    public void Guests_on_two_models_of_intel_see_the_same_processor(CpuModel level, int cpus)
    {
        for (var i = 0; i < cpus; i++)
        {
            var old = GuestCpuid.ForVcpu(GuestCpuid.Build(Haswell, level, maskRandom: true, tscDeadline: true, 3_400_000), i, cpus);
            var recent = GuestCpuid.ForVcpu(GuestCpuid.Build(IceLake, level, maskRandom: true, tscDeadline: true, 2_900_000), i, cpus);
            Assert.Equal(Show(GuestCpuid.WithTscRate(recent, 3_400_000)), Show(old));
            Assert.Equal(CpuIdentity.Describe(old, level), CpuIdentity.Describe(recent, level));
            Assert.Equal(CpuIdentity.Xsave(old), CpuIdentity.Xsave(recent));
        }
    }

    [Fact]
    public void Guests_on_two_models_of_amd_differ_by_what_microcode_brings_and_the_text_names_it()
    {
        var naples = CpuIdentity.Describe(Table(Naples, CpuModel.X86_64_V3), CpuModel.X86_64_V3);
        var milan = CpuIdentity.Describe(Table(Milan, CpuModel.X86_64_V3), CpuModel.X86_64_V3);
        Assert.Contains("AuthenticAMD, 39-bit, invariant-tsc ibpb, ", naples, StringComparison.Ordinal);
        Assert.Contains("AuthenticAMD, 39-bit, invariant-tsc ibpb ibrs stibp ssbd, ", milan, StringComparison.Ordinal);
        Assert.True(milan.Length < 256, "a pairing offer takes it");

        var same = Host(
            Amd, last: 0xD, signature: 0x0080_0F12, l1c: 0x76D8_3203, l7b: 0x209C_01A9, l7d: 0, xcr0: 7, xsave: 832, xsave1: 0xF,
            addresses: 0x3030, x1c: 0x0040_01F7, cache: 0, brand: 0x4E41_504C, extended: 0x8000_001F, ibpb: 0x0150_D000);
        Assert.Equal(milan, CpuIdentity.Describe(Table(same, CpuModel.X86_64_V3), CpuModel.X86_64_V3));
    }

    [Fact]
    public void Vendors_are_not_made_the_same() => Assert.NotEqual(
        CpuIdentity.Describe(Table(Haswell, CpuModel.X86_64_V2), CpuModel.X86_64_V2),
        CpuIdentity.Describe(Table(Naples, CpuModel.X86_64_V2), CpuModel.X86_64_V2));

    [Fact]
    public void Levels_have_theirs_and_nothing_above()
    {
        var v2 = Table(IceLake, CpuModel.X86_64_V2);
        Assert.Equal(1U << 20, Leaf(v2, 1).ecx & 1 << 20); // SSE4.2
        Assert.Equal(0U, Leaf(v2, 1).ecx & (1 << 12 | 1 << 22 | 1 << 26 | 1 << 28 | 1 << 29 | 1 << 30));
        Assert.Equal(0U, Leaf(v2, 7).ebx);
        Assert.DoesNotContain(v2, entry => entry.function == 0xD);
        Assert.Equal((576, 3UL), CpuIdentity.Xsave(v2));

        var v3 = Table(IceLake, CpuModel.X86_64_V3);
        Assert.Equal(1U << 28, Leaf(v3, 1).ecx & 1 << 28); // AVX
        Assert.Equal(1U << 5, Leaf(v3, 7).ebx & 1 << 5); // AVX2
        Assert.Equal(0U, Leaf(v3, 7).ebx & (1 << 16 | 1 << 18 | 1 << 1)); // AVX-512, RDSEED
        Assert.Equal((0U, 0U), (Leaf(v3, 7).ecx, Leaf(v3, 7).edx & 1 << 29)); // IA32_ARCH_CAPABILITIES speaks of one host
        Assert.Equal((7U, 832U, 0U), (Leaf(v3, 0xD).eax, Leaf(v3, 0xD).ecx, Leaf(v3, 0xD).edx));
        Assert.Equal((256U, 576U), (Leaf(v3, 0xD, 2).eax, Leaf(v3, 0xD, 2).ebx));
        Assert.Equal((832, 7UL), CpuIdentity.Xsave(v3));
        Assert.DoesNotContain(v3, entry => entry.function is 0xA or 0x14 or 0x15 or 0x1D or 0x1F || entry is { function: 0xD, index: > 2 });
        Assert.Equal(0x3027U, Leaf(v3, 0x8000_0008).eax);
        Assert.All(new[] { v2, v3 }, table => Assert.Equal(table.Length, table.Select(entry => (entry.function, entry.index)).Distinct().Count()));
    }

    [Fact]
    public void Level_that_the_host_lacks_is_refused_by_name()
    {
        var poor = (kvm_cpuid_entry2[])Haswell.Clone();
        poor[Array.FindIndex(poor, entry => entry is { function: 7, index: 0 })].ebx &= ~(1U << 5);
        var refusal = Assert.Throws<KvmException>(() => Table(poor, CpuModel.X86_64_V3));
        Assert.Contains("lacks AVX2, which cpu = x86-64-v3", refusal.Message, StringComparison.Ordinal);
        Assert.NotEmpty(Table(poor, CpuModel.X86_64_V2));
    }

    [Theory]
    [InlineData(1UL << 28, 39)]
    [InlineData(1UL << 39, 39)]
    [InlineData((1UL << 39) + 4096, 40)]
    public void Addresses_are_as_wide_as_on_the_least_host_or_as_memory_needs(ulong ramEnd, uint bits)
    {
        var table = GuestCpuid.Build(IceLake, CpuModel.X86_64_V3, true, true, 2_900_000, ramEnd);
        Assert.Equal(bits, Leaf(table, 0x8000_0008).eax & 0xFF);
        if (bits > 39)
            Assert.Throws<KvmException>(() => GuestCpuid.Build(Haswell, CpuModel.X86_64_V3, true, true, 2_900_000, ramEnd));
    }

    [Fact]
    public void Hosts_of_one_model_pair_whatever_their_boots_measured_of_the_counter_and_in_which_order_kvm_lists_leaves()
    {
        var one = CpuIdentity.Describe(GuestCpuid.Build(Milan, CpuModel.Host, true, true, 2_595_124), CpuModel.Host);
        kvm_cpuid_entry2[] other = [.. Enumerable.Reverse(Milan), new() { function = 0x12 }, new() { function = 7, index = 3, flags = Significant }];
        Assert.Equal(one, CpuIdentity.Describe(GuestCpuid.Build(other, CpuModel.Host, true, true, 2_595_131), CpuModel.Host));
        Assert.StartsWith("host, AuthenticAMD 25/1/1, ", one, StringComparison.Ordinal);
        Assert.NotEqual(one, CpuIdentity.Describe(GuestCpuid.Build(Naples, CpuModel.Host, true, true, 2_595_124), CpuModel.Host));
        other[Array.FindIndex(other, entry => entry is { function: 7, index: 0 })].ebx ^= 1 << 9;
        Assert.NotEqual(one, CpuIdentity.Describe(GuestCpuid.Build(other, CpuModel.Host, true, true, 2_595_124), CpuModel.Host));
    }

    [Theory]
    [InlineData(2_600_000, 2_600_649, true)]
    [InlineData(2_600_000, 2_599_351, true)]
    [InlineData(2_600_000, 2_601_000, false)]
    [InlineData(2_600_000, 0, false)]
    public void Rates_within_what_kvm_tolerates_are_the_same(uint one, uint other, bool same)
    {
        Assert.Equal(same, TscRate.IsSame(one, other));
        Assert.Equal(same, TscRate.IsSame(other, one));
    }

    private static kvm_cpuid_entry2[] Table(kvm_cpuid_entry2[] host, CpuModel model) =>
        GuestCpuid.ForVcpu(GuestCpuid.Build(host, model, maskRandom: true, tscDeadline: true, 2_900_000), 0, 2);

    private static kvm_cpuid_entry2 Leaf(kvm_cpuid_entry2[] table, uint function, uint index = 0) =>
        Assert.Single(table, entry => entry.function == function && entry.index == index);

    private static string[] Show(kvm_cpuid_entry2[] table) =>
        [.. table.Select(entry => $"{entry.function:x} {entry.index:x} {entry.flags:x}: {entry.eax:x} {entry.ebx:x} {entry.ecx:x} {entry.edx:x}")];

    private static kvm_cpuid_entry2[] Host(
        uint vendor, uint last, uint signature, uint l1c, uint l7b, uint l7d, uint xcr0, uint xsave, uint xsave1, uint addresses, uint x1c, uint cache,
        uint brand, uint extended, uint ibpb = 0)
    {
        var (ecx, edx) = vendor == Intel ? (0x6C65_746EU, 0x4965_6E69U) : (0x444D_4163U, 0x6974_6E65U);
        return
        [
            new() { function = 0, eax = last, ebx = vendor, ecx = ecx, edx = edx },
            new() { function = 1, eax = signature, ebx = 0x0710_0800, ecx = l1c, edx = 0x0F8B_FBFF },
            new() { function = 2, eax = 0x00FE_FF01, edx = brand },
            new() { function = 4, index = 0, flags = Significant, eax = cache, ebx = 0x01C0_003F, ecx = 63 },
            new() { function = 6, eax = 4 },
            new() { function = 7, index = 0, flags = Significant, ebx = l7b, ecx = 4, edx = l7d },
            new() { function = 0xB, index = 0, flags = Significant },
            new() { function = 0xD, index = 0, flags = Significant, eax = xcr0, ebx = xsave, ecx = xsave },
            new() { function = 0xD, index = 1, flags = Significant, eax = xsave1, ebx = xsave },
            new() { function = 0xD, index = 2, flags = Significant, eax = 256, ebx = 576 },
            new() { function = 0x15 },
            new() { function = 0x4000_0000, eax = 0x4000_0001 },
            new() { function = 0x4000_0001, eax = 0x0100_7EFB },
            new() { function = 0x8000_0000, eax = extended, ebx = vendor, ecx = ecx, edx = edx },
            new() { function = 0x8000_0001, eax = signature, ecx = x1c, edx = 0x2FD3_FBFF },
            new() { function = 0x8000_0002, eax = brand },
            new() { function = 0x8000_0003, eax = brand },
            new() { function = 0x8000_0004, eax = brand },
            new() { function = 0x8000_0006, ecx = brand, edx = brand },
            new() { function = 0x8000_0007, edx = 0x100 },
            new() { function = 0x8000_0008, eax = addresses, ebx = ibpb },
            new() { function = 0x8000_000A, eax = 1, edx = 0x1000_0000 },
            new() { function = 0x8000_001D, index = 0, flags = Significant, eax = cache },
            new() { function = 0x8000_001E, eax = 7 },
        ];
    }
}
