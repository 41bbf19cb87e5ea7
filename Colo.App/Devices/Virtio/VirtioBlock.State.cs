using Colo.Block;
using Colo.State;

namespace Colo.Devices.Virtio;

/// <content>
/// State: freeze, thaw and reset with requests under way, and the state record.
/// <para>
/// Under way is what was given to the backend and not yet told to the guest. While the device is frozen that set stays
/// as it is, so a record written at any moment of the freeze fits the memory that is captured with it: the used rings
/// and status bytes in it know nothing of these requests. Only the backend's own threads may still write the data of
/// reads into guest memory. That does no harm: in the captured memory these are buffers of a request that is under way,
/// whose content the driver may not rely on and which are filled anew by whoever loads the record; here the pages are
/// marked dirty when the completion is handled, after the thaw.
/// </para>
/// <para>
/// Whoever loads a record carries its requests out again, whole, though the disk may have seen them already, in full or in
/// part. Reads change nothing. A flush covers at least what it covered the first time. A write, or zeroes, over the same
/// request leaves what the request asks for; and whatever else was written to the range meanwhile was submitted before
/// this request was completed, so the guest has no right to an order between the two. Discarded data may be anything.
/// </para>
/// </content>
public sealed partial class VirtioBlock
{
    private readonly Queue<Slot> _kept;
    private Queue<TakenChain> _restored = new();
    private Queue<TakenChain> _incoming = new();
    private Action? _reset;

    /// <inheritdoc/>
    protected override void OnReset(Action quiet)
    {
        _restored.Clear();
        // The backend still reads and writes guest memory: the reset is done when it has finished.
        if (InFlight == 0)
            quiet();
        else
            _reset += quiet;
    }

    /// <inheritdoc/>
    protected override void OnThaw()
    {
        // Whoever was told that the disk is quiet has thawed it; who still waits has not had what he asked for.
        _quiescing = _quiesced.Count != 0;
        // The last one may tell somebody who freezes the device at once.
        while (!Frozen && _kept.TryDequeue(out var slot))
        {
            slot.Kept = false;
            Handle(slot);
        }

        // Before anything new is taken. Each may turn out to be nonsense, then the device needs a reset.
        while (Running && _restored.TryDequeue(out var taken))
        {
            var slot = _free.Pop();
            slot.Queue = taken.Queue;
            if (Queues[taken.Queue].TryTake(taken.Head, slot.Chain))
                Begin(slot);
            else
                _free.Push(slot);
        }

        if (!Frozen)
            _restored.Clear();
    }

    /// <inheritdoc/>
    private protected override void LoadDevice(ref StateReader reader, ReadOnlySpan<QueueState> queues, bool running)
    {
        // The backend would write into the memory of the state that is loaded.
        if (InFlight != 0)
            throw new InvalidOperationException($"{Name} is loaded with {InFlight} requests under way; quiesce it before");
        var record = reader.Record("VBLK", 2, out var version);
        var size = record.U64();
        if (size != (ulong)_backend.Size)
            throw record.Bad($"{Name}: the disk has {size} bytes there and {_backend.Size} here");
        _incoming.Clear();
        if (version >= 2)
            ReadTaken(ref record, queues, running);
        record.Finish();
        if (running)
            CheckTaken(record, queues);
    }

    /// <inheritdoc/>
    protected override void OnLoaded()
    {
        (_restored, _incoming) = (_incoming, _restored);
        _incoming.Clear();
    }

    /// <inheritdoc/>
    protected override void SaveDevice(StateWriter writer)
    {
        if (InFlight != 0 && !Frozen)
            throw new InvalidOperationException($"{Name} is saved with {InFlight} requests under way; freeze it before");
        var mark = writer.Begin("VBLK", 2);
        writer.U64((ulong)_backend.Size);
        // The guest waits for none of them after a reset, or when it must reset the device.
        var waits = Active && !NeedsReset;
        var count = waits ? _restored.Count : 0;
        for (var slot = _oldest; waits && slot is not null; slot = slot.Next)
            count += IsWaitedFor(slot) ? 1 : 0;
        writer.U32((uint)count);
        for (var slot = _oldest; waits && slot is not null; slot = slot.Next)
        {
            if (IsWaitedFor(slot))
                Write(writer, new TakenChain((ushort)slot.Queue, slot.Chain.Head));
        }

        if (waits)
        {
            foreach (var taken in _restored)
                Write(writer, taken);
        }

        writer.End(mark);
    }

    private static void Write(StateWriter writer, TakenChain taken)
    {
        writer.U16(taken.Queue);
        writer.U16(taken.Head);
    }

    private void ReadTaken(ref StateReader record, ReadOnlySpan<QueueState> queues, bool running)
    {
        var count = record.U32();
        if (count > (uint)_byHead.Length || (count != 0 && !running))
            throw record.Bad($"{Name}: {count} requests under way where {(running ? _byHead.Length : 0)} can be");
        if (count == 0)
            return;
        var seen = new bool[_byHead.Length];
        for (; count > 0; count--)
        {
            var taken = new TakenChain(record.U16(), record.U16());
            if (taken.Queue >= queues.Length || !queues[taken.Queue].Ready || taken.Head >= queues[taken.Queue].Size)
                throw record.Bad($"{Name}: a request under way at descriptor {taken.Head} of queue {taken.Queue}, which is not there");
            ref var again = ref seen[Index(taken.Queue, taken.Head)];
            if (again)
                throw record.Bad($"{Name}: descriptor {taken.Head} of queue {taken.Queue} is under way twice");
            again = true;
            _incoming.Enqueue(taken);
        }
    }

    /// <summary>Each chain that was taken from a queue has been given back or is under way: none is lost, none is made up.</summary>
    private void CheckTaken(in StateReader record, ReadOnlySpan<QueueState> queues)
    {
        for (var i = 0; i < queues.Length; i++)
        {
            var listed = 0;
            foreach (var taken in _incoming)
                listed += taken.Queue == i ? 1 : 0;
            if (listed != (queues[i].Ready ? queues[i].Taken : 0))
                throw record.Bad($"{Name}: {listed} requests of queue {i} under way where {queues[i].Taken} were taken and not given back");
        }
    }

    /// <summary>A chain that was taken from the available ring and is not yet in the used ring.</summary>
    private readonly record struct TakenChain(ushort Queue, ushort Head);
}
