using Colo.Demo;
using Colo.Linux;
using Colo.Soak.Faults;

namespace Colo.Soak;

/// <summary>How each fault is made. At the end of each the machine is as it was, and both nodes run, or are about to end because of it.</summary>
internal sealed partial class Campaign
{
    private static readonly TimeSpan FillStep = TimeSpan.FromMilliseconds(50);

    private void Inflict(PlannedFault fault)
    {
        switch (fault.Kind)
        {
            case FaultKind.KillPrimary:
            case FaultKind.KillPrimaryAndKeeper:
                KillPrimary(fault);
                break;
            case FaultKind.KillSecondary:
                _pair.Kill(Secondary, _settings.TakeoverLimit);
                Return(Secondary, fault);
                break;
            case FaultKind.FreezePrimary:
                Freeze(Primary, fault.Length);
                break;
            case FaultKind.FreezeSecondary:
                Freeze(Secondary, fault.Length);
                break;
            case FaultKind.LinkDown:
            case FaultKind.LinkBlip:
                CutLink(fault.Length);
                break;
            case FaultKind.HalfOpen:
                HalfOpen(_pair.Pair.Network.Host(fault.FromPrimary ? Secondary : Primary), fault.Length);
                break;
            case FaultKind.SlowLink:
                SlowLink(fault);
                break;
            case FaultKind.FullDisk:
                FillDisk(fault);
                break;
            case FaultKind.PowerLoss:
                LosePower(fault.Length);
                break;
            case FaultKind.SwitchOver:
                SwitchOver();
                break;
            case FaultKind.StopPrimary:
                var former = Primary;
                _pair.Terminate(former, _settings.ProtectLimit);
                _pair.WaitPrimary(DemoPair.Other(former), _settings.TakeoverLimit);
                Return(former, fault);
                break;
            case FaultKind.StopSecondary:
                _pair.Terminate(Secondary, _settings.ProtectLimit);
                Return(Secondary, fault);
                break;
            case FaultKind.ArbiterAway:
                WithoutArbiter(() => _pair.Pair.Pause(fault.Length));
                break;
            case FaultKind.ArbiterAwayKillPrimary:
                WithoutArbiter(() => KillPrimary(fault));
                break;
            case FaultKind.ArbiterAwayLinkDown:
                WithoutArbiter(() => CutLink(fault.Length));
                break;
            case FaultKind.KillBoth:
                KillBoth(fault);
                break;
            default:
                throw new InvalidOperationException($"nobody knows how to make {fault.Kind}");
        }
    }

    private void KillPrimary(PlannedFault fault)
    {
        _pair.Kill(Primary, _settings.TakeoverLimit, keeperFirst: fault.Kind == FaultKind.KillPrimaryAndKeeper);
        // Its return could hide that nobody went on without it.
        _pair.WaitPrimary(Secondary, _settings.TakeoverLimit);
        Return(Primary, fault);
    }

    // A node that has died comes back, perhaps to die once more in the middle of it.
    private void Return(char node, PlannedFault fault)
    {
        _pair.Pair.Pause(fault.RestartAfter);
        _pair.Start(node);
        if (fault.KillAgainAfter is not { } again)
            return;
        _pair.Pair.Pause(again);
        _pair.Kill(node, _settings.TakeoverLimit);
        _pair.Pair.Pause(fault.RestartAfter);
        _pair.Start(node);
    }

    private void Freeze(char node, TimeSpan time)
    {
        _pair.Pair.Node(node).Signal(NativeDemo.SIGSTOP);
        _pair.Pair.Pause(time);
        _pair.Pair.Node(node).Signal(NativeDemo.SIGCONT);
    }

    private void CutLink(TimeSpan time)
    {
        DemoNetwork.SetLink(_pair.Pair.Network.HostA, up: false);
        _pair.Pair.Pause(time);
        DemoNetwork.SetLink(_pair.Pair.Network.HostA, up: true);
    }

    private void HalfOpen(NetworkNamespace deaf, TimeSpan time)
    {
        LinkFaults.Deafen(deaf);
        _pair.Pair.Pause(time);
        LinkFaults.Undeafen(deaf);
    }

    private void SlowLink(PlannedFault fault)
    {
        NetworkNamespace[] hosts = [_pair.Pair.Network.HostA, _pair.Pair.Network.HostB];
        foreach (var host in hosts)
            LinkFaults.Slow(host, fault.KilobitsPerSecond);
        _pair.Pair.Pause(fault.Length);
        foreach (var host in hosts)
            LinkFaults.Unslow(host);
    }

    private void FillDisk(PlannedFault fault)
    {
        var node = Secondary;
        _pair.MayFail = node;
        _pair.Disk(node).Fill();
        var end = MonotonicClock.Now + (fault.Length.Ticks * 100);
        while (!_pair.Pair.Node(node).HasExited && MonotonicClock.Now < end)
            _pair.Pair.Pause(FillStep);
        _pair.Disk(node).Free();
    }

    private void LosePower(TimeSpan time)
    {
        var node = Primary;
        DemoNetwork.SetLink(_pair.Pair.Network.HostA, up: false);
        _pair.Kill(node, _settings.TakeoverLimit, keeperFirst: true);
        _pair.Pair.Pause(time);
        DemoNetwork.SetLink(_pair.Pair.Network.HostA, up: true);
        _pair.Start(node);
    }

    private void SwitchOver()
    {
        if (_pair.Pair.HandOver(Primary, _settings.ProtectLimit) is { } refusal)
            _log.Violation("a protected primary does not hand the guest over: " + refusal);
    }

    private void WithoutArbiter(Action then)
    {
        _pair.Arbiter!.Freeze();
        then();
        _pair.Arbiter.Thaw();
    }

    private void KillBoth(PlannedFault fault)
    {
        var (first, second) = fault.FromPrimary ? (Primary, Secondary) : (Secondary, Primary);
        _pair.Kill(first, _settings.TakeoverLimit);
        _pair.Pair.Pause(fault.Between);
        _pair.Kill(second, _settings.TakeoverLimit);
        _clients.Abandon();
        _pair.Watch.AnnounceBoot();
        var (early, late) = fault.StartPrimaryFirst ? (Primary, Secondary) : (Secondary, Primary);
        _pair.Pair.Pause(fault.RestartAfter);
        _pair.Start(early);
        _pair.Pair.Pause(fault.StartBetween);
        _pair.Start(late);
    }
}
