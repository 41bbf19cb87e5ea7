using Microsoft.Win32.SafeHandles;

namespace Colo.Linux;

/// <summary>
/// An owned Linux file descriptor. The type that makes one disposes it; every one is opened close-on-exec,
/// because an inherited descriptor keeps a link to the peer open after this process died.
/// </summary>
public sealed class FileDescriptor : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Takes ownership of <paramref name="fd"/>.</summary>
    /// <param name="fd">An open descriptor, not negative.</param>
    public FileDescriptor(int fd)
        : base(ownsHandle: true) => SetHandle(fd);

    /// <summary>Takes ownership of the result of a call, or throws with its errno when it is negative.</summary>
    public static FileDescriptor FromResult(int result, string call) =>
        new(LinuxException.ThrowIfNegative(result, call));

    /// <summary>The number, for system calls. The caller keeps this object alive while it uses it.</summary>
    public int Number => IsClosed ? throw new ObjectDisposedException(nameof(FileDescriptor)) : (int)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Native.close((int)handle) == 0;
}
