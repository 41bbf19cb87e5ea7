using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Kvm;

/// <summary>
/// One vCPU of KVM: its descriptor, its shared mapping and, where used, its dirty ring. Not a thread; KVM serialises
/// the ioctls, and <see cref="Run"/> is called by one thread only.
/// </summary>
internal sealed unsafe class KvmVcpu : IDisposable
{
    // struct kvm_msrs with one entry: 8 bytes of head, 16 of the entry.
    private const int MsrListWords = 3;

    private readonly FileDescriptor _fd;
    private readonly int _mapSize;
    private readonly nuint _ringSize;

    internal KvmVcpu(KvmSystem system, KvmVm vm, int index, int dirtyRingEntries)
    {
        Index = index;
        _fd = FileDescriptor.FromResult(NativeKvm.ioctl(vm.Fd, KvmIoctl.KVM_CREATE_VCPU, index), "KVM_CREATE_VCPU");
        _mapSize = system.VcpuMapSize;
        Shared = (kvm_run*)Map((nuint)_mapSize, 0);
        if (dirtyRingEntries > 0)
        {
            _ringSize = (nuint)dirtyRingEntries * (nuint)sizeof(kvm_dirty_gfn);
            RingEntries = (uint)dirtyRingEntries;
            Ring = (kvm_dirty_gfn*)Map(_ringSize, KvmValue.KVM_DIRTY_LOG_PAGE_OFFSET * 4096);
        }
    }

    internal int Index { get; }

    /// <summary>The mapping shared with the kernel.</summary>
    internal kvm_run* Shared { get; }

    internal int MapSize => _mapSize;

    internal kvm_dirty_gfn* Ring { get; }

    internal uint RingEntries { get; }

    /// <summary>The next entry of the dirty ring to look at; belongs to the dirty tracker.</summary>
    internal uint RingIndex { get; set; }

    /// <summary>Where <see cref="RingIndex"/> was when the ring was last full; belongs to the dirty tracker.</summary>
    internal uint RingIndexWhenFull { get; set; } = uint.MaxValue;

    public void Dispose()
    {
        _ = Native.munmap(Shared, (nuint)_mapSize);
        if (Ring != null)
            _ = Native.munmap(Ring, _ringSize);
        _fd.Dispose();
    }

    /// <summary>Runs the guest until there is something to do.</summary>
    /// <returns>0, or the errno: EINTR after a kick or with immediate_exit.</returns>
    internal int Run() =>
        NativeKvm.ioctl(_fd.Number, KvmIoctl.KVM_RUN, 0) >= 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>The signals that are blocked while the guest runs, in place of the thread's own mask.</summary>
    internal void SetSignalMask(ulong blocked)
    {
        var mask = new kvm_signal_mask { len = 8, sigset = blocked };
        Do(KvmIoctl.KVM_SET_SIGNAL_MASK, &mask, "KVM_SET_SIGNAL_MASK");
    }

    internal void SetCpuid(ReadOnlySpan<kvm_cpuid_entry2> entries)
    {
        var bytes = new byte[8 + (entries.Length * sizeof(kvm_cpuid_entry2))];
        BitConverter.TryWriteBytes(bytes, entries.Length);
        MemoryMarshal.AsBytes(entries).CopyTo(bytes.AsSpan(8));
        fixed (byte* list = bytes)
            Do(KvmIoctl.KVM_SET_CPUID2, list, "KVM_SET_CPUID2");
    }

    internal uint TscKhz() =>
        (uint)LinuxException.ThrowIfNegative(NativeKvm.ioctl(_fd.Number, KvmIoctl.KVM_GET_TSC_KHZ, 0), "KVM_GET_TSC_KHZ");

    /// <summary>Lets the guest's counter run at a rate of its own, which the processor has to scale to (KVM_CAP_TSC_CONTROL).</summary>
    internal void SetTscKhz(uint khz) =>
        LinuxException.ThrowIfNegative(NativeKvm.ioctl(_fd.Number, KvmIoctl.KVM_SET_TSC_KHZ, unchecked((nint)khz)), "KVM_SET_TSC_KHZ");

    /// <summary>
    /// Has KVM tell the guest by its kvmclock that it stood still while time went on (PVCLOCK_GUEST_STOPPED), so that its watchdogs do
    /// not take that for a lockup. Refused where the guest has no kvmclock, and then nobody is to be told.
    /// </summary>
    internal void TellPaused() => _ = Try(KvmIoctl.KVM_KVMCLOCK_CTRL, null);

    /// <summary>Whether KVM gives the guest's time-stamp counter.</summary>
    internal bool HasTsc() => ReadMsr(KvmValue.MSR_IA32_TSC, out _) == 1;

    /// <summary>Sets bits of an MSR, where KVM has it and takes them.</summary>
    /// <returns>Whether they are set now.</returns>
    internal bool TrySetMsrBits(uint index, ulong bits)
    {
        if (ReadMsr(index, out var value) != 1)
            return false;
        if ((value & bits) == bits)
            return true;
        var list = stackalloc ulong[MsrListWords];
        *(kvm_msr_entry*)(list + 1) = new kvm_msr_entry { index = index, data = value | bits };
        list[0] = 1;
        return Try(KvmIoctl.KVM_SET_MSRS, list) == 1;
    }

    /// <summary>The guest's time-stamp counter now.</summary>
    internal ulong Tsc()
    {
        if (LinuxException.ThrowIfNegative(ReadMsr(KvmValue.MSR_IA32_TSC, out var value), "KVM_GET_MSRS") != 1)
            throw new KvmException("this KVM does not give the guest's time-stamp counter");
        return value;
    }

    /// <summary>Whether <see cref="TscOffset"/> is there (Linux 5.16).</summary>
    internal bool HasTscOffset()
    {
        var what = TscOffsetAttribute(null);
        return Try(KvmIoctl.KVM_HAS_DEVICE_ATTR, &what) == 0;
    }

    /// <summary>What KVM adds to the host's counter, scaled to the guest's rate, for the guest's; modulo 2^64.</summary>
    internal ulong TscOffset
    {
        get
        {
            ulong value;
            var what = TscOffsetAttribute(&value);
            Do(KvmIoctl.KVM_GET_DEVICE_ATTR, &what, "KVM_GET_DEVICE_ATTR KVM_VCPU_TSC_OFFSET");
            return value;
        }

        set
        {
            var what = TscOffsetAttribute(&value);
            Do(KvmIoctl.KVM_SET_DEVICE_ATTR, &what, "KVM_SET_DEVICE_ATTR KVM_VCPU_TSC_OFFSET");
        }
    }

    internal void Do(uint request, void* argument, string name) =>
        LinuxException.ThrowIfNegative(NativeKvm.ioctl(_fd.Number, request, argument), name);

    /// <summary>An ioctl whose result counts: -1 with the errno set where it failed.</summary>
    internal int Try(uint request, void* argument) => NativeKvm.ioctl(_fd.Number, request, argument);

    internal T Get<T>(uint request, string name)
        where T : unmanaged
    {
        T value = default;
        Do(request, &value, name);
        return value;
    }

    internal void Set<T>(uint request, in T value, string name)
        where T : unmanaged
    {
        fixed (T* pointer = &value)
            Do(request, pointer, name);
    }

    // How many MSRs were read: 1, 0 where KVM does not know this one, or -1 with errno.
    private int ReadMsr(uint index, out ulong value)
    {
        var list = stackalloc ulong[MsrListWords];
        var entry = (kvm_msr_entry*)(list + 1);
        (list[0], *entry) = (1, new kvm_msr_entry { index = index });
        var got = Try(KvmIoctl.KVM_GET_MSRS, list);
        value = entry->data;
        return got;
    }

    private static kvm_device_attr TscOffsetAttribute(ulong* value) => new()
    {
        group = KvmValue.KVM_VCPU_TSC_CTRL, attr = KvmValue.KVM_VCPU_TSC_OFFSET, addr = (ulong)value,
    };

    private void* Map(nuint size, long offset)
    {
        var address = Native.mmap(null, size, 3, 1 /* MAP_SHARED */, _fd.Number, offset);
        return (nint)address != -1 ? address : throw LinuxException.FromLastError("mmap of a vCPU");
    }
}
