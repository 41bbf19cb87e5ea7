using System.Runtime.InteropServices;

namespace Colo.Block.Replication;

/// <summary>
/// Where the records of a journal go, and which parts of the file are needed. At first records follow each other from
/// byte 0 on and none is written over, because the journal may have to be replayed. With <see cref="Reuse"/> it is only
/// memory that lies on the disk: a part of 64 MiB in which nothing is needed any more is written to again, the first such
/// part always, so that the file does not grow with what goes through it; and what lies beyond the first 256 MiB is given back.
/// The first is enough where the file system makes no holes.
/// </summary>
internal sealed class JournalSpace
{
    /// <summary>Bytes of a part. Any record fits into one, or into one and the rest of the one before it.</summary>
    internal const long PartSize = 64L << 20;

    /// <summary>Parts that keep their space: the next epoch needs it again.</summary>
    internal const int Kept = 4;

    private readonly List<Part> _parts = [];
    // The part in which the last record ends.
    private int _current = -1;
    private long _records;

    /// <summary>Whether what is not needed may be written over.</summary>
    internal bool Reuse { get; set; }

    /// <summary>Whether no record is needed.</summary>
    internal bool IsEmpty => _records == 0;

    /// <summary>Where the last record ends.</summary>
    internal long End { get; private set; }

    /// <summary>Finds the place for a record, which is needed until <see cref="Release"/>.</summary>
    /// <param name="size">Its bytes; at most <see cref="PartSize"/>.</param>
    internal long Take(long size)
    {
        if (Reuse && (End + size > (_current + 1) * PartSize || _parts[_current].Needed == 0))
            Move();
        var at = End;
        End += size;
        _current = (int)((End - 1) / PartSize);
        while (_parts.Count <= _current)
            _parts.Add(default);
        Count(at, size, 1);
        _records++;
        return at;
    }

    /// <summary>A record is needed no more.</summary>
    /// <param name="at">As <see cref="Take"/> has told.</param>
    /// <param name="size">As it was told.</param>
    /// <returns>Whether nothing in a part is needed any more.</returns>
    internal bool Release(long at, long size)
    {
        _records--;
        return Count(at, size, -1);
    }

    /// <summary>Begins anew at byte 0; nothing is needed.</summary>
    internal void Restart() => (_current, End) = (-1, 0);

    /// <summary>Finds a part whose space can be given back: nobody writes there until <see cref="GaveBack"/>.</summary>
    internal bool TryGiveBack(out long at)
    {
        at = 0;
        for (var n = Kept; Reuse && n < _parts.Count; n++)
        {
            ref var part = ref Of(n);
            if (!part.HasSpace || part.Needed > 0 || part.IsLeaving || n == _current)
                continue;
            part.IsLeaving = true;
            at = n * PartSize;
            return true;
        }

        return false;
    }

    /// <summary>The space of a part is given back, or stays where it cannot be.</summary>
    internal void GaveBack(long at)
    {
        ref var part = ref Of((int)(at / PartSize));
        part.IsLeaving = part.HasSpace = false;
    }

    /// <summary>Goes to the first part in which nothing is needed; straight on if that is the next one.</summary>
    private void Move()
    {
        var n = 0;
        while (n < _parts.Count && (_parts[n].Needed > 0 || _parts[n].IsLeaving))
            n++;
        if (n != _current + 1)
            End = n * PartSize;
    }

    private bool Count(long at, long size, int by)
    {
        var none = false;
        for (var n = (int)(at / PartSize); n * PartSize < at + size; n++)
        {
            ref var part = ref Of(n);
            part.Needed += by;
            part.HasSpace = true;
            none |= part.Needed == 0;
        }

        return none;
    }

    private ref Part Of(int n) => ref CollectionsMarshal.AsSpan(_parts)[n];

    private struct Part
    {
        internal int Needed;
        internal bool HasSpace;
        internal bool IsLeaving;
    }
}
