using Colo.Kvm;

namespace Colo.Tests.Kvm;

public sealed class GuestCpuidTests
{
    private const uint AllOnes = uint.MaxValue;
    private const uint Vmx = 1 << 5;

    private static readonly kvm_cpuid_entry2[] Everything =
    [
        new() { function = 0, eax = 0x1F },
        new() { function = 1, eax = 0x800F12, ebx = 0x0700_0800, ecx = AllOnes, edx = AllOnes },
        new() { function = 4, eax = 0x1C00_4121 },
        new() { function = 7, index = 0, eax = 2, ebx = AllOnes, ecx = AllOnes, edx = AllOnes },
        new() { function = 7, index = 1, eax = AllOnes },
        new() { function = 0xB, index = 0, eax = 1, ebx = 2, ecx = 0x100, edx = 7 },
        new() { function = 0xB, index = 1, eax = 4, ebx = 16, ecx = 0x201, edx = 7 },
        new() { function = 0xD, index = 0, eax = 0x2E7, ebx = 2696, ecx = 2696, edx = 0 },
        new() { function = 0xD, index = 1, eax = 0x1F, ebx = 2696, ecx = 0x1800 },
        new() { function = 0xD, index = 2, eax = 256, ebx = 576 },
        new() { function = 0xD, index = 5, eax = 64, ebx = 1088 },
        new() { function = 0xD, index = 11, eax = 16, ecx = 1 },
        new() { function = 0xD, index = 12, eax = 24, ecx = 1 },
        new() { function = 0x4000_0000, eax = 0x4000_0001 },
        new() { function = 0x4000_0001, eax = AllOnes },
        new() { function = 0x8000_0001, ecx = AllOnes, edx = AllOnes },
        new() { function = 0x8000_000A, eax = 1, ebx = 8, edx = AllOnes },
        new() { function = 0x8000_0008, eax = 0x3030, ecx = 0x400F },
        new() { function = 0x8000_001E, eax = 7, ebx = 0x107, ecx = 1 },
    ];

    [Fact]
    public void Host_hides_only_what_is_asked()
    {
        var table = Build(CpuModel.Host, maskRandom: false);
        Assert.Equal(AllOnes & ~Vmx, Leaf(table, 1).ecx);
        Assert.Equal(AllOnes, Leaf(table, 7).ebx);
        table = Build(CpuModel.Host, maskRandom: true);
        Assert.Equal(AllOnes & ~Vmx & ~(1U << 30), Leaf(table, 1).ecx);
        Assert.Equal(AllOnes & ~(1U << 18), Leaf(table, 7).ebx);
    }

    [Theory]
    [InlineData(CpuModel.Host)]
    [InlineData(CpuModel.X86_64_V2)]
    [InlineData(CpuModel.X86_64_V3)]
    public void Whose_state_no_checkpoint_holds_is_hidden_in_every_model(CpuModel model)
    {
        // A guest that finds VMX, SVM or shadow stacks uses them, and KVM keeps what they hold apart from everything that is captured.
        var table = Build(model, false);
        Assert.Equal(0U, Leaf(table, 1).ecx & Vmx);
        Assert.Equal(0U, Leaf(table, 0x8000_0001).ecx & (1 << 2 | 1 << 12));
        Assert.DoesNotContain(table, entry => entry.function == 0x8000_000A && (entry.eax | entry.ebx | entry.ecx | entry.edx) != 0);
        Assert.Equal(0U, Leaf(table, 7).ecx & 1 << 7);
        Assert.Equal(0U, Leaf(table, 7).edx & 1 << 20);
        Assert.DoesNotContain(table, entry => entry is { function: 0xD, index: 1 } && (entry.ecx & 3 << 11) != 0);
        Assert.DoesNotContain(table, entry => entry is { function: 0xD, index: 11 or 12 } && entry.eax != 0);
    }

    [Fact]
    public void Hypervisor_leaves_say_kvm_and_the_rates()
    {
        var table = Build(CpuModel.Host, false);
        var signature = Leaf(table, 0x4000_0000);
        Assert.Equal(0x4000_0010U, signature.eax);
        Assert.Equal((0x4B4D564BU, 0x564B4D56U, 0x4DU), (signature.ebx, signature.ecx, signature.edx));
        Assert.Equal(2_596_148U, Leaf(table, 0x4000_0010).eax);
        // No asynchronous page faults (4, 10, 14), no steal time (5).
        Assert.Equal(0U, Leaf(table, 0x4000_0001).eax & (1 << 4 | 1 << 5 | 1 << 10 | 1 << 14));
        Assert.Single(table, entry => entry.function == 0x4000_0000);
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(2, 1, 1)]
    [InlineData(5, 4, 3)]
    public void Each_vcpu_has_its_numbers(int cpus, int index, int bits)
    {
        var own = GuestCpuid.ForVcpu(Build(CpuModel.Host, false), index, cpus);
        Assert.Equal((uint)index, Leaf(own, 1).ebx >> 24);
        Assert.Equal((uint)cpus, Leaf(own, 1).ebx >> 16 & 0xFF);
        Assert.Equal((uint)index, Leaf(own, 0xB).edx);
        Assert.Equal((0U, 1U, 0x100U), (Leaf(own, 0xB).eax, Leaf(own, 0xB).ebx, Leaf(own, 0xB).ecx));
        Assert.Equal(((uint)bits, (uint)cpus, 0x201U), (Leaf(own, 0xB, 1).eax, Leaf(own, 0xB, 1).ebx, Leaf(own, 0xB, 1).ecx));
        Assert.Equal((uint)cpus - 1, Leaf(own, 0x8000_0008).ecx & 0xFF);
        Assert.Equal((uint)index, Leaf(own, 0x8000_001E).eax);
        Assert.Equal((1U << bits) - 1, Leaf(own, 4).eax >> 26);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(4, 2)]
    [InlineData(64, 6)]
    public void Levels_of_threads_and_cores_are_there_whatever_kvm_lists(int cpus, int bits)
    {
        // Since Linux 6.1: one level, empty; nothing of leaf 0x1F.
        var poor = Everything.Where(entry => entry.function is not (0xB or 0x1F)).Append(new() { function = 0xB, flags = 1 }).ToArray();
        var table = GuestCpuid.Build(poor, CpuModel.Host, false, true, 1000);
        var packages = new HashSet<uint>();
        var ids = new HashSet<uint>();
        for (var i = 0; i < cpus; i++)
        {
            var own = GuestCpuid.ForVcpu(table, i, cpus);
            // As a kernel reads it: levels until one of type 0.
            foreach (var function in new uint[] { 0xB, 0x1F })
            {
                var levels = own.Where(entry => entry.function == function).OrderBy(entry => entry.index).ToArray();
                Assert.Equal([1, 2, 0], levels.Select(level => level.ecx >> 8 & 0xFF).Select(type => (int)type));
                Assert.Equal([0, 1, 2], levels.Select(level => (int)(level.ecx & 0xFF)));
                Assert.All(levels, level => Assert.Equal(((uint)i, 1U), (level.edx, level.flags)));
                Assert.Equal((0U, 1U), (levels[0].eax, levels[0].ebx));
                Assert.Equal(((uint)bits, (uint)cpus), (levels[1].eax, levels[1].ebx));
                packages.Add(levels[1].edx >> (int)levels[1].eax);
            }

            ids.Add(Leaf(own, 1).ebx >> 24);
            Assert.Equal(cpus > 1, (Leaf(own, 1).edx & 1 << 28) != 0);
            Assert.Equal((uint)bits, Leaf(own, 0x8000_0008).ecx >> 12 & 0xF);
            Assert.Equal(((uint)i, (uint)i, 0U), (Leaf(own, 0x8000_001E).eax, Leaf(own, 0x8000_001E).ebx, Leaf(own, 0x8000_001E).ecx));
            Assert.True(Leaf(own, 4).eax >> 26 >= (uint)cpus - 1, "leaf 4 has room for all cores");
        }

        Assert.Equal([0U], packages);
        Assert.Equal(cpus, ids.Count);
    }

    [Fact]
    public void Topology_leaves_beyond_the_last_leaf_are_not_made()
    {
        var old = Everything.Where(entry => entry.function is not (0xB or 0x1F)).ToArray();
        old[0].eax = 0xD;
        var own = GuestCpuid.ForVcpu(GuestCpuid.Build(old, CpuModel.Host, false, true, 1000), 0, 2);
        Assert.Equal(3, own.Count(entry => entry.function == 0xB));
        Assert.DoesNotContain(own, entry => entry.function == 0x1F);
        old[0].eax = 7;
        own = GuestCpuid.ForVcpu(GuestCpuid.Build(old, CpuModel.Host, false, true, 1000), 0, 2);
        Assert.DoesNotContain(own, entry => entry.function == 0xB);
    }

    private static kvm_cpuid_entry2[] Build(CpuModel model, bool maskRandom) =>
        GuestCpuid.Build(Everything, model, maskRandom, true, 2_596_148);

    private static kvm_cpuid_entry2 Leaf(kvm_cpuid_entry2[] table, uint function, uint index = 0) =>
        Assert.Single(table, entry => entry.function == function && entry.index == index);
}
