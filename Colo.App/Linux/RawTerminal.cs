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
