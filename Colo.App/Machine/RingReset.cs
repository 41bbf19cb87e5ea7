namespace Colo.Machine;

/// <summary>
/// Hands entries of dirty rings back to KVM (KVM_RESET_DIRTY_RINGS), all of them: a page whose entry is not reset is not
/// protected again, and what the guest writes to it is not logged.
/// </summary>
/// <remarks>
/// Since Linux 6.16 a pending signal ends the ioctl early (kvm_dirty_ring_reset of virt/kvm/dirty_ring.c; the garbage
/// collector's are enough), and its result is the number that was reset until then, which may be 0. The signal is gone when the
/// ioctl has returned, so the next one goes on. Kernels before reset all at once.
/// </remarks>
internal static class RingReset
{
    /// <summary>So many calls in turn that reset nothing are no signals any more.</summary>
    private const int MostIdle = 64;

    /// <summary>Resets the entries that were handed back.</summary>
    /// <param name="count">How many.</param>
    /// <param name="reset">One KVM_RESET_DIRTY_RINGS: how many it has reset.</param>
    /// <returns>Whether exactly they were reset; else KVM's place in a ring and ours differ.</returns>
    internal static bool Complete(int count, Func<int> reset)
    {
        var left = (long)count;
        for (var idle = 0; left > 0 && idle < MostIdle;)
        {
            var done = reset();
            left -= done;
            idle = done == 0 ? idle + 1 : 0;
        }

        return left == 0;
    }
}
