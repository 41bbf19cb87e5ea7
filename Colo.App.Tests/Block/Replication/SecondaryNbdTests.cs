using Colo.Block;
using Colo.Block.Nbd;
using Colo.Block.Replication;

namespace Colo.Tests.Block.Replication;

/// <summary>The primary's writes as they come: through an NBD client and server.</summary>
public sealed class SecondaryNbdTests : IDisposable
{
    private const long Size = 1L << 30;
    private readonly SecondaryFixture _f = new();
    private NbdServer _server = null!;
    private NbdListener _listener = null!;
    private NbdClient _client = null!;

    public void Dispose()
    {
        _f.On(() =>
        {
            _client.Dispose();
            _listener.Dispose();
            _f.Disk.Dispose();
            _server.Dispose();
        });
        _f.Dispose();
    }

    [Theory]
    [InlineData(64 << 20)]
    [InlineData(100_000)]
    public void The_marks_of_both_ends_agree_whatever_is_split_sliced_and_answered_in_another_order(int heldBytes)
    {
        _f.StartRunning(Size, heldBytes);
        Connect();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        // What is beyond this is zero, whatever comes.
        var model = new byte[8 << 20];
        List<(long Mark, byte[] Model)> marks = [];
        long sent = 0;
        var under = new List<Pending>();
        for (var i = 0; i < 120; i++)
        {
            Pending pending;
            if (i % 40 == 20)
            {
                // Slices of 256 MiB at the server, and the next request right behind.
                pending = _f.Submit(_client, i % 80 == 20 ? BlockOperation.WriteZeroes : BlockOperation.Discard, 4096, 700 << 20, r => r.MayUnmap = r.Operation == BlockOperation.WriteZeroes);
                model.AsSpan(4096).Clear();
            }
            else
            {
                var data = new byte[random.Next(1, 40_000)];
                random.NextBytes(data);
                var at = random.Next(model.Length - data.Length);
                pending = _f.Submit(_client, BlockOperation.Write, at, data);
                data.CopyTo(model, at);
            }

            under.Add(pending);
            sent += pending.Request.Length;
            if (i % 12 == 11 || i % 40 == 20)
                marks.Add((sent, [.. model]));
        }

        // Above the payload's limit: several commands, and the sum is the same.
        var large = new byte[model.Length];
        random.NextBytes(large);
        under.Add(_f.Submit(_client, BlockOperation.Write, 0, large));
        sent += large.Length;
        marks.Add((sent, large));
        ulong epoch = 1;
        foreach (var (mark, expected) in marks)
        {
            _f.WaitReceived(mark);
            Assert.Equal(0, _f.Commit(mark, ++epoch));
            var same = expected.AsSpan().CommonPrefixLength(_f.Read(_f.Disk.Guest, 0, expected.Length));
            Assert.True(same == expected.Length, $"seed {seed}: at mark {mark} byte {same} differs");
        }

        Assert.All(under, pending => Assert.Equal(0, pending.Wait()));
        Assert.Equal(sent, _f.On(() => _f.Disk.ReceivedBytes));
        Assert.Equal(0, _f.Flush(_client));
        Assert.False(_f.On(() => _f.Disk.Unsynced));
    }

    [Theory]
    [InlineData(FirstSync.Journal)]
    [InlineData(FirstSync.Direct)]
    public void Nothing_gets_between_the_slices_of_zeroes_in_a_first_synchronisation(FirstSync first)
    {
        _f.Start(Size, first);
        Connect();
        List<Pending> all = [];
        long sent = 0;
        for (var i = 0; i < 5; i++)
        {
            all.Add(_f.Submit(_client, BlockOperation.Discard, 0, 800 << 20));
            // In the last slice, and submitted before the first one is done.
            all.Add(_f.Submit(_client, BlockOperation.Write, 790 << 20, SecondaryFixture.Filled(4096, (byte)(i + 1))));
            sent += (800 << 20) + 4096;
        }

        _f.WaitReceived(sent);
        Assert.All(all, pending => Assert.Equal(0, pending.Wait()));
        if (first == FirstSync.Journal)
        {
            const long third = 3L * ((800 << 20) + 4096);
            Assert.True(_f.On(() => _f.Disk.Received(third) && _f.Disk.Received(third + (256 << 20)) && !_f.Disk.Received(third + 4096)));
            Assert.Equal(0, _f.Do(done => _f.Disk.SealJournal(done, third)));
            Assert.Equal(0, _f.Commit(third, 1));
            Assert.Equal(SecondaryFixture.Filled(4096, 3), _f.Read(_f.Image, 790 << 20, 4096));
        }

        Assert.Equal(0, _f.Commit(sent, 2));
        Assert.Equal(SecondaryFixture.Filled(4096, 5), _f.Read(_f.Image, 790 << 20, 4096));
    }

    [Fact]
    public void After_a_takeover_the_primary_s_writes_are_refused_and_the_server_can_be_stopped()
    {
        _f.StartRunning(Size);
        Connect();
        Assert.Equal(0, _f.Write(_client, 0, SecondaryFixture.Filled(4096, 1)));
        Assert.Equal(0, _f.TakeOver());
        Assert.Equal(5, _f.Write(_client, 0, SecondaryFixture.Filled(4096, 1)));
        _f.Do(done => _server.Stop(done));
        Assert.Equal(0, _f.On(() => _server.RequestsHeld));
        Assert.Equal(new byte[4096], _f.Read(_f.Image, 0, 4096));
    }

    private void Connect()
    {
        var address = new NbdAddress.Unix(_f.At("s"));
        _f.On(() =>
        {
            _server = new NbdServer([new NbdExport("", _f.Disk.Mirror)], new NbdServerOptions(), _f.Loop);
            _listener = new NbdListener(address, _f.Loop, _server.Serve);
        });
        var socket = address.Connect(TimeSpan.FromSeconds(10));
        var session = NbdClientHandshake.Run(socket, new NbdClientOptions());
        _f.On(() => _client = new NbdClient(socket, session, _f.Loop));
    }
}
