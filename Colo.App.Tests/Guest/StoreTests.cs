using System.Text;
using Xunit.Abstractions;

namespace Colo.Tests.Guest;

/// <summary>The store with a disk: what was acknowledged is there after a power failure.</summary>
public sealed class StoreTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _disk = Path.GetTempFileName();

    public void Dispose() => File.Delete(_disk);

    [QemuFact]
    public void Acknowledged_writes_survive_a_power_failure()
    {
        Resize(64 << 20);
        using var network = new GuestNetwork();
        using var guest = new QemuGuest(network, disk: _disk);
        byte[] big = new byte[600 * 1024];
        new Random(5).NextBytes(big);
        Assert.Equal("+OK\r\n+OK\r\n:42\r\n:1\r\n", Exchange.Resp(network,
            Exchange.Command("SET", "big", big), Exchange.Command("SET", "n", "41"), Exchange.Command("INCR", "n"), Exchange.Command("DEL", "n")));
        // Many clients, each of which writes in turn; all are acknowledged when the power goes.
        Parallel.For(0, 20, i =>
        {
            for (int k = 0; k < 20; k++)
                Assert.Equal("+OK\r\n", Exchange.Resp(network, Exchange.Command("SET", $"key:{i}:{k}", $"value {i} {k}")));
        });
        guest.KillAndRestart();
        output.WriteLine(guest.WaitFor("log:"));
        for (int i = 0; i < 20; i++)
        {
            byte[][] gets = Enumerable.Range(0, 20).Select(k => Exchange.Command("GET", $"key:{i}:{k}")).ToArray();
            string expected = string.Concat(Enumerable.Range(0, 20).Select(k => $"value {i} {k}").Select(v => $"${v.Length}\r\n{v}\r\n"));
            Assert.Equal(expected, Exchange.Resp(network, gets));
        }
        byte[] reply = Exchange.All(network.Connect(6379), Exchange.Command("GET", "big"));
        Assert.True(reply.AsSpan()[$"${big.Length}\r\n".Length..^2].SequenceEqual(big));
        Assert.Equal("$-1\r\n:401\r\n+OK\r\n", Exchange.Resp(network, Exchange.Command("GET", "n"), Exchange.Command("DBSIZE"), Exchange.Command("FLUSHALL")));
        guest.KillAndRestart();
        Assert.Equal(":0\r\n", Exchange.Resp(network, Exchange.Command("DBSIZE")));
    }

    [QemuFact]
    public void A_full_log_is_compacted_and_a_full_disk_refuses()
    {
        Resize(4 << 20);
        using var network = new GuestNetwork();
        using var guest = new QemuGuest(network, disk: _disk);
        byte[] value = new byte[10_000];
        for (int round = 0; round < 20; round++)
        {
            Array.Fill(value, (byte)('a' + round));
            byte[][] sets = Enumerable.Range(0, 60).Select(k => Exchange.Command("SET", $"k{k}", value)).ToArray();
            Assert.Equal(string.Concat(Enumerable.Repeat("+OK\r\n", 60)), Exchange.Resp(network, sets));
        }
        guest.KillAndRestart();
        string line = guest.WaitFor("log:");
        output.WriteLine(line);
        Assert.DoesNotContain("generation 1,", line, StringComparison.Ordinal);
        string all = Encoding.ASCII.GetString(value);
        Assert.Equal(string.Concat(Enumerable.Repeat($"$10000\r\n{all}\r\n", 60)),
            Exchange.Resp(network, Enumerable.Range(0, 60).Select(k => Exchange.Command("GET", $"k{k}")).ToArray()));

        // New keys until the disk has no room; the answer says so, and what was there stays.
        string replies = Exchange.Resp(network, Enumerable.Range(0, 200).Select(k => Exchange.Command("SET", $"new{k}", value)).ToArray());
        Assert.EndsWith("-ERR log full: the disk has no room for more data\r\n", replies, StringComparison.Ordinal);
        Assert.StartsWith("+OK\r\n", replies, StringComparison.Ordinal);
        int stored = 60 + replies.Split("+OK").Length - 1;
        guest.KillAndRestart();
        Assert.Equal($":{stored}\r\n+OK\r\n+OK\r\n", Exchange.Resp(network, Exchange.Command("DBSIZE"), Exchange.Command("FLUSHALL"), Exchange.Command("SET", "a", value)));
    }

    [QemuFact]
    public void A_torn_record_ends_the_replay()
    {
        Resize(4 << 20);
        using var network = new GuestNetwork();
        using var guest = new QemuGuest(network, disk: _disk);
        for (int i = 0; i < 10; i++)
            Assert.Equal("+OK\r\n", Exchange.Resp(network, Exchange.Command("SET", $"k{i}", "x")));
        // Generation 1 is in the second area; each batch above is one sector. The last one is spoilt in its operations.
        long area = ((4L << 20) - 65536) / 2 & ~4095L;
        using (FileStream file = File.Open(_disk, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.Position = 65536 + area + 9 * 512 + 46;
            int old = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)~old);
        }
        guest.KillAndRestart();
        output.WriteLine(guest.WaitFor("log:"));
        Assert.Equal(":9\r\n$-1\r\n+OK\r\n", Exchange.Resp(network, Exchange.Command("DBSIZE"), Exchange.Command("GET", "k9"), Exchange.Command("SET", "k9", "y")));
        guest.KillAndRestart();
        Assert.Equal("$1\r\ny\r\n:10\r\n", Exchange.Resp(network, Exchange.Command("GET", "k9"), Exchange.Command("DBSIZE")));
    }

    [QemuFact]
    public void A_disk_with_something_else_on_it_is_left_alone()
    {
        Resize(4 << 20);
        byte[] foreign = Encoding.ASCII.GetBytes("a file system, say");
        using (FileStream file = File.OpenWrite(_disk))
        {
            file.Position = 1024;
            file.Write(foreign);
        }
        byte[] before = File.ReadAllBytes(_disk);
        using var network = new GuestNetwork();
        using (var guest = new QemuGuest(network, disk: _disk))
        {
            guest.WaitFor("the disk holds something else");
            Assert.Equal("+OK\r\n", Exchange.Resp(network, Exchange.Command("SET", "a", "1")));
        }
        Assert.Equal(before, File.ReadAllBytes(_disk));
    }

    private void Resize(long size)
    {
        using FileStream file = File.OpenWrite(_disk);
        file.SetLength(size);
    }
}
