using Colo.Configuration;
using Colo.Machine;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>What is done with a guest that has asked for a reset or crashed: [vm] on-crash.</summary>
internal static class GuestCrash
{
    /// <summary>Logs what happened and what is done.</summary>
    /// <param name="policy">What is to be done.</param>
    /// <param name="what">A reset, a triple fault or a panic.</param>
    /// <param name="text">What the machine said of it.</param>
    /// <returns><paramref name="policy"/>.</returns>
    internal static CrashPolicy Decide(CrashPolicy policy, MachineEvent what, string text)
    {
        var happened = what switch
        {
            MachineEvent.Reset => "asked for a reset",
            MachineEvent.TripleFault => $"ended in a triple fault ({text})",
            _ => $"crashed ({text})",
        };
        Log.Warning($"guest {happened}; {policy switch
        {
            CrashPolicy.Stop => "it ends ([vm] on-crash = stop)",
            CrashPolicy.Keep => "it is kept as it is ([vm] on-crash = keep): colo save writes it to a file, colo stop ends it",
            _ => "it starts anew",
        }}");
        return policy;
    }
}
