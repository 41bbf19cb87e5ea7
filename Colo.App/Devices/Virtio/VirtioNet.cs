using System.Buffers.Binary;
using Colo.Devices.Net;
using Colo.Linux;
using Colo.Memory;

namespace Colo.Devices.Virtio;

/// <summary>What a virtual NIC is made with.</summary>
/// <param name="Name">For the log and the status.</param>
/// <param name="Mac">The guest's MAC address, six bytes.</param>
/// <param name="Mtu">The MTU told to the guest, 68 to 65535; 0 tells none.</param>
/// <param name="Offloads">What the backend can do; the guest is offered no more.</param>
/// <param name="QueueSize">Most entries of each queue, a power of two.</param>
public sealed record VirtioNetOptions(
    string Name, ReadOnlyMemory<byte> Mac, ushort Mtu = 0, NetworkOffloads Offloads = NetworkOffloads.AllTcp, ushort QueueSize = 256);

/// <summary>What a virtual NIC has done since it was made.</summary>
/// <param name="RxPackets">Frames given to the guest, after segmentation.</param>
/// <param name="RxBytes">Their bytes, from the Ethernet header on.</param>
/// <param name="TxPackets">Frames taken from the guest.</param>
/// <param name="TxBytes">Their bytes, from the Ethernet header on.</param>
/// <param name="RxDropped">Frames for the guest that it could not take.</param>
/// <param name="TxDropped">Frames of the guest that made no sense, or had nowhere to go.</param>
public readonly record struct NetworkStatistics(
    long RxPackets, long RxBytes, long TxPackets, long TxBytes, long RxDropped, long TxDropped)
{
    /// <summary>Frames dropped in both directions.</summary>
    public long Dropped => RxDropped + TxDropped;
}

/// <summary>
/// The virtio network device (virtio 1.2, 5.1), one queue pair. Receive side in VirtioNet.Receive.cs, transmit side
/// in VirtioNet.Transmit.cs. All members are for the event loop's thread; <see cref="Statistics"/> for any.
/// </summary>
public sealed partial class VirtioNet : VirtioDevice
{
    /// <summary>Most bytes of a frame: header, 64 KiB of IP, Ethernet header and VLAN tags.</summary>
    public const int FrameMaximum = VirtioNetHeader.Size + 65_550 + 8;

    private const int ReceiveQueue = 0;
    private const int TransmitQueue = 1;
    private const uint ConfigurationSize = 12;

    private readonly byte[] _mac;
    private readonly ushort _mtu;
    private int _linkUp = 1;

    /// <summary>Makes a NIC. Before the loop runs, or on its thread.</summary>
    public VirtioNet(VirtioNetOptions options, GuestMemory memory, EventLoop loop)
        : base($"nic {options.Name}", memory, loop, [options.QueueSize, options.QueueSize])
    {
        if (options.Mac.Length != 6)
            throw new ArgumentException("a MAC address has six bytes", nameof(options));
        _mac = options.Mac.ToArray();
        _mtu = options.Mtu;
        OfferedFeatures = Offer(options);
        _chain = new DescriptorChain(options.QueueSize);
        _first = new DescriptorChain(options.QueueSize);
        _runTransmit = RunTransmit;
    }

    /// <inheritdoc/>
    public override uint DeviceId => 1;

    /// <inheritdoc/>
    public override ulong OfferedFeatures { get; }

    /// <summary>The guest's MAC address.</summary>
    public ReadOnlySpan<byte> Mac => _mac;

    /// <summary>Counters; from any thread.</summary>
    public NetworkStatistics Statistics => new(
        Volatile.Read(ref _rxPackets), Volatile.Read(ref _rxBytes), Volatile.Read(ref _txPackets),
        Volatile.Read(ref _txBytes), Volatile.Read(ref _rxDropped), Volatile.Read(ref _txDropped));

    /// <summary>What the guest takes without help; for <see cref="IOffloadBackend.SetReceiveOffloads"/>.</summary>
    public NetworkOffloads ReceiveOffloads =>
        (Has(VirtioFeatures.NetGuestChecksum) ? NetworkOffloads.ReceiveChecksum : 0)
        | (Has(VirtioFeatures.NetGuestTso4) ? NetworkOffloads.ReceiveTso4 : 0)
        | (Has(VirtioFeatures.NetGuestTso6) ? NetworkOffloads.ReceiveTso6 : 0)
        | (Has(VirtioFeatures.NetGuestEcn) ? NetworkOffloads.ReceiveEcn : 0)
        | (Has(VirtioFeatures.NetGuestUso4) ? NetworkOffloads.ReceiveUso4 : 0)
        | (Has(VirtioFeatures.NetGuestUso6) ? NetworkOffloads.ReceiveUso6 : 0);

    /// <summary>Called when <see cref="ReceiveOffloads"/> may have changed: driver ready, state loaded.</summary>
    public Action<NetworkOffloads>? ReceiveOffloadsChanged { get; set; }

    /// <summary>Whether the guest sees its link up. It gets a configuration interrupt when this changes.</summary>
    public bool LinkUp
    {
        get => Volatile.Read(ref _linkUp) != 0;
        set
        {
            if (Interlocked.Exchange(ref _linkUp, value ? 1 : 0) != (value ? 1 : 0) && Has(VirtioFeatures.NetStatus))
                Transport?.NotifyConfiguration();
        }
    }

    /// <inheritdoc/>
    public override void ReadConfiguration(uint offset, Span<byte> data)
    {
        // struct virtio_net_config (virtio 1.2, 5.1.4): mac, status, max_virtqueue_pairs, mtu.
        Span<byte> configuration = stackalloc byte[(int)ConfigurationSize];
        _mac.CopyTo(configuration);
        BinaryPrimitives.WriteUInt16LittleEndian(configuration[6..], LinkUp ? (ushort)1 : (ushort)0);
        BinaryPrimitives.WriteUInt16LittleEndian(configuration[8..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(configuration[10..], _mtu);
        CopyConfiguration(configuration, offset, data);
    }

    /// <inheritdoc/>
    protected override string? CheckFeatures(ulong features)
    {
        // virtio 1.2, 5.1.3.1: features that need others.
        if (Any(VirtioFeatures.NetGuestTso4 | VirtioFeatures.NetGuestTso6 | VirtioFeatures.NetGuestUso4 | VirtioFeatures.NetGuestUso6)
            && !Any(VirtioFeatures.NetGuestChecksum))
        {
            return "large receive frames without GUEST_CSUM";
        }

        if (Any(VirtioFeatures.NetHostTso4 | VirtioFeatures.NetHostTso6 | VirtioFeatures.NetHostUso) && !Any(VirtioFeatures.NetChecksum))
            return "segmentation offload without CSUM";
        if (Any(VirtioFeatures.NetGuestEcn) && !Any(VirtioFeatures.NetGuestTso4 | VirtioFeatures.NetGuestTso6))
            return "GUEST_ECN without GUEST_TSO";
        return Any(VirtioFeatures.NetHostEcn) && !Any(VirtioFeatures.NetHostTso4 | VirtioFeatures.NetHostTso6)
            ? "HOST_ECN without HOST_TSO"
            : null;

        bool Any(ulong bits) => (features & bits) != 0;
    }

    /// <inheritdoc/>
    protected override void OnStart()
    {
        Forget();
        ReceiveOffloadsChanged?.Invoke(ReceiveOffloads);
    }

    /// <inheritdoc/>
    protected override void OnReset(Action quiet)
    {
        Forget();
        quiet();
    }

    /// <inheritdoc/>
    protected override void OnLoaded()
    {
        Forget();
        ReceiveOffloadsChanged?.Invoke(ReceiveOffloads);
    }

    /// <inheritdoc/>
    protected override void OnKick(int queue)
    {
        if (queue == TransmitQueue)
            RunTransmit();
        else
            ReceiveBuffersAdded();
    }

    /// <inheritdoc/>
    protected override void OnFreeze()
    {
        // A frame that the output is just being asked to take would be neither sent nor in the queue.
        if (_inTransmit)
            throw new InvalidOperationException("a NIC is frozen from within its output; post it to the loop");
    }

    /// <inheritdoc/>
    protected override void OnThaw()
    {
        // The output may have room again, and a restored state knows nothing of this host's output.
        _blocked = false;
    }

    private static ulong Offer(VirtioNetOptions options)
    {
        var offloads = options.Offloads;
        var features = VirtioFeatures.Version1 | VirtioFeatures.IndirectDescriptors | VirtioFeatures.EventIndex
            | VirtioFeatures.NetMac | VirtioFeatures.NetStatus | VirtioFeatures.NetMergeableBuffers;
        if (options.Mtu != 0)
            features |= VirtioFeatures.NetMtu;
        if (Can(NetworkOffloads.SendChecksum))
        {
            features |= VirtioFeatures.NetChecksum
                | (Can(NetworkOffloads.SendTso4) ? VirtioFeatures.NetHostTso4 : 0)
                | (Can(NetworkOffloads.SendTso6) ? VirtioFeatures.NetHostTso6 : 0)
                | (Can(NetworkOffloads.SendEcn) ? VirtioFeatures.NetHostEcn : 0)
                | (Can(NetworkOffloads.SendUso) ? VirtioFeatures.NetHostUso : 0);
        }

        if (Can(NetworkOffloads.ReceiveChecksum))
        {
            features |= VirtioFeatures.NetGuestChecksum
                | (Can(NetworkOffloads.ReceiveTso4) ? VirtioFeatures.NetGuestTso4 : 0)
                | (Can(NetworkOffloads.ReceiveTso6) ? VirtioFeatures.NetGuestTso6 : 0)
                | (Can(NetworkOffloads.ReceiveEcn) ? VirtioFeatures.NetGuestEcn : 0)
                | (Can(NetworkOffloads.ReceiveUso4) ? VirtioFeatures.NetGuestUso4 : 0)
                | (Can(NetworkOffloads.ReceiveUso6) ? VirtioFeatures.NetGuestUso6 : 0);
        }

        return features;

        bool Can(NetworkOffloads what) => (offloads & what) != 0;
    }

    private void Forget()
    {
        _blocked = false;
        _refused = false;
        _mostBuffers = 0;
    }
}
