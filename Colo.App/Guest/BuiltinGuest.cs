namespace Colo.Guest;

/// <summary>
/// The built-in guest (<c>kernel = builtin:demo</c>): a freestanding x86-64 server, an ELF with a PVH note, built from the C
/// sources beside this file and embedded as <c>demo.elf</c>.
/// </summary>
public static class BuiltinGuest
{
    /// <summary>
    /// The ELF image: 64-bit, one loadable segment at 1 MiB, the note XEN_ELFNOTE_PHYS32_ENTRY (owner "Xen", type 18) with the
    /// 32-bit entry, and a note of owner "colo", type 1, value 1: the page tables stay as they are after boot.
    /// The bytes live as long as the process and are not to be written.
    /// </summary>
    /// <exception cref="InvalidOperationException">The binary was built without the image.</exception>
    public static unsafe ReadOnlySpan<byte> Image
    {
        get
        {
            // An embedded resource is a view of the mapped binary: no copy is needed.
            var stream = (UnmanagedMemoryStream)Open();
            return new ReadOnlySpan<byte>(stream.PositionPointer, checked((int)stream.Length));
        }
    }

    /// <summary>A copy of <see cref="Image"/>.</summary>
    /// <exception cref="InvalidOperationException">The binary was built without the image.</exception>
    public static byte[] Load() => Image.ToArray();

    private static Stream Open() =>
        typeof(BuiltinGuest).Assembly.GetManifestResourceStream("demo.elf")
        ?? throw new InvalidOperationException("the built-in guest is missing from this binary: build it with make and gcc present");
}
