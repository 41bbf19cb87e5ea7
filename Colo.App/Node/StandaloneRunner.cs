using System.Runtime.InteropServices;
using Colo.Configuration;
using Colo.Linux;
using Colo.Machine;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>One guest with no peer: <c>colo run --role standalone</c>, also from a snapshot.</summary>
internal sealed class StandaloneRunner : INicPath, INodeControl
{
    private readonly ColoConfiguration _configuration;
    private readonly EventLoop _loop;
    private readonly GuestVm _vm;
    private readonly NodeLife _life;
    private readonly EventLog _events;
    private readonly PowerDown _powerDown;
    private readonly DateTimeOffset _since = DateTimeOffset.UtcNow;
    private int _exitCode;
    private bool _ended;
    private Attention? _attention;

    private StandaloneRunner(ColoConfiguration configuration, EventLoop loop, GuestVm vm, NodeLife life)
    {
        _life = life;
        life.TypeInto(loop, () => _ended ? null : vm.Machine.Serial);
        _configuration = configuration;
        _loop = loop;
        _vm = vm;
        _events = new EventLog(configuration.Vm.Name);
        _powerDown = new PowerDown(vm, _events, configuration.Vm.StopTimeout, () => End(0));
    }

    internal static int Run(ColoConfiguration configuration, string? restore, NodeLife life)
    {
        using var loop = new EventLoop();
        LostImages.CheckLeader(configuration);
        PairImages.Replay(configuration, what => new EventLog(configuration.Vm.Name).Info($"{what} to the images"), life.Service.Progress);
        PairImages.Leave(configuration);
        using var vm = VmBuilder.Build(configuration, loop, VmBuilder.Purpose.Standalone, life.OnSerial);
        if (restore is not null)
        {
            vm.Freeze();
            SnapshotFile.Restore(vm, restore);
            vm.FlushStalePages();
            vm.Thaw();
        }

        var runner = new StandaloneRunner(configuration, loop, vm, life);
        using var control = ControlServer.Start(configuration.Monitor.Socket, runner);
        using var metrics = configuration.Monitor.Metrics is { } address ? MetricsServer.Start(address, runner) : null;
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, runner.Terminate);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, runner.Terminate);
        vm.Machine.OnEvent = runner.OnMachineEvent;
        vm.SetPath(runner);
        runner._events.Info($"running{(restore is null ? "" : $" from {restore}")}");
        vm.Machine.Start();
        life.Service.Status("running");
        life.Service.Ready(loop);
        loop.Run();
        runner._powerDown.Dispose();
        return runner._exitCode;
    }

    /// <inheritdoc/>
    public bool FromGuest(GuestNic nic, Span<byte> frame)
    {
        // A snapshot of a survivor carries offsets of its connections.
        var result = nic.Rewriter.FromGuest(frame, MonotonicClock.Now);
        if (result.Action != Proxy.RewriteAction.Withhold)
            nic.Backend.Send(frame);
        return true;
    }

    /// <inheritdoc/>
    public bool FromWire(GuestNic nic, ReadOnlySpan<byte> frame) =>
        !nic.Device.Active || nic.Deliver(frame, MonotonicClock.Now);

    /// <inheritdoc/>
    public void ReceiveReady(GuestNic nic)
    {
    }

    /// <inheritdoc/>
    public NodeStatus GetStatus()
    {
        NodeStatus? status = null;
        _loop.Invoke(() => status = new NodeStatus
        {
            Vm = _configuration.Vm.Name,
            Version = StatusParts.Version,
            Role = "standalone",
            State = _ended ? "stopped" : "running",
            Since = _since,
            UptimeS = (MonotonicClock.Now - _life.Started) / 1_000_000_000,
            Pid = Environment.ProcessId,
            Attention = _attention,
            Disk = StatusParts.Disks(_vm),
            Nic = StatusParts.Nics(_vm, speaks: true),
            Guests = StatusParts.Guests(_vm, _ended ? "stopped" : "running", "none"),
        });
        return status!;
    }

    /// <inheritdoc/>
    public ControlResult Failover(bool force) => ControlResult.Refused("a standalone guest has no other node");

    /// <inheritdoc/>
    public ControlResult Stop()
    {
        _loop.Post(() => Shutdown(insist: true));
        return ControlResult.Done;
    }

    /// <inheritdoc/>
    public ControlResult Save(string path)
    {
        ControlResult? result = null;
        using var done = new ManualResetEventSlim();
        _loop.Invoke(() => SnapshotFile.SaveFrom(_vm, path, _configuration.Vm.Name, saved =>
        {
            result = saved;
            done.Set();
        }));
        done.Wait();
        return result!;
    }

    /// <inheritdoc/>
    public IReadOnlyList<FlowStatus> GetFlows(int most) => [];

    /// <inheritdoc/>
    public GuestConsole Console => _life.Console;

    private void Terminate(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _loop.Post(() => Shutdown(insist: false));
    }

    private void Shutdown(bool insist)
    {
        if (!_ended)
            _powerDown.Request(insist);
    }

    private void OnMachineEvent(MachineEvent what, string text)
    {
        switch (what)
        {
            case MachineEvent.Reset or MachineEvent.TripleFault or MachineEvent.Panic:
                GuestCrash.Handle(
                    _configuration.Vm.OnCrash, what, text, _vm, _events,
                    end: () => End(0), keep: () => _attention = Attentions.GuestKept(text), restarted: static () => { });
                break;
            case MachineEvent.PowerOff:
                _events.Info($"guest powered off {text}");
                End(0);
                break;
            default:
                _events.Error($"the machine failed: {text}");
                End(1);
                break;
        }
    }

    private void End(int code)
    {
        if (_ended)
            return;
        _ended = true;
        _exitCode = code;
        _life.Service.Stopping();
        // What the guest has written is in the image before the node ends.
        _vm.StopAndQuiesce(_loop.Stop);
    }
}
