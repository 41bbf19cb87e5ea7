using System.Buffers.Binary;
using Colo.Proxy;

namespace Colo.Bench.Proxy;

/// <summary>
/// A recorded stream, played over and over: the recorded server is both guests, of which the secondary has other initial
/// numbers and another timestamp clock. Every frame goes the way that it goes in a node: out of a ring (a copy), through
/// the rewriter, into the comparer. Connections are opened again and again under <see cref="Ports"/> client ports, with
/// other numbers each time.
/// </summary>
internal sealed class Recorded : IComparerOutput, IDisposable
{
    private const int Ports = 16, Generations = 2;
    private const ushort FirstPort = 20_000;
    private readonly SequenceRewriter _primary = new(live: true);
    private readonly SequenceRewriter _secondary = new(live: false);
    private readonly OutputComparer _comparer;
    private readonly Step[][] _passes;
    private readonly byte[] _ring = new byte[66_000];
    private readonly bool _primaryFirst;
    private ulong _index;
    private long _now;
    private int _next;

    /// <param name="Client">Towards the guests; null when the guests send.</param>
    /// <param name="Primary">What the primary's guest sends.</param>
    /// <param name="Secondary">What the secondary's sends.</param>
    private readonly record struct Step(byte[]? Client, byte[] Primary, byte[] Secondary);

    private Recorded(List<(byte[] Frame, bool FromServer)> frames, bool primaryFirst)
    {
        _primaryFirst = primaryFirst;
        _comparer = new OutputComparer(new ComparerOptions(), this);
        _comparer.SetProtected(true);
        _comparer.CheckpointTaken(1, 0);
        _comparer.CheckpointCommitted(1, 0);
        _passes = new Step[Ports * Generations][];
        for (int pass = 0; pass < _passes.Length; pass++)
            _passes[pass] = [.. frames.Select(f => Prepare(f.Frame, f.FromServer, pass))];
    }

    private long Released { get; set; }

    private long ReleasedBytes { get; set; }

    private long Requests { get; set; }

    public void Release(ReadOnlySpan<byte> frame)
    {
        Released++;
        ReleasedBytes += frame.Length - VirtioNetHeader.Size;
    }

    public void RequestCheckpoint(CheckpointReason reason) => Requests++;

    public void Dispose() => _comparer.Dispose();

    internal static void Measure(Bench bench, string path)
    {
        List<(byte[] Frame, bool FromServer)> frames = Capture.Read(path);
        foreach (bool primaryFirst in (bool[])[true, false])
        {
            using var replay = new Recorded(frames, primaryFirst);
            string name = $"{Path.GetFileName(path)}, {(primaryFirst ? "primary" : "secondary")} first";
            long sent = frames.Count(f => f.FromServer), bytes = frames.Where(f => f.FromServer).Sum(f => f.Frame.Length - (long)VirtioNetHeader.Size);
            int passes = (int)Math.Max(Ports * Generations, 1_000_000 / frames.Count);
            bench.Measure(name, replay.Play, passes, new Work(frames.Count + sent, sent, bytes));
            // Retransmissions and acknowledgements that others overtake do not leave; of payload all has to.
            if (replay.Requests != 0 || replay._comparer.Statistics.Held != 0 || replay.Released == 0)
                bench.Complain(name, $"{replay.Requests} requests for a checkpoint, {replay._comparer.Statistics.Held} frames held, {replay.Released} released; {string.Join("; ", replay._comparer.Statistics.RecentDivergences().OrderBy(d => d.AtNs).Take(3))}");
        }
    }

    private void Play(int passes)
    {
        for (; passes > 0; passes--)
        {
            foreach (ref readonly Step step in _passes[_next].AsSpan())
            {
                _now += 1000;
                if (step.Client is { } client)
                {
                    Span<byte> inbound = Take(client);
                    _comparer.FromClient(inbound, _now);
                    _secondary.ToGuest(inbound, _now);
                    continue;
                }
                if (_primaryFirst)
                    Primary(step.Primary);
                Secondary(step.Secondary);
                if (!_primaryFirst)
                    Primary(step.Primary);
            }
            _next = (_next + 1) % _passes.Length;
        }
    }

    private void Primary(byte[] sent)
    {
        Span<byte> frame = Take(sent);
        RewriteResult result = _primary.FromGuest(frame, _now);
        if (result.IsSyn)
            _secondary.LearnWireIsn(result.Flow, result.WireIsn, result.WireTimestamp, result.HasTimestamp, _now);
        _comparer.FromPrimary(frame, _now);
    }

    private void Secondary(byte[] sent)
    {
        Span<byte> frame = Take(sent);
        RewriteResult result = _secondary.FromGuest(frame, _now);
        if (result.Action != RewriteAction.Withhold)
            _comparer.FromSecondary(1, ++_index, result.Action == RewriteAction.SendPending ? SecondaryFrameFlags.SequencePending : SecondaryFrameFlags.None, frame, _now);
    }

    private Span<byte> Take(byte[] frame)
    {
        Span<byte> copy = _ring.AsSpan(0, frame.Length);
        frame.CopyTo(copy);
        return copy;
    }

    private static Step Prepare(byte[] frame, bool fromServer, int pass)
    {
        // Fixed, so that two runs play the same.
        var random = new Random(pass);
        uint server = (uint)random.Next(), client = (uint)random.Next(), secondary = (uint)random.Next(), clock = (uint)random.Next(1 << 20);
        ushort port = (ushort)(pass % Ports);
        byte[] wire = Renumber(frame, fromServer, port, fromServer ? server : client, fromServer ? client : server, 0);
        return fromServer
            ? new Step(null, wire, Renumber(frame, true, port, server + secondary, client, clock))
            : new Step(wire, [], []);
    }

    private static byte[] Renumber(byte[] frame, bool fromServer, ushort port, uint seq, uint ack, uint timestamp)
    {
        byte[] copy = [.. frame];
        FrameParser.Parse(copy, out FrameInfo info);
        ushort before = TcpFrameWriter.BeginChange(copy, in info);
        Span<byte> clientPort = copy.AsSpan(info.L4 + (fromServer ? 2 : 0));
        // Several connections of one capture stay apart.
        BinaryPrimitives.WriteUInt16BigEndian(clientPort, (ushort)(FirstPort + (((BinaryPrimitives.ReadUInt16BigEndian(clientPort) % 1024) * Ports) + port)));
        // The refusal of a connection has no number of its own.
        if (!info.Has(TcpFlag.Rst) || info.Seq != 0)
            TcpFrameWriter.SetSeq(copy, in info, info.Seq + seq);
        if (info.Has(TcpFlag.Ack))
            TcpFrameWriter.SetAck(copy, in info, info.Ack + ack);
        for (int at = info.Sack; at < info.Sack + (info.SackBlocks * 8); at += 4)
            BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(at), BinaryPrimitives.ReadUInt32BigEndian(copy.AsSpan(at)) + ack);
        if (info.Timestamp != 0)
            TcpFrameWriter.SetTimestamp(copy, in info, TcpFrameWriter.Timestamp(copy, in info) + timestamp);
        TcpFrameWriter.EndChange(copy, in info, before);
        return copy;
    }
}
