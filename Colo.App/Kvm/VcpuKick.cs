using System.Runtime.InteropServices;

namespace Colo.Kvm;

/// <summary>
/// Kicks a vCPU thread out of KVM_RUN with a real-time signal that has no handler: it is blocked in the thread and
/// unblocked by KVM_SET_SIGNAL_MASK only inside of KVM_RUN, so it ends KVM_RUN with EINTR, stays pending, and is taken
/// with sigtimedwait(2). No signal handler ever runs managed code. The .NET runtime uses SIGRTMIN itself.
/// </summary>
internal static unsafe class VcpuKick
{
    // glibc's SIGRTMIN is 34: it keeps 32 and 33 for itself.
    private const int Signal = 34 + 2;
    private const int SetWords = 16;

    /// <summary>Blocks the signal in the calling thread.</summary>
    /// <returns>The kernel's signal mask for KVM_RUN: the thread's own without the signal.</returns>
    internal static ulong BlockInThisThread()
    {
        var set = stackalloc ulong[SetWords];
        new Span<ulong>(set, SetWords).Clear();
        set[0] = 1UL << (Signal - 1);
        var old = stackalloc ulong[SetWords];
        if (NativeKvm.pthread_sigmask(NativeKvm.SIG_BLOCK, set, old) != 0)
            throw new InvalidOperationException("pthread_sigmask failed");
        return old[0] & ~(1UL << (Signal - 1));
    }

    /// <summary>Takes pending kicks of the calling thread, so that the next KVM_RUN is not ended by an old one.</summary>
    internal static void Drain()
    {
        var set = stackalloc ulong[SetWords];
        new Span<ulong>(set, SetWords).Clear();
        set[0] = 1UL << (Signal - 1);
        NativeKvm.Timespec now = default;
        while (NativeKvm.sigtimedwait(set, null, &now) >= 0)
        {
        }
    }

    /// <summary>Sends a kick. The thread must be alive and have called <see cref="BlockInThisThread"/>.</summary>
    internal static void Send(int thread)
    {
        if (NativeKvm.tgkill(Environment.ProcessId, thread, Signal) != 0)
            throw new InvalidOperationException($"tgkill: errno {Marshal.GetLastPInvokeError()}");
    }
}
