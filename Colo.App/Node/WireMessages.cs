using System.Buffers.Binary;
using Colo.Proxy;

namespace Colo.Node;

/// <summary>
/// The messages of two nodes beside checkpoints and heartbeats. All integers little endian.
/// <code>
/// secondary (dials)                                primary (listens)
///   opens Control, Packets, Checkpoint and a Disk channel for each replicated disk
///   PairRequest  what it is made of, its history  ──►
///              ◄──  PairAccept (the primary's history, kind of sync)  or  PairRefuse (text)
///              ◄──  NBD on the Disk channels, the primary being the client; DiskHashRequest …
///   DiskHashes …  ──►
///              ◄──  DisksSent (marks)
///   DisksReady  ──►                                then the memory follows
///              ◄──  checkpoints; Frame, WireIsn, Confirmed of each epoch
///   CheckpointReceived, CheckpointLoaded  ──►      Output of each epoch ──►
/// </code>
/// A frame on the Packets channel belongs to the epoch that it names: the receiver keeps what is of a later one until it
/// has loaded that checkpoint, and drops what is of an earlier one.
/// </summary>
internal enum ControlMessage : ushort
{
    /// <summary>Secondary to primary: what it is (<see cref="PairOffer"/>), what its images hold (<see cref="Block.Replication.DiskHistory"/>), u8: a bit for each image that is all zeroes.</summary>
    PairRequest = 1,

    /// <summary>Primary to secondary: taken; the first sync begins. <see cref="Block.Replication.DiskHistory"/> of the primary, without extents, and u8 <see cref="Block.Replication.SyncKind"/>.</summary>
    PairAccept = 2,

    /// <summary>Primary to secondary: not taken, with the reason as text.</summary>
    PairRefuse = 3,

    /// <summary>Secondary to primary, u64 epoch: the checkpoint is complete; no older state is gone back to.</summary>
    CheckpointReceived = 4,

    /// <summary>Secondary to primary, u64 epoch: loaded; the SVM runs in that epoch, and the next checkpoint may come.</summary>
    CheckpointLoaded = 5,

    /// <summary>Primary to secondary, u8 <see cref="Machine.MachineEvent"/>, then <see cref="CheckpointMarks"/>: the guest has ended in order, with the disks as they are there.</summary>
    GuestEnded = 6,

    /// <summary>Secondary to primary: it will not take over a guest that has ended.</summary>
    GuestEndedAcknowledged = 7,

    /// <summary>Secondary to primary, u8 <see cref="Machine.MachineEvent"/>: its VM stopped by itself; a checkpoint is wanted.</summary>
    VmEnded = 8,

    /// <summary>Primary to secondary, u64 epoch: the primary is silent for good; the guest is yours from that checkpoint.</summary>
    Handover = 9,

    /// <summary>Secondary to primary: it goes, and will not take over.</summary>
    Leave = 10,

    /// <summary>Primary to secondary: you are no longer current and may not take over.</summary>
    Dismiss = 11,

    /// <summary>Secondary to primary: it knows that it is dismissed.</summary>
    DismissAcknowledged = 12,

    /// <summary>Secondary to primary: it speaks as the guest from now on.</summary>
    HandoverTaken = 14,

    /// <summary>Secondary to primary: the operator wants the guest here (<c>failover --force</c>).</summary>
    HandoverRequest = 15,

    /// <summary>Secondary to primary: the operator asks for the guest to be stopped on both nodes.</summary>
    StopRequest = 13,

    /// <summary>Primary to secondary: u8 disk (the replicated ones first, then those that are read-only), u64 offset, u32 length (at most 1 MiB): the hashes of its image there, please.</summary>
    DiskHashRequest = 16,

    /// <summary>Secondary to primary: u8 disk, u64 offset, then a hash for each block (<see cref="Block.Replication.BlockHashes"/>).</summary>
    DiskHashes = 17,

    /// <summary>Primary to secondary: <see cref="CheckpointMarks"/>: up to there the disks' streams bring the images to the primary's state.</summary>
    DisksSent = 18,

    /// <summary>Secondary to primary: the images are there, durable and recorded; memory may follow.</summary>
    DisksReady = 19,

    /// <summary>Primary to secondary, u64 generation, u8 node (0 = a, 1 = b), u64 id of the etcd cluster: the arbiter's record that both expect from now on.</summary>
    ArbiterToken = 21,

    /// <summary>Secondary to primary, u64 epoch: what the disks' streams had brought up to that checkpoint is durable.</summary>
    DisksDurable = 20,
}

/// <summary>Messages of the Packets channel.</summary>
internal enum PacketMessage : ushort
{
    /// <summary>Primary to secondary: u64 epoch, u8 NIC, u8 flags, u16 zero, then the frame in wire numbering.</summary>
    Frame = 1,

    /// <summary>Primary to secondary: u64 epoch, u8 NIC, then <see cref="WireIsn"/>.</summary>
    WireIsn = 2,

    /// <summary>Primary to secondary: u64 epoch, u8 NIC, then u64 index: output up to it need not be kept.</summary>
    Confirmed = 3,

    /// <summary>Secondary to primary: u64 epoch, u8 NIC, u8 <see cref="SecondaryFrameFlags"/>, u16 zero, u64 index, then the frame.</summary>
    Output = 4,
}

/// <summary>The head that every message of the Packets channel begins with.</summary>
internal static class PacketHead
{
    /// <summary>Bytes of the head.</summary>
    internal const int Size = 12;

    internal static void Write(Span<byte> target, ulong epoch, int nic, byte flags)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, epoch);
        target[8] = (byte)nic;
        target[9] = flags;
        target[10] = 0;
        target[11] = 0;
    }

    /// <summary>Reads a head; false when the message is too short or its NIC does not exist.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> body, int nics, out ulong epoch, out int nic, out byte flags)
    {
        epoch = 0;
        nic = 0;
        flags = 0;
        if (body.Length < Size)
            return false;
        epoch = BinaryPrimitives.ReadUInt64LittleEndian(body);
        nic = body[8];
        flags = body[9];
        return nic < nics;
    }
}
