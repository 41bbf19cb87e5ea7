namespace Colo.Kvm;

/// <summary>
/// The time-stamp counters of one machine's vCPUs, captured and set together: a guest with several expects them to be equal,
/// and takes the counter for broken when they are not. Each vCPU's counter is the host's plus an offset.
/// <para>
/// Where KVM gives the offsets (Documentation/virt/kvm/devices/vcpu.rst, KVM_VCPU_TSC_OFFSET), one reading of the first vCPU
/// and the distances of the others' offsets from its own make all values of one moment, and a load sets offsets with those
/// distances: exact, however long the ioctls take. The algorithm of that document is not followed further: it lets time go
/// on while the state travels, and here the guest's time stands still from capture to load.
/// </para>
/// <para>
/// Elsewhere a load writes the MSR of each vCPU. KVM takes a write within a second of what it expects for a try to
/// synchronise: it keeps the offset that it has, so the vCPUs stay equal, and their common value is only as good as that.
/// For that they are given the same value.
/// </para>
/// </summary>
/// <param name="vcpus">All of the machine's, at least one.</param>
/// <param name="khz">The counters' rate, kHz.</param>
internal sealed class GuestTsc(KvmVcpu[] vcpus, uint khz)
{
    /// <summary>Whether the host has the offsets: values are set exactly, and not by <see cref="VcpuState.Apply"/>.</summary>
    internal bool Exact { get; } = Array.TrueForAll(vcpus, vcpu => vcpu.HasTscOffset() && vcpu.HasTsc());

    /// <summary>Makes the counters of new vCPUs equal. KVM does so itself on a host whose own counter it trusts.</summary>
    internal void MakeEqual()
    {
        if (!Exact)
            return;
        var offset = vcpus[0].TscOffset;
        foreach (var vcpu in vcpus)
        {
            if (vcpu.TscOffset != offset)
                vcpu.TscOffset = offset;
        }
    }

    /// <summary>Puts values of one moment, now, into captured states of vCPUs that stand still.</summary>
    internal void Capture(VcpuState[] states)
    {
        if (!Exact)
            return;
        var now = vcpus[0].Tsc();
        states[0].Tsc = now;
        // With one vCPU there is nothing to say, and programs that know version 1 alone can read it.
        states[0].TscOfOneMoment = states.Length > 1;
        if (states.Length == 1)
            return;
        var offset = vcpus[0].TscOffset;
        for (var i = 1; i < states.Length; i++)
        {
            states[i].Tsc = now + (vcpus[i].TscOffset - offset);
            states[i].TscOfOneMoment = true;
        }
    }

    /// <summary>
    /// Sets the counters so that the first vCPU's has the value of its state now, and the others' theirs at the same moment;
    /// without <see cref="Exact"/> prepares the states for <see cref="VcpuState.Apply"/>, which then does it.
    /// </summary>
    internal void Apply(VcpuState[] states)
    {
        // A host whose KVM does not give the counter: it goes on as it is.
        if (!Array.TrueForAll(states, state => state.HasTsc))
            return;
        var value = states[0].Tsc;
        if (!Exact)
        {
            foreach (var state in states)
                state.Tsc = value + Distance(state, value);
            return;
        }

        var offset = value - vcpus[0].Tsc() + vcpus[0].TscOffset;
        for (var i = 0; i < states.Length; i++)
            vcpus[i].TscOffset = offset + Distance(states[i], value);
    }

    // Values that were read one after the other differ by what that took: that is no difference of the counters.
    private ulong Distance(VcpuState state, ulong value)
    {
        var distance = (long)(state.Tsc - value);
        return !state.TscOfOneMoment && Math.Abs((double)distance) < khz * 1000.0 ? 0 : (ulong)distance;
    }
}
