using Colo.Kvm;
using Colo.Memory;

namespace Colo.Boot;

/// <summary>Where the first vCPU begins.</summary>
/// <param name="Address">The PVH entry, or where a bzImage was loaded.</param>
/// <param name="IsLinux64">Whether it begins by Linux's 64-bit protocol; else by PVH.</param>
/// <param name="PageTablesFixed">Whether the kernel says that its page tables stay as they are after boot.</param>
internal readonly record struct BootEntry(ulong Address, bool IsLinux64, bool PageTablesFixed)
{
    /// <summary>Puts a vCPU there.</summary>
    internal void Set(ref kvm_regs regs, ref kvm_sregs2 sregs)
    {
        if (IsLinux64)
            BzImageLoader.SetEntry(ref regs, ref sregs, Address);
        else
            PvhLoader.SetEntry(ref regs, ref sregs, (uint)Address);
    }
}

/// <summary>Puts a kernel of either kind, its initial RAM disk, its command line and the firmware's tables into RAM.</summary>
internal static class BootLoader
{
    /// <summary>Whether a kernel could be booted in that RAM, for <c>colo check</c>; nothing is written.</summary>
    /// <returns>What it is.</returns>
    /// <exception cref="BootException">It cannot be booted; the message says why and what would do.</exception>
    internal static string Check(ReadOnlySpan<byte> kernel, GuestMemory memory)
    {
        if (!BzImage.Is(kernel))
        {
            PvhKernel.Parse(kernel, memory);
            return "an ELF with a PVH entry";
        }

        var version = BzImage.Parse(kernel, memory).Version;
        return $"a Linux bzImage, boot protocol {version >> 8}.{version & 0xFF:d2}";
    }

    /// <summary>Loads all of it into RAM that is clear.</summary>
    /// <param name="kernel">The file: a bzImage, or an ELF with a PVH note.</param>
    /// <param name="initrd">An initial RAM disk, or empty.</param>
    /// <param name="commandLine">ASCII.</param>
    /// <param name="memory">Where to.</param>
    /// <param name="platform">What the tables are to say.</param>
    /// <exception cref="BootException">It cannot be booted; the message says why and what would do.</exception>
    internal static BootEntry Load(
        ReadOnlySpan<byte> kernel, ReadOnlySpan<byte> initrd, string commandLine, GuestMemory memory, Platform platform)
    {
        if (memory.LowSize < 2 << 20)
            throw new BootException($"{memory.Size} bytes of RAM are too few to boot: set [vm] memory to 2M or more");
        var rsdp = platform.Acpi ? AcpiTables.Rsdp : 0;
        BootEntry entry;
        if (BzImage.Is(kernel))
        {
            var image = BzImage.Parse(kernel, memory);
            BzImageLoader.Load(image, kernel, initrd, commandLine, memory, rsdp);
            entry = new BootEntry(image.LoadAddress, true, false);
        }
        else
        {
            var elf = PvhKernel.Parse(kernel, memory);
            PvhLoader.Load(elf, kernel, initrd, commandLine, memory, rsdp);
            entry = new BootEntry(elf.Entry, false, elf.PageTablesFixed);
        }

        if (platform.Acpi)
            AcpiTables.Write(memory, platform);
        MpTable.Write(memory, platform.Cpus);
        memory.MarkDirty(0, BootMemory.LowestKernel);
        return entry;
    }
}
