using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Protection;

/// <summary>The pipe for the output of a command: its end here does not block, the command's does.</summary>
internal static unsafe partial class CommandPipe
{
    private const int O_CLOEXEC = 0x80000;
    private const int O_NONBLOCK = 0x800;
    private const int F_SETFL = 4;

    internal static (FileDescriptor Read, FileDescriptor Write) Open()
    {
        var ends = stackalloc int[2];
        LinuxException.ThrowIfNegative(pipe2(ends, O_CLOEXEC), "pipe2");
        var (read, write) = (new FileDescriptor(ends[0]), new FileDescriptor(ends[1]));
        if (fcntl(read.Number, F_SETFL, O_NONBLOCK) >= 0)
            return (read, write);
        var error = LinuxException.FromLastError("fcntl F_SETFL");
        read.Dispose();
        write.Dispose();
        throw error;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    // Variadic in C; on x86-64 an int argument is passed the same way.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);
}
