using Colo.Block;
using Colo.Linux;
using Colo.Tests.Block.Replication;
using Colo.Tests.Devices;

namespace Colo.Tests.Block;

/// <summary>Images that are block devices: loop devices, where they can be made.</summary>
public sealed class BlockDeviceTests : IDisposable
{
    private const string LoSetup = "/usr/sbin/losetup";
    private const int Size = 1 << 20;
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"colo-device-{Guid.NewGuid():N}.img");
    private string? _device;

    public void Dispose()
    {
        if (_device is not null)
            ColoBinary.RunProgram(LoSetup, ["--detach", _device]);
        File.Delete(_file);
    }

    [Theory]
    [InlineData(nameof(ImageEngineKind.Threads))]
    [InlineData(nameof(ImageEngineKind.IoUring))]
    public void What_is_no_multiple_of_the_device_s_blocks_is_zeroed_by_writing(string engine)
    {
        const int EOPNOTSUPP = 95;
        var kind = Enum.Parse<ImageEngineKind>(engine);
        if ((kind == ImageEngineKind.IoUring && !ImageHarness.Available) || !MakeDevice())
            return;
        using var loop = new LoopThread(new EventLoop());
        ImageFileBackend image = null!;
        loop.Do(() => image = new ImageFileBackend(_device!, 0, readOnly: false, loop.Loop, 2, direct: false, kind));
        var data = new byte[Size];
        Array.Fill(data, (byte)7);
        Assert.Equal(0, Do(new Pending(BlockOperation.Write, 0, data)));
        Assert.Equal(0, Zero(512, 512));
        Assert.Equal(0, Zero(8192 - 512, 1024, unmap: true));
        Assert.Equal(0, Zero(16384, 4096, unmap: true));
        Assert.Equal(EOPNOTSUPP, Zero(32768, 512, unmap: true, fast: true));
        // Of these two nothing is promised but that the device is used no worse for them.
        Assert.Equal(0, Do(new Pending(BlockOperation.Discard, 40960 + 512, 512)));
        Assert.Equal(0, Do(new Pending(BlockOperation.Reserve, 40960 + 512, 512)));
        data.AsSpan(512, 512).Clear();
        data.AsSpan(8192 - 512, 1024).Clear();
        data.AsSpan(16384, 4096).Clear();
        var read = new Pending(BlockOperation.Read, 0, new byte[Size]);
        Assert.Equal(0, Do(read));
        Assert.Equal(data, read.Data);
        loop.Do(image.Dispose);

        int Zero(long offset, long length, bool unmap = false, bool fast = false)
        {
            var zero = new Pending(BlockOperation.WriteZeroes, offset, length);
            (zero.Request.MayUnmap, zero.Request.OnlyIfFast) = (unmap, fast);
            return Do(zero);
        }

        int Do(Pending pending)
        {
            loop.Loop.Post(() => image.Submit(pending.Request));
            return pending.Wait();
        }
    }

    /// <summary>A device with blocks of 4 KiB.</summary>
    /// <returns>False: none can be made here.</returns>
    private bool MakeDevice()
    {
        if (Native.geteuid() != 0 || !File.Exists(LoSetup))
            return false;
        using (var file = File.Create(_file))
            file.SetLength(Size);
        var (code, output, _) = ColoBinary.RunProgram(LoSetup, ["--find", "--show", "--sector-size", "4096", _file]);
        if (code != 0)
            return false;
        _device = output.Trim();
        return true;
    }
}
