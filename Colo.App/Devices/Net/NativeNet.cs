using System.Runtime.InteropServices;

namespace Colo.Devices.Net;

/// <summary>Packet sockets, tap devices and interface flags (linux/if_packet.h, linux/if_tun.h, linux/filter.h, net/if.h).</summary>
internal static unsafe partial class NativeNet
{
    internal const int SO_ATTACH_FILTER = 26;
    internal const int PACKET_ADD_MEMBERSHIP = 1;
    internal const int PACKET_AUXDATA = 8;
    internal const int PACKET_VNET_HDR_SZ = 24;
    internal const int PACKET_MR_PROMISC = 1;
    internal const ushort ETH_P_ALL = 3;
    internal const int MSG_CTRUNC = 8;
    internal const uint TP_STATUS_VLAN_VALID = 1 << 4;
    internal const uint TP_STATUS_VLAN_TPID_VALID = 1 << 6;

    internal const short IFF_TAP = 2;
    internal const short IFF_NO_PI = 0x1000;
    internal const short IFF_VNET_HDR = 0x4000;
    internal const short IFF_UP = 1;
    internal const nuint TUNSETIFF = 0x400454CA;
    internal const nuint TUNSETOFFLOAD = 0x400454D0;
    internal const nuint TUNSETTXFILTER = 0x400454D1;
    internal const nuint TUNSETVNETHDRSZ = 0x400454D8;
    internal const nuint SIOCGIFFLAGS = 0x8913;
    internal const nuint SIOCSIFFLAGS = 0x8914;
    internal const uint TUN_F_CSUM = 1;
    internal const uint TUN_F_TSO4 = 2;
    internal const uint TUN_F_TSO6 = 4;
    internal const uint TUN_F_TSO_ECN = 8;
    internal const uint TUN_F_USO4 = 0x20;
    internal const uint TUN_F_USO6 = 0x40;

    /// <summary>struct cmsghdr (x86-64); the data follows at 16 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ControlHeader
    {
        internal nuint Length;
        internal int Level;
        internal int Type;
    }

    /// <summary>struct tpacket_auxdata.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct AuxiliaryData
    {
        internal uint Status;
        internal uint Length;
        internal uint Captured;
        internal ushort MacOffset;
        internal ushort NetworkOffset;
        internal ushort VlanTci;
        internal ushort VlanTpid;
    }

    /// <summary>struct packet_mreq.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PacketMembership
    {
        internal int Interface;
        internal ushort Type;
        internal ushort AddressLength;
        internal ulong Address;
    }

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FilterInstruction
    {
        internal ushort Code;
        internal byte JumpTrue;
        internal byte JumpFalse;
        internal uint Value;
    }

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FilterProgram
    {
        internal ushort Length;
        internal FilterInstruction* Instructions;
    }

    /// <summary>struct ifreq with flags.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct InterfaceRequest
    {
        internal fixed byte Name[16];
        internal short Flags;
        internal fixed byte Padding[22];
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int dup3(int from, int to, int flags);
}
