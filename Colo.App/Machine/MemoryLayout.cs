namespace Colo.Machine;

/// <summary>Where things are in the guest's physical address space, beside RAM (<see cref="Memory.GuestMemory"/>).</summary>
internal static class MemoryLayout
{
    internal const uint LowSlot = 0;
    internal const uint HighSlot = 1;

    /// <summary>Registers of added devices, a page each, from here.</summary>
    internal const ulong DevicesStart = 0xD000_0000;

    /// <summary>The end of the room for added devices.</summary>
    internal const ulong DevicesEnd = 0xE000_0000;

    internal const ulong IoApic = 0xFEC0_0000;
    internal const ulong LocalApic = 0xFEE0_0000;
}
