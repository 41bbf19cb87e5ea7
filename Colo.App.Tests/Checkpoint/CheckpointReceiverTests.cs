using Colo.Checkpoint;
using Colo.Memory;

namespace Colo.Tests.Checkpoint;

/// <summary>What the receiver refuses: nothing of it may be applied, and the thread ends with one clear failure.</summary>
public sealed unsafe class CheckpointReceiverTests
{
    private const ulong Pages = 256;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>A first checkpoint and a second one of every kind of message.</summary>
    private static StreamBuilder Good(out int second)
    {
        var stream = new StreamBuilder().Pages((1, 0x11), (2, 0x12)).Final((3, 0x13)).State(1).End(1);
        second = stream.Bytes.Length;
        return stream.Pages((1, 0x21), (7, 0x27)).Pages((1, 0x31)).Final((2, 0x22)).Final((3, 0x23), (9, 0x29)).State(2, 333).End(2);
    }

    [Fact]
    public void TwoGoodCheckpointsAreApplied()
    {
        using var run = new Run(Good(out _).Bytes);
        Assert.Equal([1UL, 2UL], run.Complete);
        Assert.Equal([0, 0x31, 0x22, 0x23, 0, 0, 0, 0x27, 0, 0x29], run.FirstBytes(10));
        // The end of the connection, in good order between two checkpoints, is told like any other.
        Assert.IsType<EndOfStreamException>(Assert.Single(run.Failures));
    }

    [Fact]
    public void CutAnywhereNothingOfTheSecondCheckpointIsApplied()
    {
        var good = Good(out var second);
        var bytes = good.Bytes;
        var cuts = new HashSet<int>();
        foreach (var start in good.Messages.Append(bytes.Length).Where(at => at >= second))
        {
            for (var near = -20; near <= 60; near++)
                cuts.Add(start + near);
        }

        for (var at = second; at < bytes.Length; at += 509)
            cuts.Add(at);
        foreach (var cut in cuts.Where(at => at >= second && at < bytes.Length).Order())
        {
            using var run = new Run(bytes[..cut]);
            run.AssertOnlyFirst($"cut at {cut}");
        }
    }

    [Fact]
    public void EveryFlippedBitOfAHeaderIsRefused()
    {
        var good = Good(out var second);
        foreach (var start in good.Messages.Where(at => at >= second))
        {
            for (var bit = 0; bit < CheckpointFormat.HeaderSize * 8; bit++)
            {
                var bytes = good.Bytes;
                bytes[start + (bit / 8)] ^= (byte)(1 << (bit % 8));
                using var run = new Run(bytes);
                run.AssertOnlyFirst($"message at {start}, bit {bit}");
            }
        }
    }

    /// <summary>All bodies but the content of pages that are sent while the guest writes them.</summary>
    [Fact]
    public void FlippedBitsOfCheckedBodiesAreRefused()
    {
        var good = Good(out var second);
        var random = new Random(5);
        foreach (var start in good.Messages.Where(at => at >= second))
        {
            var type = (CheckpointMessage)good.Bytes[start + 4];
            var count = good.Bytes[start + 16];
            var length = BitConverter.ToInt32(good.Bytes, start + 20);
            var checkedBytes = type == CheckpointMessage.Pages ? count * 8 : length;
            for (var n = 0; n < 200; n++)
            {
                var at = start + CheckpointFormat.HeaderSize + (n < checkedBytes && n < 64 ? n : random.Next(checkedBytes));
                var bytes = good.Bytes;
                bytes[at] ^= (byte)(1 << random.Next(8));
                using var run = new Run(bytes);
                run.AssertOnlyFirst($"{type} at {start}, byte {at - start}");
            }
        }
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { "page number just out of range", "page 256 of 256" },
        { "page number far out of range", "page 18446744073709551615 of 256" },
        { "final page out of range", "page 256 of 256" },
        { "too many final pages promised", "not whole" },
        { "too few final pages promised", "not whole" },
        { "too many pages promised", "not whole" },
        { "too few pages promised", "not whole" },
        { "end without state", "End after FinalPages" },
        { "end alone", "End after Pages" },
        { "two states", "State after State" },
        { "pages after final pages", "Pages after FinalPages" },
        { "pages after the state", "Pages after State" },
        { "state of an epoch that was", "State of epoch 1 after epoch 1" },
        { "state of epoch 0", "State of epoch 0 after epoch 1" },
        { "end of another epoch", "End of epoch 3" },
        { "state too long", "bad header" },
        { "empty state", "bad header" },
        { "no pages", "bad header" },
        { "too many pages in a message", "bad header" },
        { "length that does not fit the count", "bad header" },
        { "unknown type", "bad header" },
        { "type 0", "bad header" },
        { "more pages than the guest can have dirtied", "more pages than the guest has" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void WrongMessagesEndTheConnectionWithTheReason(string what, string reason)
    {
        var s = new StreamBuilder().Pages((1, 0x11)).State(1).End(1);
        _ = what switch
        {
            "page number just out of range" => s.Pages((Pages, 1)).State(2).End(2),
            "page number far out of range" => s.Pages((ulong.MaxValue, 1)).State(2).End(2),
            "final page out of range" => s.Final((5, 1), (Pages, 1)).State(2).End(2),
            "too many final pages promised" => s.Final((5, 1)).State(2).End(2, finalDelta: 1),
            "too few final pages promised" => s.Final((5, 1)).State(2).End(2, finalDelta: -1),
            "too many pages promised" => s.Pages((5, 1)).State(2).End(2, allDelta: 1),
            "too few pages promised" => s.Pages((5, 1)).State(2).End(2, allDelta: -1),
            "end without state" => s.Final((5, 1)).End(2),
            "end alone" => s.End(2),
            "two states" => s.State(2).State(2).End(2),
            "pages after final pages" => s.Final((5, 1)).Pages((5, 2)).State(2).End(2),
            "pages after the state" => s.State(2).Pages((5, 2)).End(2),
            "state of an epoch that was" => s.State(1).End(1),
            "state of epoch 0" => s.State(0).End(0),
            "end of another epoch" => s.State(2).End(3),
            "state too long" => s.Raw(CheckpointMessage.State, 2, 0, CheckpointFormat.MaxStateLength + 1, 0, []),
            "empty state" => s.Raw(CheckpointMessage.State, 2, 0, 0, 0, []).End(2),
            "no pages" => s.Raw(CheckpointMessage.Pages, 0, 0, 0, 0, []).State(2).End(2),
            "too many pages in a message" => s.Raw(CheckpointMessage.Pages, 0, 257, 257 * 4104, 0, []),
            "length that does not fit the count" => s.Raw(CheckpointMessage.Pages, 0, 2, 4104, 0, []),
            "unknown type" => s.Raw((CheckpointMessage)5, 0, 0, 8, 0, new byte[8]),
            "type 0" => s.Raw(0, 0, 0, 8, 0, new byte[8]),
            _ => Flood(s),
        };
        using var run = new Run(s.Bytes);
        run.AssertOnlyFirst(what);
        Assert.Contains(reason, Assert.IsType<InvalidDataException>(Assert.Single(run.Failures)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DisposeEndsAReceiverThatNeverStarted()
    {
        using var memory = GuestMemory.CreateOverImage(Pages * GuestMemory.PageSize);
        new CheckpointReceiver(memory, new ScriptedStream([], endsThere: false), _ => { }, _ => { }).Dispose();
        Assert.Throws<ArgumentException>(() =>
        {
            using var plain = GuestMemory.Create(4096);
            _ = new CheckpointReceiver(plain, new ScriptedStream([], endsThere: true), _ => { }, _ => { });
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(5000)]
    public void DisposeEndsAReceiverInTheMiddle(int bytes)
    {
        using var memory = GuestMemory.CreateOverImage(Pages * GuestMemory.PageSize);
        var stream = new ScriptedStream(Good(out _).Bytes[..bytes], endsThere: false);
        var calls = 0;
        var receiver = new CheckpointReceiver(memory, stream, _ => calls++, _ => calls++);
        receiver.Start();
        Assert.True(stream.AllRead.Wait(Limit));
        receiver.Dispose();
        // What this side ends itself is no failure.
        Assert.Equal(0, calls);
    }

    [Fact]
    public void DisposeEndsAReceiverThatWaitsForTheLoading()
    {
        using var memory = GuestMemory.CreateOverImage(Pages * GuestMemory.PageSize);
        using var complete = new ManualResetEventSlim();
        var completed = 0;
        var failures = 0;
        var receiver = new CheckpointReceiver(
            memory,
            new ScriptedStream(Good(out _).Bytes, endsThere: true),
            _ =>
            {
                completed++;
                complete.Set();
            },
            _ => failures++);
        receiver.Start();
        Assert.True(complete.Wait(Limit));
        receiver.Dispose();
        Assert.Equal((1, 0), (completed, failures));
    }

    private static StreamBuilder Flood(StreamBuilder s)
    {
        // Each page once streamed and once at the stop is the most that a sender ever sends; the bound is 1,024 above that.
        var all = Enumerable.Range(0, (int)Pages).Select(n => ((ulong)n, (byte)n)).ToArray();
        for (var n = 0; n < 7; n++)
            s.Pages(all);
        return s.State(2).End(2);
    }

    /// <summary>A receiver that has read a whole script, loading every complete checkpoint.</summary>
    private sealed class Run : IDisposable
    {
        private readonly GuestMemory _memory = GuestMemory.CreateOverImage(Pages * GuestMemory.PageSize);
        private readonly byte[] _afterFirst = new byte[Pages * GuestMemory.PageSize];

        internal Run(byte[] script)
        {
            using var failed = new ManualResetEventSlim();
            using var dirty = new TestDirtySource(_memory);
            using var commit = new ImageCommit(_memory);
            CheckpointReceiver receiver = null!;
            receiver = new CheckpointReceiver(
                _memory,
                new ScriptedStream(script, endsThere: true),
                checkpoint =>
                {
                    commit.Apply(receiver.Staging, dirty);
                    if (checkpoint.First)
                        new ReadOnlySpan<byte>(_memory.Image, _afterFirst.Length).CopyTo(_afterFirst);
                    Complete.Add(checkpoint.Epoch);
                    receiver.Loaded();
                },
                e =>
                {
                    Failures.Add(e);
                    failed.Set();
                });
            receiver.Start();
            Assert.True(failed.Wait(Limit), "the receiver neither failed nor ended");
            receiver.Dispose();
        }

        internal List<ulong> Complete { get; } = [];

        internal List<Exception> Failures { get; } = [];

        internal byte[] FirstBytes(int pages) => [.. Enumerable.Range(0, pages).Select(n => _memory.Base[n * GuestMemory.PageSize])];

        internal void AssertOnlyFirst(string what)
        {
            Assert.True(Complete is [1], $"{what}: complete are {string.Join(' ', Complete)}");
            Assert.True(Failures.Count == 1, $"{what}: {Failures.Count} failures");
            Assert.True(new ReadOnlySpan<byte>(_memory.Image, _afterFirst.Length).SequenceEqual(_afterFirst), $"{what}: the image has changed");
            Assert.True(new ReadOnlySpan<byte>(_memory.Base, _afterFirst.Length).SequenceEqual(_afterFirst), $"{what}: the guest's memory has changed");
        }

        public void Dispose() => _memory.Dispose();
    }
}
