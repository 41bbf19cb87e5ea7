using System.Runtime.CompilerServices;
using Colo.Linux;
using Terminal.Gui.App;
using Terminal.Gui.Drivers;

namespace Colo.Dashboard;

/// <summary>
/// The keyboard. The library looks fifty times a second whether a key has come, which costs more than all that the
/// dashboard does; here its thread sleeps in poll(2) until one comes, and wakes five times a second to see the end.
/// </summary>
internal sealed unsafe class PatientInput : AnsiInput
{
    private const int WakeMilliseconds = 200;

    /// <summary>Gives a library that is not initialized yet this keyboard.</summary>
    internal static void UseIn(IApplication library) => Factory(library) = new AnsiComponentFactory(new PatientInput());

    /// <inheritdoc/>
    public override bool Peek()
    {
        var standardInput = new NativeSocket.PollDescriptor { Events = NativeSocket.POLLIN };
        NativeSocket.poll(&standardInput, 1, WakeMilliseconds);
        if ((standardInput.Returned & ~NativeSocket.POLLIN) == 0)
            return base.Peek();

        // The terminal has gone: there is always something to read, and it is nothing. The library would never end.
        Thread.Sleep(WakeMilliseconds);
        return false;
    }

    // The library takes parts of a driver from outside in its own tests only; a driver that is registered by its public
    // way is refused by name. Resolved at compile time, and the version of the library is pinned.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_componentFactory")]
    private static extern ref IComponentFactory? Factory(
        [UnsafeAccessorType("Terminal.Gui.App.ApplicationImpl, Terminal.Gui")] object library);
}
