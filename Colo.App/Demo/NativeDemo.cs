using System.Runtime.InteropServices;

namespace Colo.Demo;

/// <summary>The system calls that only the demo needs.</summary>
internal static unsafe partial class NativeDemo
{
    internal const int CLONE_NEWNET = 0x40000000;
    internal const int O_RDONLY_CLOEXEC = 0x80000;
    internal const int O_RDWR_CLOEXEC = 0x80002;
    internal const long SYS_pidfd_open = 434;
    internal const int SIGINT = 2;
    internal const int SIGKILL = 9;
    internal const int SIGTERM = 15;
    internal const int SIGCONT = 18;
    internal const int SIGSTOP = 19;
    internal const int AF_PACKET = 17;
    internal const int SOCK_RAW_CLOEXEC = 3 | 0x80000;
    internal const int SOL_SOCKET = 1;
    internal const int SOL_PACKET = 263;
    internal const int SO_RCVBUFFORCE = 33;
    internal const int SO_TIMESTAMPNS = 35;
    internal const int PACKET_VNET_HDR = 15;
    internal const int PACKET_STATISTICS = 6;
    internal const int PACKET_IGNORE_OUTGOING = 23;
    internal const int CLOCK_REALTIME = 0;
    internal const int MNT_DETACH = 2;

    /// <summary>struct sockaddr_ll (packet(7)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SockAddrLl
    {
        internal ushort Family;
        internal ushort Protocol;
        internal int IfIndex;
        internal ushort HaType;
        internal byte PacketType;
        internal byte AddressLength;
        internal ulong Address;
    }

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVec
    {
        internal void* Base;
        internal nuint Length;
    }

    /// <summary>struct msghdr, x86-64.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MsgHdr
    {
        internal void* Name;
        internal uint NameLength;
        internal IoVec* Vectors;
        internal nuint VectorCount;
        internal void* Control;
        internal nuint ControlLength;
        internal int Flags;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags);

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

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(int fd, void* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(int fd, int level, int name, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(int fd, int level, int name, void* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recvmsg(int fd, MsgHdr* message, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint if_nametoindex(string name);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial uint geteuid();

    [LibraryImport("libc")]
    internal static partial int getppid();

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long pidfd_open(long number, int pid, uint flags);

    [LibraryImport("libc")]
    internal static partial void _exit(int status);
}
