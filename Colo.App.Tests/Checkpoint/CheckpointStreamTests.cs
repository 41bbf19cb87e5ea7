using System.Collections.Concurrent;
using Colo.Checkpoint;
using Colo.Memory;
using Xunit.Abstractions;

namespace Colo.Tests.Checkpoint;

/// <summary>Sender, receiver and commit together, with both guests writing all the time.</summary>
public sealed unsafe class CheckpointStreamTests(ITestOutputHelper output)
{
    private const ulong Size = 8 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1, 300, true)]
    [InlineData(2, 100, false)]
    public void BothGuestsShowThePrimarysMemoryAtEachCapture(int run, int epochs, bool pageMap)
    {
        var seed = HashCode.Combine(run, Environment.TickCount);
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var world = new World(seed, pageMap);
        long streamed = 0, remainder = 0, drops = 0, private_ = 0;
        for (var epoch = 1UL; epoch <= (ulong)epochs; epoch++)
        {
            // Few writes in most epochs; in every eighth so many by the SVM that its private pages are dropped.
            world.Pvm.Burst = random.Next(4) == 0 ? 400 : 4;
            world.Svm.Burst = epoch % 8 == 0 ? 2000 : 4;
            Thread.SpinWait(random.Next(100_000));
            var state = new byte[random.Next(3) == 0 ? random.Next(200_000) + 1 : 100];
            random.NextBytes(state);
            var (figures, snapshot) = world.Capture(epoch, state);
            streamed += figures.Streamed;
            remainder += figures.Remainder;
            var received = world.Take();
            Assert.Equal(epoch, received.Epoch);
            Assert.Equal(epoch == 1, received.First);
            Assert.True(received.State.Span.SequenceEqual(state), $"seed {seed}: state of epoch {epoch}");
            world.Svm.Stopped(() =>
            {
                var before = (long)world.Commit.PrivatePages;
                // Pages that KVM has brought in for writing and nobody has written: copies of what was there, and no log tells of them.
                for (var n = random.Next(8); n > 0; n--)
                {
                    ref var first = ref *(world.Secondary.Base + ((ulong)random.NextInt64((long)(Size / GuestMemory.PageSize)) * GuestMemory.PageSize));
                    Volatile.Write(ref first, first);
                }

                world.Load(received);
                if (world.Commit.PrivatePages == 0 && before + world.Svm.Writes > 0)
                    drops++;
                private_ = Math.Max(private_, (long)world.Commit.PrivatePages);
                AssertEqual(snapshot, world.Secondary.Image, $"seed {seed}, epoch {epoch}: image");
                AssertEqual(snapshot, world.Secondary.Base, $"seed {seed}, epoch {epoch}: guest mapping");
                return 0;
            });
            world.Receiver.Loaded();
        }

        output.WriteLine($"{epochs} epochs: {streamed} pages streamed, {remainder} at stops, {drops} commits dropped all private pages, at most {private_} were private, {world.Commit.UnloggedCopies} copies were in no log");
        Assert.True(streamed > 0 && remainder > 0 && drops > 1 && private_ > 0 && world.Commit.UnloggedCopies > 0, $"seed {seed}: not all paths were taken");
    }

    /// <summary>The sending thread may be preempted right after the end mark; the secondary has loaded long before it goes on.</summary>
    [Fact]
    public void TheNextCaptureMayComeBeforeTheSenderIsBackFromSendingTheEndMark()
    {
        using var world = new World(1);
        using var hold = new ManualResetEventSlim();
        using var ended = new SemaphoreSlim(0);
        var seen = 0;
        world.SendStream.Sent = bytes =>
        {
            if (bytes.Length != 8)
                return;
            ended.Release();
            if (Interlocked.Increment(ref seen) == 1)
                hold.Wait(Limit);
        };
        world.TakeFirst();
        Assert.True(ended.Wait(Limit));
        var (_, snapshot) = world.Capture(2, [2]);
        hold.Set();
        var received = world.Take();
        Assert.Equal(2UL, received.Epoch);
        world.Svm.Stopped(() =>
        {
            world.Load(received);
            AssertEqual(snapshot, world.Secondary.Base, "guest mapping");
            return 0;
        });
        world.Receiver.Loaded();
    }

    /// <summary>A guest that starts anew has changed all of its memory: that is sent beside it, and the stop copies what is left.</summary>
    [Fact]
    public void WhatIsStreamedBeforeAStopIsNotCopiedInIt()
    {
        using var world = new World(4);
        // What the guest writes meanwhile is no more than this, however long it takes.
        world.Pvm.Pages = Size / GuestMemory.PageSize / 16;
        world.TakeFirst();
        var pages = Size / GuestMemory.PageSize;
        var streamed = world.Pvm.Stopped(() =>
        {
            using var erase = new MemoryErase(world.Primary);
            var changed = erase.Run(() => false);
            Assert.True(changed > pages / 3, $"{changed} pages were not zero");
            return changed;
        });
        using var done = new ManualResetEventSlim();
        world.Sender.StreamNow(done.Set);
        Assert.True(done.Wait(Limit), "it does not come to an end");
        var (figures, snapshot) = world.Capture(2, [2]);
        output.WriteLine($"{streamed} pages erased, {figures.Streamed} streamed, {figures.Remainder} at the stop");
        Assert.True((ulong)figures.Remainder < pages / 4, $"{figures.Remainder} pages at the stop");
        var received = world.Take();
        world.Svm.Stopped(() =>
        {
            world.Load(received);
            AssertEqual(snapshot, world.Secondary.Image, "image");
            AssertEqual(snapshot, world.Secondary.Base, "guest mapping");
            return 0;
        });
        world.Receiver.Loaded();
    }

    [Fact]
    public void ASecondCaptureBeforeTheFirstIsSentIsRefused()
    {
        using var world = new World(1);
        using var hold = new ManualResetEventSlim();
        world.SendStream.Sent = _ => hold.Wait(Limit);
        world.Capture(1, [1]);
        Assert.Throws<InvalidOperationException>(() => world.Sender.Capture(2, [2]));
        hold.Set();
    }

    [Fact]
    public void ACheckpointWithoutStateIsRefused()
    {
        using var world = new World(2);
        Assert.Throws<InvalidOperationException>(() => world.Sender.Capture(1, []));
    }

    [Fact]
    public void ALostReceiverEndsTheSenderOnce()
    {
        using var world = new World(3);
        world.LoseReceiver();
        world.Capture(1, new byte[1 << 20]);
        Assert.True(world.SenderFailed.Wait(Limit), "the sender did not notice");
        world.Sender.Dispose();
        Assert.Equal(1, world.SenderFailures);
        Assert.Equal(0, world.ReceiverFailures);
    }

    [Fact]
    public void DisposeEndsASenderThatNobodyReceivesFrom()
    {
        var (a, b) = SocketCheckpointStream.Pair();
        using (a)
        using (b)
        using (var memory = GuestMemory.Create(64 << 20))
        using (var dirty = new TestDirtySource(memory))
        {
            new Span<byte>(memory.Base, (int)memory.Size).Fill(1);
            var failures = 0;
            var sender = new CheckpointSender(memory, dirty, a, () => { }, _ => failures++);
            sender.Start();
            // Nobody reads: sooner or later it stands in a send.
            SpinWait.SpinUntil(() => sender.BytesSent > 0, Limit);
            sender.Dispose();
            Assert.Equal(0, failures);
        }
    }

    private static void AssertEqual(byte[] expected, byte* actual, string what)
    {
        var span = new ReadOnlySpan<byte>(actual, expected.Length);
        if (span.SequenceEqual(expected))
            return;
        var at = span.CommonPrefixLength(expected);
        Assert.Fail($"{what}: page {at / GuestMemory.PageSize} differs at byte {at % GuestMemory.PageSize}");
    }

    /// <summary>Two nodes' memories, both guests, and the stream between them; the first sync is done.</summary>
    private sealed class World : IDisposable
    {
        private readonly BlockingCollection<ReceivedCheckpoint> _complete = [];
        private readonly TestDirtySource _pvmDirty;
        private readonly TestDirtySource _svmDirty;
        private readonly SocketCheckpointStream _receiveStream;

        internal World(int seed, bool pageMap = true)
        {
            _pvmDirty = new TestDirtySource(Primary);
            _svmDirty = new TestDirtySource(Secondary);
            var random = new Random(seed);
            // Half of the memory is zero; what the secondary's own boot has left must not stay.
            random.NextBytes(new Span<byte>(Primary.Base, (int)Size / 2));
            random.NextBytes(new Span<byte>(Secondary.Base + (Size / 4), (int)Size / 2));
            Commit = new ImageCommit(Secondary, pageMap);
            Pvm = new RandomGuest(Primary, _pvmDirty, seed + 1);
            Svm = new RandomGuest(Secondary, _svmDirty, seed + 2);
            (SendStream, _receiveStream) = SocketCheckpointStream.Pair();
            using var synced = new ManualResetEventSlim();
            Receiver = new CheckpointReceiver(Secondary, _receiveStream, _complete.Add, _ => Interlocked.Increment(ref _receiverFailures));
            Sender = new CheckpointSender(Primary, _pvmDirty, SendStream, synced.Set, _ =>
            {
                Interlocked.Increment(ref _senderFailures);
                SenderFailed.Set();
            });
            Receiver.Start();
            Sender.Start();
            Assert.True(synced.Wait(Limit), "the first sync did not end");
        }

        internal GuestMemory Primary { get; } = GuestMemory.Create(Size);

        internal GuestMemory Secondary { get; } = GuestMemory.CreateOverImage(Size);

        internal ImageCommit Commit { get; }

        internal RandomGuest Pvm { get; }

        internal RandomGuest Svm { get; }

        internal CheckpointSender Sender { get; }

        internal CheckpointReceiver Receiver { get; }

        internal SocketCheckpointStream SendStream { get; }

        internal ManualResetEventSlim SenderFailed { get; } = new();

        internal int SenderFailures => _senderFailures;

        internal int ReceiverFailures => _receiverFailures;

        private int _senderFailures;
        private int _receiverFailures;

        internal ((int Remainder, long Streamed) Figures, byte[] Snapshot) Capture(ulong epoch, byte[] state) => Pvm.Stopped(() =>
        {
            var figures = Sender.Capture(epoch, state);
            return (figures, new ReadOnlySpan<byte>(Primary.Base, (int)Size).ToArray());
        });

        /// <summary>The first checkpoint, from its capture to its load.</summary>
        internal void TakeFirst()
        {
            Capture(1, [1]);
            var first = Take();
            Svm.Stopped(() =>
            {
                Load(first);
                return 0;
            });
            Receiver.Loaded();
        }

        internal ReceivedCheckpoint Take()
        {
            Assert.True(_complete.TryTake(out var received, Limit), $"no checkpoint came; {_senderFailures} and {_receiverFailures} failures");
            return received!;
        }

        /// <summary>As the end of the process does: a socket that is only shut down may leave the sender waiting for its window.</summary>
        internal void LoseReceiver()
        {
            Receiver.Dispose();
            _receiveStream.Dispose();
        }

        internal void Load(ReceivedCheckpoint received)
        {
            if (received.First)
            {
                _svmDirty.Forget();
                Commit.DropEverything();
            }

            Commit.Apply(Receiver.Staging, _svmDirty);
        }

        public void Dispose()
        {
            Sender.Dispose();
            Receiver.Dispose();
            Pvm.Dispose();
            Svm.Dispose();
            SendStream.Dispose();
            _receiveStream.Dispose();
            Commit.Dispose();
            _pvmDirty.Dispose();
            _svmDirty.Dispose();
            Primary.Dispose();
            Secondary.Dispose();
        }
    }
}
