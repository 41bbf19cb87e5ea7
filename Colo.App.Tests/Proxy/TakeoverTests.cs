using Colo.Proxy;

namespace Colo.Tests.Proxy;

/// <summary>
/// A client talks to a protected guest over a lossy network; checkpoints come and go, the primary dies, the secondary goes
/// on, gets a secondary of its own, and so on. The client must never notice.
/// </summary>
public sealed class TakeoverTests
{
    private sealed class World : IComparerOutput
    {
        private readonly Random _random;
        private readonly MiniTcp _client;
        private readonly double _loss;
        private readonly Queue<(long At, byte[] Frame)> _toClient = new(), _toGuest = new();
        private readonly List<(ulong Index, byte[] Frame)> _replay = [];
        private readonly Queue<Action> _secondaryInput = new();
        private readonly Queue<(long At, Action Do)> _link = new();

        private MiniTcp _primary;
        private MiniTcp? _secondary, _taken;
        private byte[] _takenTable = [];
        private SequenceRewriter _primaryRewriter = new(live: true);
        private SequenceRewriter _secondaryRewriter = new(live: false);
        private OutputComparer _comparer;
        private ulong _epoch, _index;
        private bool _pending;
        private long _commitAt;
        private long _ms = 1000;
        private bool _wanted;

        public World(int seed, bool guestOpens)
        {
            _random = new Random(seed);
            _loss = _random.Next(3) * 0.02;
            _client = new MiniTcp(false, active: !guestOpens, echo: false, 80, 4000, _random.Next());
            _primary = new MiniTcp(true, active: guestOpens, echo: true, 80, 4000, _random.Next());
            _comparer = new OutputComparer(new ComparerOptions(), this);
        }

        public int Takeovers { get; private set; }
        public int Divergences { get; private set; }
        public MiniTcp Client => _client;
        private long Now => _ms * 1_000_000;

        void IComparerOutput.Release(ReadOnlySpan<byte> frame) => ToWire(frame.ToArray());
        void IComparerOutput.RequestCheckpoint(CheckpointReason reason)
        {
            _wanted = true;
            if (reason == CheckpointReason.Divergence)
                Divergences++;
        }

        public void Run(byte[] data, string name)
        {
            _client.Feed(data);
            _client.Close();
            int protectAt = _random.Next(2) == 0 ? 1000 : 1000 + _random.Next(300);
            // Often within the handshake.
            long killAt = 1000 + _random.Next(_random.Next(2) == 0 ? 30 : 900);
            int kills = 3;
            bool paired = false;
            for (; _ms < 120_000 && !_client.Done; _ms++)
            {
                if (!paired && _ms >= protectAt)
                {
                    _comparer.SetProtected(true);
                    paired = true;
                    TakeCheckpoint();
                }
                if (_wanted && !_pending && paired || (_secondary != null && !_pending && _random.Next(200) == 0))
                    TakeCheckpoint();
                if (_pending && _ms >= _commitAt)
                    Commit();
                Step();
                if (kills > 0 && _ms >= killAt && _secondary != null)
                {
                    Kill();
                    kills--;
                    paired = false;
                    protectAt = (int)_ms + _random.Next(200);
                    killAt = _ms + 300 + _random.Next(1500);
                }
                Assert.False(_client.Reset, $"{name}: connection reset at {_ms}");
            }
            Assert.True(_client.Done, $"{name}: not finished: client {_client.State}; primary {_primary.State}; secondary {_secondary?.State}; held {_comparer.Statistics.Held}");
            Assert.True(_client.Received.SequenceEqual(data.Select(b => (byte)(b ^ 0x5a))), $"{name}: echo differs");
            Assert.True(_client.PawsDrops == 0, $"{name}: {_client.PawsDrops} segments were too old for the client");
            _comparer.Dispose();
        }

        private void Step()
        {
            while (_link.Count > 0 && _link.Peek().At <= _ms)
                _link.Dequeue().Do();
            while (_toClient.Count > 0 && _toClient.Peek().At <= _ms)
                _client.Input(_toClient.Dequeue().Frame, _ms);
            while (_toGuest.Count > 0 && _toGuest.Peek().At <= _ms)
                Inbound(_toGuest.Dequeue().Frame);
            _client.Tick(_ms);
            while (_client.Output.TryDequeue(out byte[]? frame))
            {
                if (_random.NextDouble() >= _loss)
                    _toGuest.Enqueue((_ms + 1, frame));
            }
            _primary.Tick(_ms);
            while (_primary.Output.TryDequeue(out byte[]? frame))
            {
                RewriteResult result = _primaryRewriter.FromGuest(frame, Now);
                if (result.Action == RewriteAction.Withhold)
                    continue;
                if (result.IsSyn)
                    ToSecondary(() => _secondaryRewriter.LearnWireIsn(result.Flow, result.WireIsn, result.WireTimestamp, result.HasTimestamp, Now));
                Assert.True(_comparer.FromPrimary(frame, Now));
            }
            if (_secondary != null && _random.Next(4) != 0)
            {
                while (_secondaryInput.TryDequeue(out Action? action))
                    action();
                _secondary.Tick(_ms);
                SecondaryOutput();
            }
            _comparer.OnTimer(Now);
        }

        /// <summary>The ordered stream to the secondary; during a checkpoint it waits for the new epoch.</summary>
        private void ToSecondary(Action action)
        {
            if (_secondary != null || _pending)
                (_pending ? _afterCommit : _secondaryInput).Enqueue(action);
        }

        private readonly Queue<Action> _afterCommit = new();

        private void Inbound(byte[] frame)
        {
            _comparer.FromClient(frame, Now);
            byte[] mine = [.. frame];
            byte[] other = [.. frame];
            _primaryRewriter.ToGuest(mine, Now);
            _primary.Input(mine, _ms);
            ToSecondary(() =>
            {
                _secondaryRewriter.ToGuest(other, Now);
                _secondary!.Input(other, _ms);
            });
        }

        private void SecondaryOutput()
        {
            while (_secondary!.Output.TryDequeue(out byte[]? frame))
            {
                RewriteResult result = _secondaryRewriter.FromGuest(frame, Now);
                if (result.Action == RewriteAction.Withhold)
                    continue;
                ulong epoch = _secondaryEpoch, index = ++_index;
                _replay.Add((index, frame));
                SecondaryFrameFlags flags = result.Action == RewriteAction.SendPending ? SecondaryFrameFlags.SequencePending : 0;
                OutputComparer comparer = _comparer;
                _link.Enqueue((_ms + _random.Next(2), () => comparer.FromSecondary(epoch, index, flags, frame, Now)));
            }
        }

        private ulong _secondaryEpoch;

        private void TakeCheckpoint()
        {
            _wanted = false;
            _pending = true;
            _taken = _primary.Clone(_random.Next());
            _taken.Reseed(_random.Next());
            _takenTable = new byte[_primaryRewriter.SaveSize];
            _primaryRewriter.Save(_takenTable);
            _comparer.CheckpointTaken(++_epoch, Now);
            _commitAt = _ms + _random.Next(10);
        }

        private void Commit()
        {
            _pending = false;
            _secondary = _taken;
            _secondaryInput.Clear();
            while (_afterCommit.TryDequeue(out Action? action))
                _secondaryInput.Enqueue(action);
            _secondaryRewriter.Load(_takenTable);
            _secondaryEpoch = _epoch;
            _index = 0;
            _replay.Clear();
            _comparer.CheckpointCommitted(_epoch, Now);
        }

        private void Kill()
        {
            Takeovers++;
            ulong confirmed = _comparer.ConfirmedIndex;
            // What was on the way to the dead primary: the secondary still has it.
            _link.Clear();
            if (_pending)
            {
                // The unfinished checkpoint is thrown away; its input is given to the secondary after all.
                _pending = false;
                while (_afterCommit.TryDequeue(out Action? action))
                    _secondaryInput.Enqueue(action);
            }
            while (_secondaryInput.TryDequeue(out Action? action))
                action();
            SecondaryOutput();
            _link.Clear();
            _comparer.Dispose();
            _secondaryRewriter.BecomeLive(Now);
            foreach ((ulong index, byte[] frame) in _replay)
            {
                if (index <= confirmed)
                    continue;
                _secondaryRewriter.PrepareReplay(frame);
                ToWire(frame);
            }
            _replay.Clear();
            _primary = _secondary!;
            _secondary = null;
            _primaryRewriter = _secondaryRewriter;
            _secondaryRewriter = new SequenceRewriter(live: false);
            _comparer = new OutputComparer(new ComparerOptions(), this);
            _epoch += 10;
        }

        private void ToWire(byte[] frame)
        {
            if (_random.NextDouble() >= _loss)
                _toClient.Enqueue((_ms + 1, frame));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Connections_survive_takeover_after_takeover(bool guestOpens)
    {
        int takeovers = 0, divergences = 0;
        for (int i = 0; i < 30; i++)
        {
            int seed = Random.Shared.Next();
            var data = new byte[new Random(seed).Next(1, 400_000)];
            new Random(seed + 1).NextBytes(data);
            var world = new World(seed, guestOpens);
            world.Run(data, $"seed {seed}, guest opens {guestOpens}");
            takeovers += world.Takeovers;
            divergences += world.Divergences;
        }
        Assert.True(takeovers > 10, $"{takeovers} takeovers");
    }
}
