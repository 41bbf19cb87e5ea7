using Colo.Proxy;
using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Tests.Proxy;

/// <summary>A comparer in an epoch of its own, with what it released and asked for.</summary>
public sealed class ComparerHarness : IComparerOutput, IDisposable
{
    public const uint PrimaryIsn = 1000, ClientIsn = 5000;

    public ComparerHarness(ComparerOptions? options = null, bool synced = true)
    {
        Comparer = new OutputComparer(options ?? new ComparerOptions(), this);
        if (!synced)
            return;
        Comparer.SetProtected(true);
        Comparer.CheckpointTaken(1, Now);
        Comparer.CheckpointCommitted(1, Now);
        Epoch = 1;
    }

    public OutputComparer Comparer { get; }
    public List<byte[]> Released { get; } = [];
    public List<CheckpointReason> Requests { get; } = [];
    public long Now { get; set; } = 1_000_000_000;
    public ulong Epoch { get; set; }
    public ulong Index { get; set; }

    public IEnumerable<WireSegment> Segments => Released.Select(f => WireSegment.Parse(f)!);
    public WireSegment Last => WireSegment.Parse(Released[^1])!;

    void IComparerOutput.Release(ReadOnlySpan<byte> frame) => Released.Add(frame.ToArray());
    void IComparerOutput.RequestCheckpoint(CheckpointReason reason) => Requests.Add(reason);

    public bool P(byte[] frame) => Comparer.FromPrimary(frame, Now);
    public bool P(TcpSpec spec) => P(Tcp(spec));
    public void S(byte[] frame, bool pending = false) =>
        Comparer.FromSecondary(Epoch, ++Index, pending ? SecondaryFrameFlags.SequencePending : 0, frame, Now);
    public void S(TcpSpec spec, bool pending = false) => S(Tcp(spec), pending);
    public void C(TcpSpec spec) => Comparer.FromClient(Tcp(spec with { FromGuest = false }), Now);

    /// <summary>A checkpoint taken and acknowledged at once.</summary>
    public void Checkpoint()
    {
        Comparer.CheckpointTaken(Epoch + 1, Now);
        Commit();
    }

    public void Commit()
    {
        Comparer.CheckpointCommitted(++Epoch, Now);
        Index = 0;
    }

    /// <summary>A connection opened by the client, both SYN-ACKs matched. Guest stream begins at PrimaryIsn + 1.</summary>
    public void Open(byte scale = 0, ushort window = 60000, bool v6 = false, ushort[]? vlans = null)
    {
        var syn = new TcpSpec
        {
            Seq = PrimaryIsn, AckNumber = ClientIsn + 1, Flags = Syn | Ack, Window = window, Options = SynOptions(scale), V6 = v6, Vlans = vlans ?? [],
        };
        P(syn);
        S(syn with { Seq = 777_000 }, pending: true);
        Assert.Equal(Syn | Ack, Last.Flags);
        Released.Clear();
    }

    /// <summary>A segment of the guest: offset in its stream, bytes the client is acknowledged.</summary>
    public static TcpSpec Seg(int at, int length, int acked = 0, byte flags = Ack, ushort window = 60000) => new()
    {
        Seq = PrimaryIsn + 1 + (uint)at,
        AckNumber = ClientIsn + 1 + (uint)acked,
        Payload = Stream(at, length),
        Flags = flags,
        Window = window,
    };

    /// <summary>The guest's stream: every position has its own bytes.</summary>
    public static byte[] Stream(int at, int length)
    {
        var bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = (byte)((at + i) * 2654435761L >> 13);
        return bytes;
    }

    public void Dispose() => Comparer.Dispose();
}
