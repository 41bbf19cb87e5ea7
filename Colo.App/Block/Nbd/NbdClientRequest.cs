namespace Colo.Block.Nbd;

/// <summary>A request of the client's user: it goes out as one command, or as several where it is larger than one may be.</summary>
internal sealed class NbdClientRequest
{
    internal BlockRequest Block { get; set; } = null!;

    /// <summary>Bytes from the request's start that are in commands already.</summary>
    internal long Issued { get; set; }

    internal bool AllIssued { get; set; }

    /// <summary>Commands that are not answered.</summary>
    internal int Outstanding { get; set; }

    internal int Error { get; set; }

    /// <summary>Its data is written and a flush follows, because the server knows no FUA.</summary>
    internal bool Flushing { get; set; }
}

/// <summary>One command on the wire.</summary>
internal sealed class NbdClientCommand
{
    internal NbdClientRequest? Owner { get; set; }

    internal ulong Cookie { get; set; }

    internal ushort Type { get; set; }

    internal long Offset { get; set; }

    internal long Length { get; set; }

    /// <summary>Where its data begins in the request's vectors, in bytes.</summary>
    internal long At { get; set; }

    /// <summary>Its data is zeroes that the client has itself.</summary>
    internal bool Zeroes { get; set; }

    /// <summary>Whether it was sent whole. An answer before that is no answer.</summary>
    internal bool Sent { get; set; }

    /// <summary>Bytes of a read that have been answered.</summary>
    internal long Received { get; set; }

    internal int Error { get; set; }
}
