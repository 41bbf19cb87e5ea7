namespace Colo.Devices.Virtio;

/// <summary>Feature bits (virtio 1.2, 5.1.3, 5.2.3 and 6; the USO bits are in 1.3 and in linux/virtio_net.h).</summary>
public static class VirtioFeatures
{
    /// <summary>VIRTIO_F_INDIRECT_DESC.</summary>
    public const ulong IndirectDescriptors = 1UL << 28;

    /// <summary>VIRTIO_F_EVENT_IDX.</summary>
    public const ulong EventIndex = 1UL << 29;

    /// <summary>VIRTIO_F_VERSION_1.</summary>
    public const ulong Version1 = 1UL << 32;

    /// <summary>VIRTIO_NET_F_CSUM: the device takes frames with partial checksums.</summary>
    public const ulong NetChecksum = 1UL << 0;

    /// <summary>VIRTIO_NET_F_GUEST_CSUM: the driver takes frames with partial checksums.</summary>
    public const ulong NetGuestChecksum = 1UL << 1;

    /// <summary>VIRTIO_NET_F_MTU.</summary>
    public const ulong NetMtu = 1UL << 3;

    /// <summary>VIRTIO_NET_F_MAC.</summary>
    public const ulong NetMac = 1UL << 5;

    /// <summary>VIRTIO_NET_F_GUEST_TSO4.</summary>
    public const ulong NetGuestTso4 = 1UL << 7;

    /// <summary>VIRTIO_NET_F_GUEST_TSO6.</summary>
    public const ulong NetGuestTso6 = 1UL << 8;

    /// <summary>VIRTIO_NET_F_GUEST_ECN.</summary>
    public const ulong NetGuestEcn = 1UL << 9;

    /// <summary>VIRTIO_NET_F_HOST_TSO4.</summary>
    public const ulong NetHostTso4 = 1UL << 11;

    /// <summary>VIRTIO_NET_F_HOST_TSO6.</summary>
    public const ulong NetHostTso6 = 1UL << 12;

    /// <summary>VIRTIO_NET_F_HOST_ECN.</summary>
    public const ulong NetHostEcn = 1UL << 13;

    /// <summary>VIRTIO_NET_F_MRG_RXBUF.</summary>
    public const ulong NetMergeableBuffers = 1UL << 15;

    /// <summary>VIRTIO_NET_F_STATUS.</summary>
    public const ulong NetStatus = 1UL << 16;

    /// <summary>VIRTIO_NET_F_GUEST_USO4.</summary>
    public const ulong NetGuestUso4 = 1UL << 54;

    /// <summary>VIRTIO_NET_F_GUEST_USO6.</summary>
    public const ulong NetGuestUso6 = 1UL << 55;

    /// <summary>VIRTIO_NET_F_HOST_USO.</summary>
    public const ulong NetHostUso = 1UL << 56;

    /// <summary>VIRTIO_BLK_F_SEG_MAX.</summary>
    public const ulong BlockSegmentsMaximum = 1UL << 2;

    /// <summary>VIRTIO_BLK_F_RO.</summary>
    public const ulong BlockReadOnly = 1UL << 5;

    /// <summary>VIRTIO_BLK_F_BLK_SIZE.</summary>
    public const ulong BlockSize = 1UL << 6;

    /// <summary>VIRTIO_BLK_F_FLUSH.</summary>
    public const ulong BlockFlush = 1UL << 9;

    /// <summary>VIRTIO_BLK_F_TOPOLOGY.</summary>
    public const ulong BlockTopology = 1UL << 10;

    /// <summary>VIRTIO_BLK_F_MQ.</summary>
    public const ulong BlockMultiQueue = 1UL << 12;

    /// <summary>VIRTIO_BLK_F_DISCARD.</summary>
    public const ulong BlockDiscard = 1UL << 13;

    /// <summary>VIRTIO_BLK_F_WRITE_ZEROES.</summary>
    public const ulong BlockWriteZeroes = 1UL << 14;
}
