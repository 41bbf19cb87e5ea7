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
        bool becomeSecondary;
        int status;
        using (var context = new NodeContext(
            config, own == NodeId.A ? LinkNode.A : LinkNode.B, OwnAddress.Resolve(config.Link.Address(own)!), OwnAddress.Resolve(config.Link.Address(other)!), key, life))
        {
            var asked = new NodeControl(context, config);
            using var control = ControlServer.Start(config.Monitor.Socket, asked);
            using var metrics = config.Monitor.Metrics is { } address ? MetricsServer.Start(address, asked, context.Figures.Histograms) : null;
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Terminate(signal, context));
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Terminate(signal, context));
            if (options.Role == NodeRole.Auto)
                context.StartUndecided();
            else if (options.Role == NodeRole.Primary)
                context.StartPrimary();
            else
                context.StartSecondary();
            life.Service.Ready(context.Loop);
            status = context.Run();
            becomeSecondary = context.BecomeSecondary;
        }

        return becomeSecondary && !life.SignalWaits ? RunPair(options with { Role = NodeRole.Secondary }, config, life) : status;
    }

    private static void Terminate(PosixSignalContext signal, NodeContext context)
    {
        signal.Cancel = true;
        context.Life.SignalCame();
        context.Loop.Post(() =>
        {
            context.Life.SignalHeard();
            context.OnTerminate();
        });
    }
}
