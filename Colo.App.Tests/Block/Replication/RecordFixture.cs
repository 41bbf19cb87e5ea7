using Colo.Block.Replication;
using Colo.Linux;
using Colo.Tests.Devices;

namespace Colo.Tests.Block.Replication;

/// <summary>A folder with a node's record, a loop, and files that fail and lose what is not synced.</summary>
internal sealed class RecordFixture : IDisposable
{
    internal const long Extent = ChangedExtents.ExtentBytes;

    private readonly LoopThread _loop = new(new EventLoop());

    public string Folder { get; } = Directory.CreateTempSubdirectory("colo-record-").FullName;

    public string Path => System.IO.Path.Combine(Folder, "disk.img.colo");

    public RecordDisk[] Disks { get; init; } = [new("root", 100 * Extent), new("data", (40_000 * Extent) - 512)];

    /// <summary>The files of the record opened last: header, marks.</summary>
    public List<FaultyFile> Files { get; } = [];

    public NodeRecord Open(string? path = null, RecordDisk[]? disks = null)
    {
        Files.Clear();
        NodeRecord? record = null;
        _loop.Do(() => record = NodeRecord.Open(path ?? Path, disks ?? Disks, _loop.Loop, file =>
        {
            Files.Add(new FaultyFile(file));
            return Files[^1];
        }));
        return record!;
    }

    public void Close(NodeRecord record) => _loop.Do(record.Dispose);

    public void Do(Action action) => _loop.Do(action);

    public T Get<T>(Func<T> get)
    {
        T? value = default;
        _loop.Do(() => value = get());
        return value!;
    }

    /// <summary>Begins something that tells its end, and waits for that.</summary>
    public int Wait(Action<Action<int>> begin) => Begin(begin).Result;

    public Task<int> Begin(Action<Action<int>> begin)
    {
        var told = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Do(() => begin(error =>
        {
            Assert.True(_loop.Loop.IsLoopThread);
            told.SetResult(error);
        }));
        return told.Task.WaitAsync(TimeSpan.FromMinutes(2));
    }

    /// <summary>A record's bytes, in spite of its lock, which the runtime's own files heed.</summary>
    public static byte[] Contents(string path)
    {
        using var file = new Microsoft.Win32.SafeHandles.SafeFileHandle(NativeFile.open(path, NativeFile.O_CLOEXEC, 0), ownsHandle: true);
        var bytes = new byte[RandomAccess.GetLength(file)];
        Assert.Equal(bytes.Length, RandomAccess.Read(file, bytes, 0));
        return bytes;
    }

    /// <summary>What a message says about opening the record.</summary>
    public string Refused(RecordDisk[]? disks = null)
    {
        var e = Assert.Throws<IOException>(() => Open(disks: disks));
        Assert.StartsWith(Path + ": ", e.Message);
        return e.Message;
    }

    public void Dispose()
    {
        foreach (var file in Files)
            file.Gate.Set();
        _loop.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    public static NodeData Sample(int n) => new()
    {
        Cluster = Id(1),
        Generation = (ulong)n + 1,
        Data = Id(1000 + n),
        Parent = Id(2000 + n),
        State = DataState.Replay,
        PeerOutdated = n % 2 == 0,
        Ended = n % 3 == 0,
        Replay = new ReplayTarget(ReplayKind.Log, Id(3000 + n), ulong.MaxValue - (ulong)n, DataState.Current),
    };

    public static Guid Id(int n) => new(n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
}

/// <summary>A record's file that can fail, stand still, and tell what a power failure would leave.</summary>
internal sealed class FaultyFile(IRecordFile inner) : IRecordFile
{
    private readonly Lock _lock = new();
    private readonly List<(long Offset, byte[] Data)> _unsynced = [];
    private readonly SortedDictionary<long, byte[]> _durable = [];

    /// <summary>Errno of the next writes.</summary>
    public volatile int FailWrites;

    /// <summary>Errno of the next syncs.</summary>
    public volatile int FailSyncs;

    /// <summary>Closed: syncs wait.</summary>
    public ManualResetEventSlim Gate { get; } = new(true);

    /// <summary>Set when a sync has begun.</summary>
    public SemaphoreSlim Syncing { get; } = new(0);

    public int Syncs { get; private set; }

    public int Write(ReadOnlySpan<byte> data, long offset)
    {
        if (FailWrites is not 0 and var errno)
            return errno;
        lock (_lock)
            _unsynced.Add((offset, data.ToArray()));
        return inner.Write(data, offset);
    }

    public int Sync()
    {
        Syncing.Release();
        Gate.Wait();
        if (FailSyncs is not 0 and var errno)
            return errno;
        lock (_lock)
        {
            Syncs++;
            foreach (var (offset, data) in _unsynced)
                _durable[offset] = data;
            _unsynced.Clear();
        }

        return inner.Sync();
    }

    /// <summary>Puts into a file as it was at the start what is durable, and any part of the rest.</summary>
    public void LosePower(byte[] start, Random random)
    {
        lock (_lock)
        {
            foreach (var (offset, data) in _durable)
                data.CopyTo(start, offset);
            foreach (var (offset, data) in _unsynced)
            {
                // Worse than a disk, which does not tear its sectors.
                for (var part = 0; part < data.Length; part += 32)
                {
                    if (random.Next(2) == 0)
                        data.AsSpan(part, 32).CopyTo(start.AsSpan((int)offset + part));
                }
            }
        }
    }

    public void Dispose() => inner.Dispose();
}
