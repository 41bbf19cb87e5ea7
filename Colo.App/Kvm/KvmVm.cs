using Colo.Linux;

namespace Colo.Kvm;

/// <summary>
/// One virtual machine of KVM: its memory slots, in-kernel interrupt controllers and timer, clock, and registrations
/// of eventfds. Every member is one ioctl on the VM's descriptor and may be called from any thread.
/// </summary>
public sealed unsafe class KvmVm : IDisposable
{
    // The three pages of KVM_SET_TSS_ADDR and the page of KVM_SET_IDENTITY_MAP_ADDR: below the firmware's place at
    // the end of 4 GiB, where no RAM and no device of ours is.
    private const ulong TssAddress = 0xFFFB_D000;
    private const ulong IdentityMapAddress = 0xFFFB_C000;

    // A page of the hole for devices that nothing else uses, see FlushShadowPages.
    private const ulong DummyAddress = 0xFEB0_0000;
    private const uint DummySlot = 31;

    private readonly FileDescriptor _fd;
    private readonly byte* _dummy;

    /// <summary>Makes a VM with interrupt controllers and timer.</summary>
    internal KvmVm(KvmSystem system, int dirtyRingEntries, bool manualProtect)
    {
        _fd = Create(system);
        try
        {
            var map = IdentityMapAddress;
            Do(KvmIoctl.KVM_SET_IDENTITY_MAP_ADDR, &map, "KVM_SET_IDENTITY_MAP_ADDR");
            Do(KvmIoctl.KVM_SET_TSS_ADDR, unchecked((nint)TssAddress), "KVM_SET_TSS_ADDR");
            Do(KvmIoctl.KVM_CREATE_IRQCHIP, 0, "KVM_CREATE_IRQCHIP");
            kvm_pit_config pit = default;
            Do(KvmIoctl.KVM_CREATE_PIT2, &pit, "KVM_CREATE_PIT2");

            // Must precede the first vCPU.
            if (dirtyRingEntries > 0)
                Enable(KvmCapability.KVM_CAP_DIRTY_LOG_RING_ACQ_REL, (ulong)dirtyRingEntries * (ulong)sizeof(kvm_dirty_gfn));
            else if (manualProtect)
                Enable(KvmCapability.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, KvmValue.KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE);

            var page = Native.mmap(null, 4096, 3, 0x21 /* MAP_SHARED | MAP_ANONYMOUS */, -1, 0);
            if ((nint)page == -1)
                throw LinuxException.FromLastError("mmap");
            _dummy = (byte*)page;
        }
        catch
        {
            _fd.Dispose();
            throw;
        }
    }

    internal int Fd => _fd.Number;

    /// <summary>
    /// Makes KVM forget its shadows of guest page tables, by adding and deleting a slot: nothing else does it where
    /// KVM shadows (KVM_SET_SREGS and toggling CR4.PGE do not). Call it after page tables in guest RAM were changed
    /// by the host. Costs several milliseconds and new page faults of the guest.
    /// </summary>
    public void FlushShadowPages()
    {
        SetMemory(DummySlot, 0, DummyAddress, 4096, _dummy);
        SetMemory(DummySlot, 0, DummyAddress, 0, _dummy);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _fd.Dispose();
        _ = Native.munmap(_dummy, 4096);
    }

    internal void SetMemory(uint slot, uint flags, ulong guestPhysical, ulong size, byte* memory)
    {
        var region = new kvm_userspace_memory_region
        {
            slot = slot,
            flags = flags,
            guest_phys_addr = guestPhysical,
            memory_size = size,
            userspace_addr = (ulong)memory,
        };
        Do(KvmIoctl.KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
    }

    /// <summary>Fills a bitmap with the dirty pages of a slot, and protects and clears them unless that is manual.</summary>
    internal void GetDirtyLog(uint slot, ulong* bitmap)
    {
        var log = new kvm_dirty_log { slot = slot, dirty_bitmap = bitmap };
        Do(KvmIoctl.KVM_GET_DIRTY_LOG, &log, "KVM_GET_DIRTY_LOG");
    }

    /// <summary>Protects and clears the pages of a slot whose bits are set.</summary>
    internal void ClearDirtyLog(uint slot, ulong pages, ulong* bitmap)
    {
        // num_pages has 32 bits: 16 TiB at once.
        const ulong Most = 1U << 31;
        for (ulong first = 0; first < pages; first += Most)
        {
            var clear = new kvm_clear_dirty_log
            {
                slot = slot,
                num_pages = (uint)Math.Min(Most, pages - first),
                first_page = first,
                dirty_bitmap = bitmap + (first / 64),
            };
            Do(KvmIoctl.KVM_CLEAR_DIRTY_LOG, &clear, "KVM_CLEAR_DIRTY_LOG");
        }
    }

    /// <summary>Protects again what was collected from the dirty rings, or some of it: see <see cref="Machine.RingReset"/>.</summary>
    /// <returns>How many entries were reset.</returns>
    internal int ResetDirtyRings()
    {
        var reset = NativeKvm.ioctl(_fd.Number, KvmIoctl.KVM_RESET_DIRTY_RINGS, 0);
        if (reset >= 0)
            return reset;
        return System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Errno.EINTR
            ? 0
            : throw LinuxException.FromLastError("KVM_RESET_DIRTY_RINGS");
    }

    /// <summary>Sets an input of the interrupt controllers; returns when they have seen it.</summary>
    internal void SetIrqLine(uint gsi, bool level)
    {
        var line = new kvm_irq_level { irq = gsi, level = level ? 1U : 0 };
        Do(KvmIoctl.KVM_IRQ_LINE, &line, "KVM_IRQ_LINE");
    }

    /// <summary>Makes a guest write of a 32-bit value to an address signal an eventfd instead of leaving KVM_RUN.</summary>
    internal void AddIoEventFd(ulong address, uint value, int fd)
    {
        var ioeventfd = new kvm_ioeventfd
        {
            datamatch = value,
            addr = address,
            len = 4,
            fd = fd,
            flags = KvmValue.KVM_IOEVENTFD_FLAG_DATAMATCH,
        };
        Do(KvmIoctl.KVM_IOEVENTFD, &ioeventfd, "KVM_IOEVENTFD");
    }

    /// <summary>Takes a registration of <see cref="AddIoEventFd"/> back.</summary>
    internal void RemoveIoEventFd(ulong address, uint value, int fd)
    {
        var ioeventfd = new kvm_ioeventfd
        {
            datamatch = value,
            addr = address,
            len = 4,
            fd = fd,
            flags = KvmValue.KVM_IOEVENTFD_FLAG_DATAMATCH | KvmValue.KVM_IOEVENTFD_FLAG_DEASSIGN,
        };
        Do(KvmIoctl.KVM_IOEVENTFD, &ioeventfd, "KVM_IOEVENTFD");
    }

    internal void Do(uint request, void* argument, string name) =>
        LinuxException.ThrowIfNegative(NativeKvm.ioctl(_fd.Number, request, argument), name);

    // A signal in the middle of it (the runtime uses some) ends it with EINTR, and nothing made: it takes the locks of all of
    // the process's mappings (mm_take_all_locks, for its MMU notifier).
    private static FileDescriptor Create(KvmSystem system)
    {
        while (true)
        {
            var fd = NativeKvm.ioctl(system.Fd, KvmIoctl.KVM_CREATE_VM, 0);
            if (fd >= 0 || System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Errno.EINTR)
                return FileDescriptor.FromResult(fd, "KVM_CREATE_VM");
        }
    }

    private void Do(uint request, nint argument, string name) =>
        LinuxException.ThrowIfNegative(NativeKvm.ioctl(_fd.Number, request, argument), name);

    private void Enable(int capability, ulong argument)
    {
        kvm_enable_cap enable = default;
        enable.cap = (uint)capability;
        enable.args[0] = argument;
        Do(KvmIoctl.KVM_ENABLE_CAP, &enable, $"KVM_ENABLE_CAP {capability} ({argument})");
    }
}
