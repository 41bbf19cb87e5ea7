using System.Diagnostics;
using System.Net.Sockets;
using Xunit.Abstractions;

namespace Colo.Tests.Guest;

/// <summary>Long TCP streams, whole, under loss and with every feature of the device taken away.</summary>
public sealed class TransferTests(ITestOutputHelper output)
{
    [QemuFact]
    public void Echo_is_exact_under_loss()
    {
        using var network = new GuestNetwork();
        using var guest = new QemuGuest(network);
        Echo(network, 50_000_000, seed: 1);
        network.Lose(3);
        Echo(network, 10_000_000, seed: 2);
        network.LoseNothing();
    }

    [QemuFact]
    public void Echo_is_exact_without_any_offload()
    {
        using var network = new GuestNetwork();
        using var guest = new QemuGuest(network, netOptions: ",csum=off,guest_csum=off,gso=off,host_tso4=off,guest_tso4=off,mrg_rxbuf=off,event_idx=off");
        Assert.DoesNotContain("csum", guest.WaitFor("net:"), StringComparison.Ordinal);
        Echo(network, 5_000_000, seed: 3);
        network.Lose(2);
        Echo(network, 1_000_000, seed: 4);
    }

    private void Echo(GuestNetwork network, int size, int seed)
    {
        byte[] sent = new byte[size], got = new byte[size];
        var random = new Random(seed);
        random.NextBytes(sent);
        using Socket s = network.Connect(7);
        var clock = Stopwatch.StartNew();
        Task sender = Task.Run(() =>
        {
            for (int at = 0; at < size;)
            {
                int n = Math.Min(size - at, random.Next(4) switch { 0 => 1, 1 => 1448, 2 => 65536, _ => 200_000 });
                Exchange.SendAll(s, sent.AsSpan(at, n));
                at += n;
            }
            s.Shutdown(SocketShutdown.Send);
        });
        Exchange.ReceiveExactly(s, got);
        Assert.Equal(0, s.Receive(new byte[1]));
        sender.GetAwaiter().GetResult();
        Assert.True(sent.AsSpan().SequenceEqual(got), $"seed {seed}");
        output.WriteLine($"{size} bytes in {clock.ElapsedMilliseconds} ms");
    }
}
