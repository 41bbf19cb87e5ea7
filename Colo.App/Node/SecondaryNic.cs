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

    /// <summary>A new epoch: what was sent before it is part of the checkpoint.</summary>
    internal void BeginEpoch()
    {
        _retained.Clear();
        _index = 0;
        Resume();
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

    private void Resume()
    {
        if (!Refused)
            return;
        Refused = false;
        nic.ResumeTransmit();
    }
}
