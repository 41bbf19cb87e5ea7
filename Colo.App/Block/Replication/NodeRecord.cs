using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <summary>
/// What a node knows of its data and its peer's, on disk (<see cref="NodeRecordFormat"/>): a header that says what was decided, and
/// for each disk which extents may differ from the peer's image. For the event loop's thread, or before it runs.
/// </summary>
public sealed class NodeRecord : IDisposable
{
    private readonly NodeRecordFile _lock;
    private readonly IRecordFile _header;
    private readonly MarkWriter _writer;
    private readonly ChangedExtents[] _changed;
    private readonly byte[] _slot = new byte[NodeRecordFormat.SlotSize];
    private readonly byte[] _current = new byte[NodeRecordFormat.SlotSize];
    private ulong _sequence;
    private int _durableSlot;
    private bool _disposed;

    private NodeRecord(string path, IReadOnlyList<RecordDisk> disks, EventLoop loop, NodeRecordFile file, bool isNew, Func<IRecordFile, IRecordFile>? wrap)
    {
        Path = path;
        Disks = [.. disks];
        IsNew = isNew;
        _lock = file;
        _header = wrap?.Invoke(file) ?? file;
        Data = NodeData.New;
        ReadHeader();
        IRecordFile marks = file.OpenAgain(path);
        marks = wrap?.Invoke(marks) ?? marks;
        var blocksAt = new long[disks.Count];
        long at = NodeRecordFormat.BlocksAt;
        for (var i = 0; i < blocksAt.Length; i++)
        {
            blocksAt[i] = at;
            at += (long)NodeRecordFormat.Blocks(disks[i].Size) * NodeRecordFormat.BlockSize;
        }

        _writer = new MarkWriter(marks, blocksAt, loop);
        try
        {
            _changed = new ChangedExtents[blocksAt.Length];
            for (var i = 0; i < blocksAt.Length; i++)
                _changed[i] = ReadMarks(i, blocksAt[i]);
            _writer.Start(_changed);
        }
        catch
        {
            _writer.Dispose();
            throw;
        }
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>The disks it is for, in their order.</summary>
    public IReadOnlyList<RecordDisk> Disks { get; }

    /// <summary>Whether it was made by <see cref="Open(string, IReadOnlyList{RecordDisk}, EventLoop)"/>, and holds nothing yet.</summary>
    public bool IsNew { get; }

    /// <summary>What counts now.</summary>
    public NodeData Data { get; private set; }

    /// <summary>What was found damaged at the opening, and how it was mended, for a log; null: nothing.</summary>
    public string? Repaired { get; private set; }

    /// <summary>
    /// Opens the record of a node, or makes one (mode 0600): its space is reserved, so that no later change fails for lack of it,
    /// and it is durable with its name. Locked while it is open.
    /// </summary>
    /// <param name="path">See <see cref="PathFor"/>; a missing last folder is made.</param>
    /// <param name="disks">The node's disks: 1 to 64.</param>
    /// <param name="loop">Where everybody is told who waits for marks.</param>
    /// <exception cref="IOException">It cannot be opened or made, another process has it, it is damaged, of a later version, or of
    /// other disks; the message says which, where, and the mend.</exception>
    /// <exception cref="ArgumentException">Disks that no record can have.</exception>
    public static NodeRecord Open(string path, IReadOnlyList<RecordDisk> disks, EventLoop loop) => Open(path, disks, loop, wrap: null);

    internal static NodeRecord Open(string path, IReadOnlyList<RecordDisk> disks, EventLoop loop, Func<IRecordFile, IRecordFile>? wrap)
    {
        NodeRecordFormat.Check(disks);
        var found = NodeRecordFile.OpenLocked(path);
        var file = found ?? NodeRecordFile.Make(path, NodeRecordFormat.FileSize(disks), to => Fill(to, path, disks));
        try
        {
            return new NodeRecord(path, disks, loop, file, isNew: found is null, wrap);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Where a node's record is: NAME.colo in the state directory, without one IMAGE.colo beside the first disk. Null when
    /// there is neither, or the image is in /dev, whose content a restart of the host forgets: then a state directory is needed.
    /// </summary>
    public static string? PathFor(string? stateDirectory, string vmName, string? firstDiskPath)
    {
        if (stateDirectory is not null)
            return System.IO.Path.Combine(stateDirectory, vmName + ".colo");
        return firstDiskPath is null || System.IO.Path.GetFullPath(firstDiskPath).StartsWith("/dev/", StringComparison.Ordinal)
            ? null
            : firstDiskPath + ".colo";
    }

    /// <summary>What a record says, read without locking or mending it: for who only wants to know.</summary>
    /// <returns>Null: there is none.</returns>
    /// <exception cref="IOException">It cannot be read, is damaged, or of a later version.</exception>
    public static NodeData? Peek(string path) => PeekSlot(path)?.Data;

    /// <summary>As <see cref="Peek"/>, with the disks that the record is for.</summary>
    internal static NodeRecordFormat.Slot? PeekSlot(string path)
    {
        try
        {
            // Not by the runtime's own open: that asks for a lock, which a running node has.
            var number = NativeFile.open(path, NativeFile.O_RDONLY | NativeFile.O_CLOEXEC, 0);
            if (number < 0 && Marshal.GetLastPInvokeError() == Errno.ENOENT)
                return null;
            using var file = new Microsoft.Win32.SafeHandles.SafeFileHandle(LinuxException.ThrowIfNegative(number, $"open {path}"), ownsHandle: true);
            var bytes = new byte[NodeRecordFormat.SlotSize];
            NodeRecordFormat.Slot? counts = null;
            for (var i = 0; i < 2; i++)
            {
                if (RandomAccess.Read(file, bytes, i * NodeRecordFormat.SlotSize) == bytes.Length &&
                    NodeRecordFormat.ReadSlot(bytes) is { } slot && slot.Sequence > (counts?.Sequence ?? 0))
                    counts = slot;
            }

            return counts ?? throw new IOException($"{path}: damaged: neither copy of its header is whole");
        }
        catch (NotSupportedException e)
        {
            throw new IOException($"{path}: {e.Message}: run the version of colo that wrote it, or a later one", e);
        }
    }

    /// <summary>The changed extents of a disk.</summary>
    /// <param name="disk">Its number in <see cref="Disks"/>.</param>
    public ChangedExtents Changed(int disk) => _changed[disk];

    /// <summary>Writes the header; it is durable when this returns. Takes as long as the disk takes to sync.</summary>
    /// <exception cref="IOException">It cannot be made durable, and <see cref="Data"/> is what it was; the message names path and mend.</exception>
    /// <exception cref="ArgumentException">What no node can be; a mistake of the caller.</exception>
    public void Write(NodeData data)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!data.IsSound)
            throw new ArgumentException($"{data} is no state of a node", nameof(data));
        NodeRecordFormat.WriteSlot(_slot, _sequence + 1, data, Disks);
        var slot = 1 - _durableSlot;
        var error = WriteSlot(slot, _slot);
        if (error == 0)
            error = _header.Sync();
        if (error != 0)
        {
            // What was refused should not come back at the next start from what the kernel still holds of it.
            _ = WriteSlot(slot, _current);
            throw new IOException($"{Path}: cannot write the node's record: {Marshal.GetPInvokeErrorMessage(error)}{NodeRecordFile.Mend(error)}");
        }

        _slot.CopyTo(_current, 0);
        _sequence++;
        _durableSlot = slot;
        Data = data;
        // Against later damage to the other one. Not waited for: the next change goes there anyway.
        _ = WriteSlot(1 - slot, _current);
    }

    /// <summary>Waits for the marks that are being written, and closes. Who waits for marks is not told any more.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var changed in _changed)
            changed.EndNotes();
        _writer.Dispose();
        _header.Dispose();
        _lock.Dispose();
    }

    private static void Fill(NodeRecordFile file, string path, IReadOnlyList<RecordDisk> disks)
    {
        var buffer = new byte[NodeRecordFormat.SlotSize];
        NodeRecordFormat.WriteSlot(buffer, 1, NodeData.New, disks);
        Put(0);
        Put(NodeRecordFormat.SlotSize);
        Array.Clear(buffer);
        long at = NodeRecordFormat.BlocksAt;
        for (var disk = 0; disk < disks.Count; disk++)
        {
            for (var block = 0; block < NodeRecordFormat.Blocks(disks[disk].Size); block++, at += NodeRecordFormat.BlockSize)
            {
                NodeRecordFormat.EndBlock(buffer, disk, block);
                Put(at);
            }
        }

        void Put(long offset)
        {
            if (file.Write(buffer, offset) is not 0 and var errno)
                throw new IOException($"{path}: cannot write the new record of the node: {Marshal.GetPInvokeErrorMessage(errno)}{NodeRecordFile.Mend(errno)}");
        }
    }

    private int WriteSlot(int slot, ReadOnlySpan<byte> content) => _header.Write(content, slot * NodeRecordFormat.SlotSize);

    private void ReadHeader()
    {
        var length = _lock.Length(Path);
        if (length < NodeRecordFormat.BlocksAt)
            throw Damaged($"it has {length} bytes");
        var slots = new NodeRecordFormat.Slot?[2];
        for (var i = 0; i < slots.Length; i++)
        {
            _lock.Read(_slot, i * NodeRecordFormat.SlotSize, Path);
            try
            {
                slots[i] = NodeRecordFormat.ReadSlot(_slot);
            }
            catch (NotSupportedException e)
            {
                throw new IOException($"{Path}: {e.Message}: run the version of colo that wrote it, or a later one");
            }
        }

        _durableSlot = (slots[1]?.Sequence ?? 0) > (slots[0]?.Sequence ?? 0) ? 1 : 0;
        if (slots[_durableSlot] is not { } counts)
            throw Damaged("neither copy of its header is whole");
        if (RecordDisk.Difference(counts.Disks, Disks) is { } difference)
            throw new IOException($"{Path}: the node's record is of other disks: {difference}. Configure the disks as they were; " +
                "or, if the change is meant, stop both nodes, make the same change on both, and remove the record of each: then all of the disks is compared once");
        var expected = NodeRecordFormat.FileSize(Disks);
        if (length < expected)
            throw Damaged($"it has {length} bytes of {expected}");
        Data = counts.Data;
        _sequence = counts.Sequence;
        _lock.Read(_current, _durableSlot * NodeRecordFormat.SlotSize, Path);
        MendHeader(slots[1 - _durableSlot]);
    }

    /// <summary>Both slots hold what counts, and are durable, before anything is decided on it.</summary>
    private void MendHeader(NodeRecordFormat.Slot? other)
    {
        if (other is null)
            Repaired = $"{Path}: one of the two copies of the header was damaged; the other one counts";
        if (other?.Sequence == _sequence)
            return;
        var error = WriteSlot(1 - _durableSlot, _current);
        if (error == 0)
            error = _header.Sync();
        if (error != 0)
            throw new IOException($"{Path}: cannot mend the node's record: {Marshal.GetPInvokeErrorMessage(error)}{NodeRecordFile.Mend(error)}");
    }

    private ChangedExtents ReadMarks(int disk, long at)
    {
        var changed = new ChangedExtents(Disks[disk], disk, _writer);
        var block = new byte[NodeRecordFormat.BlockSize];
        for (var i = 0; i < changed.Blocks; i++, at += NodeRecordFormat.BlockSize)
        {
            _lock.Read(block, at, Path);
            if (!changed.Load(i, block))
                Repaired = $"{Path}: marks of changed extents of disk '{Disks[disk].Name}' were damaged; all of them count as changed";
        }

        return changed;
    }

    private IOException Damaged(string what) => new($"{Path}: the node's record is damaged: {what}. " +
        "If the other node is whole, remove this file and start this node as its secondary: all of the disks is compared then. " +
        "Else restore the file from a backup, or remove it on both nodes and start the one with the good images as the primary");
}
