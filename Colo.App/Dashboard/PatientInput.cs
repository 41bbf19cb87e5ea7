using Colo.Monitor;
using Terminal.Gui.Drivers;

namespace Colo.Dashboard;

/// <summary>
/// The keyboard. The library looks fifty times a second whether a key has come, which costs more than all that the
/// dashboard does; here its thread sleeps in poll(2) until one comes, and wakes five times a second to see the end.
/// </summary>
internal sealed unsafe class PatientInput : AnsiInput
{
    /// <summary>The driver's name, for <see cref="DriverRegistry"/>.</summary>
    internal const string Driver = "colo";

    private const int WakeMilliseconds = 200;

    /// <summary>Makes the driver known. Safe to call again.</summary>
    internal static void Register()
    {
        if (!DriverRegistry.IsRegistered(Driver))
        {
            DriverRegistry.Register(new DriverRegistry.DriverDescriptor(
                Driver, "colo", "ANSI, and a keyboard thread that sleeps", [PlatformID.Unix], () => new AnsiComponentFactory(new PatientInput())));
        }
    }

    /// <inheritdoc/>
    public override bool Peek()
    {
        var standardInput = new NativeControl.PollFd { Events = NativeControl.POLLIN };
        NativeControl.poll(&standardInput, 1, WakeMilliseconds);
        return base.Peek();
    }
}
