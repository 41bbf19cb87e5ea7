using System.Runtime.InteropServices;
using Colo.Configuration;
using Colo.Link;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>Runs one node in the foreground: <c>colo run</c>.</summary>
public static class NodeRunner
{
    /// <summary>Runs until the guest powers off or the node is stopped.</summary>
    /// <returns>The exit status: 0 done, 1 failed, 2 configuration, 3 refused for safety.</returns>
    public static int Run(RunOptions options, ColoConfiguration config)
    {
        using var life = new NodeLife(Console.OpenStandardOutput());
        try
        {
            return options.Role == NodeRole.Standalone
                ? StandaloneRunner.Run(config, options.RestoreFile, life)
                : RunPair(options, config, life);
        }
        catch (SafetyException e)
        {
            Log.Error($"{config.Vm.Name}: {e.Message}");
            return 3;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or InvalidDataException)
        {
            Log.Error($"{config.Vm.Name}: {e.Message}");
            return 1;
        }
    }

    private static int RunPair(RunOptions options, ColoConfiguration config, NodeLife life)
    {
        var node = options.Node ?? OwnAddress.Find(config.Link);
        if (node is not { } own)
        {
            Log.Error($"{config.Link.NodeA} and {config.Link.NodeB}: exactly one of [link] node-a and node-b must be an address of this host; or say --node a or --node b");
            return 2;
        }

        var other = own == NodeId.A ? NodeId.B : NodeId.A;
        var key = LinkKey.Load(config.Link.KeyFile);
        var (ownAddress, peerAddress) = (OwnAddress.Resolve(config.Link.Address(own)!), OwnAddress.Resolve(config.Link.Address(other)!));
        // These are there for as long as the process, whatever becomes of roles: a switchover is no end of the node.
        var front = life.Front = new NodeFront(life, NodeControl.Starting(config, options.Role, peerAddress.ToString()));
        using var control = ControlServer.Start(config.Monitor.Socket, front);
        using var metrics = config.Monitor.Metrics is { } address ? MetricsServer.Start(address, front, () => front.Histograms) : null;
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Terminate);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Terminate);
        for (var (role, isFirst) = (options.Role, true); ; (role, isFirst) = (NodeRole.Secondary, false))
        {
            using var context = new NodeContext(config, own == NodeId.A ? LinkNode.A : LinkNode.B, ownAddress, peerAddress, key, life);
            if (role == NodeRole.Auto)
                context.StartUndecided();
            else if (role == NodeRole.Primary)
                context.StartPrimary();
            else
                context.StartSecondary();
            front.Enter(new NodeControl(context, config));
            // Who opens one again is told where it can be typed on now.
            if (!isFirst)
                control.CloseConsoles();
            life.Service.Ready(context.Loop);
            var status = context.Run();
            front.Leave();
            if (!context.BecomeSecondary || front.Unheard)
                return status;
        }

        void Terminate(PosixSignalContext signal)
        {
            signal.Cancel = true;
            front.Terminate();
        }
    }
}
