using System.Buffers.Binary;

namespace Colo.Proxy;

// Flows that are compared frame by frame, in order.
public sealed unsafe partial class OutputComparer
{
    private void PrimaryDatagram(DatagramFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (_synced && !_takenPending && !flow.Diverged && flow.Held.IsEmpty && flow.Secondary.Head is { } counterpart)
        {
            if (Equivalent(flow, frame, in info, counterpart.Frame, in counterpart.Info))
            {
                _window.Release(counterpart.Index);
                FreeSecondary(flow.Secondary.Take());
                _statistics.Matched++;
                _statistics.HoldMicroseconds.Record(0);
                Emit(frame[..info.End]);
                UpdateWait(flow);
                return;
            }
        }
        Hold(flow, frame, in info, HeldKind.Whole);
        UpdateWait(flow);
    }

    private void SecondaryDatagram(DatagramFlow flow, ReadOnlySpan<byte> frame, in FrameInfo info, ulong index)
    {
        if (flow.Secondary.IsEmpty && flow.Held.Head is { } head && head.Epoch <= _secondaryEpoch)
        {
            if (Equivalent(flow, head.Frame, in head.Info, frame, in info))
                ReleaseMatched(flow, head);
            else
                _window.Reference(index);
        }
        else
        {
            HeldFrame held = Copy(frame);
            held.Index = index;
            held.Info = info;
            _statistics.SecondaryBytes += held.Charged;
            _window.Reference(index);
            flow.Secondary.Add(held);
        }
        UpdateWait(flow);
    }

    /// <summary>Matches what came on both sides while nothing could be matched.</summary>
    private void DrainDatagrams(DatagramFlow flow)
    {
        while (!flow.Diverged && flow.Held.Head is { } head && flow.Secondary.Head is { } counterpart
            && head.Epoch <= _secondaryEpoch
            && Equivalent(flow, head.Frame, in head.Info, counterpart.Frame, in counterpart.Info))
        {
            _window.Release(counterpart.Index);
            FreeSecondary(flow.Secondary.Take());
            ReleaseMatched(flow, head);
        }
    }

    private void ReleaseMatched(DatagramFlow flow, HeldFrame head)
    {
        _statistics.Matched++;
        Emit(head.Frame[..head.Info.End]);
        Dequeue(flow);
    }

    /// <summary>Compares; a difference makes the flow diverged.</summary>
    private bool Equivalent(DatagramFlow flow, ReadOnlySpan<byte> primary, in FrameInfo primaryInfo,
        ReadOnlySpan<byte> secondary, in FrameInfo secondaryInfo)
    {
        int at = DatagramComparer.Difference(primary, in primaryInfo, secondary, in secondaryInfo);
        if (at < 0 && primaryInfo.Kind == FrameKind.Fragment)
            at = FragmentDifference(flow, primary, in primaryInfo, secondary, in secondaryInfo);
        if (at < 0)
            return true;
        Diverge(flow, DivergenceCause.Datagram, at, First8(primary, at), First8(secondary, at));
        return false;
    }

    /// <summary>
    /// Identifications may differ, but must group the fragments alike: a fragment that continues the last datagram on
    /// one side continues it on the other.
    /// </summary>
    private static int FragmentDifference(DatagramFlow flow, ReadOnlySpan<byte> primary, in FrameInfo primaryInfo,
        ReadOnlySpan<byte> secondary, in FrameInfo secondaryInfo)
    {
        uint a = FragmentId(primary, in primaryInfo), b = FragmentId(secondary, in secondaryInfo);
        bool known = flow.HasFragmentIds;
        bool continuesA = a == flow.PrimaryFragmentId, continuesB = b == flow.SecondaryFragmentId;
        flow.PrimaryFragmentId = a;
        flow.SecondaryFragmentId = b;
        flow.HasFragmentIds = true;
        return !known || continuesA == continuesB ? -1 : primaryInfo.FragmentId != 0 ? primaryInfo.FragmentId : primaryInfo.L3 + 4;
    }

    private static uint FragmentId(ReadOnlySpan<byte> frame, in FrameInfo info) => info.FragmentId != 0
        ? BinaryPrimitives.ReadUInt32BigEndian(frame[info.FragmentId..])
        : BinaryPrimitives.ReadUInt16BigEndian(frame[(info.L3 + 4)..]);

    private static ulong First8(ReadOnlySpan<byte> bytes, int at)
    {
        ulong value = 0;
        for (int i = 0; i < 8 && at + i < bytes.Length; i++)
            value |= (ulong)bytes[at + i] << (8 * i);
        return value;
    }
}
