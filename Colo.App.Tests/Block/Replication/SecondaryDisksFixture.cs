using Colo.Block;
using Colo.Block.Replication;
using Colo.Configuration;
using Colo.Linux;
using Colo.Node;
using Colo.Tests.Devices;

namespace Colo.Tests.Block.Replication;

/// <summary>The disks of a secondary as its node has them, with record and images, and no guest: a test submits what one would.</summary>
internal sealed class SecondaryDisksFixture : IDisposable
{
    public const int Size = 8 << 20;

    public long SizeInExtents => Size / ChangedExtents.ExtentBytes;

    private readonly LoopThread _loop = new(new EventLoop());
    private readonly List<ImageFileBackend> _images = [];

    public SecondaryDisksFixture(int disks = 1)
    {
        Names = [.. Enumerable.Range(0, disks).Select(n => $"d{n}")];
        _loop.Do(() =>
        {
            foreach (var name in Names)
            {
                var image = new ImageFileBackend(ImagePath(name), Size, readOnly: false, _loop.Loop);
                _images.Add(image);
                Images.Add(new Interposer(image));
                Fronts.Add(new DiskFront(Images[^1]));
            }

            History = NodeHistory.Open(null, "vm", [.. Names.Select(name => (ImagePath(name), new RecordDisk(name, Size)))], _loop.Loop, file =>
            {
                Record.Add(new FaultyFile(file));
                return Record[^1];
            });
        });
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("colo-disks-").FullName;

    public EventLoop Loop => _loop.Loop;

    public string[] Names { get; }

    /// <summary>The record's files: header, marks.</summary>
    public List<FaultyFile> Record { get; } = [];

    public List<Interposer> Images { get; } = [];

    public List<Interposer> Logs { get; } = [];

    public List<DiskFront> Fronts { get; } = [];

    public NodeHistory History { get; private set; } = null!;

    public SecondaryDisks Disks { get; private set; } = null!;

    public List<string> Failures { get; } = [];

    /// <summary>What the operator is told of a takeover, in order.</summary>
    public List<Colo.Monitor.Attention?> Told { get; } = [];

    /// <summary>The disks whose requests go to the images, in order.</summary>
    public List<int> Connected { get; } = [];

    public NodeData Primary { get; } = NodeData.New.BecomeFirst(Guid.NewGuid(), Guid.NewGuid());

    public string ImagePath(string name) => Path.Combine(Folder, name + ".img");

    public string LogPath(string name) => ImagePath(name) + ".colo-log";

    /// <summary>A configuration with these disks.</summary>
    public ColoConfiguration Configuration()
    {
        var path = Path.Combine(Folder, "colo.ini");
        File.WriteAllText(path, $"[vm]\nname = vm\n[monitor]\nsocket = {Folder}/node.sock\n" + string.Concat(Names.Select(name => $"[disk:{name}]\npath = {ImagePath(name)}\n")));
        return ColoConfiguration.Load(path, [], NodeRole.Standalone);
    }

    /// <summary>A first sync of images that are alike is done: the disks follow.</summary>
    public void Follow()
    {
        using var ready = new ManualResetEventSlim();
        On(() =>
        {
            Disks = new SecondaryDisks(
                History, _loop.Loop, FilesOf, [.. Names.Select((name, i) => new GuestDisk(name, ImagePath(name), null!, null!, Fronts[i], Images[i]))], [], Primary,
                SyncKind.Everything, Failures.Add);
            Disks.OnSent(new long[Names.Length], ready.Set);
        });
        Assert.True(ready.Wait(30_000), "the first sync does not end");
        Until(() => History.Data.State == DataState.Mirror, "it follows");
    }

    /// <summary>Decides for a takeover, and begins it.</summary>
    /// <returns>Set when all is done.</returns>
    public ManualResetEventSlim TakeOver(Action? afterDecision = null)
    {
        var done = new ManualResetEventSlim();
        On(() =>
        {
            Disks.Decide(0);
            afterDecision?.Invoke();
            Disks.BecomePrimary(
                (n, first) =>
                {
                    Connected.Add(n);
                    Fronts[n].SetTarget(Images[n], first);
                },
                Told.Add, done.Set);
        });
        return done;
    }

    public Pending Write(IBlockBackend to, long offset, byte value, int length = 4096)
    {
        var pending = new Pending(BlockOperation.Write, offset, SecondaryFixture.Filled(length, value));
        _loop.Loop.Post(() => to.Submit(pending.Request));
        return pending;
    }

    /// <summary>The byte at a place of an image, as the file has it.</summary>
    public byte At(int disk, long offset)
    {
        using var file = new Microsoft.Win32.SafeHandles.SafeFileHandle(NativeFile.open(ImagePath(Names[disk]), NativeFile.O_CLOEXEC, 0), ownsHandle: true);
        var value = new byte[1];
        Assert.Equal(1, RandomAccess.Read(file, value, offset));
        return value[0];
    }

    public void On(Action action) => _loop.Do(action);

    public T On<T>(Func<T> value) => _loop.Get(value);

    public void Until(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(() => On(condition), 30_000), $"not within 30 s: {what}; {string.Join("; ", Failures)}; {string.Join("; ", Told.Select(told => told?.What))}");

    /// <summary>The node is gone: nothing more is written. The folder stays until this is disposed.</summary>
    public void Die()
    {
        foreach (var file in Record)
            file.Gate.Set();
        On(() =>
        {
            for (var i = 0; Disks is not null && i < Names.Length; i++)
                Disks[i].KeepFiles = true;
            Disks?.Dispose();
            History.Dispose();
            foreach (var image in _images)
                image.Dispose();
            _images.Clear();
        });
        _loop.Dispose();
    }

    public void Dispose()
    {
        if (_images.Count > 0)
            Die();
        Directory.Delete(Folder, recursive: true);
    }

    private SecondaryFiles FilesOf(string image)
    {
        var files = SecondaryDisks.FilesOf(image, null, "vm");
        return files with
        {
            Open = (path, bytes, loop) =>
            {
                var file = new Interposer(new ImageFileBackend(path, bytes, readOnly: false, loop));
                if (path == files.LogPath)
                    Logs.Add(file);
                return file;
            },
        };
    }
}
