using System.Runtime.InteropServices;

namespace Colo.Linux;

/// <summary>access(2): what this thread's user may do with a path, whatever the mode bits look like.</summary>
internal static partial class Access
{
    private const int X_OK = 1;
    private const int W_OK = 2;
    private const int R_OK = 4;

    /// <summary>Whether a file or folder may be written.</summary>
    internal static bool MayWrite(string path) => access(path, W_OK) == 0;

    /// <summary>Whether a file may be read, and written too if that is asked.</summary>
    internal static bool MayOpen(string path, bool write) => access(path, write ? R_OK | W_OK : R_OK) == 0;

    /// <summary>Whether files may be made in a folder.</summary>
    internal static bool MayMakeIn(string folder) => access(folder, W_OK | X_OK) == 0;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);
}
