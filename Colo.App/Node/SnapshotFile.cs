using System.Buffers.Binary;
using Colo.Checkpoint;
using Colo.Memory;
using Colo.Monitor;
using Colo.State;

namespace Colo.Node;

/// <summary>
/// A guest in a file: <c>colo save</c>, <c>colo run --restore</c>.
/// <code>
/// "COLOSNAP" (8 bytes) version u32 (1) state length u32
/// memory size u64 | pages in the file u64 | checksum of the state u32 | checksum of these 36 bytes u32
/// state (GuestVm.Save)
/// pages: page number u64, checksum u32, zero u32, 4096 bytes; only those that are not all zero, rising numbers
/// end: "COLOEND." (8 bytes)
/// </code>
/// Written under another name and renamed when it is complete and on the disk: a file of the right name is whole.
/// </summary>
internal static unsafe class SnapshotFile
{
    private const int HeaderSize = 40;
    private const int PageHead = 16;
    private static ReadOnlySpan<byte> Magic => "COLOSNAP"u8;
    private static ReadOnlySpan<byte> EndMark => "COLOEND."u8;

    /// <summary>
    /// Stops the guest, writes it, and lets it run on. On the loop's thread; <paramref name="done"/> is called there. The file
    /// is written by a thread of its own: the loop goes on with heartbeats, however slow the disk is.
    /// </summary>
    internal static void SaveFrom(GuestVm vm, string path, string name, Action<ControlResult> done) => vm.StopAndQuiesce(() =>
    {
        vm.Freeze();
        vm.Reserve();
        vm.Saving = true;
        var state = new StateWriter(256 * 1024);
        vm.Save(state);
        new Thread(() =>
        {
            var result = ControlResult.Done;
            try
            {
                Write(vm.Memory, state.Written, path);
                Log.Info($"{name}: saved to {path}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
            {
                result = ControlResult.Failed($"{path}: {e.Message}");
            }

            vm.Loop.Post(() =>
            {
                if (!vm.Given)
                {
                    vm.Machine.TellPaused();
                    vm.Machine.Resume();
                    vm.Thaw();
                }

                vm.Saving = false;
                vm.Release();
                done(result);
            });
        })
        { IsBackground = true, Name = "save" }.Start();
    });

    /// <summary>Sets a guest that has never run to the state in a file.</summary>
    /// <exception cref="InvalidDataException">The file is not a whole snapshot that fits this guest; the message says why.</exception>
    internal static void Restore(GuestVm vm, string path)
    {
        var state = Read(vm.Memory, path);
        try
        {
            var reader = new StateReader(state, "snapshot");
            vm.Load(ref reader);
            reader.Finish();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Reads memory and state record; on an exception the memory is in no use.</summary>
    internal static byte[] Read(GuestMemory memory, string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        try
        {
            var state = ReadHeader(file, memory.Size, out var pages);
            // The kernel that was loaded for a start from power on has no business in the restored memory.
            for (ulong page = 0; page < memory.Pages; page++)
                PageAt(memory, page).Clear();
            ReadPages(file, memory, pages);
            return state;
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException($"{path}: truncated at {file.Position} bytes");
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    private static Span<byte> PageAt(GuestMemory memory, ulong page) =>
        new(memory.Base + (page * GuestMemory.PageSize), GuestMemory.PageSize);

    /// <summary>Writes memory and state record under another name, and renames the file when it is whole and on the disk.</summary>
    internal static void Write(GuestMemory memory, ReadOnlySpan<byte> state, string path)
    {
        var temporary = path + ".part";
        try
        {
            // The guest's memory is for nobody else, whatever the umask says.
            using (var file = new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                Share = FileShare.None,
                BufferSize = 1 << 20,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                Span<byte> header = stackalloc byte[HeaderSize];
                header.Clear();
                file.Write(header);
                file.Write(state);
                ulong pages = 0;
                Span<byte> head = stackalloc byte[PageHead];
                for (ulong page = 0; page < memory.Pages; page++)
                {
                    var content = PageAt(memory, page);
                    if (content.IndexOfAnyExcept((byte)0) < 0)
                        continue;
                    BinaryPrimitives.WriteUInt64LittleEndian(head, page);
                    BinaryPrimitives.WriteUInt32LittleEndian(head[8..], CheckpointFormat.Checksum(content, (uint)page));
                    BinaryPrimitives.WriteUInt32LittleEndian(head[12..], 0);
                    file.Write(head);
                    file.Write(content);
                    pages++;
                }

                file.Write(EndMark);
                WriteHeader(header, memory.Size, pages, state);
                file.Position = 0;
                file.Write(header);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void WriteHeader(Span<byte> header, ulong memorySize, ulong pages, ReadOnlySpan<byte> state)
    {
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)state.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], memorySize);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], pages);
        BinaryPrimitives.WriteUInt32LittleEndian(header[32..], CheckpointFormat.Checksum(state, 1));
        BinaryPrimitives.WriteUInt32LittleEndian(header[36..], CheckpointFormat.Checksum(header[..36], 2));
    }

    private static byte[] ReadHeader(FileStream file, ulong memorySize, out ulong pages)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        file.ReadExactly(header);
        if (!header[..8].SequenceEqual(Magic))
            throw new InvalidDataException("not a snapshot of colo");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (version != 1)
            throw new InvalidDataException($"a snapshot of version {version}; this program reads version 1");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[36..]) != CheckpointFormat.Checksum(header[..36], 2))
            throw new InvalidDataException("the header is damaged");
        var size = BinaryPrimitives.ReadUInt64LittleEndian(header[16..]);
        if (size != memorySize)
            throw new InvalidDataException($"it is of a guest with {size >> 20}M of memory; set [vm] memory to that (now {memorySize >> 20}M)");
        pages = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        if (length is 0 or > CheckpointFormat.MaxStateLength || pages > memorySize / GuestMemory.PageSize)
            throw new InvalidDataException("the header makes no sense");
        var state = new byte[length];
        file.ReadExactly(state);
        return CheckpointFormat.Checksum(state, 1) == BinaryPrimitives.ReadUInt32LittleEndian(header[32..])
            ? state
            : throw new InvalidDataException("the state record is damaged");
    }

    private static void ReadPages(FileStream file, GuestMemory memory, ulong pages)
    {
        Span<byte> head = stackalloc byte[PageHead];
        var next = 0UL;
        for (ulong i = 0; i < pages; i++)
        {
            file.ReadExactly(head);
            var page = BinaryPrimitives.ReadUInt64LittleEndian(head);
            if (page < next || page >= memory.Pages)
                throw new InvalidDataException($"page {page} is out of order or out of memory");
            next = page + 1;
            var content = PageAt(memory, page);
            file.ReadExactly(content);
            if (CheckpointFormat.Checksum(content, (uint)page) != BinaryPrimitives.ReadUInt32LittleEndian(head[8..]) ||
                BinaryPrimitives.ReadUInt32LittleEndian(head[12..]) != 0)
                throw new InvalidDataException($"page {page} is damaged");
        }

        Span<byte> end = stackalloc byte[8];
        file.ReadExactly(end);
        if (!end.SequenceEqual(EndMark) || file.ReadByte() >= 0)
            throw new InvalidDataException("the end mark is not where it belongs");
    }
}
