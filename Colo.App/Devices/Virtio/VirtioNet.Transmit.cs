using Colo.Devices.Net;

namespace Colo.Devices.Virtio;

/// <content>From the guest to the output.</content>
public sealed partial class VirtioNet
{
    private readonly byte[] _transmitFrame = GC.AllocateUninitializedArray<byte>(FrameMaximum, pinned: true);
    private readonly DescriptorChain _chain;
    private readonly Action _runTransmit;
    private bool _inTransmit;
    private bool _blocked;
    private bool _resumed;
    private bool _posted;
    private long _txPackets;
    private long _txBytes;
    private long _txDropped;

    /// <summary>Where the guest's frames go. Without one they are dropped and counted.</summary>
    public INetworkOutput? Output { get; set; }

    /// <summary>Most frames taken from the guest in one turn of the loop, so that sending does not starve receiving. At least 1.</summary>
    public int TransmitBudget { get; set; } = 64;

    /// <summary>Tells the NIC that its output, which refused a frame, has room again. May be called at any time.</summary>
    public void ResumeTransmit()
    {
        _resumed = true;
        if (!_blocked)
            return;
        _blocked = false;
        if (!_inTransmit)
            RunTransmit();
    }

    private void RunTransmit()
    {
        _posted = false;
        var queue = Queues[TransmitQueue];
        if (!Running || _blocked || _inTransmit || !queue.Ready)
            return;
        _inTransmit = true;
        queue.DisableNotification();
        var left = Math.Max(1, TransmitBudget);
        while (true)
        {
            if (left-- == 0)
            {
                PostTransmit();
                break;
            }

            if (!queue.TryPop(_chain))
            {
                // Empty: ask for a notification, and look again for what came just before.
                if (!queue.EnableNotification())
                    break;
                queue.DisableNotification();
                continue;
            }

            _resumed = false;
            if (!TransmitChain())
            {
                queue.UndoPop();
                // The output may have asked to go on from within the call.
                if (_resumed)
                    PostTransmit();
                else
                    _blocked = true;
                break;
            }

            queue.AddUsed(_chain.Head, 0);
        }

        PublishUsed(TransmitQueue);
        _inTransmit = false;
    }

    private void PostTransmit()
    {
        if (_posted)
            return;
        _posted = true;
        Loop.Post(_runTransmit);
    }

    /// <summary>Sends the frame in <see cref="_chain"/>; false if the output cannot take it now.</summary>
    private bool TransmitChain()
    {
        var length = _chain.ReadableBytes;
        if (length is < VirtioNetHeader.Size + FrameLayout.EthernetHeader or > FrameMaximum)
        {
            DropTransmit($"the guest sends a frame of {length} bytes");
            return true;
        }

        // One copy, before anything is checked: the guest may change its memory at any time.
        var frame = _transmitFrame.AsSpan(0, (int)length);
        _ = _chain.Read(0, frame);
        var header = VirtioNetHeader.Read(frame);
        var ethernet = frame[VirtioNetHeader.Size..];
        if (!IsNegotiated(header) || !header.Fits(ethernet))
        {
            DropTransmit($"the guest sends a frame with a bad header (flags {header.Flags:x}, type {header.GsoType:x})");
            return true;
        }

        header.Buffers = 0;
        if (header.Flags == 0)
            header.ChecksumStart = header.ChecksumOffset = 0;
        if (!header.IsLarge)
            header.HeaderLength = header.GsoSize = 0;
        header.Write(frame);
        if (Output is not { } output)
        {
            _txDropped++;
            return true;
        }

        if (!output.Transmit(frame))
            return false;
        _txPackets++;
        _txBytes += ethernet.Length;
        return true;
    }

    private bool IsNegotiated(in VirtioNetHeader header)
    {
        // virtio 1.2, 5.1.6.2.1: only NEEDS_CSUM, and only what was negotiated; large frames have partial checksums.
        if ((header.Flags & ~VirtioNetHeader.NeedsChecksum) != 0)
            return false;
        if (header.Flags != 0 && !Has(VirtioFeatures.NetChecksum))
            return false;
        if (!header.IsLarge)
            return true;
        if (header.Flags == 0 || ((header.GsoType & VirtioNetHeader.GsoEcn) != 0 && !Has(VirtioFeatures.NetHostEcn)))
            return false;
        return (header.GsoType & ~VirtioNetHeader.GsoEcn) switch
        {
            VirtioNetHeader.GsoTcp4 => Has(VirtioFeatures.NetHostTso4),
            VirtioNetHeader.GsoTcp6 => Has(VirtioFeatures.NetHostTso6),
            VirtioNetHeader.GsoUdpL4 => Has(VirtioFeatures.NetHostUso),
            _ => false,
        };
    }

    private void DropTransmit(string why)
    {
        _txDropped++;
        Warn(why + "; dropped");
    }
}
