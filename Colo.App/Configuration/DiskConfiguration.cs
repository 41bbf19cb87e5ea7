namespace Colo.Configuration;

/// <summary>A virtual disk: section <c>[disk:NAME]</c>.</summary>
/// <param name="Name">NAME of the section: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>; at most 20 bytes, which is
/// what a virtio-blk serial number holds.</param>
/// <param name="Path">Full path of the raw image.</param>
/// <param name="Size">Size in bytes that the file asks for, a multiple of 512; null when it names none.</param>
/// <param name="ReadOnly">True when the guest may not write.</param>
/// <param name="Direct">True when the image is read and written past the host's page cache (O_DIRECT).</param>
public sealed record DiskConfiguration(string Name, string Path, long? Size, bool ReadOnly, bool Direct = false)
{
    /// <summary>Size in bytes of an image that is made because it is absent and <see cref="Size"/> is not given.</summary>
    public const long DefaultSize = 1L << 30;

    /// <summary>Size in bytes with which an absent image is made, sparse.</summary>
    public long SizeToCreate => Size ?? DefaultSize;

    internal const int NameLimit = 20;

    internal static DiskConfiguration Read(SectionReader s) => new(
        s.Name,
        s.RequiredPath("path", "the path of a raw disk image"),
        s.Size("size", (long?)null, 1 << 10, 1L << 46, 512),
        s.Switch("readonly", false),
        s.Switch("direct", false));
}
