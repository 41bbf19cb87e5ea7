namespace Colo.Kvm;

/// <summary>Numbers of KVM's ioctls (linux/kvm.h, x86-64). A test compares each with the C header.</summary>
internal static class KvmIoctl
{
    internal const uint KVM_GET_API_VERSION = 0xAE00;
    internal const uint KVM_CREATE_VM = 0xAE01;
    internal const uint KVM_GET_MSR_INDEX_LIST = 0xC004AE02;
    internal const uint KVM_CHECK_EXTENSION = 0xAE03;
    internal const uint KVM_GET_VCPU_MMAP_SIZE = 0xAE04;
    internal const uint KVM_GET_SUPPORTED_CPUID = 0xC008AE05;
    internal const uint KVM_CREATE_VCPU = 0xAE41;
    internal const uint KVM_GET_DIRTY_LOG = 0x4010AE42;
    internal const uint KVM_SET_USER_MEMORY_REGION = 0x4020AE46;
    internal const uint KVM_SET_TSS_ADDR = 0xAE47;
    internal const uint KVM_SET_IDENTITY_MAP_ADDR = 0x4008AE48;
    internal const uint KVM_CREATE_IRQCHIP = 0xAE60;
    internal const uint KVM_IRQ_LINE = 0x4008AE61;
    internal const uint KVM_GET_IRQCHIP = 0xC208AE62;
    internal const uint KVM_SET_IRQCHIP = 0x8208AE63;
    internal const uint KVM_CREATE_PIT2 = 0x4040AE77;
    internal const uint KVM_IOEVENTFD = 0x4040AE79;
    internal const uint KVM_SET_CLOCK = 0x4030AE7B;
    internal const uint KVM_GET_CLOCK = 0x8030AE7C;
    internal const uint KVM_RUN = 0xAE80;
    internal const uint KVM_GET_REGS = 0x8090AE81;
    internal const uint KVM_SET_REGS = 0x4090AE82;
    internal const uint KVM_GET_SREGS = 0x8138AE83;
    internal const uint KVM_SET_SREGS = 0x4138AE84;
    internal const uint KVM_GET_MSRS = 0xC008AE88;
    internal const uint KVM_SET_MSRS = 0x4008AE89;
    internal const uint KVM_SET_SIGNAL_MASK = 0x4004AE8B;
    internal const uint KVM_GET_LAPIC = 0x8400AE8E;
    internal const uint KVM_SET_LAPIC = 0x4400AE8F;
    internal const uint KVM_SET_CPUID2 = 0x4008AE90;
    internal const uint KVM_GET_MP_STATE = 0x8004AE98;
    internal const uint KVM_SET_MP_STATE = 0x4004AE99;
    internal const uint KVM_GET_PIT2 = 0x8070AE9F;
    internal const uint KVM_SET_PIT2 = 0x4070AEA0;
    internal const uint KVM_GET_VCPU_EVENTS = 0x8040AE9F;
    internal const uint KVM_SET_VCPU_EVENTS = 0x4040AEA0;
    internal const uint KVM_GET_DEBUGREGS = 0x8080AEA1;
    internal const uint KVM_SET_DEBUGREGS = 0x4080AEA2;
    internal const uint KVM_SET_TSC_KHZ = 0xAEA2;
    internal const uint KVM_GET_TSC_KHZ = 0xAEA3;
    internal const uint KVM_ENABLE_CAP = 0x4068AEA3;
    internal const uint KVM_GET_XSAVE = 0x9000AEA4;
    internal const uint KVM_SET_XSAVE = 0x5000AEA5;
    internal const uint KVM_GET_XCRS = 0x8188AEA6;
    internal const uint KVM_SET_XCRS = 0x4188AEA7;
    internal const uint KVM_KVMCLOCK_CTRL = 0xAEAD;
    internal const uint KVM_CLEAR_DIRTY_LOG = 0xC018AEC0;
    internal const uint KVM_RESET_DIRTY_RINGS = 0xAEC7;
    internal const uint KVM_SET_DEVICE_ATTR = 0x4018AEE1;
    internal const uint KVM_GET_DEVICE_ATTR = 0x4018AEE2;
    internal const uint KVM_HAS_DEVICE_ATTR = 0x4018AEE3;
    internal const uint KVM_GET_SREGS2 = 0x8140AECC;
    internal const uint KVM_SET_SREGS2 = 0x4140AECD;
    internal const uint KVM_GET_XSAVE2 = 0x9000AECF;
}

/// <summary>Numbers of KVM's capabilities (linux/kvm.h). A test compares each with the C header.</summary>
internal static class KvmCapability
{
    internal const int KVM_CAP_IRQCHIP = 0;
    internal const int KVM_CAP_USER_MEMORY = 3;
    internal const int KVM_CAP_SET_TSS_ADDR = 4;
    internal const int KVM_CAP_EXT_CPUID = 7;
    internal const int KVM_CAP_MP_STATE = 14;
    internal const int KVM_CAP_PIT2 = 33;
    internal const int KVM_CAP_PIT_STATE2 = 35;
    internal const int KVM_CAP_IOEVENTFD = 36;
    internal const int KVM_CAP_SET_IDENTITY_MAP_ADDR = 37;
    internal const int KVM_CAP_ADJUST_CLOCK = 39;
    internal const int KVM_CAP_VCPU_EVENTS = 41;
    internal const int KVM_CAP_DEBUGREGS = 50;
    internal const int KVM_CAP_XSAVE = 55;
    internal const int KVM_CAP_XCRS = 56;
    internal const int KVM_CAP_TSC_CONTROL = 60;
    internal const int KVM_CAP_GET_TSC_KHZ = 61;
    internal const int KVM_CAP_MAX_VCPUS = 66;
    internal const int KVM_CAP_TSC_DEADLINE_TIMER = 72;
    internal const int KVM_CAP_VCPU_ATTRIBUTES = 127;
    internal const int KVM_CAP_IMMEDIATE_EXIT = 136;
    internal const int KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 = 168;
    internal const int KVM_CAP_SREGS2 = 200;
    internal const int KVM_CAP_XSAVE2 = 208;
    internal const int KVM_CAP_DIRTY_LOG_RING_ACQ_REL = 223;
}

/// <summary>Why KVM_RUN returned (kvm_run.exit_reason).</summary>
internal static class KvmExit
{
    internal const uint KVM_EXIT_IO = 2;
    internal const uint KVM_EXIT_DEBUG = 4;
    internal const uint KVM_EXIT_HLT = 5;
    internal const uint KVM_EXIT_MMIO = 6;
    internal const uint KVM_EXIT_IRQ_WINDOW_OPEN = 7;
    internal const uint KVM_EXIT_SHUTDOWN = 8;
    internal const uint KVM_EXIT_FAIL_ENTRY = 9;
    internal const uint KVM_EXIT_INTR = 10;
    internal const uint KVM_EXIT_INTERNAL_ERROR = 17;
    internal const uint KVM_EXIT_SYSTEM_EVENT = 24;
    internal const uint KVM_EXIT_DIRTY_RING_FULL = 31;
    internal const uint KVM_SYSTEM_EVENT_SHUTDOWN = 1;
    internal const uint KVM_SYSTEM_EVENT_RESET = 2;
    internal const uint KVM_SYSTEM_EVENT_CRASH = 3;
}

/// <summary>Flags and values of KVM's structures.</summary>
internal static class KvmValue
{
    internal const uint KVM_API_VERSION = 12;
    internal const uint KVM_MEM_LOG_DIRTY_PAGES = 1;
    internal const uint KVM_IOEVENTFD_FLAG_DATAMATCH = 1;
    internal const uint KVM_IOEVENTFD_FLAG_DEASSIGN = 4;
    internal const uint KVM_DIRTY_GFN_F_DIRTY = 1;
    internal const uint KVM_DIRTY_GFN_F_RESET = 2;
    internal const int KVM_DIRTY_LOG_PAGE_OFFSET = 64;
    internal const uint KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE = 1;
    internal const uint KVM_CPUID_FLAG_SIGNIFCANT_INDEX = 1;
    internal const uint KVM_MP_STATE_RUNNABLE = 0;
    internal const uint KVM_MP_STATE_UNINITIALIZED = 1;
    internal const uint KVM_SREGS2_FLAGS_PDPTRS_VALID = 1;
    internal const uint KVM_VCPU_TSC_CTRL = 0;
    internal const ulong KVM_VCPU_TSC_OFFSET = 0;
    internal const uint MSR_IA32_TSC = 0x10;
    internal const uint MSR_KVM_WALL_CLOCK = 0x11;
    internal const uint MSR_KVM_SYSTEM_TIME = 0x12;
    internal const uint MSR_KVM_WALL_CLOCK_NEW = 0x4B564D00;
    internal const uint MSR_KVM_SYSTEM_TIME_NEW = 0x4B564D01;
    internal const uint MSR_IA32_MISC_ENABLE = 0x1A0;
    internal const ulong MSR_IA32_MISC_ENABLE_FAST_STRING = 1;
    internal const uint MSR_IA32_TSC_DEADLINE = 0x6E0;
}
