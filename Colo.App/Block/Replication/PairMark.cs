using System.Globalization;
using System.Text;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>
/// Says on an image, by an extended attribute, which record notes its changes: only the first image has its record beside it, and none
/// with a state directory. With the inode's number, so that a copy is none of the pair's. For warning only: where a file system has no such
/// attributes, and on devices, nothing is said. Safe because the kernel gets pinned arrays and their own lengths.
/// </summary>
internal static unsafe class PairMark
{
    private const string Name = "user.colo.record";
    private const int Longest = 4200;

    /// <summary>Says it, if that is possible.</summary>
    internal static void Set(string image, string record)
    {
        if (RecordOf(image) == record || Open(image) is not { } file)
            return;
        using (file)
        {
            var value = Encoding.UTF8.GetBytes(Prefix(file) + Path.GetFullPath(record));
            fixed (byte* bytes = value)
                _ = NativeFile.fsetxattr(file.Number, Name, bytes, (nuint)value.Length, 0);
        }
    }

    /// <summary>The record of the pair to which an image belongs; null: none is known, or it is gone.</summary>
    internal static string? RecordOf(string image)
    {
        if (Open(image) is not { } file)
            return null;
        using (file)
        {
            var value = new byte[Longest];
            nint length;
            fixed (byte* bytes = value)
                length = NativeFile.fgetxattr(file.Number, Name, bytes, Longest);
            if (length <= 0)
                return null;
            var text = Encoding.UTF8.GetString(value, 0, (int)length);
            var prefix = Prefix(file);
            return text.StartsWith(prefix, StringComparison.Ordinal) && text[prefix.Length..] is var record && File.Exists(record) ? record : null;
        }
    }

    private static string Prefix(FileDescriptor file) =>
        FileStatus.OfOpen(file.Number, FileStatus.STATX_INO, out var status) ? status.stx_ino.ToString(CultureInfo.InvariantCulture) + " " : "? ";

    private static FileDescriptor? Open(string path) =>
        NativeFile.open(path, NativeFile.O_RDONLY | NativeFile.O_CLOEXEC | NativeFile.O_NONBLOCK, 0) is >= 0 and var number ? new FileDescriptor(number) : null;
}
