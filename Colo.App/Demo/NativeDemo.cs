using System.Runtime.InteropServices;

namespace Colo.Demo;

/// <summary>The system calls that only the demo needs.</summary>
internal static unsafe partial class NativeDemo
{
    internal const int CLONE_NEWNET = 0x40000000;
    internal const long SYS_pidfd_open = 434;
    internal const int SIGINT = 2;
    internal const int SIGKILL = 9;
    internal const int SIGTERM = 15;
    internal const int SIGCONT = 18;
    internal const int SIGSTOP = 19;
    internal const int SO_TIMESTAMPNS = 35;
    internal const int CLOCK_REALTIME = 0;
    internal const int MNT_DETACH = 2;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mount(string source, string target, string fileSystem, ulong flags, string data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setns(int fd, int type);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    internal static partial int getppid();

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long pidfd_open(long number, int pid, uint flags);

    [LibraryImport("libc")]
    internal static partial void _exit(int status);
}
