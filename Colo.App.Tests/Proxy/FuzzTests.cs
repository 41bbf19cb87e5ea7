using Colo.Proxy;
using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Tests.Proxy;

public sealed class FuzzTests
{
    private static byte[] Sample(Random random)
    {
        bool v6 = random.Next(2) == 0;
        var spec = new TcpSpec
        {
            V6 = v6,
            Seq = (uint)random.NextInt64(uint.MaxValue),
            AckNumber = (uint)random.Next(3) * 1000,
            ClientPort = (ushort)random.Next(3),
            Flags = (byte)random.Next(256),
            Window = (ushort)random.Next(65536),
            Payload = new byte[random.Next(4) == 0 ? random.Next(3000) : random.Next(3)],
            Options = random.Next(4) switch { 0 => Timestamps(1, 2), 1 => Sack(1, 2, 3, 4), 2 => SynOptions(7), _ => [] },
            Vlans = random.Next(3) switch { 0 => [1], 1 => [1, 2], _ => [] },
            Ipv4Options = random.Next(4) == 0 ? [1, 1, 1, 0] : [],
            ExtensionHeaders = v6 && random.Next(3) == 0 ? [6, 0, 1, 4, 0, 0, 0, 0] : [],
            FirstExtension = (byte)(random.Next(2) == 0 ? 0 : 60),
            GsoSize = (ushort)(random.Next(4) == 0 ? random.Next(2000) : 0),
            Partial = random.Next(2) == 0,
        };
        byte[] frame = random.Next(8) switch
        {
            0 => Udp(new byte[random.Next(50)], v6: v6),
            1 => IcmpEcho(1, 2, [3]),
            2 => Arp(1),
            3 => Fragment(new byte[64], random.Next(64) * 8, random.Next(2) == 0, 1),
            4 => RandomBytes(random),
            _ => Tcp(spec),
        };
        int changes = random.Next(4);
        for (int i = 0; i < changes && frame.Length > 0; i++)
            frame[random.Next(random.Next(2) == 0 ? frame.Length : Math.Min(frame.Length, 90))] = (byte)random.Next(256);
        return random.Next(3) == 0 ? frame[..random.Next(frame.Length + 1)] : frame;
    }

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        return bytes;
    }

    [Fact]
    public void Hostile_frames_never_throw_and_never_leave_uncompared()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        try
        {
            for (int round = 0; round < 60; round++)
            {
                using var h = new ComparerHarness(new ComparerOptions { MaxFlows = 64, MaxHeldFrames = 500 });
                for (int i = 0; i < 1000; i++)
                {
                    h.Comparer.FromPrimary(Sample(random), h.Now);
                    h.Comparer.FromClient(Sample(random), h.Now);
                    Assert.True(h.Released.Count == 0, $"seed {seed}: released without a counterpart");
                }
                h.Checkpoint();
                Assert.True(h.Comparer.Statistics.Held == 0 && h.Comparer.RentedBuffers == 0, $"seed {seed}: held after a commit");
            }
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"seed {seed}", e);
        }
    }

    [Fact]
    public void Hostile_frames_on_both_sides_leave_the_bookkeeping_sound()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        try
        {
            using var h = new ComparerHarness(new ComparerOptions { MaxFlows = 64, MaxHeldFrames = 500, MaxSecondaryBytes = 50_000 });
            for (int i = 0; i < 60_000; i++)
            {
                byte[] frame = Sample(random);
                h.Now += random.Next(100_000);
                if (random.Next(3) != 0)
                    h.Comparer.FromPrimary(frame, h.Now);
                if (random.Next(3) != 0)
                    h.S(random.Next(4) == 0 ? Sample(random) : frame, pending: random.Next(5) == 0);
                h.Comparer.OnTimer(h.Now);
                Assert.True(h.Comparer.ConfirmedIndex <= h.Index, $"seed {seed}");
                Assert.True(h.Comparer.Statistics.SecondaryBytes is >= 0 and <= 50_000, $"seed {seed}");
                Assert.True(h.Comparer.Statistics.Held is >= 0 and <= 500, $"seed {seed}");
                switch (random.Next(3000))
                {
                    case 0:
                        h.Comparer.CheckpointTaken(h.Epoch + 1, h.Now);
                        for (int k = random.Next(50); k > 0; k--)
                        {
                            h.Comparer.FromPrimary(Sample(random), h.Now);
                            h.S(Sample(random));
                            h.Comparer.FromSecondary(h.Epoch + 1, (ulong)random.Next(5), 0, Sample(random), h.Now);
                        }
                        h.Commit();
                        h.Index = 1_000_000;
                        h.Checkpoint();
                        break;
                    case 1:
                        h.Comparer.SetProtected(false);
                        Assert.True(h.Comparer.Statistics.Held == 0, $"seed {seed}: held unprotected");
                        Assert.True(h.Comparer.RentedBuffers == 0, $"seed {seed}: {h.Comparer.RentedBuffers} buffers leaked");
                        Assert.True(h.Comparer.Statistics.SecondaryBytes == 0, $"seed {seed}: bytes of the secondary leaked");
                        h.Comparer.FromPrimary(frame, h.Now);
                        h.Comparer.SetProtected(true);
                        h.Checkpoint();
                        break;
                }
                h.Released.Clear();
            }
            h.Comparer.SetProtected(false);
            Assert.True(h.Comparer.RentedBuffers == 0, $"seed {seed}: {h.Comparer.RentedBuffers} buffers leaked");
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"seed {seed}", e);
        }
    }

    [Fact]
    public void Hostile_frames_harm_no_rewriter()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        try
        {
            foreach (bool live in new[] { false, true })
            {
                var rewriter = new SequenceRewriter(live, capacity: 20);
                for (int i = 0; i < 30_000; i++)
                {
                    RewriteResult result = rewriter.FromGuest(Sample(random), i);
                    if (result.IsSyn && random.Next(2) == 0)
                        rewriter.LearnWireIsn(result.Flow, (uint)random.Next(), 5, true, i);
                    rewriter.ToGuest(Sample(random), i);
                    Assert.True(rewriter.Count <= 20, $"seed {seed}");
                    if (i % 1000 == 0)
                    {
                        var record = new byte[rewriter.SaveSize];
                        rewriter.Save(record);
                        new SequenceRewriter(false, 20).Load(record);
                    }
                }
            }
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"seed {seed}", e);
        }
    }
}
