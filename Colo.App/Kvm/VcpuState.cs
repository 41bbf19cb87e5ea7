using System.Runtime.InteropServices;
using Colo.Linux;
using Colo.Monitor;
using Colo.State;

namespace Colo.Kvm;

/// <summary>
/// The whole state of one vCPU: captured from KVM, written as records, read back and checked, applied. Each record's
/// body is KVM's structure of the x86-64 ABI (linux/kvm.h, asm/kvm.h), which KVM promises not to change.
/// <code>
/// VCPU v1 := index (u32) REGS SREG XCRS XSAV MSRS APIC MPST EVNT DBGR
/// VCPU v2 := the same, IA32_TSC of all vCPUs being of the same moment: of one machine all have the same version
/// REGS v1 := struct kvm_regs        SREG v1 := struct kvm_sregs2 (flags 0: without PDPTRs)
/// XCRS v1 := struct kvm_xcrs        XSAV v1 := the XSAVE area in the standard format: 512 + 64 bytes, and what the guest's CPUID has
/// MSRS v1 := count (u32) { index (u32) value (u64) }
/// APIC v1 := struct kvm_lapic_state MPST v1 := mp_state (u32)
/// EVNT v1 := struct kvm_vcpu_events DBGR v1 := struct kvm_debugregs
/// </code>
/// </summary>
internal sealed unsafe class VcpuState : IDisposable
{
    private const int MostMsrs = 1024;

    // Every host of today has less: x87, AVX-512, PKRU and AMX tiles are 11 KiB.
    private const int MostXsave = 64 * 1024;

    private static readonly HashSet<uint> Logged = [];

    private readonly KvmVcpu _vcpu;
    private readonly bool _sregs2;
    private readonly bool _xsave2;
    private readonly byte* _xsave;

    // What KVM reads and writes; of that, what the guest's CPUID shows, which another host has at the same places.
    private readonly int _xsaveSize;
    private readonly int _guestXsaveSize;
    private readonly ulong _xsaveComponents;

    // struct kvm_msrs, and behind it a copy of the entries from where a refused one stopped KVM.
    private readonly byte* _msrs;
    private readonly byte* _msrsRest;
    private uint[] _captured;
    private uint _msrCount;

    private kvm_regs _regs;
    private kvm_sregs2 _sregs;
    private kvm_xcrs _xcrs;
    private kvm_lapic_state _lapic;
    private kvm_mp_state _mp;
    private kvm_vcpu_events _events;
    private kvm_debugregs _debug;

    internal VcpuState(KvmSystem system, KvmVcpu vcpu, (int Size, ulong Components) xsave)
    {
        _vcpu = vcpu;
        _sregs2 = system.Check(KvmCapability.KVM_CAP_SREGS2) > 0;
        var size = system.Check(KvmCapability.KVM_CAP_XSAVE2);
        _xsave2 = size > 0;
        _xsaveSize = Math.Clamp(size, 4096, MostXsave);
        (_guestXsaveSize, _xsaveComponents) = (Math.Min(xsave.Size, _xsaveSize), xsave.Components);
        _xsave = (byte*)NativeMemory.AlignedAlloc((nuint)_xsaveSize, 64);
        _msrs = (byte*)NativeMemory.AllocZeroed(8 + (MostMsrs * (nuint)sizeof(kvm_msr_entry)));
        _msrsRest = (byte*)NativeMemory.AllocZeroed(8 + (MostMsrs * (nuint)sizeof(kvm_msr_entry)));
        _captured = system.MsrIndices();
        if (_captured.Length > MostMsrs)
            throw new KvmException($"this KVM has {_captured.Length} MSRs, this program knows {MostMsrs}");
    }

    internal ref kvm_regs Regs => ref _regs;

    internal ref kvm_sregs2 Sregs => ref _sregs;

    /// <summary>Whether IA32_TSC is among what was captured or loaded.</summary>
    internal bool HasTsc => Has(KvmValue.MSR_IA32_TSC);

    /// <summary>IA32_TSC as captured or loaded.</summary>
    internal ulong Tsc
    {
        get => Msr(KvmValue.MSR_IA32_TSC);
        set
        {
            if (IndexOf(KvmValue.MSR_IA32_TSC) is >= 0 and var at)
                Msrs[at].data = value;
        }
    }

    /// <summary>Where in guest memory KVM writes the vCPU's kvmclock (struct pvclock_vcpu_time_info); null: nowhere.</summary>
    internal ulong? ClockAddress => ClockAt(KvmValue.MSR_KVM_SYSTEM_TIME_NEW) ?? ClockAt(KvmValue.MSR_KVM_SYSTEM_TIME);

    /// <summary>Whether <see cref="Tsc"/> is of the same moment in all of the machine's vCPUs; else each has its own.</summary>
    internal bool TscOfOneMoment { get; set; }

    private Span<kvm_msr_entry> Msrs => new(_msrs + 8, (int)_msrCount);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_xsave);
        NativeMemory.Free(_msrs);
        NativeMemory.Free(_msrsRest);
    }

    /// <summary>Reads everything from KVM. The vCPU stands still with no half-done exit.</summary>
    internal void Capture()
    {
        // Before the LAPIC: it settles a pending INIT or SIPI.
        _mp = _vcpu.Get<kvm_mp_state>(KvmIoctl.KVM_GET_MP_STATE, "KVM_GET_MP_STATE");
        _regs = _vcpu.Get<kvm_regs>(KvmIoctl.KVM_GET_REGS, "KVM_GET_REGS");
        CaptureSregs();
        _xcrs = _vcpu.Get<kvm_xcrs>(KvmIoctl.KVM_GET_XCRS, "KVM_GET_XCRS");
        _vcpu.Do(_xsave2 ? KvmIoctl.KVM_GET_XSAVE2 : KvmIoctl.KVM_GET_XSAVE, _xsave, "KVM_GET_XSAVE2");
        CaptureMsrs();
        _lapic = _vcpu.Get<kvm_lapic_state>(KvmIoctl.KVM_GET_LAPIC, "KVM_GET_LAPIC");
        _events = _vcpu.Get<kvm_vcpu_events>(KvmIoctl.KVM_GET_VCPU_EVENTS, "KVM_GET_VCPU_EVENTS");
        _debug = _vcpu.Get<kvm_debugregs>(KvmIoctl.KVM_GET_DEBUGREGS, "KVM_GET_DEBUGREGS");
    }

    /// <summary>Reads the registers alone, for boot and for messages.</summary>
    internal void CaptureRegisters()
    {
        _regs = _vcpu.Get<kvm_regs>(KvmIoctl.KVM_GET_REGS, "KVM_GET_REGS");
        CaptureSregs();
    }

    /// <summary>Gives the registers alone to KVM.</summary>
    internal void ApplyRegisters()
    {
        ApplySregs();
        _vcpu.Set(KvmIoctl.KVM_SET_REGS, _regs, "KVM_SET_REGS");
    }

    /// <summary>Whether an MSR is among what was captured or loaded.</summary>
    internal bool Has(uint index) => IndexOf(index) >= 0;

    /// <summary>A captured MSR.</summary>
    internal ulong Msr(uint index) => IndexOf(index) is >= 0 and var at ? Msrs[at].data : throw new KeyNotFoundException($"MSR 0x{index:x}");

    /// <summary>Makes a vCPU runnable that would wait for another to start it.</summary>
    internal void SetRunnable() =>
        _vcpu.Set(KvmIoctl.KVM_SET_MP_STATE, new kvm_mp_state { mp_state = KvmValue.KVM_MP_STATE_RUNNABLE }, "KVM_SET_MP_STATE");

    /// <summary>Gives everything to KVM. Throws <see cref="LinuxException"/> where KVM refuses a value.</summary>
    /// <param name="tsc">With the time-stamp counter; else that is set already.</param>
    internal void Apply(bool tsc)
    {
        _vcpu.Set(KvmIoctl.KVM_SET_XCRS, _xcrs, "KVM_SET_XCRS");
        _vcpu.Do(KvmIoctl.KVM_SET_XSAVE, _xsave, "KVM_SET_XSAVE");

        // With the APIC's base and mode, which the LAPIC's registers and the deadline need.
        ApplySregs();
        _vcpu.Set(KvmIoctl.KVM_SET_REGS, _regs, "KVM_SET_REGS");
        ApplyMsrs(deadline: false, tsc);
        _vcpu.Set(KvmIoctl.KVM_SET_LAPIC, _lapic, "KVM_SET_LAPIC");
        ApplyMsrs(deadline: true, tsc);
        _vcpu.Set(KvmIoctl.KVM_SET_DEBUGREGS, _debug, "KVM_SET_DEBUGREGS");
        _vcpu.Set(KvmIoctl.KVM_SET_MP_STATE, _mp, "KVM_SET_MP_STATE");

        // Last: KVM_SET_REGS and KVM_SET_SREGS drop pending events.
        _vcpu.Set(KvmIoctl.KVM_SET_VCPU_EVENTS, _events, "KVM_SET_VCPU_EVENTS");
    }

    internal void Save(StateWriter writer)
    {
        var record = writer.Begin("VCPU", (ushort)(TscOfOneMoment ? 2 : 1));
        writer.U32((uint)_vcpu.Index);
        SaveStruct(writer, "REGS", _regs);
        SaveStruct(writer, "SREG", _sregs);
        SaveStruct(writer, "XCRS", _xcrs);
        var part = writer.Begin("XSAV", 1);
        writer.Raw(new ReadOnlySpan<byte>(_xsave, _guestXsaveSize));
        writer.End(part);
        part = writer.Begin("MSRS", 1);
        writer.U32(_msrCount);
        foreach (var msr in Msrs)
        {
            writer.U32(msr.index);
            writer.U64(msr.data);
        }

        writer.End(part);
        SaveStruct(writer, "APIC", _lapic);
        SaveStruct(writer, "MPST", _mp);
        SaveStruct(writer, "EVNT", _events);
        SaveStruct(writer, "DBGR", _debug);
        writer.End(record);
    }

    /// <summary>Reads the records into this object; KVM sees nothing before <see cref="Apply"/>.</summary>
    internal void Load(ref StateReader reader)
    {
        var record = reader.Record("VCPU", 2, out var version);
        var index = record.U32();
        if (index != _vcpu.Index)
            throw record.Bad($"vCPU {index} where {_vcpu.Index} is expected");
        TscOfOneMoment = version >= 2;
        _regs = LoadStruct<kvm_regs>(ref record, "REGS");
        _sregs = LoadStruct<kvm_sregs2>(ref record, "SREG");
        _xcrs = LoadStruct<kvm_xcrs>(ref record, "XCRS");
        LoadXsave(ref record);
        LoadMsrs(ref record);
        _lapic = LoadStruct<kvm_lapic_state>(ref record, "APIC");
        _mp = LoadStruct<kvm_mp_state>(ref record, "MPST");
        _events = LoadStruct<kvm_vcpu_events>(ref record, "EVNT");
        _debug = LoadStruct<kvm_debugregs>(ref record, "DBGR");
        record.Finish();
        if (_sregs.flags > KvmValue.KVM_SREGS2_FLAGS_PDPTRS_VALID)
            throw record.Bad($"SREG flags 0x{_sregs.flags:x}");
        if (_xcrs.nr_xcrs > 16)
            throw record.Bad($"{_xcrs.nr_xcrs} extended control registers");
        if (!_sregs2 && _sregs.flags != 0)
            throw record.Bad("the guest uses PAE paging, and this host's KVM has no KVM_SET_SREGS2: use Linux 5.14 or later");
    }

    private static void SaveStruct<T>(StateWriter writer, string tag, in T value)
        where T : unmanaged
    {
        var part = writer.Begin(tag, 1);
        fixed (T* pointer = &value)
            writer.Raw(new ReadOnlySpan<byte>(pointer, sizeof(T)));
        writer.End(part);
    }

    private static T LoadStruct<T>(ref StateReader reader, string tag)
        where T : unmanaged
    {
        var part = reader.Record(tag, 1, out _);
        var value = MemoryMarshal.Read<T>(part.Raw(sizeof(T)));
        part.Finish();
        return value;
    }

    private static void LogOnce(uint index, string what)
    {
        lock (Logged)
        {
            if (Logged.Add(index))
                Log.Debug($"KVM {what} MSR 0x{index:x}; left out of the guest's state");
        }
    }

    // Its place among the MSRs; -1: it is not there.
    private int IndexOf(uint index)
    {
        var msrs = Msrs;
        for (var i = 0; i < msrs.Length; i++)
        {
            if (msrs[i].index == index)
                return i;
        }

        return -1;
    }

    private void LoadXsave(ref StateReader reader)
    {
        var part = reader.Record("XSAV", 1, out _);
        if (part.Left < 576 || part.Left > MostXsave)
            throw part.Bad($"{part.Left} bytes of extended state");
        var area = part.Raw(part.Left);
        if (area.Length > _guestXsaveSize && area[_guestXsaveSize..].ContainsAnyExcept((byte)0))
            throw part.Bad($"{area.Length} bytes of extended state, this guest has {_guestXsaveSize}: give both nodes the same cpu level");
        var common = Math.Min(area.Length, _guestXsaveSize);
        area[..common].CopyTo(new Span<byte>(_xsave, common));
        new Span<byte>(_xsave + common, _xsaveSize - common).Clear();

        // XSTATE_BV: kernels before 6.6 say that components are in use which the guest does not see (protection keys), and another
        // processor may not have them: then KVM refuses all of it (kvm_vcpu_ioctl_x86_set_xsave).
        *(ulong*)(_xsave + 512) &= _xsaveComponents;
    }

    private void LoadMsrs(ref StateReader reader)
    {
        var part = reader.Record("MSRS", 1, out _);
        var count = part.U32();
        if (count > MostMsrs)
            throw part.Bad($"{count} MSRs");
        _msrCount = count;
        foreach (ref var msr in Msrs)
            msr = new kvm_msr_entry { index = part.U32(), data = part.U64() };
        part.Finish();
    }

    private void CaptureSregs()
    {
        if (_sregs2)
        {
            _sregs = _vcpu.Get<kvm_sregs2>(KvmIoctl.KVM_GET_SREGS2, "KVM_GET_SREGS2");
            return;
        }

        // Equal up to the bitmap of pending interrupts, which kvm_vcpu_events has too.
        var old = _vcpu.Get<kvm_sregs>(KvmIoctl.KVM_GET_SREGS, "KVM_GET_SREGS");
        _sregs = default;
        fixed (kvm_sregs2* target = &_sregs)
            NativeMemory.Copy(&old, target, (nuint)(sizeof(kvm_sregs) - sizeof(U64x4)));
    }

    // Bit 0 enables it (Documentation/virt/kvm/x86/msr.rst).
    private ulong? ClockAt(uint index) => IndexOf(index) is >= 0 and var at && (Msrs[at].data & 1) != 0 ? Msrs[at].data & ~1UL : null;

    private void ApplySregs()
    {
        if (_sregs2)
        {
            _vcpu.Set(KvmIoctl.KVM_SET_SREGS2, _sregs, "KVM_SET_SREGS2");
            return;
        }

        kvm_sregs old = default;
        fixed (kvm_sregs2* source = &_sregs)
            NativeMemory.Copy(source, &old, (nuint)(sizeof(kvm_sregs) - sizeof(U64x4)));
        _vcpu.Set(KvmIoctl.KVM_SET_SREGS, old, "KVM_SET_SREGS");
    }

    // KVM stops at the first MSR that it lists and does not give; that one is not asked for again.
    private void CaptureMsrs()
    {
        while (true)
        {
            _msrCount = (uint)_captured.Length;
            *(uint*)_msrs = _msrCount;
            var entries = Msrs;
            for (var i = 0; i < entries.Length; i++)
                entries[i] = new kvm_msr_entry { index = _captured[i] };
            var got = _vcpu.Try(KvmIoctl.KVM_GET_MSRS, _msrs);
            if (got == _captured.Length)
                return;
            if (got < 0)
                throw LinuxException.FromLastError("KVM_GET_MSRS");
            LogOnce(_captured[got], "does not give");
            _captured = [.. _captured[..got], .. _captured[(got + 1)..]];
        }
    }

    // All but the TSC deadline, or it alone: it takes effect by the LAPIC's timer mode and the TSC. And not the place of the wall
    // clock: to be told it is to KVM the order to write this host's time there, now, and the guest's memory has it already.
    private void ApplyMsrs(bool deadline, bool tsc)
    {
        var rest = new Span<kvm_msr_entry>(_msrsRest + 8, MostMsrs);
        var count = 0;
        foreach (var msr in Msrs)
        {
            if (msr.index == KvmValue.MSR_IA32_TSC_DEADLINE == deadline && (tsc || msr.index != KvmValue.MSR_IA32_TSC)
                && msr.index is not (KvmValue.MSR_KVM_WALL_CLOCK or KvmValue.MSR_KVM_WALL_CLOCK_NEW))
                rest[count++] = msr;
        }

        for (var first = 0; first < count;)
        {
            *(uint*)_msrsRest = (uint)(count - first);
            var set = _vcpu.Try(KvmIoctl.KVM_SET_MSRS, _msrsRest);
            if (set < 0)
                throw LinuxException.FromLastError("KVM_SET_MSRS");
            if (set == count - first)
                return;
            LogOnce(rest[set].index, "does not take");
            rest[(set + 1)..(count - first)].CopyTo(rest);
            first += set + 1;
        }
    }
}
