using System.Runtime.InteropServices;
using Colo.Block;
using Colo.Linux;
using Colo.Tests.Devices;

namespace Colo.Tests.Block;

/// <summary>An image with a loop, and memory for requests that the collector does not move.</summary>
internal sealed unsafe class ImageHarness : IDisposable
{
    private readonly byte* _memory;
    private readonly int _memorySize;

    public ImageHarness(string engine, long size, int capacity = 128, string? directory = null, int memory = 16 << 20)
    {
        Path = System.IO.Path.Combine(directory ?? System.IO.Path.GetTempPath(), $"colo-image-{Guid.NewGuid():N}.img");
        (Engine, Direct) = (engine.StartsWith("io_uring", StringComparison.Ordinal) ? ImageEngineKind.IoUring : ImageEngineKind.Threads, engine.EndsWith("direct", StringComparison.Ordinal));
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)memory, 4096);
        NativeMemory.Clear(_memory, (nuint)memory);
        _memorySize = memory;
        Open(size, capacity);
    }

    /// <summary>Names of what can be tested here: threads always, io_uring where the kernel has it, both with direct I/O.</summary>
    public static TheoryData<string> Engines
    {
        get
        {
            var data = new TheoryData<string> { "threads", "threads direct" };
            if (Available)
            {
                data.Add("io_uring");
                data.Add("io_uring direct");
            }

            return data;
        }
    }

    public static bool Available { get; } = Probe();

    public string Path { get; }

    public ImageEngineKind Engine { get; }

    public bool Direct { get; }

    public int Unit => Direct ? 512 : 1;

    public LoopThread Loop { get; } = new(new EventLoop());

    public ImageFileBackend Image { get; private set; } = null!;

    public Span<byte> Memory => new(_memory, _memorySize);

    public BlockVector Vector(int at, int length) => new((nint)_memory + at, (nuint)length);

    public void Open(long size, int capacity = 128, bool readOnly = false) => Loop.Do(() => Image = new ImageFileBackend(Path, size, readOnly, Loop.Loop, 4, Direct, Engine, capacity));

    /// <summary>One request with its vectors, to its end; its errno.</summary>
    public int Do(BlockOperation operation, long offset, long length, BlockVector[]? vectors = null, Action<BlockRequest>? set = null)
    {
        using var done = new ManualResetEventSlim();
        var request = new BlockRequest(Math.Max(1, vectors?.Length ?? 0), new Completion(_ => done.Set()));
        request.Begin(operation, offset, length);
        foreach (var vector in vectors ?? [])
            request.Add(vector);
        set?.Invoke(request);
        Loop.Loop.Post(() => Image.Submit(request));
        Assert.True(done.Wait(20_000), $"{operation} of {length} bytes at {offset} is not completed");
        return request.Error;
    }

    public int Write(long offset, ReadOnlySpan<byte> data, Action<BlockRequest>? set = null)
    {
        data.CopyTo(Memory);
        return Do(BlockOperation.Write, offset, data.Length, [Vector(0, data.Length)], set);
    }

    public byte[] Read(long offset, int length)
    {
        Assert.Equal(0, Do(BlockOperation.Read, offset, length, [Vector(0, length)]));
        return Memory[..length].ToArray();
    }

    /// <summary>The image as other programs see it. Not through File, whose own lock would not be granted.</summary>
    public byte[] File()
    {
        using var file = new Microsoft.Win32.SafeHandles.SafeFileHandle(NativeFile.open(Path, NativeFile.O_CLOEXEC, 0), ownsHandle: true);
        var bytes = new byte[RandomAccess.GetLength(file)];
        Assert.Equal(bytes.Length, RandomAccess.Read(file, bytes, 0));
        return bytes;
    }

    public void Dispose()
    {
        Loop.Do(() => Image?.Dispose());
        Loop.Dispose();
        NativeMemory.AlignedFree(_memory);
        System.IO.File.Delete(Path);
    }

    private static bool Probe()
    {
        using var wake = new EventFd();
        using var ring = IoUring.TryCreate(4, wake, out _);
        return ring is not null;
    }

    internal sealed class Completion(Action<BlockRequest> action) : IBlockCompletion
    {
        public void Completed(BlockRequest request) => action(request);
    }
}
