namespace Colo.Kvm;

/// <summary>The CPU that the guest sees.</summary>
public enum CpuModel
{
    /// <summary>All that KVM supports on this host.</summary>
    Host,

    /// <summary>The level x86-64-v2 of the System V psABI (SSE4.2, POPCNT, CMPXCHG16B) and no extension above it: a processor made up (<see cref="CpuLevel"/>).</summary>
    X86_64_V2,

    /// <summary>The level x86-64-v3 (AVX2, BMI, FMA, MOVBE) and no extension above it, but for what every such processor has for a kernel.</summary>
    X86_64_V3,
}
