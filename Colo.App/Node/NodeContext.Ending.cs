using Colo.Linux;
using Colo.Monitor;
using Colo.Protection;

namespace Colo.Node;

/// <content>How a node runs, is told to end, hands over and ends.</content>
internal sealed partial class NodeContext
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan NotifyEndLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan DiskEndLimit = TimeSpan.FromSeconds(30);
    private int _exitCode;
    private bool _exiting;
    // SIGTERM came while the guest was between the two nodes, or it was not known whose it is: what comes of that ends this node.
    private bool _terminated;

    /// <summary>Runs until the node ends.</summary>
    /// <returns>The exit status.</returns>
    internal int Run()
    {
        try
        {
            Loop.Run();
        }
        catch (Exception e) when (Primary is { State: PrimaryState.Protected })
        {
            // Not through Dispose, which takes leave in order: the secondary has a guest that goes on.
            Events.Error(e.ToString());
            Exit(1, orderly: false);
        }

        return _exitCode;
    }

    /// <summary>Ends the node.</summary>
    /// <param name="code">The exit status.</param>
    /// <param name="orderly">Whether nobody is to take this for a death.</param>
    internal void Exit(int code, bool orderly)
    {
        if (!orderly)
        {
            Events.Error("this node gives up; the other one is told by its keeper");
            System.Diagnostics.Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite);
        }

        Keeper?.SetFlags(KeeperPage.NodeFlags.Orderly);
        if (_exiting)
            return;
        _exiting = true;
        _exitCode = code;
        Secondary?.End();
        Takeovers.Failed("this node ends, and has not taken the guest over; see the log");
        if (!BecomeSecondary)
            Life.Service.Stopping();
        if (Vm is null)
        {
            // It never had a guest.
            EndLoop();
            return;
        }

        var end = Vm.Disks.Count > 0 ? DiskEndLimit : EndLimit;
        // vCPUs first: one that waits for the loop would wait for ever.
        LoopTimer limit = null!;
        limit = Loop.AddTimer(() =>
        {
            if (Vm.Saving)
                limit.SetAfter(end);
            else
                EndLoop();
        });
        limit.SetAfter(end);
        // What the guest has written is in the images before the node ends; a secondary's are whole as of its checkpoint.
        Vm.StopAndQuiesce(() =>
        {
            if (Secondary?.Disks is { } disks)
                disks.Leave(EndLoop);
            else
                EndLoop();
        },
        atRest: () => Secondary?.Disks?.EndGuest());
    }

    /// <summary>The last thing: the operator's command hears of the end, too, if it is quick.</summary>
    private void EndLoop()
    {
        if (_notifier is null)
        {
            Loop.Stop();
            return;
        }

        var limit = Loop.AddTimer(Loop.Stop);
        limit.SetAfter(NotifyEndLimit);
        _notifier.Finish(Loop.Stop);
    }

    /// <summary>SIGTERM or SIGINT: a protected primary hands over, an unprotected one powers the guest off, a secondary leaves.</summary>
    internal void OnTerminate()
    {
        if (BecomeSecondary)
        {
            Events.Info("stopped: the other node speaks as the guest");
            BecomeSecondary = false;
            Life.Service.Stopping();
        }
        else if (Secondary is { } secondary)
        {
            _terminated = true;
            Events.Info(secondary.Terminate()
                ? "stopped: leaving the pair"
                : "stopped: this node ends as soon as it is known whether the guest is its own");
        }
        else if (Primary is { } primary)
        {
            _terminated = primary.IsSwitching;
            if (_terminated)
            {
                BecomeSecondary = false;
                Events.Info("stopped: the guest is being handed over to the other node, and this one ends with that");
                return;
            }

            if (primary.State == PrimaryState.Stopped)
            {
                Events.Info("stopped: the guest has ended, and this node ends as soon as the other one has said that it knows");
                return;
            }

            if (primary.TrySwitchover(done => Switched(done, again: false)))
            {
                Events.Info("stopped: the guest is handed over to the other node");
                return;
            }

            Events.Info("stopped: unprotected, so the guest is powered off");
            primary.StopGuest(insist: false);
        }
        else
        {
            Exit(0, orderly: true);
        }
    }

    /// <summary>It may be known now that a secondary that was told to end is not the node that goes on.</summary>
    internal void TerminateAgain()
    {
        // Not from within what has told it.
        if (_terminated)
            Loop.Post(() => Secondary?.Terminate());
    }

    /// <summary>A planned switchover has ended: the other node speaks, or the guest stayed here.</summary>
    internal void OnSwitchedOver(bool done) => Switched(done, again: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var probe in _probes)
            probe.Dispose();
        // This process may go on with another role: a keeper's word on a connection that nobody reads any more would be lost.
        foreach (var keeper in _keepers.ToArray())
            keeper.Dispose();
        Primary?.Dispose();
        Secondary?.Dispose();
        _notifier?.Dispose();
        _arbiterWatch?.Dispose();
        Permission?.Dispose();
        Undecided?.Dispose();
        _call?.Dispose();
        _inquiries?.Dispose();
        _listener?.Dispose();
        _acceptor?.Dispose();
        Keeper?.Dispose();
        Vm?.Dispose();
        History?.Dispose();
        Loop.Dispose();
    }

    private void Switched(bool done, bool again)
    {
        if (!done)
        {
            // Told to hand over, not to power off: that is for a second signal.
            if (_terminated || !again)
                Events.Error("the secondary was lost while it was given the guest: the guest stays and runs here, unprotected; a second SIGTERM powers it off");
            _terminated = false;
            return;
        }

        BecomeSecondary = again && !_terminated;
        var us = Primary?.SwitchoverNs / 1000;
        Life.Add(new FailoverEvent
        {
            At = DateTimeOffset.UtcNow,
            Reason = us is null ? "the other node had taken the guest over" : "planned switchover",
            DurationUs = us,
        });
        Keeper?.SetFlags(KeeperPage.NodeFlags.Orderly);
        // Not from within the role that tells it.
        Loop.AddTimer(() => Exit(0, orderly: true)).SetAfter(TimeSpan.FromMilliseconds(1));
    }
}
