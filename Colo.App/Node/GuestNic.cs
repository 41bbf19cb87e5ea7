using System.Runtime.InteropServices;
using Colo.Devices.Net;
using Colo.Devices.Virtio;
using Colo.Linux;
using Colo.Proxy;

namespace Colo.Node;

/// <summary>What the node's role does with the frames of a NIC. On the loop's thread.</summary>
internal interface INicPath
{
    /// <summary>Takes a frame of the guest, in the guest's numbering; it may be changed in place.</summary>
    /// <returns>False when it cannot be taken now; <see cref="GuestNic.ResumeTransmit"/> asks for it again.</returns>
    bool FromGuest(GuestNic nic, Span<byte> frame);

    /// <summary>Takes a frame of the network, in wire numbering.</summary>
    /// <returns>False when it cannot be taken now; <see cref="GuestNic.ResumeReceive"/> offers it again.</returns>
    bool FromWire(GuestNic nic, ReadOnlySpan<byte> frame);

    /// <summary>The guest has given receive buffers again after a refusal.</summary>
    void ReceiveReady(GuestNic nic);
}

/// <summary>Takes a frame, which is valid during the call only.</summary>
internal delegate void FrameAction(ReadOnlySpan<byte> frame);

/// <summary>
/// One NIC of the guest: the virtual device, the host's network behind it, the translation between the guest's and the
/// wire's sequence numbers, and in between whatever the node's role puts there. Lives through all roles. One thread.
/// </summary>
internal sealed class GuestNic : INetworkOutput, IEventHandler, IDisposable
{
    /// <summary>virtio_net_hdr_v1, Ethernet with two VLAN tags, and the largest IP packet.</summary>
    internal const int MaxFrame = 12 + 22 + 65_536;

    /// <summary>Frames taken from the network in one turn, so that other descriptors get theirs.</summary>
    private const int ReceiveBudget = 64;

    private readonly EventLoop _loop;
    private readonly VirtioMmio _transport;
    private readonly byte[] _wire = new byte[MaxFrame];
    private readonly byte[] _guest = new byte[MaxFrame];
    private long _overflowed;
    private int _waiting;
    private bool _watching;
    private bool _frozen;

    internal GuestNic(int index, string name, byte[] mac, VirtioNet device, VirtioMmio transport, INetworkBackend backend, EventLoop loop, bool live)
    {
        Rewriter = new SequenceRewriter(live);
        Index = index;
        Name = name;
        Mac = mac;
        Device = device;
        Backend = backend;
        _transport = transport;
        _loop = loop;
        device.Output = this;
        device.ReceiveReady = () =>
        {
            Path?.ReceiveReady(this);
            ResumeReceive();
        };
        loop.Add(backend.Descriptor, EventLoop.Readable, this);
        _watching = true;
    }

    internal int Index { get; }

    internal string Name { get; }

    internal byte[] Mac { get; }

    internal VirtioNet Device { get; }

    internal INetworkBackend Backend { get; }

    internal GuestAddresses Addresses { get; } = new();

    /// <summary>Between the guest's numbering and the wire's.</summary>
    internal SequenceRewriter Rewriter { get; }

    /// <summary>The role's part. Null: frames of both sides wait.</summary>
    internal INicPath? Path { get; set; }

    /// <inheritdoc/>
    public bool Transmit(ReadOnlySpan<byte> frame)
    {
        if (Path is not { } path || _frozen)
            return false;
        Addresses.Observe(frame);
        // The span is the device's own buffer, filled anew for each attempt; translating in place saves a copy.
        return path.FromGuest(this, MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(frame), frame.Length));
    }

    /// <summary>Asks the device for the frames it had to keep.</summary>
    internal void ResumeTransmit()
    {
        if (!_frozen)
            Device.ResumeTransmit();
    }

    /// <inheritdoc/>
    public void OnReady(uint events) => Receive();

    /// <summary>Takes frames from the network again after the role or the device had refused one.</summary>
    internal void ResumeReceive()
    {
        if (_frozen)
            return;
        if (_waiting > 0)
            Offer();
        if (_waiting == 0)
            Watch(true);
    }

    /// <summary>Translates a frame for the guest and puts it into its receive queue.</summary>
    /// <returns>False when the queue has no room.</returns>
    internal bool Deliver(ReadOnlySpan<byte> wireFrame, long nowNs)
    {
        if (!Device.CanReceive)
            return false;
        var frame = _guest.AsSpan(0, wireFrame.Length);
        wireFrame.CopyTo(frame);
        Rewriter.ToGuest(frame, nowNs);
        return Device.Deliver(frame);
    }

    /// <summary>
    /// Frames that were lost between the guest and the host's network: refused there, not understood here, or not read in time.
    /// (Of a tap the kernel does not tell the last.)
    /// </summary>
    /// <param name="speaks">Whether what is not read in time is lost to the guest: not on a secondary, whose port gets copies.</param>
    internal long HostDropped(bool speaks) => HostDropped(Backend, speaks, ref _overflowed);

    /// <summary>The same of any backend.</summary>
    /// <param name="backend">Asked on the loop's thread, which also counts.</param>
    /// <param name="speaks">As above.</param>
    /// <param name="overflowed">What was not read in time so far: the kernel forgets its count when it has told it.</param>
    internal static long HostDropped(INetworkBackend backend, bool speaks, ref long overflowed)
    {
        if (speaks && backend is PacketBackend packet)
            overflowed += packet.TakeKernelDrops();
        var refused = backend is IOffloadBackend counting ? counting.Statistics : default;
        return overflowed + refused.ReceiveDropped + refused.SendDropped;
    }

    /// <summary>Neither direction moves until <see cref="Thaw"/>; the guest's memory stays as it is.</summary>
    internal void Freeze()
    {
        _frozen = true;
        Device.Freeze();
    }

    /// <summary>Goes on.</summary>
    internal void Thaw()
    {
        _frozen = false;
        Device.Thaw();
        ResumeReceive();
    }

    /// <summary>Drops what has arrived from the network and nobody has taken: on a secondary, and at the start of a takeover.</summary>
    internal void DiscardArrived()
    {
        _waiting = 0;
        while (Backend.TryReceive(_wire, out _))
        {
        }

        // What did not fit was a copy, too.
        _ = (Backend as PacketBackend)?.TakeKernelDrops();
        Watch(true);
    }

    /// <summary>Hands out, in order, what has arrived from the network and the guest has not taken.</summary>
    internal void DrainTo(FrameAction take)
    {
        if (_waiting > 0)
            take(_wire.AsSpan(0, _waiting));
        _waiting = 0;
        while (Backend.TryReceive(_wire, out var length))
            take(_wire.AsSpan(0, length));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _transport.Disconnect();
        Device.Dispose();
        _loop.Remove(Backend.Descriptor);
        Backend.Dispose();
    }

    private void Receive()
    {
        if (_frozen)
        {
            // Readable, and nobody may take it: do not spin on it.
            Watch(false);
            return;
        }

        for (var i = 0; i < ReceiveBudget && _waiting == 0; i++)
        {
            if (!Backend.TryReceive(_wire, out _waiting))
            {
                _waiting = 0;
                return;
            }

            Offer();
        }

        if (_waiting > 0)
            Watch(false);
    }

    private void Offer()
    {
        if (Path is { } path && path.FromWire(this, _wire.AsSpan(0, _waiting)))
            _waiting = 0;
    }

    private void Watch(bool on)
    {
        if (_watching == on)
            return;
        _watching = on;
        _loop.Modify(Backend.Descriptor, on ? EventLoop.Readable : 0);
    }
}
