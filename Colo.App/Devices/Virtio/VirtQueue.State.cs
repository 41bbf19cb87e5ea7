using Colo.State;

namespace Colo.Devices.Virtio;

/// <content>State: what a checkpoint holds of a queue.</content>
public sealed unsafe partial class VirtQueue
{
    /// <summary>Writes registers and indices, 38 bytes and the fault.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="asReset">Writes the state after a <see cref="Reset"/> instead: one is under way.</param>
    internal void Save(StateWriter writer, bool asReset = false)
    {
        if (HasUnpublished)
            throw new InvalidOperationException("a queue is saved with used entries that are not published");
        var state = asReset
            ? new QueueState(false, MaximumSize, 0, 0, 0, 0, 0, 0, "")
            : new QueueState(
                Ready, Size, DescriptorAddress, AvailableAddress, UsedAddress,
                _lastAvailable, _usedIndex, _signalledUsed, Fault ?? "");
        writer.Bool(state.Ready);
        writer.U32(state.Size);
        writer.U64(state.Descriptors);
        writer.U64(state.Available);
        writer.U64(state.Used);
        writer.U16(state.LastAvailable);
        writer.U16(state.UsedIndex);
        writer.U16(state.SignalledUsed);
        writer.Text(state.Fault);
    }

    /// <summary>Reads what <see cref="Save"/> wrote and checks it; changes nothing.</summary>
    internal QueueState ReadState(ref StateReader reader)
    {
        var state = new QueueState(
            reader.Bool(), reader.U32(), reader.U64(), reader.U64(), reader.U64(),
            reader.U16(), reader.U16(), reader.U16(), reader.Text(200));
        var wrong = state.Ready ? Check(state.Size, state.Descriptors, state.Available, state.Used) : null;
        return wrong is null ? state : throw reader.Bad(wrong);
    }

    /// <summary>Takes over a state that <see cref="ReadState"/> has checked.</summary>
    internal void Apply(in QueueState state, bool eventIndex, bool indirect)
    {
        Stop();
        Size = state.Size;
        DescriptorAddress = state.Descriptors;
        AvailableAddress = state.Available;
        UsedAddress = state.Used;
        Fault = state.Fault.Length == 0 ? null : state.Fault;
        if (!state.Ready)
            return;
        Map(eventIndex, indirect);
        _lastAvailable = _seenAvailable = state.LastAvailable;
        _usedIndex = _publishedUsed = state.UsedIndex;
        _signalledUsed = state.SignalledUsed;
        Ready = true;
    }
}

/// <summary>What a state record says of a queue; checked, not yet taken over.</summary>
internal readonly record struct QueueState(
    bool Ready, uint Size, ulong Descriptors, ulong Available, ulong Used,
    ushort LastAvailable, ushort UsedIndex, ushort SignalledUsed, string Fault)
{
    /// <summary>Chains that were taken and not yet given back.</summary>
    internal ushort Taken => (ushort)(LastAvailable - UsedIndex);
}
