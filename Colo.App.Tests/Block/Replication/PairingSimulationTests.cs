using Colo.Block.Replication;
using Colo.Node;

namespace Colo.Tests.Block.Replication;

/// <summary>
/// Two nodes live through random histories: they pair, write, go alone, take over, lose power, leave. A model knows what is in
/// each image, and which events each image's content includes that somebody outside may have seen.
/// </summary>
public sealed class PairingSimulationTests
{
    [Fact]
    public void NoHistoryMakesTheRulesMissADifferenceOrLoseWhatWasSeen()
    {
        var seed = Environment.TickCount;
        var rules = new Dictionary<string, int>();
        for (var history = 0; history < 4000; history++)
        {
            var pair = new Pair(new Random(seed + history), rules);
            for (var step = 0; step < 400; step++)
            {
                pair.Step();
                if (pair.Wrong is { } wrong)
                    Assert.Fail($"seed {seed}, history {history}, step {step}: {wrong}\n{string.Join('\n', pair.Log)}");
            }
        }

        string[] started = ["tie", "lead", "follow", "conflict", "unshared", "cold"];
        Assert.All(started, rule => Assert.True(Pair.Starts.GetValueOrDefault(rule) > 30, $"seed {seed}: {rule} {Pair.Starts.GetValueOrDefault(rule)} times"));
        // The histories reach what can be reached by two nodes; the rest is for restored backups and third nodes.
        string[] reached = ["secondary-empty", "other-guest", "secondary-promoted", "same-data", "went-alone", "both-went-alone", "secondary-old"];
        Assert.All(reached, rule => Assert.True(rules.GetValueOrDefault(rule) > 30, $"seed {seed}: {rule} {rules.GetValueOrDefault(rule)} times"));
    }

    private const int Extents = 10;

    private enum Life
    {
        Down,
        Alone,
        Paired,
    }

    private enum Phase
    {
        Agreed,
        Merged,
        Copying,
        Offered,
        Taken,
        Protected,
    }

    private sealed class Node(string name)
    {
        public string Name => name;

        public NodeData Record { get; set; } = NodeData.New;

        /// <summary>Marks, durable always; they are cleared durably at once, which is the worst case.</summary>
        public HashSet<int> Marks { get; } = [];

        public int[] Durable { get; } = new int[Extents];

        public Dictionary<int, int> Unsynced { get; } = [];

        /// <summary>The file that a decided replay names.</summary>
        public Dictionary<int, int> Replay { get; set; } = [];

        /// <summary>Events that this node's data includes and that may have been seen.</summary>
        public HashSet<int> Seen { get; set; } = [];

        public Life Life { get; set; }

        public int this[int extent] => Unsynced.GetValueOrDefault(extent, Durable[extent]);

        public void Sync()
        {
            foreach (var (extent, value) in Unsynced)
                Durable[extent] = value;
            Unsynced.Clear();
        }

        public void LosePower(Random random)
        {
            foreach (var (extent, value) in Unsynced)
                Durable[extent] = random.Next(2) == 0 ? value : Durable[extent];
            Unsynced.Clear();
        }

        public void Resolve()
        {
            if (Record.State != DataState.Replay)
                return;
            foreach (var (extent, value) in Replay)
                Unsynced[extent] = value;
            Sync();
            Record = Record.Replayed();
        }
    }

    private sealed class Pair(Random random, Dictionary<string, int> rules)
    {
        private readonly Node[] _nodes = [new("a"), new("b")];
        private int _number;
        private Node? _primary;
        private Node? _secondary;
        private Phase _phase;
        private bool _beside;
        private Dictionary<int, int> _journal = [];
        private SyncKind _kind;
        private List<int> _toCopy = [];
        private List<(int Extent, int Value)> _held = [];
        private List<int> _unseen = [];
        private readonly Dictionary<int, int> _log = [];
        private bool _people;

        /// <summary>How often each rule of <see cref="StartRules"/> was the one.</summary>
        public static Dictionary<string, int> Starts { get; } = [];

        public string? Wrong { get; private set; }

        public List<string> Log { get; } = [];

        public void Step()
        {
            var node = _nodes[random.Next(2)];
            var other = node == _nodes[0] ? _nodes[1] : _nodes[0];
            if (node.Life == Life.Down)
                StepDown(node, other);
            else if (node.Life == Life.Alone)
                StepAlone(node, other);
            else
                StepPaired();
        }

        private void StepDown(Node node, Node other)
        {
            if (other.Life == Life.Down)
                StartByThemselves(node, other);
            node.Resolve();
            switch (random.Next(20))
            {
                // A second guest on the other node is people's doing.
                case 0 when node.Record.State == DataState.Empty && (other.Record.State == DataState.Empty || random.Next(8) == 0):
                    _people |= other.Record.State != DataState.Empty;
                    Say(node, "becomes the first", node.Record.BecomeFirst(NewId(), NewId()));
                    Speak(node);
                    break;
                case 1 or 2 when node.Record.State == DataState.Current:
                    // Told to be the primary although the other one may have the guest.
                    _people |= !StartRules.IsUnshared(node.Record);
                    Say(node, "starts alone", node.Record.GoAlone(NewId()));
                    Speak(node);
                    break;
                case < 6 when node.Record.State == DataState.Current && other.Life == Life.Down:
                    Meet(node, other);
                    break;
                case 6 when node.Record.State == DataState.Copy && random.Next(3) == 0:
                    _people = true;
                    Say(node, "is made the primary", node.Record.TakeOver(NewId()));
                    Speak(node);
                    break;
                case 7 when random.Next(30) == 0:
                    GiveUp(node);
                    break;
                case 8:
                    node.LosePower(random);
                    break;
            }
        }

        /// <summary>Both nodes are down: what would they do if both were started with --role auto, or only one of them?</summary>
        private void StartByThemselves(Node node, Node other)
        {
            var a = node == _nodes[0];
            var mine = StartRules.Decide(a, node.Record, new PeerView("undecided", "waiting", other.Record));
            var theirs = StartRules.Decide(!a, other.Record, new PeerView("undecided", "waiting", node.Record));
            var alone = StartRules.Decide(a, node.Record, new PeerView(null, "", null));
            Starts[mine.Rule] = Starts.GetValueOrDefault(mine.Rule) + 1;
            Starts[alone.Rule] = Starts.GetValueOrDefault(alone.Rule) + 1;
            var (leads, follows) = (mine.Decision == StartDecision.Lead, mine.Decision == StartDecision.Follow);
            if ((leads, follows) != (theirs.Decision == StartDecision.Follow, theirs.Decision == StartDecision.Lead) ||
                (mine.Decision == StartDecision.Refuse) != (theirs.Decision == StartDecision.Refuse))
                Wrong = $"{node.Name} decides {mine.Decision}, {other.Name} {theirs.Decision}";
            var (leader, follower) = leads ? (node, other) : (other, node);
            if (leads || follows)
                Loses(leader, follower, $"{leader.Name} leads ({mine.Rule})");
            // Without people's doing there is always one who can.
            else if (!_people)
                Wrong = $"nobody leads, and nobody gave anything up: {mine.Text}";
            if (alone.Decision == StartDecision.Lead && !_people)
                Loses(node, other, $"{node.Name} leads without having heard of {other.Name}");
        }

        private void Loses(Node leader, Node follower, string what)
        {
            var holds = follower.Record.State is not (DataState.Empty or DataState.Partial);
            if (holds && !follower.Seen.IsSubsetOf(leader.Seen))
                Wrong = $"{what}, and what {follower.Name} has shown to the world is lost";
        }

        private void StepAlone(Node node, Node other)
        {
            switch (random.Next(14))
            {
                case < 6:
                    Write(node, node.Seen);
                    break;
                case 6:
                    node.Sync();
                    break;
                case 7:
                    Fall(node);
                    break;
                case < 13 when other.Life == Life.Down:
                    Meet(node, other);
                    break;
            }
        }

        private void StepPaired()
        {
            switch (random.Next(50))
            {
                case < 10:
                    WritePaired();
                    break;
                case < 30 when _phase != Phase.Protected:
                    Advance();
                    break;
                case < 16:
                    _log[random.Next(Extents)] = Number();
                    break;
                case < 24:
                    Commit();
                    break;
                case < 30:
                    Forget();
                    break;
                case < 36:
                    _nodes[random.Next(2)].Sync();
                    break;
                case 40:
                    PrimaryFalls();
                    break;
                case 41:
                    Lost(fall: true);
                    break;
                case 42:
                    Lost(fall: false);
                    break;
            }
        }

        private void Meet(Node primary, Node secondary)
        {
            secondary.Resolve();
            var decision = PairingRules.Judge(primary.Record, secondary.Record);
            rules[decision.Rule] = rules.GetValueOrDefault(decision.Rule) + 1;
            Log.Add($"{secondary.Name} {secondary.Record.State} meets {primary.Name}: {decision.Rule}");
            var holds = secondary.Record.State is not (DataState.Empty or DataState.Partial);
            var loses = holds && !secondary.Seen.IsSubsetOf(primary.Seen);
            if (loses != (decision.Kind == SyncKind.Refuse))
            {
                Wrong = $"{decision}; the secondary {(loses ? "has what the primary lacks" : "has nothing that the primary lacks")}";
                return;
            }

            if (decision.Kind == SyncKind.Refuse)
            {
                if (random.Next(2) == 0)
                    GiveUp(secondary);
                else if (random.Next(2) == 0)
                    GiveUp(primary);
                return;
            }

            if (decision.Kind == SyncKind.Changed)
            {
                for (var extent = 0; extent < Extents; extent++)
                {
                    if (primary[extent] != secondary[extent] && !primary.Marks.Contains(extent) && !secondary.Marks.Contains(extent))
                        Wrong = $"{decision}; extent {extent} differs and nobody has marked it";
                }
            }

            if (primary.Life == Life.Down)
            {
                // It judged before it spoke; the guest runs from now on, unprotected while the images are copied.
                Say(primary, "starts with its peer", primary.Record.GoAlone(NewId()));
                Speak(primary);
            }

            (_primary, _secondary, _phase) = (primary, secondary, Phase.Agreed);
            primary.Life = secondary.Life = Life.Paired;
            _kind = decision.Kind;
            _toCopy = decision.Kind == SyncKind.Everything ? [.. Enumerable.Range(0, Extents)] : [];
            (_journal, _held, _unseen) = ([], [], []);
            _log.Clear();
        }

        /// <summary>The next step of a pairing; whatever else happens may happen between any two.</summary>
        private void Advance()
        {
            var (p, s) = (_primary!, _secondary!);
            switch (_phase)
            {
                case Phase.Agreed:
                    p.Marks.UnionWith(s.Marks);
                    _phase = Phase.Merged;
                    break;
                case Phase.Merged:
                    Say(s, "accepts", s.Record.Accept(_kind));
                    _beside = s.Record.State == DataState.Copy;
                    if (_toCopy.Count == 0)
                        _toCopy = [.. p.Marks];
                    _phase = Phase.Copying;
                    break;
                case Phase.Copying when _toCopy.Count != 0:
                    var at = random.Next(_toCopy.Count);
                    Send(_toCopy[at], p[_toCopy[at]]);
                    _toCopy.RemoveAt(at);
                    break;
                case Phase.Copying:
                    Say(p, "offers", p.Record.Offer());
                    _phase = Phase.Offered;
                    break;
                case Phase.Offered:
                    if (!_beside)
                        s.Sync();
                    s.Replay = new Dictionary<int, int>(_journal);
                    Say(s, "takes it", s.Record.Synced(p.Record, _beside ? new ReplayTarget(ReplayKind.Journal, NewId(), 0, DataState.Copy) : default));
                    s.Seen = [.. p.Seen];
                    _phase = Phase.Taken;
                    break;
                case Phase.Taken:
                    s.Resolve();
                    if (s.Record.State == DataState.Copy)
                        Say(s, "follows", s.Record with { State = DataState.Mirror });
                    if (random.Next(2) == 0)
                        s.Marks.Clear();
                    Say(p, "is protected", p.Record.Protect());
                    _phase = Phase.Protected;
                    break;
            }
        }

        private void Send(int extent, int value) => (_beside ? _journal : _secondary!.Unsynced)[extent] = value;

        private void WritePaired()
        {
            var p = _primary!;
            if (_phase < Phase.Offered)
            {
                var (extent, value) = Write(p, p.Seen);
                if (_phase == Phase.Copying)
                    Send(extent, value);
                return;
            }

            // What comes after the first commit's stop waits for a commit to be seen.
            var held = new HashSet<int>();
            _held.Add(Write(p, held));
            _unseen.AddRange(held);
        }

        private (int Extent, int Value) Write(Node node, HashSet<int> seen)
        {
            var extent = random.Next(Extents);
            var value = Number();
            node.Marks.Add(extent);
            node.Unsynced[extent] = value;
            seen.Add(value);
            return (extent, value);
        }

        private void Commit()
        {
            if (_phase != Phase.Protected)
                return;
            foreach (var (extent, value) in _held)
                _secondary!.Unsynced[extent] = value;
            _held.Clear();
            _log.Clear();
            _primary!.Seen.UnionWith(_unseen);
            _secondary!.Seen.UnionWith(_unseen);
            _unseen.Clear();
        }

        private void Forget()
        {
            if (_phase == Phase.Protected)
            {
                _primary!.Marks.RemoveWhere(extent =>
                    !_primary.Unsynced.ContainsKey(extent) && !_secondary!.Unsynced.ContainsKey(extent) && !_held.Any(write => write.Extent == extent));
            }
        }

        /// <summary>The primary loses its peer, or the way to it.</summary>
        private void Lost(bool fall)
        {
            var (p, s, phase) = (_primary!, _secondary!, _phase);
            p.Seen.UnionWith(_unseen);
            Say(p, "goes on alone", p.Record.GoAlone(NewId()));
            Speak(p);
            if (fall)
                Fall(s);
            else if (random.Next(3) == 0)
            {
                // Both go on: only by force.
                _people |= phase >= Phase.Taken;
                TakeOver(s, phase);
            }
            else
                Leave(s);
        }

        private void PrimaryFalls()
        {
            var (s, phase) = (_secondary!, _phase);
            Fall(_primary!);
            if (random.Next(3) != 0)
                TakeOver(s, phase);
            else if (random.Next(2) == 0)
                Fall(s);
            else
                Leave(s);
        }

        private void TakeOver(Node node, Phase phase)
        {
            if (phase < Phase.Taken)
            {
                Leave(node);
                return;
            }

            node.Resolve();
            node.Sync();
            node.Marks.UnionWith(_log.Keys);
            node.Replay = new Dictionary<int, int>(_log);
            Say(node, "takes over", node.Record.TakeOver(NewId(), _log.Count == 0 ? default : new ReplayTarget(ReplayKind.Log, NewId(), 1, DataState.Current)));
            Speak(node);
            foreach (var (extent, value) in node.Replay)
            {
                if (random.Next(8) == 0)
                {
                    Fall(node);
                    return;
                }

                node.Unsynced[extent] = value;
            }

            node.Resolve();
        }

        private void Leave(Node node)
        {
            node.Sync();
            node.Life = Life.Down;
            if (node.Record.State == DataState.Mirror)
                Say(node, "leaves", node.Record.Leave());
        }

        /// <summary>The process is killed, and what the kernel still holds may be lost later; or the host loses power.</summary>
        private void Fall(Node node)
        {
            node.Life = Life.Down;
            var power = random.Next(2) == 0;
            Log.Add($"{node.Name} {(power ? "loses power" : "is killed")}");
            if (power)
                node.LosePower(random);
        }

        private void GiveUp(Node node)
        {
            _people = true;
            node.Sync();
            node.Life = Life.Down;
            node.Marks.Clear();
            node.Seen = [];
            Say(node, "is given up", NodeData.New);
        }

        private void Speak(Node node)
        {
            node.Seen.Add(Number());
            node.Life = Life.Alone;
        }

        private void Say(Node node, string what, NodeData record)
        {
            node.Record = record;
            Log.Add($"{node.Name} {what}: {record.State} g{record.Generation} data {Short(record.Data)} parent {Short(record.Parent)} {(record.PeerOutdated ? "peer outdated" : "")}");
            if (!record.IsSound)
                Wrong = $"{record} is no state of a node";
        }

        private static int Short(Guid id) => BitConverter.ToInt32(id.ToByteArray());

        private int Number() => ++_number;

        private Guid NewId() => RecordFixture.Id(Number());
    }
}
