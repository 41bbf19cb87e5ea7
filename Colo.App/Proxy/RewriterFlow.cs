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

    /// <summary>The newest wire timestamp that the client echoed, and when.</summary>
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

    /// <summary>Begins a connection; what the client echoed belongs to the one before.</summary>
    public void Restart()
    {
        Delta = TimestampDelta = 0;
        HasGuestIsn = HasGuestSynTimestamp = HasWireIsn = Pending = false;
        HasEcho = HasFloor = HasGuestTimestamp = false;
        GuestFin = ClientFin = Reset = false;
    }

    public void Clear()
    {
        Restart();
        HasNext = NextHasTimestamp = false;
        Key = default;
        HashNext = LruPrevious = LruNext = null;
    }
}
