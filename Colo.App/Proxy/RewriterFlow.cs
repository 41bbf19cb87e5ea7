namespace Colo.Proxy;

/// <summary>What the rewriter knows of one TCP connection. All arithmetic is modulo 2^32.</summary>
internal sealed class RewriterFlow
{
    public FlowKey Key;
    public uint Hash;
    public RewriterFlow? HashNext, LruPrevious, LruNext;

    /// <summary>Wire sequence number minus the guest's.</summary>
    public uint Delta;
    /// <summary>Wire timestamp minus the guest's.</summary>
    public uint TimestampDelta;
    /// <summary>The guest's own initial number, once its SYN was seen here.</summary>
    public bool HasGuestIsn;
    public uint GuestIsn;
    public bool HasGuestSynTimestamp;
    public uint GuestSynTimestamp;
    /// <summary>The wire's initial number of the connection <see cref="Delta"/> is for.</summary>
    public bool HasWireIsn;
    public uint WireIsn;
    /// <summary>The guest's SYN was seen, the wire's number is not known.</summary>
    public bool Pending;
    /// <summary>The wire's number of a connection whose SYN the guest has yet to send.</summary>
    public bool HasNext, NextHasTimestamp;
    public uint NextWireIsn, NextWireTimestamp;
    /// <summary>When that was learnt.</summary>
    public long NextNs;

    /// <summary>The newest timestamp known to have been on the wire: echoed by the client, or the SYN's; and when.</summary>
    public bool HasEcho;
    public uint Echo;
    public long EchoNs;
    /// <summary>What leaves must not be below this.</summary>
    public bool HasFloor;
    public uint Floor;
    /// <summary>The newest timestamp of the guest: an echo translated must not be from its future.</summary>
    public bool HasGuestTimestamp;
    public uint GuestTimestamp;

    public bool GuestFin, ClientFin, Reset;
    public long UsedNs;

    public bool IsIdentity => Delta == 0 && TimestampDelta == 0 && !Pending && !HasNext;

    public bool IsClosed => Reset || (GuestFin && ClientFin);

    /// <summary>Begins a connection. What the client echoed belongs to the one before, unless the wire's SYN came first.</summary>
    public void Restart()
    {
        Delta = TimestampDelta = 0;
        HasGuestIsn = HasGuestSynTimestamp = HasWireIsn = Pending = false;
        HasEcho &= HasNext;
        HasFloor = HasGuestTimestamp = false;
        GuestFin = ClientFin = Reset = false;
    }

    /// <summary>Begins a connection of a live guest, whose clock goes on where the one before was.</summary>
    public void Reopen()
    {
        (bool hasFloor, uint floor, uint delta) = (HasFloor, Floor, TimestampDelta);
        Restart();
        (HasFloor, Floor, TimestampDelta) = (hasFloor, floor, delta);
    }

    public void Clear()
    {
        HasNext = NextHasTimestamp = false;
        Restart();
        Key = default;
        HashNext = LruPrevious = LruNext = null;
    }
}
