using Colo.Configuration;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>Runs one node in the foreground.</summary>
public static class NodeRunner
{
    /// <summary>Runs the node until the guest powers off or the node is stopped; returns the exit status.</summary>
    public static int Run(RunOptions options, ColoConfiguration config)
    {
        Log.Error($"{config.Vm.Name}: running as {options.Role} is not built yet");
        return 1;
    }
}
