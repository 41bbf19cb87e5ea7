using System.Runtime.InteropServices;

namespace Colo.Linux;

/// <summary>access(2): what this user may do with a path, whatever the mode bits look like.</summary>
internal static partial class Access
{
    private const int W_OK = 2;

    /// <summary>Whether a file or folder may be written.</summary>
    internal static bool MayWrite(string path) => access(path, W_OK) == 0;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);
}
