using Colo.Linux;
using Colo.Monitor;
using Colo.Node;
using Colo.Tests.Devices;

namespace Colo.Tests.Node;

/// <summary>What asks a process that is a node, while its contexts come and go.</summary>
public sealed class NodeFrontTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-front-");
    private readonly NodeFront _front = new(new NodeLife(Stream.Null), new NodeStatus { Vm = "web1", Role = "primary", State = "starting" }, Patience);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_socket_stays_and_tells_the_last_state_that_was_true_until_the_next_context_answers()
    {
        var path = Path.Combine(_folder.FullName, "node.sock");
        using var control = ControlServer.Start(path, _front);
        string Told()
        {
            var status = ControlClient.ReadStatus(ControlClient.Send(path, new() { Command = "status" }, Patience))!;
            return $"{status.Role} {status.State}";
        }

        Assert.Equal("primary starting", Told());
        using (var first = new Context("primary", "protected"))
        {
            _front.Enter(first);
            Assert.Equal("primary protected", Told());
            first.State = "stopped";
            first.End();
            _front.Leave();
            Assert.Equal("primary stopped", Told());
        }

        Assert.Equal("primary stopped", Told());
        using var second = new Context("secondary", "waiting");
        _front.Enter(second);
        Assert.Equal("secondary waiting", Told());
        Assert.Same(second.Histograms, _front.Histograms);
    }

    [Fact]
    public void Nobody_who_asks_all_the_time_is_ever_without_an_answer()
    {
        using var over = new CancellationTokenSource();
        var askers = Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () =>
            {
                var asked = 0;
                for (; !over.IsCancellationRequested; asked++)
                    Assert.Contains(_front.GetStatus().State, (string[])["starting", "protected", "stopped"]);
                return asked;
            },
            TaskCreationOptions.LongRunning)).ToArray();
        for (var i = 0; i < 10; i++)
        {
            using var context = new Context("primary", "protected");
            _front.Enter(context);
            Thread.Sleep(5);
            context.State = "stopped";
            context.End();
            _front.Leave();
        }

        over.Cancel();
        Assert.All(askers, asker => Assert.True(asker.Result > 0));
    }

    [Fact]
    public void A_command_in_between_is_carried_out_by_the_next_context_and_once()
    {
        var first = new Context("primary", "protected");
        _front.Enter(first);
        first.End();
        _front.Leave();
        first.Dispose();
        var failover = Task.Run(() => _front.Failover(force: true));
        Assert.False(failover.Wait(100));
        using var second = new Context("secondary", "waiting");
        _front.Enter(second);
        Assert.True(failover.Wait(Patience));
        Assert.Equal("secondary, forced", failover.Result.Error);
        Assert.Equal((0, 1), (first.Commands, second.Commands));
    }

    [Fact]
    public void A_command_that_an_ending_loop_never_heard_goes_to_the_next_one()
    {
        var first = new Context("primary", "protected");
        _front.Enter(first);
        // The loop has ended, and its context is about to leave.
        first.End();
        var stop = Task.Run(_front.Stop);
        Thread.Sleep(50);
        _front.Leave();
        first.Dispose();
        using var second = new Context("secondary", "waiting");
        _front.Enter(second);
        Assert.True(stop.Wait(Patience));
        Assert.Equal((0, 1), (first.Commands, second.Commands));
    }

    [Fact]
    public void Without_a_next_context_a_command_is_refused_in_words()
    {
        var front = new NodeFront(new NodeLife(Stream.Null), new NodeStatus(), TimeSpan.FromMilliseconds(50));
        var result = front.Stop();
        Assert.Equal((false, 1), (result.Ok, result.Exit));
        Assert.Contains("try again", result.Error, StringComparison.Ordinal);
        Assert.Empty(front.GetFlows(10));
    }

    [Fact]
    public void What_keeps_the_loop_busy_is_shown_and_the_loop_is_not_waited_for()
    {
        using var context = new Context("secondary", "waiting");
        _front.Enter(context);
        using var entered = new ManualResetEventSlim();
        using var done = new ManualResetEventSlim();
        context.Loop.Post(() =>
        {
            _front.Busy(new Attention("a replay", "", "", DateTimeOffset.UnixEpoch));
            entered.Set();
            done.Wait(Patience);
            _front.Free();
        });
        Assert.True(entered.Wait(Patience));
        var asked = Task.Run(_front.GetStatus);
        Assert.True(asked.Wait(Patience));
        Assert.Equal(("waiting", "a replay"), (asked.Result.State, asked.Result.Attention?.What));
        // A signal meanwhile is heard when the loop goes on.
        _front.Terminate();
        Assert.Equal(0, context.Terminated);
        done.Set();
        Assert.True(SpinWait.SpinUntil(() => _front.GetStatus().Attention is null && context.Terminated == 1, Patience), "it goes on, and nobody sees it");
        Assert.False(_front.Unheard);
    }

    [Fact]
    public void A_signal_between_two_contexts_is_not_lost()
    {
        using (var first = new Context("primary", "protected"))
        {
            _front.Enter(first);
            _front.Terminate();
            Assert.Equal("protected", _front.GetStatus().State);
            Assert.Equal((1, false), (first.Terminated, _front.Unheard));
            first.End();
            // Told to a loop that runs nothing any more.
            _front.Terminate();
            _front.Leave();
            Assert.Equal(1, first.Terminated);
        }

        Assert.True(_front.Unheard);
        using var second = new Context("secondary", "waiting");
        _front.Enter(second);
        Assert.Equal("waiting", _front.GetStatus().State);
        Assert.Equal((1, false), (second.Terminated, _front.Unheard));
    }

    /// <summary>A context with a loop of its own that runs.</summary>
    private sealed class Context : IPairNode, IDisposable
    {
        private readonly LoopThread _thread = new(new EventLoop());
        private readonly string _role;

        internal Context(string role, string state) => (_role, State) = (role, state);

        internal string State { get; set; }

        internal int Terminated { get; private set; }

        internal int Commands { get; private set; }

        public EventLoop Loop => _thread.Loop;

        public CheckpointHistograms? Histograms { get; } = new();

        public GuestConsole Console => throw new NotSupportedException();

        public NodeStatus Snapshot() => new() { Role = _role, State = State };

        public void OnTerminate() => Terminated++;

        public NodeStatus GetStatus()
        {
            NodeStatus? status = null;
            Loop.Invoke(() => status = Snapshot());
            return status!;
        }

        public ControlResult Failover(bool force) => Command(force ? ", forced" : "");

        public ControlResult Stop() => Command("");

        public ControlResult Save(string path) => Command("");

        public IReadOnlyList<FlowStatus> GetFlows(int most) => [];

        /// <summary>Its loop runs no more.</summary>
        internal void End()
        {
            Loop.Stop();
            Assert.True(SpinWait.SpinUntil(() => Ended(), Patience));
        }

        public void Dispose() => _thread.Dispose();

        private bool Ended()
        {
            try
            {
                Loop.Invoke(() => { });
                return false;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }

        private ControlResult Command(string how)
        {
            Loop.Invoke(() => Commands++);
            return ControlResult.Failed(_role + how);
        }
    }
}
