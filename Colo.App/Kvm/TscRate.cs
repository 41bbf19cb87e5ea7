namespace Colo.Kvm;

/// <summary>Rates of time-stamp counters.</summary>
internal static class TscRate
{
    // KVM's own tolerance before it scales the guest's TSC (module parameter tsc_tolerance_ppm). Linux measures the rate anew at
    // each boot, so hosts of the same model differ by some kHz; the guest's kvmclock goes by the host's rate wherever it runs.
    private const uint TolerancePpm = 250;

    /// <summary>Whether a guest may go on with a counter of one rate where it had the other.</summary>
    internal static bool IsSame(uint khz, uint other) => Math.Abs((long)khz - other) * 1_000_000 <= (long)other * TolerancePpm;
}
