using System.Net;
using System.Net.Sockets;
using Colo.Block;
using Colo.Block.Nbd;
using Colo.Linux;
using Colo.Tests.Devices;

namespace Colo.Tests.Block;

/// <summary>A directory, an event loop, and on demand an image with its server.</summary>
internal sealed class NbdFixture(ImageEngineKind engine = ImageEngineKind.Automatic) : IDisposable
{
    private readonly List<NbdListener> _listeners = [];
    private readonly List<SyncDisk> _clients = [];
    private readonly LoopThread _loop = new(new EventLoop());

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("colo-nbd-").FullName;

    public LoopThread Loop => _loop;

    public string Image => Path("disk.img");

    public ImageFileBackend? Backend { get; private set; }

    public NbdServer? Server { get; private set; }

    public string Path(string name) => System.IO.Path.Combine(Directory, name);

    public NbdAddress Serve(
        long size, NbdServerOptions? options = null, bool tcp = false, bool readOnly = false, Func<NbdExport, NbdExport>? change = null,
        Func<INbdTransport, INbdTransport>? wrap = null)
    {
        NbdAddress address = tcp ? new NbdAddress.Tcp(IPAddress.Loopback, 0) : new NbdAddress.Unix(Path("nbd.sock"));
        _loop.Do(() =>
        {
            Backend = new ImageFileBackend(Image, size, readOnly, _loop.Loop, 4, false, engine);
            var export = new NbdExport("", Backend);
            Server = new NbdServer([change?.Invoke(export) ?? export], options ?? new NbdServerOptions(), _loop.Loop);
            var listener = new NbdListener(address, _loop.Loop, (socket, peer) => Server.Serve(wrap?.Invoke(socket) ?? socket, peer));
            _listeners.Add(listener);
            address = listener.Address;
        });
        return address;
    }

    public SyncDisk Connect(NbdAddress address, NbdClientOptions? options = null, Func<INbdTransport, INbdTransport>? wrap = null)
    {
        // The handshake on this thread: the server at the other end is on the loop's.
        options ??= new NbdClientOptions();
        INbdTransport socket = address.Connect(options.Timeout);
        socket = wrap?.Invoke(socket) ?? socket;
        NbdSession session;
        try
        {
            session = NbdClientHandshake.Run(socket, options);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        NbdClient? client = null;
        _loop.Do(() => client = new NbdClient(socket, session, _loop.Loop, options.MaxRequests));
        var disk = new SyncDisk(_loop.Loop, client!);
        lock (_clients)
            _clients.Add(disk);
        return disk;
    }

    /// <summary>The image's content, in spite of the backend's lock.</summary>
    public byte[] ReadImage() => ReadImage(Image);

    public static byte[] ReadImage(string path)
    {
        // Not through File, whose own lock would not be granted.
        using var file = new Microsoft.Win32.SafeHandles.SafeFileHandle(NativeFile.open(path, 0x80000, 0), ownsHandle: true);
        var bytes = new byte[RandomAccess.GetLength(file)];
        for (var at = 0; at < bytes.Length;)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(at), at);
            Assert.True(read > 0);
            at += read;
        }

        return bytes;
    }

    /// <summary>A plain socket, for clients that misbehave.</summary>
    public static Socket Raw(NbdAddress address)
    {
        var socket = new Socket(address.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(address.EndPoint);
        socket.ReceiveTimeout = 20_000;
        socket.SendTimeout = 20_000;
        return socket;
    }

    /// <summary>Stops the server in order; the flush's errno.</summary>
    public int Stop()
    {
        using var stopped = new ManualResetEventSlim();
        var error = -1;
        _loop.Do(() =>
        {
            foreach (var listener in _listeners)
                listener.Dispose();
            Server!.Stop(result =>
            {
                error = result;
                stopped.Set();
            });
        });
        Assert.True(stopped.Wait(20_000));
        return error;
    }

    public T On<T>(Func<T> value)
    {
        T result = default!;
        _loop.Do(() => result = value());
        return result;
    }

    public void Dispose()
    {
        _loop.Do(() =>
        {
            foreach (var client in _clients)
                client.Client.Dispose();
            foreach (var listener in _listeners)
                listener.Dispose();
            // First the backend: it waits for what is under way in the server's memory.
            Backend?.Dispose();
            Server?.Dispose();
        });
        _loop.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

/// <summary>A client that is used from a test's thread, one request at a time or many.</summary>
internal sealed unsafe class SyncDisk(EventLoop loop, NbdClient client)
{
    public NbdClient Client => client;

    public int Write(long offset, byte[] data, bool durable = false, int pieces = 1) =>
        Do(BlockOperation.Write, offset, data.Length, data, request => request.Durable = durable, pieces).Error;

    public byte[] Read(long offset, int length, int pieces = 1)
    {
        var data = new byte[length];
        Assert.Equal(0, Do(BlockOperation.Read, offset, length, data, null, pieces).Error);
        return data;
    }

    public int Flush() => Do(BlockOperation.Flush, 0, 0, null, null).Error;

    public int Zero(long offset, long length, bool unmap, bool fast = false) => Do(BlockOperation.WriteZeroes, offset, length, null, request =>
    {
        request.MayUnmap = unmap;
        request.OnlyIfFast = fast;
    }).Error;

    public int Discard(long offset, long length) => Do(BlockOperation.Discard, offset, length, null, null).Error;

    public (int Error, BlockExtent[] Extents) Status(long offset, long length)
    {
        var request = Do(BlockOperation.Status, offset, length, null, r => r.Extents = new BlockExtent[64]);
        return (request.Error, request.Extents[..request.ExtentCount]);
    }

    public int Error(BlockOperation operation, long offset, byte[] data) => Do(operation, offset, data.Length, data, null).Error;

    private BlockRequest Do(BlockOperation operation, long offset, long length, byte[]? data, Action<BlockRequest>? set, int pieces = 1)
    {
        using var done = new Done();
        var request = new BlockRequest(pieces, done);
        fixed (byte* start = data)
        {
            request.Begin(operation, offset, length);
            if (data is not null)
            {
                for (var i = 0; i < pieces; i++)
                {
                    long from = length * i / pieces, to = length * (i + 1) / pieces;
                    request.Add(new BlockVector((nint)(start + from), (nuint)(to - from)));
                }
            }

            set?.Invoke(request);
            loop.Post(() => client.Submit(request));
            Assert.True(done.Wait(), $"{operation} of {length} bytes at {offset} is not completed");
        }

        return request;
    }

    private sealed class Done : IBlockCompletion, IDisposable
    {
        private readonly ManualResetEventSlim _set = new();

        public void Completed(BlockRequest request) => _set.Set();

        public bool Wait() => _set.Wait(30_000);

        public void Dispose() => _set.Dispose();
    }
}
