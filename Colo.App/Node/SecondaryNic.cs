using System.Runtime.InteropServices;
using Colo.Proxy;

namespace Colo.Node;

/// <summary>
/// The secondary's side of one NIC: the SVM's output of this epoch that the primary has not confirmed is kept, because
/// after a takeover nobody else sends it. One thread.
/// </summary>
internal sealed class SecondaryNic(GuestNic nic) : IDisposable
{
    private const int RetainedBytes = 32 << 20;
    private readonly FrameRing _retained = new(RetainedBytes);
    private ulong _index;
    private ulong _epoch;
    private ulong _releasedEpoch;

    /// <summary>Whether the SVM was refused a frame and has to be asked again.</summary>
    internal bool Refused { get; set; }

    /// <summary>Frames kept.</summary>
    internal int Kept => _retained.Count;

    /// <summary>Numbers and keeps a frame.</summary>
    /// <returns>False when there is no room: the SVM has to wait.</returns>
    internal bool TryKeep(SecondaryFrameFlags flags, ReadOnlySpan<byte> frame, out ulong index)
    {
        index = _index + 1;
        if (!_retained.TryAdd(index, (ushort)flags, frame))
        {
            Refused = true;
            return false;
        }

        _index = index;
        return true;
    }

    /// <summary>Drops what the primary has confirmed.</summary>
    internal void Confirm(ulong index)
    {
        while (_retained.TryPeek(out var first, out _, out _) && first <= index)
            _retained.RemoveFirst();
        Resume();
    }

    /// <summary>The primary has released what came with the checkpoint of an epoch that is being loaded here.</summary>
    internal void ConfirmAhead(ulong epoch) => _releasedEpoch = epoch;

    /// <summary>A new epoch: what was sent before it is part of the checkpoint. Then <see cref="KeepForPrimary"/>, then <see cref="Resume"/>.</summary>
    internal void BeginEpoch(ulong epoch)
    {
        _retained.Clear();
        _index = 0;
        _epoch = epoch;
    }

    /// <summary>Keeps a frame that the primary holds back until this epoch's checkpoint is acknowledged.</summary>
    internal void KeepForPrimary(ReadOnlySpan<byte> frame)
    {
        // Index 0: any confirmation in this epoch is later than its release.
        if (_releasedEpoch != _epoch)
            _ = _retained.TryAdd(0, 0, frame);
    }

    /// <summary>Takeover: sends everything that was kept, in order.</summary>
    internal int SendKept()
    {
        var frame = new byte[GuestNic.MaxFrame];
        var sent = 0;
        for (; _retained.TryPeek(out _, out var flags, out var length); _retained.RemoveFirst())
        {
            // A SYN whose wire number nobody knows has not been seen by anyone: the guest's TCP sends it again.
            if (((SecondaryFrameFlags)flags & SecondaryFrameFlags.SequencePending) != 0)
                continue;
            var span = frame.AsSpan(0, length);
            _retained.CopyFirst(span);
            nic.Rewriter.PrepareReplay(span);
            nic.Backend.Send(span);
            sent++;
        }

        return sent;
    }

    /// <inheritdoc/>
    public void Dispose() => _retained.Dispose();

    /// <summary>Asks the SVM again for what it was refused.</summary>
    internal void Resume()
    {
        if (!Refused)
            return;
        Refused = false;
        nic.ResumeTransmit();
    }
}
