using Colo.Block;
using Colo.Block.Nbd;
using Colo.Block.Replication;
using Colo.Linux;

namespace Colo.Bench.Disk;

/// <summary>
/// The primary's half of a replicated disk, as a node has it between the guest and the image: alone, or with a secondary
/// on a loop and thread of its own, over a Unix socket, that commits ten times a second.
/// </summary>
internal sealed class Replicated : IOpened, IDisposable
{
    private readonly string _image;
    private readonly ImageFileBackend _file;
    private readonly NodeRecord _record;
    private readonly PrimaryDisk _disk;
    private readonly Secondary? _secondary;
    private bool _disposed;

    internal Replicated(EventLoop loop, string image, string? socket)
    {
        _image = image;
        _file = new ImageFileBackend(image, 0, readOnly: false, loop);
        _record = NodeRecord.Open(image + ".colo", [new RecordDisk("bench", _file.Size)], loop);
        _disk = new PrimaryDisk("bench", _file, _record.Changed(0), loop);
        if (socket is null)
            return;
        _secondary = new Secondary(image + ".secondary", _file.Size, socket);
        var transport = new NbdAddress.Unix(socket).Connect(TimeSpan.FromSeconds(5));
        _disk.Attach(new NbdClient(transport, NbdClientHandshake.Run(transport, new NbdClientOptions { Export = "bench", MaxRequests = 256 }), loop, 256));
    }

    public IBlockBackend Backend => _disk;

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _disk.Dispose();
        _record.Dispose();
        _file.Dispose();
        _secondary?.Dispose();
        File.Delete(_image + ".colo");
    }

    private sealed class Secondary : IDisposable
    {
        private static readonly TimeSpan Checkpoint = TimeSpan.FromMilliseconds(100);

        private readonly EventLoop _loop = new();
        private readonly Thread _thread;
        private readonly string _image;
        private ImageFileBackend _file = null!;
        private SecondaryDisk _disk = null!;
        private NbdServer _server = null!;
        private NbdListener _listener = null!;
        private LoopTimer _timer = null!;
        private ulong _epoch = 1;

        internal Secondary(string image, long size, string socket)
        {
            _image = image;
            File.Delete(socket);
            _thread = new Thread(_loop.Run) { IsBackground = true };
            _thread.Start();
            using var ready = new ManualResetEventSlim();
            _loop.Invoke(() =>
            {
                _file = new ImageFileBackend(image, size, readOnly: false, _loop);
                _disk = new SecondaryDisk("bench", _file, new SecondaryFiles(image + ".log", image + ".journal"), FirstSync.Direct, _loop, Console.Error.WriteLine);
                _disk.BeginHolding();
                _disk.Commit(0, _epoch, _ => ready.Set());
                _server = new NbdServer([new NbdExport("bench", _disk.Mirror) { MinimumBlock = 512, MultiConnection = false }], new NbdServerOptions { MaxRequests = 512 }, _loop);
                _listener = new NbdListener(new NbdAddress.Unix(socket), _loop, _server.Serve);
                _timer = _loop.AddTimer(Commit);
                _timer.SetAfter(Checkpoint);
            });
            ready.Wait();
        }

        public void Dispose()
        {
            _loop.Invoke(() =>
            {
                _timer.Dispose();
                _listener.Dispose();
                _server.Dispose();
                _disk.Dispose();
                _disk.WhenImageIdle(_loop.Stop);
            });
            _thread.Join();
            _file.Dispose();
            _loop.Dispose();
            File.Delete(_image);
        }

        private void Commit() => _disk.Commit(_disk.ReceivedBytes, ++_epoch, _ => _timer.SetAfter(Checkpoint));
    }
}
