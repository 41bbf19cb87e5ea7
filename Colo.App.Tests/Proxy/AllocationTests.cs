using System.Buffers.Binary;
using Colo.Proxy;
using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Tests.Proxy;

public sealed class AllocationTests
{
    private sealed class Sink : IComparerOutput
    {
        public void Release(ReadOnlySpan<byte> frame)
        {
        }

        public void RequestCheckpoint(CheckpointReason reason)
        {
        }
    }

    [Fact]
    public void A_steady_state_allocates_nothing()
    {
        using var comparer = new OutputComparer(new ComparerOptions { MaxFlows = 16 }, new Sink());
        var rewriter = new SequenceRewriter(live: false, capacity: 16);
        comparer.SetProtected(true);
        byte[] data = Tcp(new TcpSpec { Seq = 0, Payload = new byte[500], Options = Timestamps(1, 1) });
        byte[] ack = Tcp(new TcpSpec { Seq = 0, Options = Timestamps(1, 1) });
        byte[] inbound = Tcp(new TcpSpec { FromGuest = false, Options = Timestamps(1, 1) });
        byte[] udp = Udp(new byte[50]);
        uint position = 0;
        ulong epoch = 0;

        void Round()
        {
            comparer.CheckpointTaken(++epoch, 0);
            comparer.CheckpointCommitted(epoch, 0);
            ulong index = 0;
            for (int i = 0; i < 200; i++)
            {
                // New ports now and then: flows come and go.
                BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(48), (ushort)(1000 + epoch % 50));
                BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(48), (ushort)(1000 + epoch % 50));
                BinaryPrimitives.WriteUInt16BigEndian(inbound.AsSpan(46), (ushort)(1000 + epoch % 50));
                BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(50), position);
                BinaryPrimitives.WriteUInt32BigEndian(ack.AsSpan(54), position);
                position += 500;
                bool first = i % 2 == 0;
                comparer.FromPrimary(first ? data : ack, i);
                comparer.FromSecondary(epoch, ++index, 0, data, i);
                comparer.FromSecondary(epoch, ++index, 0, ack, i);
                comparer.FromPrimary(first ? ack : data, i);
                comparer.FromPrimary(udp, i);
                comparer.FromSecondary(epoch, ++index, 0, udp, i);
                comparer.OnTimer(i);
                rewriter.ToGuest(inbound, i);
                rewriter.FromGuest(data, i);
            }
            // And some that only a checkpoint releases.
            comparer.FromPrimary(udp, 1);
            comparer.FromPrimary(data, 1);
        }

        for (int i = 0; i < 100; i++)
            Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Round();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(0, allocated);
        Assert.Equal(1, comparer.Statistics.Held);
        Assert.Equal(0, comparer.Statistics.Diverged);
    }
}
