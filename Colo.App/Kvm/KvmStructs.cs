using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Colo.Kvm;

// Laid out as linux/kvm.h and asm/kvm.h have them on x86-64, names included; a test compiles a C program against
// those headers and compares sizes and offsets.
#pragma warning disable CA1815

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_userspace_memory_region
{
    internal uint slot;
    internal uint flags;
    internal ulong guest_phys_addr;
    internal ulong memory_size;
    internal ulong userspace_addr;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_regs
{
    internal ulong rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp;
    internal ulong r8, r9, r10, r11, r12, r13, r14, r15;
    internal ulong rip, rflags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_segment
{
    internal ulong @base;
    internal uint limit;
    internal ushort selector;
    internal byte type, present, dpl, db, s, l, g, avl, unusable, padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_dtable
{
    internal ulong @base;
    internal ushort limit;
    internal ushort padding0, padding1, padding2;
}

[InlineArray(4)]
internal struct U64x4
{
    private ulong _first;
}

[InlineArray(1024)]
internal struct Bytes1024
{
    private byte _first;
}

[InlineArray(512)]
internal struct Bytes512
{
    private byte _first;
}

[InlineArray(36)]
internal struct Bytes36
{
    private byte _first;
}

[InlineArray(64)]
internal struct Bytes64
{
    private byte _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_sregs
{
    internal kvm_segment cs, ds, es, fs, gs, ss;
    internal kvm_segment tr, ldt;
    internal kvm_dtable gdt, idt;
    internal ulong cr0, cr2, cr3, cr4, cr8;
    internal ulong efer;
    internal ulong apic_base;
    internal U64x4 interrupt_bitmap;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_sregs2
{
    internal kvm_segment cs, ds, es, fs, gs, ss;
    internal kvm_segment tr, ldt;
    internal kvm_dtable gdt, idt;
    internal ulong cr0, cr2, cr3, cr4, cr8;
    internal ulong efer;
    internal ulong apic_base;
    internal ulong flags;
    internal U64x4 pdptrs;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_xcr
{
    internal uint xcr;
    internal uint reserved;
    internal ulong value;
}

[InlineArray(16)]
internal struct Xcr16
{
    private kvm_xcr _first;
}

[InlineArray(16)]
internal struct U64x16
{
    private ulong _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_xcrs
{
    internal uint nr_xcrs;
    internal uint flags;
    internal Xcr16 xcrs;
    internal U64x16 padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_lapic_state
{
    internal Bytes1024 regs;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_mp_state
{
    internal uint mp_state;
}

[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct kvm_vcpu_events
{
    internal byte exception_injected, exception_nr, exception_has_error_code, exception_pending;
    internal uint exception_error_code;
    internal byte interrupt_injected, interrupt_nr, interrupt_soft, interrupt_shadow;
    internal byte nmi_injected, nmi_pending, nmi_masked, nmi_pad;
    internal uint sipi_vector;
    internal uint flags;
}

[InlineArray(9)]
internal struct U64x9
{
    private ulong _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_debugregs
{
    internal U64x4 db;
    internal ulong dr6, dr7;
    internal ulong flags;
    internal U64x9 reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_msr_entry
{
    internal uint index;
    internal uint reserved;
    internal ulong data;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_irqchip
{
    internal uint chip_id;
    internal uint pad;
    internal Bytes512 chip;
}

[StructLayout(LayoutKind.Sequential, Size = 112)]
internal struct kvm_pit_state2
{
    internal ulong first;
}

[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct kvm_pit_config
{
    internal uint flags;
}

[StructLayout(LayoutKind.Sequential, Size = 48)]
internal struct kvm_clock_data
{
    internal ulong clock;
    internal uint flags;
    internal uint pad0;
    internal ulong realtime;
    internal ulong host_tsc;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_device_attr
{
    internal uint flags;
    internal uint group;
    internal ulong attr;
    internal ulong addr;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_ioeventfd
{
    internal ulong datamatch;
    internal ulong addr;
    internal uint len;
    internal int fd;
    internal uint flags;
    internal Bytes36 pad;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_irq_level
{
    internal uint irq;
    internal uint level;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_enable_cap
{
    internal uint cap;
    internal uint flags;
    internal U64x4 args;
    internal Bytes64 pad;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct kvm_dirty_log
{
    internal uint slot;
    internal uint padding1;
    internal void* dirty_bitmap;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct kvm_clear_dirty_log
{
    internal uint slot;
    internal uint num_pages;
    internal ulong first_page;
    internal void* dirty_bitmap;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_dirty_gfn
{
    internal uint flags;
    internal uint slot;
    internal ulong offset;
}

[InlineArray(3)]
internal struct U32x3
{
    private uint _first;
}

[StructLayout(LayoutKind.Sequential)]
internal struct kvm_cpuid_entry2
{
    internal uint function;
    internal uint index;
    internal uint flags;
    internal uint eax, ebx, ecx, edx;
    internal U32x3 padding;
}

/// <summary>struct kvm_signal_mask with the kernel's 8-byte signal set behind it.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct kvm_signal_mask
{
    internal uint len;
    internal ulong sigset;
}

[InlineArray(8)]
internal struct Bytes8
{
    private byte _first;
}

/// <summary>The head of struct kvm_run and the members of its union that this program reads.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2352)]
internal struct kvm_run
{
    [FieldOffset(1)]
    internal byte immediate_exit;
    [FieldOffset(8)]
    internal uint exit_reason;

    [FieldOffset(32)]
    internal byte io_direction;
    [FieldOffset(33)]
    internal byte io_size;
    [FieldOffset(34)]
    internal ushort io_port;
    [FieldOffset(36)]
    internal uint io_count;
    [FieldOffset(40)]
    internal ulong io_data_offset;

    [FieldOffset(32)]
    internal ulong mmio_phys_addr;
    [FieldOffset(40)]
    internal Bytes8 mmio_data;
    [FieldOffset(48)]
    internal uint mmio_len;
    [FieldOffset(52)]
    internal byte mmio_is_write;

    [FieldOffset(32)]
    internal uint internal_suberror;
    [FieldOffset(36)]
    internal uint internal_ndata;
    [FieldOffset(40)]
    internal U64x16 internal_data;

    [FieldOffset(32)]
    internal ulong fail_entry_reason;

    [FieldOffset(32)]
    internal uint system_event_type;
}
