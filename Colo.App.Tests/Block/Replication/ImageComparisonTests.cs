using Colo.Block;
using Colo.Block.Replication;
using Colo.Linux;
using Colo.Tests.Devices;

namespace Colo.Tests.Block.Replication;

/// <summary>Whether an image that is not replicated is the same on both nodes.</summary>
public sealed class ImageComparisonTests : IDisposable
{
    private const int Size = (5 << 20) + 4096 + 512;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-same-");
    private readonly LoopThread _loop = new(new EventLoop());
    private readonly byte[] _content = new byte[Size];

    public ImageComparisonTests() => new Random(3).NextBytes(_content.AsSpan(0, 3 << 20));

    public void Dispose()
    {
        _loop.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void The_same_content_is_the_same()
    {
        var (wrong, done) = Compare(_content.ToArray());
        Assert.Null(wrong);
        Assert.Equal(Size, done);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4095, 0)]
    [InlineData(4096, 4096)]
    [InlineData((1 << 20) - 1, (1 << 20) - 4096)]
    [InlineData(4 << 20, 4 << 20)]
    [InlineData(Size - 1, Size - 512)]
    public void One_bit_anywhere_is_found(int at, int block)
    {
        var theirs = _content.ToArray();
        theirs[at] ^= 0x40;
        var (wrong, done) = Compare(theirs);
        Assert.Equal(
            $"disk cd, which is read-only and not replicated, is not the same on both nodes: the block at byte {block} is the first that differs; give both the same image", wrong);
        Assert.Equal(at >> 20 << 20, done);
    }

    [Fact]
    public void What_was_not_asked_for_is_refused_and_what_comes_late_is_nothing()
    {
        var asked = new List<(long, int)>();
        With((image, loop) =>
        {
            var ended = 0;
            var comparison = new ImageComparison("cd", image, loop, (offset, length) => asked.Add((offset, length)), _ => ended++);
            comparison.Start();
            Assert.Equal([(0L, 1 << 20)], asked);
            Assert.Throws<FormatException>(() => comparison.OnHashes(1 << 20, new byte[4096]));
            Assert.Throws<FormatException>(() => comparison.OnHashes(0, new byte[4095]));
            comparison.OnHashes(0, new byte[4096]);
            Assert.Throws<FormatException>(() => comparison.OnHashes(0, new byte[4096]));
            comparison.Dispose();
            comparison.OnHashes(0, new byte[4096]);
            Assert.Equal(0, ended);
        });
    }

    [Fact]
    public void An_image_that_cannot_be_read_is_told()
    {
        using var ended = new ManualResetEventSlim();
        string? wrong = null;
        With((image, loop) =>
        {
            var gone = new Interposer(image) { Fail = _ => 5 };
            new ImageComparison("cd", gone, loop, (_, _) => { }, text =>
            {
                wrong = text;
                ended.Set();
            }).Start();
        }, ended);
        Assert.Equal("disk cd: the image cannot be read at 0: Input/output error", wrong);
    }

    private (string? Wrong, long Done) Compare(byte[] theirs)
    {
        using var ended = new ManualResetEventSlim();
        string? wrong = "not ended";
        long done = 0;
        With((image, loop) =>
        {
            ImageComparison comparison = null!;
            comparison = new ImageComparison(
                "cd", image, loop,
                (offset, length) =>
                {
                    var hashes = new byte[BlockHashes.Count(length) * BlockHashes.Size];
                    BlockHashes.Compute(theirs.AsSpan((int)offset, length), hashes);
                    loop.Post(() => comparison.OnHashes(offset, hashes));
                },
                text =>
                {
                    wrong = text;
                    done = comparison.DoneBytes;
                    ended.Set();
                });
            comparison.Start();
        }, ended);
        return (wrong, done);
    }

    private void With(Action<IBlockBackend, EventLoop> action, ManualResetEventSlim? until = null)
    {
        var path = Path.Combine(_folder.FullName, "cd.img");
        File.WriteAllBytes(path, _content);
        ImageFileBackend image = null!;
        _loop.Do(() =>
        {
            image = new ImageFileBackend(path, 0, readOnly: true, _loop.Loop);
            action(image, _loop.Loop);
        });
        try
        {
            Assert.True(until?.Wait(60_000) ?? true, "it does not end");
        }
        finally
        {
            _loop.Do(image.Dispose);
        }
    }
}
