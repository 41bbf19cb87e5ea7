using System.Buffers.Binary;
using Colo.Linux;
using Colo.Protection;

namespace Colo.Node;

/// <content>The primary's input for the SVM: in order, once, each in its epoch.</content>
internal sealed partial class SecondaryRole
{
    /// <summary>
    /// Takes a frame that the dead primary's keeper forwards. It comes after all that the primary has mirrored, of which some may
    /// still be on its way, and after any checkpoint: it waits beside the input of the epochs.
    /// </summary>
    internal void OnForwarded(int nic, ReadOnlySpan<byte> frame)
    {
        if (State == SecondaryState.Protected && nic < _nics.Length && frame.Length <= GuestNic.MaxFrame)
            _ = _forwarded.TryAdd(0, Kind(PacketMessage.Frame, nic), frame);
    }

    private static ushort Kind(PacketMessage type, int nic) => (ushort)((ushort)type | (nic << 8));

    private void OnPacket(PacketMessage type, ReadOnlySpan<byte> body)
    {
        if (!PacketHead.TryRead(body, _nics.Length, out var epoch, out var nic, out _))
            throw new FormatException($"message {(ushort)type} of {body.Length} bytes on the Packets channel");
        body = body[PacketHead.Size..];
        if (body.Length > GuestNic.MaxFrame)
            throw new FormatException($"a frame of {body.Length} bytes, {GuestNic.MaxFrame} are allowed");
        switch (type)
        {
            case PacketMessage.Frame or PacketMessage.WireIsn:
                if (type == PacketMessage.Frame)
                    _framesReceived++;
                // Of an epoch that is over: the checkpoint contains what it did.
                if (_phase != SecondaryPhase.Waiting && epoch >= _epoch)
                    TakeInput(epoch, type, nic, body);
                break;
            case PacketMessage.Confirmed when body.Length == 8:
                if (epoch == _epoch)
                    _nics[nic].Confirm(BinaryPrimitives.ReadUInt64LittleEndian(body));
                else if (epoch > _epoch)
                    _nics[nic].ConfirmAhead(epoch);
                break;
            default:
                throw new FormatException($"unexpected message {(ushort)type} of {body.Length} bytes on the Packets channel");
        }
    }

    private void TakeInput(ulong epoch, PacketMessage type, int nic, ReadOnlySpan<byte> body)
    {
        if (_pending.Count == 0 && epoch == _epoch && State == SecondaryState.Protected && !_loading && Give(type, nic, body))
            return;
        if (type == PacketMessage.Frame)
            _vm.Nics[nic].Rewriter.NoteArrival(body, MonotonicClock.Now);
        if (!_pending.TryAdd(epoch, Kind(type, nic), body))
            Raise(SecondaryEvent.StreamBroken, $"the SVM is more than {PendingBytes >> 20} MiB of input behind");
    }

    private void PumpInput()
    {
        while (!_loading && _pending.TryPeek(out var epoch, out var kind, out var body) && epoch <= _epoch)
        {
            if (!Give((PacketMessage)(kind & 0xFF), kind >> 8, body))
                return;
            _pending.RemoveFirst();
        }
    }

    private bool Give(PacketMessage type, int nic, ReadOnlySpan<byte> body)
    {
        var to = _vm.Nics[nic];
        if (type == PacketMessage.WireIsn)
        {
            WireIsn.Apply(to.Rewriter, body);
            return true;
        }

        // A guest that has ended or has no driver takes nothing; the PVM's had one, so a checkpoint is near.
        return !to.Device.Active || to.Deliver(body, MonotonicClock.Now);
    }
}
