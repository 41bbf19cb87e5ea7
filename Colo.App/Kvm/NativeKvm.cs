using System.Runtime.InteropServices;

namespace Colo.Kvm;

/// <summary>The system calls that only KVM and its vCPU threads need.</summary>
internal static unsafe partial class NativeKvm
{
    internal const int O_RDWR = 2;
    internal const int O_CLOEXEC = 0x80000;
    internal const int SIG_BLOCK = 0;

    /// <summary>struct timespec with 64-bit members.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Timespec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc")]
    internal static partial int gettid();

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int tgkill(int process, int thread, int signal);

    // The set is glibc's sigset_t, 128 bytes.
    [LibraryImport("libc")]
    internal static partial int pthread_sigmask(int how, ulong* set, ulong* old);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sigtimedwait(ulong* set, void* info, Timespec* timeout);
}
