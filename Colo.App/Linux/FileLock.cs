using System.Runtime.InteropServices;

namespace Colo.Linux;

/// <summary>flock(2): one process at a time has a file.</summary>
internal static partial class FileLock
{
    private const int LOCK_SH = 1;
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;
    private const int Tries = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Locks an open file. Who closed it just now may seem to have it for a moment more: a child process that is being started
    /// has all descriptors of its parent until it runs its program. So this is tried for half a second.
    /// </summary>
    /// <param name="fd">The file.</param>
    /// <param name="shared">Others may lock it shared too.</param>
    /// <returns>0; EAGAIN: another process has it; or another errno.</returns>
    internal static int Take(int fd, bool shared)
    {
        for (var left = Tries; ;)
        {
            if (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0)
                return 0;
            var errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR)
                continue;
            if (errno != Errno.EAGAIN || --left == 0)
                return errno;
            Thread.Sleep(Pause);
        }
    }

    /// <summary>Locks an open file or folder for this process alone, however long others have it.</summary>
    /// <exception cref="LinuxException">It cannot be locked.</exception>
    internal static void Wait(int fd, string path)
    {
        while (flock(fd, LOCK_EX) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                throw LinuxException.FromLastError($"lock {path}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int fd, int operation);
}
