using System.Runtime.InteropServices;

namespace Colo.Linux;

/// <summary>
/// The terminal on standard input, raw: each key is read at once, none is a signal, nothing is echoed (cfmakeraw(3)).
/// Until it is disposed.
/// </summary>
public sealed unsafe partial class RawTerminal : IDisposable
{
    private const int TCSADRAIN = 1;

    // struct termios of glibc has 60 bytes.
    private readonly byte[] _before = new byte[256];
    private bool _disposed;

    private RawTerminal()
    {
    }

    /// <summary>Switches the terminal; null when standard input is none.</summary>
    public static RawTerminal? TryEnter()
    {
        var terminal = new RawTerminal();
        var raw = stackalloc byte[256];
        fixed (byte* before = terminal._before)
        {
            if (isatty(0) != 1 || tcgetattr(0, before) != 0)
                return null;
            new ReadOnlySpan<byte>(before, 256).CopyTo(new Span<byte>(raw, 256));
        }

        cfmakeraw(raw);
        if (tcsetattr(0, TCSADRAIN, raw) != 0)
            throw LinuxException.FromLastError("tcsetattr");
        return terminal;
    }

    /// <summary>
    /// Reads what is typed, or what comes where standard input is no terminal. Not by the class library's stream, which edits and
    /// echoes lines on a terminal, and sets it as it likes it for that.
    /// </summary>
    /// <returns>How many bytes; 0 at the end.</returns>
    public static int Read(Span<byte> keys)
    {
        fixed (byte* first = keys)
        {
            nint length;
            do
                length = Native.read(0, first, (nuint)keys.Length);
            while (length < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);
            return (int)Math.Max(0, length);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        fixed (byte* before = _before)
            _ = tcsetattr(0, TCSADRAIN, before);
    }

    [LibraryImport("libc")]
    private static partial int isatty(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int fd, byte* termios);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int fd, int actions, byte* termios);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* termios);
}
