using Colo.Monitor;

namespace Colo.Demo;

/// <summary>The story of <c>colo demo</c>.</summary>
public static class DemoCommand
{
    /// <summary>Runs the demonstration; returns the exit status.</summary>
    /// <param name="headless">True: the story runs by itself, checks itself and prints its figures.</param>
    /// <param name="duration">How long the load runs.</param>
    public static int Run(bool headless, TimeSpan duration)
    {
        Log.Error($"the demonstration ({(headless ? "headless, " : "")}{duration.TotalSeconds:0} s) is not built yet");
        return 1;
    }
}
