using System.Runtime.InteropServices;

namespace Colo.Block.Nbd;

/// <summary>
/// One request of a client, from its header to the last byte of its answer. Reused. Its memory is the backend's while
/// it is under way, whatever happens to the connection.
/// </summary>
internal sealed unsafe class NbdServerRequest : IBlockCompletion, IDisposable
{
    /// <summary>Room for the longest reply header with an error's message.</summary>
    internal const int HeadSize = 256;

    /// <summary>Most extents in one answer.</summary>
    internal const int MaxExtents = 512;

    private BlockExtent[]? _extents;

    internal NbdServerRequest()
    {
        Block = new BlockRequest(1, this);
        Head = (byte*)NativeMemory.Alloc(HeadSize);
    }

    internal BlockRequest Block { get; }

    internal NbdServerConnection? Connection { get; set; }

    internal ushort Type { get; set; }

    internal ushort Flags { get; set; }

    internal ulong Cookie { get; set; }

    /// <summary>As the client sent it, also when it is no offset of the disk: an extended reply repeats it.</summary>
    internal ulong WireOffset { get; set; }

    internal long Offset { get; set; }

    internal long Length { get; set; }

    /// <summary>Bytes of <see cref="Length"/> that are done, for commands that are carried out in slices.</summary>
    internal long Done { get; set; }

    /// <summary>The data; null for none.</summary>
    internal byte* Buffer { get; set; }

    internal uint BufferLength { get; set; }

    /// <summary>The reply, up to its data.</summary>
    internal byte* Head { get; }

    internal int HeadLength { get; set; }

    /// <summary>Bytes of <see cref="Buffer"/> that belong to the reply.</summary>
    internal uint BodyLength { get; set; }

    /// <summary>The next in a queue.</summary>
    internal NbdServerRequest? Next { get; set; }

    internal BlockExtent[] Extents => _extents ??= new BlockExtent[MaxExtents];

    internal bool IsWrite => Type is NbdProtocol.CommandWrite or NbdProtocol.CommandWriteZeroes or NbdProtocol.CommandTrim;

    /// <inheritdoc/>
    public void Completed(BlockRequest request) => Connection!.OnCompleted(this);

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.Free(Head);
}
