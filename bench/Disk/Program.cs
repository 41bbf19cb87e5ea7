using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Colo.Block;
using Colo.Block.Nbd;
using Colo.Linux;

namespace Colo.Bench.Disk;

/// <summary>A way that is open.</summary>
internal interface IOpened
{
    IBlockBackend Backend { get; }
}

/// <summary>
/// One image five ways: our backend in this process, alone and as a node's disk without and with a secondary; <c>colo nbd</c> and
/// <c>qemu-nbd</c> with our client over a Unix socket.
/// <c>dotnet run -c Release [-- IMAGE [ROUNDS]]</c>, after <c>./build.sh</c>; COLO_BINARY names another executable. The ways
/// take turns within a round, so that what else the machine does falls on all; medians over the rounds.
/// </summary>
internal static unsafe class Program
{
    private const long Size = 1L << 30;

    private static readonly Load[] Loads =
    [
        new("sequential writes, 1 MiB, 4 at once", BlockOperation.Write, 1 << 20, 4, 512, Sequential: true),
        new("sequential reads, 1 MiB, 4 at once", BlockOperation.Read, 1 << 20, 4, 512, Sequential: true),
        new("random writes, 4 KiB, 32 at once", BlockOperation.Write, 4096, 32, 20_000),
        new("random reads, 4 KiB, 32 at once", BlockOperation.Read, 4096, 32, 20_000),
        new("random writes, 4 KiB, each flushed", BlockOperation.Write, 4096, 1, 400, FlushEach: true),
    ];

    private sealed record Load(string Name, BlockOperation Operation, int Block, int Depth, int Count, bool Sequential = false, bool FlushEach = false);

    private static int Main(string[] args)
    {
        var image = Path.GetFullPath(args.Length > 0 ? args[0] : "/var/tmp/colo-bench.img");
        var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5;
        var colo = Environment.GetEnvironmentVariable("COLO_BINARY") ?? "out/colo";
        if (!File.Exists(colo))
        {
            Console.Error.WriteLine($"{colo} is not there: run ./build.sh, or name it by COLO_BINARY");
            return 1;
        }

        var socket = Path.Combine(Path.GetTempPath(), $"colo-bench-{Environment.ProcessId}.sock");
        (string Name, Func<EventLoop, IDisposable> Open)[] ways =
        [
            ("image", loop => new Opened(new ImageFileBackend(image, 0, false, loop))),
            ("alone", loop => new Replicated(loop, image, null)),
            ("replicated", loop => new Replicated(loop, image, socket)),
            ("colo nbd", loop => Serve(loop, socket, colo, "nbd", "--image", image, "--socket", socket)),
            ("qemu-nbd", loop => Serve(loop, socket, "qemu-nbd", "-f", "raw", "-t", "-k", socket, "--cache=writeback", "--aio=threads", image)),
        ];
        Fill(image);
        try
        {
            Console.WriteLine($"{"MiB/s, medians of " + rounds + " rounds",-40}{string.Concat(ways.Select(way => $"{way.Name,11}"))}   replicated : alone, replicated : qemu-nbd, colo nbd : qemu-nbd");
            foreach (var load in Loads)
            {
                var figures = ways.Select(_ => new List<double>()).ToArray();
                for (var round = 0; round < rounds; round++)
                {
                    for (var i = 0; i < ways.Length; i++)
                        figures[i].Add(Measure(load, ways[i].Open, round));
                }

                var medians = figures.Select(f => f.Order().ElementAt(f.Count / 2)).ToArray();
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{load.Name,-40}{string.Concat(medians.Select(m => m.ToString("F1", CultureInfo.InvariantCulture).PadLeft(11)))}   {medians[2] / medians[1]:F2}, {medians[2] / medians[4]:F2}, {medians[3] / medians[4]:F2}"));
            }

            return 0;
        }
        finally
        {
            File.Delete(image);
            File.Delete(socket);
        }
    }

    /// <summary>Written whole, so that no way pays for the space of its first write.</summary>
    private static void Fill(string image)
    {
        using var file = new FileStream(image, FileMode.CreateNew);
        var data = new byte[1 << 20];
        new Random(1).NextBytes(data);
        for (long at = 0; at < Size; at += data.Length)
            file.Write(data);
        file.Flush(flushToDisk: true);
    }

    private static double Measure(Load load, Func<EventLoop, IDisposable> open, int seed)
    {
        using var loop = new EventLoop();
        using var way = open(loop);
        var run = new Run(load, ((IOpened)way).Backend, loop, seed);
        try
        {
            var clock = Stopwatch.StartNew();
            loop.Post(run.Start);
            loop.Run();
            return (double)load.Count * load.Block / (1 << 20) / clock.Elapsed.TotalSeconds;
        }
        finally
        {
            // First what may still be under way.
            way.Dispose();
            run.Free();
        }
    }

    private static Served Serve(EventLoop loop, string socket, string program, params string[] args)
    {
        File.Delete(socket);
        var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true })!;
        try
        {
            var address = new NbdAddress.Unix(socket);
            var clock = Stopwatch.StartNew();
            while (true)
            {
                try
                {
                    var transport = address.Connect(TimeSpan.FromSeconds(5));
                    return new Served(process, new NbdClient(transport, NbdClientHandshake.Run(transport, new NbdClientOptions()), loop));
                }
                catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException && clock.Elapsed < TimeSpan.FromSeconds(10) && !process.HasExited)
                {
                    Thread.Sleep(10);
                }
            }
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    private sealed record Opened(IBlockBackend Backend) : IOpened, IDisposable
    {
        public void Dispose() => Backend.Dispose();
    }

    private sealed record Served(Process Process, IBlockBackend Backend) : IOpened, IDisposable
    {
        private bool _disposed;

        public void Dispose()
        {
            if (_disposed)
                return;
            _disposed = true;
            Backend.Dispose();
            Process.Kill();
            Process.WaitForExit();
            Process.Dispose();
        }
    }

    /// <summary>One load: as many requests under way as it says, and a flush at the end of one that writes.</summary>
    private sealed class Run(Load load, IBlockBackend backend, EventLoop loop, int seed) : IBlockCompletion
    {
        private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(load.Block * load.Depth), 4096);
        private readonly Random _random = new(seed);
        private int _left = load.Count;
        private int _flying;
        private long _at;
        private bool _ending;

        public void Free() => NativeMemory.AlignedFree(_memory);

        public void Start()
        {
            _random.NextBytes(new Span<byte>(_memory, load.Block * load.Depth));
            for (var i = 0; i < load.Depth; i++)
            {
                var request = new BlockRequest(1, this);
                request.Begin(BlockOperation.Read, 0, 0);
                request.Add(new BlockVector((nint)(_memory + (i * load.Block)), (nuint)load.Block));
                Next(request, request.Vectors[0]);
            }
        }

        public void Completed(BlockRequest request)
        {
            if (request.Error != 0)
                throw new LinuxException(load.Name, request.Error);
            var vector = request.Vectors[0];
            if (load.FlushEach && request.Operation == BlockOperation.Write)
            {
                Flush(request, vector);
                return;
            }

            _flying--;
            if (_left > 0)
            {
                Next(request, vector);
            }
            else if (_flying == 0 && load.Operation == BlockOperation.Write && !_ending)
            {
                _ending = true;
                _flying++;
                Flush(request, vector);
            }
            else if (_flying == 0)
            {
                loop.Stop();
            }
        }

        private void Next(BlockRequest request, BlockVector vector)
        {
            _left--;
            _flying++;
            if (load.Sequential)
                _at = (_at + load.Block) % Size;
            else
                _at = _random.NextInt64(Size / load.Block) * load.Block;
            request.Begin(load.Operation, _at, load.Block);
            request.Add(vector);
            backend.Submit(request);
        }

        private void Flush(BlockRequest request, BlockVector vector)
        {
            request.Begin(BlockOperation.Flush, 0, 0);
            request.Add(vector);
            backend.Submit(request);
        }
    }
}
