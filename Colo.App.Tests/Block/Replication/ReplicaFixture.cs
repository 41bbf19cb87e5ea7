using System.Runtime.InteropServices;
using Colo.Block;
using Colo.Block.Nbd;
using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

/// <summary>Both halves of a replicated disk in one process: the primary's image and record, NBD over a Unix socket, the secondary.</summary>
internal sealed class ReplicaFixture : IDisposable
{
    private NbdServer? _server;
    private NbdListener? _listener;
    private NodeRecord _record = null!;
    private IBlockBackend _image = null!;
    private int _connections;

    public SecondaryFixture Secondary { get; } = new();

    public string ImagePath => Secondary.At("primary.img");

    /// <summary>In front of the primary's image.</summary>
    public Interposer Image { get; private set; } = null!;

    public PrimaryDisk Disk { get; private set; } = null!;

    /// <summary>Of the disk that <see cref="Start"/> makes.</summary>
    public int MostHeldRequests { get; set; } = int.MaxValue;

    public ChangedExtents Changed => _record.Changed(0);

    public List<string> Lost { get; } = [];

    public void Start(long size, byte[]? content = null)
    {
        if (content is not null)
            File.WriteAllBytes(ImagePath, content);
        Secondary.On(() =>
        {
            _image = new ImageFileBackend(ImagePath, size, readOnly: false, Secondary.Loop);
            Image = new Interposer(_image);
            _record = NodeRecord.Open(ImagePath + ".colo", [new RecordDisk("root", size)], Secondary.Loop);
            Disk = new PrimaryDisk("root", Image, Changed, Secondary.Loop) { RemoteFailed = Lost.Add, MostHeldRequests = MostHeldRequests };
        });
    }

    /// <summary>Connects the primary's disk with the secondary's, which was started.</summary>
    public void Attach()
    {
        var address = new NbdAddress.Unix(Secondary.At($"nbd{_connections++}"));
        Secondary.On(() =>
        {
            _server = new NbdServer([new NbdExport("root", Secondary.Disk.Mirror) { MinimumBlock = 512, MultiConnection = false }], new NbdServerOptions(), Secondary.Loop);
            _listener = new NbdListener(address, Secondary.Loop, (socket, peer) => _server.Serve(socket, peer));
        });
        var options = new NbdClientOptions { Export = "root", MaxRequests = 256 };
        var socket = address.Connect(options.Timeout);
        var session = NbdClientHandshake.Run(socket, options);
        Secondary.On(() => Disk.Attach(new NbdClient(socket, session, Secondary.Loop, options.MaxRequests)));
    }

    /// <summary>Compares and sends what differs, with the hashes of the secondary's image.</summary>
    /// <returns>Null, or what went wrong; and the sync, with its figures.</returns>
    public (string? Wrong, DiskSync Sync) Sync(bool blank, Action? between = null)
    {
        using var ended = new ManualResetEventSlim();
        string? wrong = null;
        DiskSync sync = null!;
        Secondary.On(() =>
        {
            sync = new DiskSync(Disk, Changed.Runs(int.MaxValue), blank, (offset, length) => Answer(() => sync, offset, length), text =>
            {
                wrong = text;
                ended.Set();
            });
            sync.Start();
        });
        between?.Invoke();
        Assert.True(ended.Wait(60_000), $"the sync does not end: {sync.DoneBytes} of {sync.TotalBytes}");
        return (wrong, sync);
    }

    /// <summary>As a node does at the end of a sync: all that was sent is received, and is the image's content.</summary>
    public void CommitFirst(FirstSync first)
    {
        var mark = Secondary.On(() => Disk.SentBytes);
        Secondary.On(Secondary.Disk.BeginHolding);
        Secondary.WaitReceived(mark);
        if (first == FirstSync.Journal)
            Assert.Equal(0, Secondary.Do(done => Secondary.Disk.SealJournal(done, mark)));
        Assert.Equal(0, Secondary.Commit(mark, 1));
    }

    /// <summary>A checkpoint now: what was sent becomes the secondary's image.</summary>
    public void Checkpoint(ulong epoch)
    {
        var mark = Secondary.On(() => Disk.SentBytes);
        Secondary.WaitReceived(mark);
        Assert.Equal(0, Secondary.Commit(mark, epoch));
    }

    public void AssertAlike(string when)
    {
        var (a, b) = (NbdFixture.ReadImage(ImagePath), NbdFixture.ReadImage(Secondary.ImagePath));
        var same = a.AsSpan().CommonPrefixLength(b);
        Assert.True(same == a.Length && a.Length == b.Length, $"{when}: the images differ from byte {same} on");
    }

    public void Dispose()
    {
        Secondary.On(() =>
        {
            Disk?.Dispose();
            _listener?.Dispose();
            _server?.Dispose();
            _record?.Dispose();
            _image?.Dispose();
        });
        Secondary.Dispose();
    }

    /// <summary>The secondary's part of a sync. A sync that ends early leaves reads behind, which nothing here waits for.</summary>
    private void Answer(Func<DiskSync> sync, long offset, int length)
    {
        var data = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        var read = new BlockRequest(1, new Completion(request =>
        {
            if (request.Error != 0)
            {
                Lost.Add($"the secondary's read of {length} bytes at {offset} fails with errno {request.Error}");
                return;
            }

            var hashes = new byte[BlockHashes.Count(length) * BlockHashes.Size];
            BlockHashes.Compute(data, hashes);
            sync().OnHashes(offset, hashes);
        }));
        read.Begin(BlockOperation.Read, offset, length);
        read.Add(new BlockVector(Marshal.UnsafeAddrOfPinnedArrayElement(data, 0), (nuint)length));
        Secondary.Disk.Mirror.Submit(read);
    }

    private sealed class Completion(Action<BlockRequest> completed) : IBlockCompletion
    {
        public void Completed(BlockRequest request) => completed(request);
    }
}
