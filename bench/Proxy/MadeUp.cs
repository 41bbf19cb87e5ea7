using System.Buffers.Binary;
using Colo.Proxy;
using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Bench.Proxy;

/// <summary>Streams that are as even as no real one is: 64 connections, each frame of the same size, both sides alike.</summary>
internal sealed class MadeUp(Bench bench)
{
    private const int Flows = 64, Rounds = 10_000;

    private sealed class Sink : IComparerOutput
    {
        public long Frames, Requests;
        public void Release(ReadOnlySpan<byte> frame) => Frames++;
        public void RequestCheckpoint(CheckpointReason reason) => Requests++;
    }

    internal void Run()
    {
        foreach (int payload in new[] { 64, 1448, 16384 })
        {
            Compare($"TCP {payload} B, primary first", payload, primaryFirst: true);
            Compare($"TCP {payload} B, secondary first", payload, primaryFirst: false);
        }
        Compare("TCP pure ACK, secondary first", 0, primaryFirst: false);
        Datagrams();
        Rewrite();
    }

    private void Compare(string name, int payload, bool primaryFirst)
    {
        var sink = new Sink();
        using var comparer = new OutputComparer(new ComparerOptions(), sink);
        comparer.SetProtected(true);
        comparer.CheckpointTaken(1, 0);
        comparer.CheckpointCommitted(1, 0);
        ulong index = 0;
        var frames = new byte[Flows][];
        for (int i = 0; i < Flows; i++)
        {
            frames[i] = Tcp(new TcpSpec
            {
                ClientPort = (ushort)(1000 + i), Seq = 1, AckNumber = 1, Payload = new byte[payload], Options = Timestamps(1, 1),
                GsoSize = (ushort)(payload > 1448 ? 1448 : 0),
            });
        }
        uint position = 1;
        void Round(int rounds)
        {
            for (int r = 0; r < rounds; r++)
            {
                position += (uint)payload;
                foreach (byte[] frame in frames)
                {
                    BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(12 + 14 + 20 + (payload == 0 ? 8 : 4)), payload == 0 ? (uint)r : position);
                    if (primaryFirst)
                        comparer.FromPrimary(frame, r);
                    comparer.FromSecondary(1, ++index, 0, frame, r);
                    if (!primaryFirst)
                        comparer.FromPrimary(frame, r);
                }
            }
        }
        bench.Measure(name, Round, payload > 2000 ? Rounds / 4 : Rounds, new Work(2 * Flows, Flows, (long)Flows * (frames[0].Length - 12)));
        if (sink.Requests != 0 || comparer.Statistics.Held != 0)
            bench.Complain(name, $"{sink.Requests} requests for a checkpoint, {comparer.Statistics.Held} frames held");
    }

    private void Datagrams()
    {
        var sink = new Sink();
        using var comparer = new OutputComparer(new ComparerOptions(), sink);
        comparer.SetProtected(true);
        comparer.CheckpointTaken(1, 0);
        comparer.CheckpointCommitted(1, 0);
        ulong index = 0;
        byte[][] frames = Enumerable.Range(0, Flows).Select(i => Udp(new byte[64], clientPort: (ushort)(1000 + i))).ToArray();
        void Round(int rounds)
        {
            for (int r = 0; r < rounds; r++)
            {
                foreach (byte[] frame in frames)
                {
                    comparer.FromPrimary(frame, r);
                    comparer.FromSecondary(1, ++index, 0, frame, r);
                }
            }
        }
        bench.Measure("UDP 64 B", Round, Rounds, new Work(2 * Flows, Flows, (long)Flows * (frames[0].Length - 12)));
    }

    private void Rewrite()
    {
        var rewriter = new SequenceRewriter(live: false);
        var frames = new byte[Flows][];
        for (int i = 0; i < Flows; i++)
        {
            byte[] syn = Tcp(new TcpSpec { ClientPort = (ushort)(1000 + i), Seq = 5, Flags = Syn, Options = SynOptions(7) });
            rewriter.LearnWireIsn(rewriter.FromGuest(syn, 0).Flow, 77, 9, true, 0);
            frames[i] = Tcp(new TcpSpec { ClientPort = (ushort)(1000 + i), Seq = 6, Payload = new byte[64], Options = Timestamps(1, 1) });
        }
        bench.Measure("rewriter, from the guest", rounds =>
        {
            for (int r = 0; r < rounds; r++)
            {
                foreach (byte[] frame in frames)
                    rewriter.FromGuest(frame, r);
            }
        }, Rounds, new Work(Flows, Flows, (long)Flows * (frames[0].Length - 12)));
    }
}
