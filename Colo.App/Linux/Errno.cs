namespace Colo.Linux;

/// <summary>The errno values this program acts on (asm-generic/errno-base.h, errno.h; x86-64).</summary>
public static class Errno
{
    /// <summary>Not permitted.</summary>
    public const int EPERM = 1;

    /// <summary>No such file or directory.</summary>
    public const int ENOENT = 2;

    /// <summary>Interrupted by a signal.</summary>
    public const int EINTR = 4;

    /// <summary>Argument list too long.</summary>
    public const int E2BIG = 7;

    /// <summary>Would block.</summary>
    public const int EAGAIN = 11;

    /// <summary>Not enough memory.</summary>
    public const int ENOMEM = 12;

    /// <summary>Permission denied.</summary>
    public const int EACCES = 13;

    /// <summary>Bad address.</summary>
    public const int EFAULT = 14;

    /// <summary>Busy.</summary>
    public const int EBUSY = 16;

    /// <summary>A part of the path is no folder.</summary>
    public const int ENOTDIR = 20;

    /// <summary>A folder.</summary>
    public const int EISDIR = 21;

    /// <summary>The file system is mounted read-only.</summary>
    public const int EROFS = 30;

    /// <summary>Exists already.</summary>
    public const int EEXIST = 17;

    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;

    /// <summary>No space left on the device.</summary>
    public const int ENOSPC = 28;

    /// <summary>No buffer space: the device queue is full.</summary>
    public const int ENOBUFS = 105;

    /// <summary>Message too long.</summary>
    public const int EMSGSIZE = 90;

    /// <summary>The address is taken.</summary>
    public const int EADDRINUSE = 98;

    /// <summary>The address is none of this host.</summary>
    public const int EADDRNOTAVAIL = 99;

    /// <summary>The network is down.</summary>
    public const int ENETDOWN = 100;

    /// <summary>The connection is under way.</summary>
    public const int EINPROGRESS = 115;

    /// <summary>The owner of a robust mutex died (pthread_mutex_lock).</summary>
    public const int EOWNERDEAD = 130;
}
