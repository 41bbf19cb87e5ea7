using Colo.Configuration;
using Colo.Machine;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>What is done with a guest that has asked for a reset or crashed: [vm] on-crash.</summary>
internal static class GuestCrash
{
    /// <summary>Logs what happened and what is done, and does it. On the loop.</summary>
    /// <param name="policy">What is to be done.</param>
    /// <param name="what">A reset, a triple fault or a panic.</param>
    /// <param name="text">What the machine said of it.</param>
    /// <param name="vm">The guest, which starts anew if it is to.</param>
    /// <param name="events">Where it is told.</param>
    /// <param name="end">Ends it.</param>
    /// <param name="keep">Says that it is kept as it is.</param>
    /// <param name="restarted">Runs when it has started anew.</param>
    internal static void Handle(CrashPolicy policy, MachineEvent what, string text, GuestVm vm, EventLog events, Action end, Action keep, Action restarted)
    {
        var happened = what switch
        {
            MachineEvent.Reset => "asked for a reset",
            MachineEvent.TripleFault => $"ended in a triple fault ({text})",
            _ => $"crashed ({text})",
        };
        var (follows, action) = policy switch
        {
            CrashPolicy.Stop => ("it ends ([vm] on-crash = stop)", end),
            CrashPolicy.Keep => ("it is kept as it is ([vm] on-crash = keep): colo save writes it to a file, colo stop ends it", keep),
            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
        };
        events.Warning($"guest {happened}; {follows}");
        action();
    }
}
