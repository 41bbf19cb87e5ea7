using System.Runtime.InteropServices;
using Colo.Block;
using Colo.Block.Nbd;
using Colo.Block.Replication;
using Colo.Linux;
using Colo.Tests.Devices;

namespace Colo.Tests.Block.Replication;

/// <summary>A directory with an image, an event loop, and a secondary's disk over it. Used from a test's thread.</summary>
internal sealed class SecondaryFixture : IDisposable
{
    private readonly LoopThread _loop = new(new EventLoop());
    private readonly List<ImageFileBackend> _images = [];
    private SecondaryDisk? _disk;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("colo-secondary-").FullName;

    public EventLoop Loop => _loop.Loop;

    public string ImagePath => At("disk.img");

    public SecondaryFiles Files { get; set; } = null!;

    public IBlockBackend Image { get; private set; } = null!;

    public SecondaryDisk Disk => _disk!;

    public List<string> Failures { get; } = [];

    public string At(string name) => Path.Combine(Directory, name);

    /// <summary>Makes the disk, over an image with this content or, without, a sparse one.</summary>
    public void Start(
        long size, FirstSync first, long heldBytes = 64 << 20, byte[]? content = null, Func<IBlockBackend, IBlockBackend>? wrap = null,
        Func<string, IBlockBackend, IBlockBackend>? wrapFile = null, string? imagePath = null)
    {
        var path = imagePath ?? ImagePath;
        if (content is not null)
            File.WriteAllBytes(path, content);
        Files ??= new SecondaryFiles(At("log"), At("journal")) { ImagePath = path };
        if (wrapFile is not null)
        {
            Files = Files with
            {
                Open = (name, bytes, loop) => wrapFile(name, new ImageFileBackend(name, bytes, readOnly: false, loop)),
            };
        }

        On(() =>
        {
            var image = new ImageFileBackend(path, size, readOnly: false, Loop);
            _images.Add(image);
            Image = wrap?.Invoke(image) ?? image;
            _disk = new SecondaryDisk("vda", Image, Files, first, Loop, Failures.Add, heldBytes);
        });
    }

    /// <summary>Starts with a first commit done: the VM may run.</summary>
    public void StartRunning(
        long size, long heldBytes = 64 << 20, byte[]? content = null, Func<IBlockBackend, IBlockBackend>? wrap = null,
        Func<string, IBlockBackend, IBlockBackend>? wrapFile = null, string? imagePath = null)
    {
        Start(size, FirstSync.Direct, heldBytes, content, wrap, wrapFile, imagePath);
        Assert.Equal(0, Commit(0, 1));
    }

    public void On(Action action) => _loop.Do(action);

    public T On<T>(Func<T> value) => _loop.Get(value);

    /// <summary>Waits, with the loop's help, for something that becomes true.</summary>
    public void Until(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(() => On(condition), 30_000), $"not within 30 s: {what}; {string.Join("; ", Failures)}");

    public Pending Submit(IBlockBackend to, BlockOperation operation, long offset, byte[] data, Action<BlockRequest>? set = null, int pieces = 1)
    {
        var pending = new Pending(operation, offset, data, pieces);
        set?.Invoke(pending.Request);
        Loop.Post(() => to.Submit(pending.Request));
        return pending;
    }

    public Pending Submit(IBlockBackend to, BlockOperation operation, long offset, long length, Action<BlockRequest>? set = null)
    {
        var pending = new Pending(operation, offset, length);
        set?.Invoke(pending.Request);
        Loop.Post(() => to.Submit(pending.Request));
        return pending;
    }

    public int Write(IBlockBackend to, long offset, byte[] data, Action<BlockRequest>? set = null) =>
        Submit(to, BlockOperation.Write, offset, data, set).Wait();

    public int Zero(IBlockBackend to, long offset, long length, bool unmap = true) =>
        Submit(to, BlockOperation.WriteZeroes, offset, length, request => request.MayUnmap = unmap).Wait();

    public int Flush(IBlockBackend to) => Submit(to, BlockOperation.Flush, 0, 0).Wait();

    public byte[] Read(IBlockBackend from, long offset, int length, int pieces = 1)
    {
        var pending = Submit(from, BlockOperation.Read, offset, new byte[length], pieces: pieces);
        Assert.Equal(0, pending.Wait());
        return pending.Data;
    }

    public int Do(Action<Action<int>> start)
    {
        using var set = new ManualResetEventSlim();
        var error = -1;
        On(() => start(result =>
        {
            error = result;
            set.Set();
        }));
        Assert.True(set.Wait(30_000), $"not done within 30 s; {string.Join("; ", Failures)}");
        return error;
    }

    public int Commit(long mark, ulong epoch) => Do(done => Disk.Commit(mark, epoch, done));

    public int TakeOver() => Do(done => Disk.TakeOver(done));

    public void WaitReceived(long mark) => Do(done => Disk.WhenReceived(mark, () => done(0)));

    public ReplayResult Replay(
        string path, Guid id, ulong epoch, string image, Action? progress = null, Func<IBlockBackend, IBlockBackend>? wrap = null)
    {
        ReplayResult? result = null;
        using var set = new ManualResetEventSlim();
        IBlockBackend? backend = null;
        On(() =>
        {
            backend = new ImageFileBackend(image, 0, readOnly: false, Loop);
            backend = wrap?.Invoke(backend) ?? backend;
            SecondaryDisk.Replay(
                path, id, epoch, backend, Loop,
                r =>
                {
                    result = r;
                    set.Set();
                },
                progress);
        });
        Assert.True(set.Wait(30_000));
        On(backend!.Dispose);
        return result!;
    }

    /// <summary>Copies the first bytes of a file, in spite of the lock on it. On any thread.</summary>
    public static void Copy(string from, string to, long length)
    {
        using var file = new Microsoft.Win32.SafeHandles.SafeFileHandle(NativeFile.open(from, 0x80000, 0), ownsHandle: true);
        using var copy = File.Create(to);
        var buffer = new byte[1 << 20];
        for (long at = 0; at < length;)
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at)), at);
            if (read == 0)
                break;
            copy.Write(buffer, 0, read);
            at += read;
        }
    }

    /// <summary>Changes a byte of a file, in spite of the lock on it.</summary>
    public static void Spoil(string path, long at)
    {
        using var file = new Microsoft.Win32.SafeHandles.SafeFileHandle(NativeFile.open(path, 0x80002, 0), ownsHandle: true);
        var value = new byte[1];
        Assert.Equal(1, RandomAccess.Read(file, value, at));
        value[0] ^= 0x40;
        RandomAccess.Write(file, value, at);
    }

    public static byte[] Filled(int length, byte value)
    {
        var data = new byte[length];
        Array.Fill(data, value);
        return data;
    }

    public void Dispose()
    {
        _loop.Do(() =>
        {
            _disk?.Dispose();
            foreach (var image in _images)
                image.Dispose();
        });
        _loop.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

/// <summary>A request with memory of its own.</summary>
internal sealed class Pending : IBlockCompletion
{
    private readonly ManualResetEventSlim _set = new();

    public Pending(BlockOperation operation, long offset, byte[] data, int pieces = 1)
    {
        Data = GC.AllocateUninitializedArray<byte>(data.Length, pinned: true);
        data.CopyTo(Data, 0);
        Request = new BlockRequest(pieces, this);
        Request.Begin(operation, offset, data.Length);
        for (var i = 0; i < pieces; i++)
        {
            int from = (int)((long)data.Length * i / pieces), to = (int)((long)data.Length * (i + 1) / pieces);
            Request.Add(new BlockVector(Marshal.UnsafeAddrOfPinnedArrayElement(Data, from), (nuint)(to - from)));
        }
    }

    public Pending(BlockOperation operation, long offset, long length)
    {
        Data = [];
        Request = new BlockRequest(1, this);
        Request.Begin(operation, offset, length);
    }

    public BlockRequest Request { get; }

    public byte[] Data { get; }

    /// <summary>How often it was completed.</summary>
    public int Completions { get; private set; }

    public bool IsDone => _set.IsSet;

    public int Wait()
    {
        Assert.True(_set.Wait(30_000), $"{Request.Operation} of {Request.Length} bytes at {Request.Offset} is not completed");
        Assert.Equal(1, Completions);
        return Request.Error;
    }

    public void Completed(BlockRequest request)
    {
        Completions++;
        _set.Set();
    }
}

/// <summary>A backend in front of another: it sees each request, can fail it, and can hold it back.</summary>
internal sealed class Interposer(IBlockBackend inner) : IBlockBackend
{
    /// <summary>What came, in order.</summary>
    public List<string> Seen { get; } = [];

    /// <summary>What is held back.</summary>
    public List<BlockRequest> Held { get; } = [];

    /// <summary>The errno with which a request fails; 0 for none.</summary>
    public Func<BlockRequest, int> Fail { get; set; } = _ => 0;

    /// <summary>Whether a request is held back.</summary>
    public Func<BlockRequest, bool> Hold { get; set; } = _ => false;

    /// <summary>Called before a request goes on.</summary>
    public Action<BlockRequest> Before { get; set; } = _ => { };

    public long Size => inner.Size;

    public bool ReadOnly => inner.ReadOnly;

    public void Submit(BlockRequest request)
    {
        Seen.Add($"{request.Operation} {request.Offset} {request.Length}{(request.MayUnmap ? " unmap" : "")}");
        Before(request);
        if (Fail(request) is var error && error != 0)
            request.Complete(error);
        else if (Hold(request))
            Held.Add(request);
        else
            inner.Submit(request);
    }

    /// <summary>Lets one that is held back go on.</summary>
    public void Release(int index)
    {
        var request = Held[index];
        Held.RemoveAt(index);
        inner.Submit(request);
    }

    public void Dispose() => inner.Dispose();
}
