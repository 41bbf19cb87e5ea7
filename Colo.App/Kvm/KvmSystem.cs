using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Kvm;

/// <summary>
/// /dev/kvm itself: what this host's KVM can do. The capabilities that every guest needs are checked when it is opened.
/// </summary>
public sealed unsafe class KvmSystem : IDisposable
{
    // Each with what it is for, because the number alone helps nobody.
    private static readonly (int Number, string Name, string Purpose)[] Needed =
    [
        (KvmCapability.KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", "guest RAM in user memory"),
        (KvmCapability.KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP", "in-kernel interrupt controllers"),
        (KvmCapability.KVM_CAP_PIT2, "KVM_CAP_PIT2", "in-kernel timer"),
        (KvmCapability.KVM_CAP_PIT_STATE2, "KVM_CAP_PIT_STATE2", "state of the timer"),
        (KvmCapability.KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR", "real mode"),
        (KvmCapability.KVM_CAP_SET_IDENTITY_MAP_ADDR, "KVM_CAP_SET_IDENTITY_MAP_ADDR", "real mode"),
        (KvmCapability.KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID", "the guest's CPUID"),
        (KvmCapability.KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE", "several vCPUs"),
        (KvmCapability.KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD", "virtio notifications"),
        (KvmCapability.KVM_CAP_ADJUST_CLOCK, "KVM_CAP_ADJUST_CLOCK", "the guest's clock"),
        (KvmCapability.KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS", "checkpoints"),
        (KvmCapability.KVM_CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS", "checkpoints"),
        (KvmCapability.KVM_CAP_XSAVE, "KVM_CAP_XSAVE", "checkpoints"),
        (KvmCapability.KVM_CAP_XCRS, "KVM_CAP_XCRS", "checkpoints"),
        (KvmCapability.KVM_CAP_GET_TSC_KHZ, "KVM_CAP_GET_TSC_KHZ", "the guest's time-stamp counter"),
        (KvmCapability.KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", "stopping vCPUs"),
    ];

    private readonly FileDescriptor _fd;

    private KvmSystem(FileDescriptor fd) => _fd = fd;

    /// <summary>
    /// Whether KVM shadows guest page tables on this host (no EPT or NPT). Then it does not notice when the host
    /// changes page tables in guest RAM, and <see cref="KvmVm.FlushShadowPages"/> is needed after that.
    /// </summary>
    public static bool UsesShadowPaging { get; } =
        !IsYes("/sys/module/kvm_intel/parameters/ept") && !IsYes("/sys/module/kvm_amd/parameters/npt");

    internal int Fd => _fd.Number;

    /// <summary>Bytes of a vCPU's shared mapping.</summary>
    internal int VcpuMapSize => LinuxException.ThrowIfNegative(
        NativeKvm.ioctl(_fd.Number, KvmIoctl.KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");

    /// <summary>Opens KVM and checks its capabilities.</summary>
    /// <exception cref="KvmException">KVM is not there or lacks something; the message names it and the mend.</exception>
    public static KvmSystem Open(string path = "/dev/kvm")
    {
        var number = NativeKvm.open(path, NativeKvm.O_RDWR | NativeKvm.O_CLOEXEC);
        if (number < 0)
        {
            var error = LinuxException.FromLastError($"open {path}");
            throw new KvmException(
                error.Errno switch
                {
                    Errno.ENOENT => $"{path} is not there: load kvm_intel or kvm_amd, enable VT-x or AMD-V in the firmware, or nested virtualisation on the host of this machine",
                    Errno.EACCES => $"{path} may not be opened: run as root or add the user to group kvm",
                    _ => $"{path} cannot be opened ({error.Message}): is virtualisation enabled in the firmware?",
                },
                error);
        }

        var system = new KvmSystem(new FileDescriptor(number));
        try
        {
            var version = NativeKvm.ioctl(number, KvmIoctl.KVM_GET_API_VERSION, 0);
            if (version != KvmValue.KVM_API_VERSION)
                throw new KvmException($"{path} has KVM API version {version}, 12 is needed: it is no KVM, or older than Linux 2.6.22");
            foreach (var (cap, name, purpose) in Needed)
            {
                if (system.Check(cap) <= 0)
                    throw new KvmException($"{path} lacks {name} ({purpose}): use a newer host kernel, 5.11 or later");
            }
        }
        catch
        {
            system.Dispose();
            throw;
        }

        return system;
    }

    /// <summary>KVM_CHECK_EXTENSION: 0 where the capability is absent.</summary>
    /// <param name="capability">A KVM_CAP number (linux/kvm.h).</param>
    public int Check(int capability) => Math.Max(0, NativeKvm.ioctl(_fd.Number, KvmIoctl.KVM_CHECK_EXTENSION, capability));

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();

    /// <summary>KVM_GET_SUPPORTED_CPUID.</summary>
    internal kvm_cpuid_entry2[] SupportedCpuid()
    {
        const int Most = 1024;
        var bytes = (byte*)NativeMemory.AllocZeroed(8 + (Most * (nuint)sizeof(kvm_cpuid_entry2)));
        try
        {
            *(uint*)bytes = Most;
            LinuxException.ThrowIfNegative(
                NativeKvm.ioctl(_fd.Number, KvmIoctl.KVM_GET_SUPPORTED_CPUID, bytes), "KVM_GET_SUPPORTED_CPUID");
            return new Span<kvm_cpuid_entry2>(bytes + 8, (int)Math.Min(Most, *(uint*)bytes)).ToArray();
        }
        finally
        {
            NativeMemory.Free(bytes);
        }
    }

    /// <summary>KVM_GET_MSR_INDEX_LIST: the MSRs that make up a vCPU's state.</summary>
    internal uint[] MsrIndices()
    {
        const int Most = 4096;
        var words = new uint[Most + 1];
        words[0] = Most;
        fixed (uint* list = words)
        {
            LinuxException.ThrowIfNegative(
                NativeKvm.ioctl(_fd.Number, KvmIoctl.KVM_GET_MSR_INDEX_LIST, list), "KVM_GET_MSR_INDEX_LIST");
        }

        return words.AsSpan(1, (int)words[0]).ToArray();
    }

    private static bool IsYes(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimStart() is ['Y' or 'y' or '1', ..];
        }
        catch (IOException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
