using System.Runtime.InteropServices;

namespace Colo.Linux;

/// <summary>A failed system call, with its name and errno.</summary>
public sealed class LinuxException : IOException
{
    /// <summary>Makes the exception for a call that left <paramref name="errno"/>.</summary>
    /// <param name="call">What was tried, for example <c>bind packet socket to eth0</c>.</param>
    /// <param name="errno">A positive errno value (errno.h).</param>
    public LinuxException(string call, int errno)
        : base($"{call}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})") => Errno = errno;

    /// <summary>The errno value, positive.</summary>
    public int Errno { get; }

    /// <summary>Makes the exception from the errno of the last P/Invoke of this thread.</summary>
    public static LinuxException FromLastError(string call) => new(call, Marshal.GetLastPInvokeError());

    /// <summary>Returns <paramref name="result"/>, or throws with the last errno when it is negative.</summary>
    public static int ThrowIfNegative(int result, string call) =>
        result >= 0 ? result : throw FromLastError(call);

    /// <summary>Returns <paramref name="result"/>, or throws with the last errno when it is negative.</summary>
    public static long ThrowIfNegative(long result, string call) =>
        result >= 0 ? result : throw FromLastError(call);
}
