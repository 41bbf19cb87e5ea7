namespace Colo.Devices.Legacy;

/// <summary>
/// The port by which a guest's kernel says that it has crashed (QEMU's docs/specs/pvpanic.rst, ACPI device QEMU0001), at
/// 0x505: bit 0 says that it is lost, bit 1 that its crash kernel goes on. It keeps no state.
/// </summary>
/// <param name="panicked">Called on a vCPU's thread: the guest's kernel is lost.</param>
/// <param name="crashKernel">Called on a vCPU's thread: the guest's crash kernel goes on.</param>
public sealed class PanicPort(Action panicked, Action crashKernel) : IRegisterDevice
{
    /// <summary>The port.</summary>
    public const ushort Port = 0x505;

    /// <summary>Ports.</summary>
    public const byte Size = 1;

    private const byte Panicked = 1;
    private const byte CrashLoaded = 2;

    /// <inheritdoc/>
    public void Read(ulong offset, Span<byte> data) => data[0] = Panicked | CrashLoaded; // what is understood

    /// <inheritdoc/>
    public void Write(ulong offset, ReadOnlySpan<byte> data)
    {
        if ((data[0] & Panicked) != 0)
            panicked();
        else if ((data[0] & CrashLoaded) != 0)
            crashKernel();
    }
}
