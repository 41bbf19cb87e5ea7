using System.Runtime.InteropServices;
using Colo.Kvm;
using Colo.Memory;
using Colo.Monitor;

namespace Colo.Machine;

/// <summary>
/// Which pages of RAM were written: by vCPUs (KVM's dirty ring, or its bitmap where there is no ring) and by devices
/// (<see cref="GuestMemory.DeviceDirty"/>).
/// </summary>
public sealed unsafe class DirtyTracker : IDisposable
{
    private readonly KvmVm _vm;
    private readonly GuestMemory _memory;
    private readonly KvmVcpu[] _vcpus;
    private readonly bool _manual;
    private readonly Action<bool> _setLogging;
    private readonly Func<int> _reset;

    // Of what a vCPU thread took from a full ring until the next harvest. The lock is between the harvesting thread
    // and vCPU threads with a full ring; a harvest never waits for a vCPU, so nobody waits in a circle.
    private readonly Lock _gate = new();
    private readonly PageBitmap _overflow;
    private readonly ulong* _bitmap;
    private bool _overran;
    private bool _disposed;

    internal DirtyTracker(KvmVm vm, GuestMemory memory, KvmVcpu[] vcpus, bool ring, bool manual, Action<bool> setLogging)
    {
        (_vm, _memory, _vcpus, UsesRing, _manual, _setLogging) = (vm, memory, vcpus, ring, manual, setLogging);
        _reset = vm.ResetDirtyRings;
        _overflow = new PageBitmap(memory.Pages);
        if (!ring)
            _bitmap = (ulong*)NativeMemory.AllocZeroed((nuint)_overflow.WordCount, sizeof(ulong));
    }

    /// <summary>Whether KVM's dirty ring is used; else its bitmap.</summary>
    public bool UsesRing { get; }

    /// <summary>Whether writes are logged now.</summary>
    public bool Enabled { get; private set; }

    /// <summary>How often a vCPU has left the guest because its ring was full.</summary>
    public long RingFullExits { get; private set; }

    /// <summary>
    /// Whether the last <see cref="Harvest"/> found pages that vCPUs had written: KVM has protected them, and every vCPU forgets what it
    /// has translated before it runs again (kvm_flush_remote_tlbs).
    /// </summary>
    internal bool Protected { get; private set; }

    /// <summary>
    /// Begins to log, with nothing dirty: what was written before is the caller's to know (it copies all of memory
    /// after this call). May be called while vCPUs run.
    /// </summary>
    public void Enable()
    {
        lock (_gate)
        {
            if (Enabled)
                return;
            _setLogging(true);
            Enabled = true;
            Collect(_overflow);
            _overflow.Clear();
            using var before = new PageBitmap(_memory.Pages);
            _memory.DeviceDirty.MoveTo(before);
        }
    }

    /// <summary>Ends logging, and forgets what was logged.</summary>
    public void Disable()
    {
        lock (_gate)
        {
            if (!Enabled)
                return;
            Collect(_overflow);
            _overflow.Clear();
            _setLogging(false);
            Enabled = false;
        }
    }

    /// <summary>
    /// Moves every page written since the last call into <paramref name="target"/> (its bits are or-ed) and protects
    /// them again: a write after this returns is seen by the next call. May be called while vCPUs run; with all of
    /// them stopped nothing is missed. From one thread at a time.
    /// </summary>
    /// <exception cref="InvalidOperationException">Logging is off.</exception>
    public void Harvest(PageBitmap target)
    {
        lock (_gate)
        {
            if (!Enabled)
                throw new InvalidOperationException("dirty logging is off");
            Protected = Collect(target);
            _overflow.MoveTo(target);
            _memory.DeviceDirty.MoveTo(target);
            if (!_overran)
                return;
            for (ulong page = 0; page < target.Pages; page++)
                target.Set(page);
        }
    }

    /// <summary>Called by a vCPU's thread whose ring is full: makes room and keeps what was in it.</summary>
    internal void OnRingFull(KvmVcpu vcpu)
    {
        lock (_gate)
        {
            RingFullExits++;
            Collect(_overflow);
            // Full again and nothing new in it: only if there is nothing left to reset either, KVM and we have lost each other.
            if (UsesRing && vcpu.RingIndex == vcpu.RingIndexWhenFull && _reset() == 0)
                MakeRoom(vcpu);
            vcpu.RingIndexWhenFull = vcpu.RingIndex;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _overflow.Dispose();
        NativeMemory.Free(_bitmap);
    }

    private bool Collect(PageBitmap target) => UsesRing ? CollectRings(target) : CollectBitmaps(target);

    // Documentation/virt/kvm/api.rst, 8.29: an entry is ours while its dirty flag is set; the flag is read with
    // acquire, the reset flag is written with release, and KVM_RESET_DIRTY_RINGS protects those pages again.
    private bool CollectRings(PageBitmap target)
    {
        var taken = 0;
        foreach (var vcpu in _vcpus)
        {
            var mask = vcpu.RingEntries - 1;
            var index = vcpu.RingIndex;
            var first = index;
            while (true)
            {
                var entry = vcpu.Ring + (index & mask);
                if ((Volatile.Read(ref entry->flags) & KvmValue.KVM_DIRTY_GFN_F_DIRTY) == 0)
                    break;
                Mark(target, entry->slot, entry->offset);
                Volatile.Write(ref entry->flags, KvmValue.KVM_DIRTY_GFN_F_RESET);
                index++;
                taken++;
            }

            vcpu.RingIndex = index;
            if (index - first >= vcpu.RingEntries)
                Overran();
        }

        if (_overran)
            _ = _reset();
        else if (!RingReset.Complete(taken, _reset))
            Overran();
        return taken > 0;
    }

    // KVM promises to leave room and so to never write over entries. KVM-PVM breaks it: it emulates up to 1,024
    // instructions before it looks whether the ring is full. What was overwritten is lost, and from then on KVM's
    // place in the ring and ours differ. So all of memory counts as dirty from here on: slow, but nothing is missed.
    // There is no way back: by how much the places differ is not to be learnt (the indices are in the kernel alone), turning
    // logging off and on leaves the ring as it is, and a VM with a ring has no bitmap on x86 (kvm_use_dirty_bitmap).
    private void Overran()
    {
        if (!_overran)
            Log.Error("KVM overran its ring of dirty pages: all of memory is sent at each checkpoint from now on; use the bitmap on this host");
        _overran = true;
    }

    // KVM says that the ring is full, and nothing in it is new: after an overrun. Hand back some entries that are not
    // KVM's to count on, fewer than it believes to be in use.
    private void MakeRoom(KvmVcpu vcpu)
    {
        Overran();
        var mask = vcpu.RingEntries - 1;
        for (var n = vcpu.RingEntries / 4; n > 0; n--)
            Volatile.Write(ref vcpu.Ring[vcpu.RingIndex++ & mask].flags, KvmValue.KVM_DIRTY_GFN_F_RESET);
        _ = _reset();
    }

    private void Mark(PageBitmap target, uint slot, ulong offset)
    {
        var page = slot == MemoryLayout.HighSlot ? offset + (_memory.LowSize / GuestMemory.PageSize) : offset;
        if (slot <= MemoryLayout.HighSlot && page < _memory.Pages)
            target.Set(page);
    }

    private bool CollectBitmaps(PageBitmap target)
    {
        var lowPages = _memory.LowSize / GuestMemory.PageSize;
        var any = CollectBitmap(MemoryLayout.LowSlot, 0, lowPages, target);

        // Where there is high RAM, low RAM is 3 GiB: whole words of the bitmap.
        if (_memory.HighSize > 0)
            any |= CollectBitmap(MemoryLayout.HighSlot, lowPages / 64, _memory.HighSize / GuestMemory.PageSize, target);
        return any;
    }

    private bool CollectBitmap(uint slot, ulong firstWord, ulong pages, PageBitmap target)
    {
        var words = (int)((pages + 63) / 64);
        _vm.GetDirtyLog(slot, _bitmap);
        if (_manual)
            _vm.ClearDirtyLog(slot, pages, _bitmap);
        var to = target.Words.Slice((int)firstWord, words);
        var any = false;
        for (var i = 0; i < words; i++)
        {
            if (_bitmap[i] == 0)
                continue;
            any = true;
            to[i] |= _bitmap[i];
        }

        return any;
    }
}
