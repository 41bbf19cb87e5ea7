using Colo.Devices.Net;

namespace Colo.Devices.Virtio;

/// <content>From the network to the guest.</content>
public sealed partial class VirtioNet
{
    private readonly byte[] _receiveFrame = GC.AllocateUninitializedArray<byte>(FrameMaximum, pinned: true);
    private readonly DescriptorChain _first;
    private bool _refused;
    private int _mostBuffers;
    private long _packetsAdded;
    private long _bytesAdded;
    private long _rxPackets;
    private long _rxBytes;
    private long _rxDropped;

    private enum Outcome
    {
        Delivered,
        NoBuffer,
        TooLarge,
    }

    /// <summary>Called when there are buffers again after <see cref="Deliver"/> or <see cref="CanReceive"/> was false.</summary>
    public Action? ReceiveReady { get; set; }

    /// <summary>Whether <see cref="Deliver"/> is likely to take a frame. After false, <see cref="ReceiveReady"/> is called.</summary>
    public bool CanReceive
    {
        get
        {
            if (Frozen)
            {
                _refused = true;
                return false;
            }

            var queue = Queues[ReceiveQueue];
            if (!Running || !queue.Ready || queue.Available > 0 || queue.Refresh() || queue.EnableNotification())
                return true;
            _refused = true;
            return false;
        }
    }

    /// <summary>
    /// Gives the guest a frame, finished as far as the guest has not negotiated to do so itself. Without a running
    /// driver the frame is dropped and counted, as by a NIC that is switched off.
    /// </summary>
    /// <param name="frame">12 bytes of virtio_net_hdr_v1 and the frame.</param>
    /// <returns>
    /// False when the guest has no room for it now: it was not taken, and <see cref="ReceiveReady"/> will be called.
    /// A frame that the guest may never have room for (not enough though half of the buffers it ever had are there), or
    /// one that makes no sense, is dropped and counted, and that is true.
    /// </returns>
    public bool Deliver(ReadOnlySpan<byte> frame)
    {
        if (Frozen)
        {
            _refused = true;
            return false;
        }

        var queue = Queues[ReceiveQueue];
        if (!Running || !queue.Ready || frame.Length is < VirtioNetHeader.Size + FrameLayout.EthernetHeader or > FrameMaximum)
        {
            _rxDropped++;
            return true;
        }

        var header = VirtioNetHeader.Read(frame);
        var ethernet = frame[VirtioNetHeader.Size..];
        if (!header.Fits(ethernet))
        {
            _rxDropped++;
            return true;
        }

        var mark = queue.Mark();
        while (true)
        {
            var outcome = DeliverFinished(header, ethernet);
            if (NeedsReset)
            {
                _packetsAdded = _bytesAdded = 0;
                _rxDropped++;
                return true;
            }

            if (outcome == Outcome.Delivered)
            {
                PublishReceived();
                return true;
            }

            // All that the driver has made available was not enough. Drivers fill up again only when half is used (Linux
            // does): with half of what it ever had, waiting for more could be for ever.
            var had = queue.AvailableSince(mark);
            if (outcome == Outcome.TooLarge || (had > 0 && 2 * had >= _mostBuffers))
            {
                _mostBuffers = Math.Max(_mostBuffers, had);
                if (outcome == Outcome.TooLarge)
                    ForgetReceived(mark);
                // The segments that did fit are delivered: TCP goes on from there.
                PublishReceived();
                _rxDropped++;
                return true;
            }

            ForgetReceived(mark);
            if (queue.EnableNotification())
                continue;
            _refused = true;
            return false;
        }
    }

    private void ReceiveBuffersAdded()
    {
        var queue = Queues[ReceiveQueue];
        queue.DisableNotification();
        _ = queue.Refresh();
        _mostBuffers = Math.Max(_mostBuffers, queue.Available);
        if (!_refused)
            return;
        _refused = false;
        ReceiveReady?.Invoke();
    }

    private void PublishReceived()
    {
        PublishUsed(ReceiveQueue);
        _rxPackets += _packetsAdded;
        _rxBytes += _bytesAdded;
        _packetsAdded = _bytesAdded = 0;
    }

    private void ForgetReceived(QueueMark mark)
    {
        Queues[ReceiveQueue].Rewind(mark);
        _packetsAdded = _bytesAdded = 0;
    }

    private Outcome DeliverFinished(in VirtioNetHeader header, ReadOnlySpan<byte> ethernet)
    {
        var queue = Queues[ReceiveQueue];
        _ = queue.Refresh();
        _mostBuffers = Math.Max(_mostBuffers, queue.Available);
        if (header.IsLarge && !TakesLarge(header, ethernet))
            return DeliverSegments(header, ethernet);
        var shown = header;
        if (!header.IsLarge)
            shown.HeaderLength = shown.GsoSize = 0;
        // RSC_INFO (4) and unknown flags are not ours to pass on.
        shown.Flags &= VirtioNetHeader.NeedsChecksum | VirtioNetHeader.DataValid;
        if (!Has(VirtioFeatures.NetGuestChecksum))
        {
            if ((header.Flags & VirtioNetHeader.NeedsChecksum) != 0)
            {
                var copy = _receiveFrame.AsSpan(0, ethernet.Length);
                ethernet.CopyTo(copy);
                InternetChecksum.Complete(copy, header.ChecksumStart, header.ChecksumOffset);
                ethernet = copy;
            }

            shown.Flags = 0;
        }

        if ((shown.Flags & VirtioNetHeader.NeedsChecksum) == 0)
            shown.ChecksumStart = shown.ChecksumOffset = 0;
        return DeliverOne(shown, ethernet);
    }

    private bool TakesLarge(in VirtioNetHeader header, ReadOnlySpan<byte> ethernet)
    {
        if ((header.GsoType & VirtioNetHeader.GsoEcn) != 0 && !Has(VirtioFeatures.NetGuestEcn))
            return false;
        return (header.GsoType & ~VirtioNetHeader.GsoEcn) switch
        {
            VirtioNetHeader.GsoTcp4 => Has(VirtioFeatures.NetGuestTso4),
            VirtioNetHeader.GsoTcp6 => Has(VirtioFeatures.NetGuestTso6),
            VirtioNetHeader.GsoUdpL4 => FrameLayout.TryParse(ethernet, out var layout)
                && Has(layout.Version == 4 ? VirtioFeatures.NetGuestUso4 : VirtioFeatures.NetGuestUso6),
            _ => false,
        };
    }

    private Outcome DeliverSegments(in VirtioNetHeader header, ReadOnlySpan<byte> ethernet)
    {
        var segmenter = new FrameSegmenter(ethernet, header);
        VirtioNetHeader plain = default;
        while (segmenter.More)
        {
            var length = segmenter.Next(_receiveFrame);
            var outcome = DeliverOne(plain, _receiveFrame.AsSpan(0, length));
            if (outcome != Outcome.Delivered)
                return outcome;
        }

        return Outcome.Delivered;
    }

    /// <summary>Puts one frame into as many buffers as it takes. Used entries are added, not published.</summary>
    private Outcome DeliverOne(in VirtioNetHeader header, ReadOnlySpan<byte> ethernet)
    {
        var queue = Queues[ReceiveQueue];
        var mark = queue.Mark();
        if (!queue.TryPop(_first))
            return Outcome.NoBuffer;
        Span<byte> prefix = stackalloc byte[VirtioNetHeader.Size];
        var total = (ulong)(VirtioNetHeader.Size + ethernet.Length);
        var mergeable = Has(VirtioFeatures.NetMergeableBuffers);
        if (_first.WritableBytes < (mergeable ? VirtioNetHeader.Size : total))
        {
            queue.Rewind(mark);
            return Outcome.TooLarge;
        }

        var done = _first.Write(Memory, VirtioNetHeader.Size, ethernet);
        queue.AddUsed(_first.Head, (uint)(VirtioNetHeader.Size + done));
        ushort buffers = 1;
        while (done < ethernet.Length)
        {
            if (!queue.TryPop(_chain))
            {
                queue.Rewind(mark);
                return Outcome.NoBuffer;
            }

            var part = _chain.Write(Memory, 0, ethernet[done..]);
            queue.AddUsed(_chain.Head, (uint)part);
            done += part;
            buffers++;
        }

        var shown = header;
        // virtio 1.2, 5.1.6.4.1: 1 where buffers are not merged.
        shown.Buffers = buffers;
        shown.Write(prefix);
        _ = _first.Write(Memory, 0, prefix);
        _packetsAdded++;
        _bytesAdded += ethernet.Length;
        return Outcome.Delivered;
    }
}
