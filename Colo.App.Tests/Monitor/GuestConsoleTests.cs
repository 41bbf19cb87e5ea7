using System.Text;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Tests.Monitor;

public sealed class GuestConsoleTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void What_was_kept_comes_first_and_then_what_the_guest_sends()
    {
        using var fixture = new ControlFixture();
        Guest(fixture, "booted\n");
        using var console = ConsoleClient.Open(fixture.Socket, Limit);
        Assert.Equal((0, 7, null), (console.From, console.Kept, console.Remark));
        Assert.Equal("booted\n", Read(console, 7));
        Guest(fixture, "login: ");
        Assert.Equal("login: ", Read(console, 7));
        Assert.True(fixture.Ask("status").Ok);
    }

    [Fact]
    public void Only_the_newest_is_kept_and_the_position_says_how_much_went_before()
    {
        using var fixture = new ControlFixture();
        Guest(fixture, new string('a', 70_000) + "end");
        using var console = ConsoleClient.Open(fixture.Socket, Limit);
        Assert.Equal((70_003 - 65_536, 65_536), (console.From, console.Kept));
        var text = Read(console, 65_536);
        Assert.Equal(new string('a', 65_533) + "end", text);
    }

    [Fact]
    public void What_is_typed_reaches_the_guest_in_order_also_when_it_takes_little_at_once()
    {
        using var fixture = new ControlFixture();
        var got = new List<byte>();
        using var enough = new ManualResetEventSlim();
        fixture.Console.Input = bytes =>
        {
            // Takes at most three, and sometimes none.
            var taken = got.Count % 5 == 4 && Random.Shared.Next(2) == 0 ? 0 : Math.Min(3, bytes.Length);
            got.AddRange(bytes[..taken].Span);
            if (got.Count == 100)
                enough.Set();
            return taken;
        };
        using var raw = fixture.Connect();
        var text = string.Concat(Enumerable.Range(0, 100).Select(i => (char)('0' + (i % 64))));
        // Behind the request, in the same segment, and later.
        raw.Send("{\"command\":\"console\"}\n" + text[..10]);
        raw.Send(text[10..]);
        Assert.StartsWith("{\"ok\":true", raw.Receive(), StringComparison.Ordinal);
        Assert.True(enough.Wait(Limit), $"{got.Count} bytes came");
        Assert.Equal(text, Encoding.ASCII.GetString([.. got]));
    }

    [Fact]
    public void A_guest_that_takes_nothing_keeps_no_place_of_a_listener_that_left()
    {
        using var fixture = new ControlFixture();
        using var asked = new ManualResetEventSlim();
        fixture.Console.Input = _ =>
        {
            asked.Set();
            return 0;
        };
        using (var console = ConsoleClient.Open(fixture.Socket, Limit))
        {
            Assert.True(console.Send("x"u8));
            Assert.True(asked.Wait(Limit));
        }

        Assert.True(SpinWait.SpinUntil(() => fixture.Server.Clients == 0, Limit), "the listener's place is still taken");
    }

    [Fact]
    public void A_secondary_says_that_its_console_is_read_only()
    {
        using var fixture = new ControlFixture();
        fixture.Console.NoInput = () => "read only here";
        using var console = ConsoleClient.Open(fixture.Socket, Limit);
        Assert.Equal("read only here", console.Remark);
        Guest(fixture, "x");
        Assert.Equal("x", Read(console, 1));
    }

    [Fact]
    public void Listeners_are_bounded_and_a_place_is_free_again_when_one_leaves()
    {
        using var fixture = new ControlFixture();
        var consoles = Enumerable.Range(0, GuestConsole.ListenerLimit).Select(_ => ConsoleClient.Open(fixture.Socket, Limit)).ToList();
        Assert.Contains("close one", Assert.Throws<ControlClientException>(() => ConsoleClient.Open(fixture.Socket, Limit)).Message, StringComparison.Ordinal);
        consoles[0].Dispose();
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    try
                    {
                        consoles[0] = ConsoleClient.Open(fixture.Socket, Limit);
                        return true;
                    }
                    catch (ControlClientException)
                    {
                        return false;
                    }
                },
                Limit),
            "the place stays taken");
        consoles.ForEach(c => c.Dispose());
    }

    [Fact]
    public void A_listener_that_does_not_read_holds_nobody_up_and_is_told_what_it_lost()
    {
        using var fixture = new ControlFixture();
        using var slow = ConsoleClient.Open(fixture.Socket, Limit);
        // Far more than the socket's buffers and what is kept hold together; the guest's thread does not wait for it.
        for (var i = 0; i < 4_000_000; i++)
            fixture.Console.Output((byte)'.');
        Guest(fixture, "#");
        var text = new StringBuilder();
        while (text.Length == 0 || text[^1] != '#')
            text.Append(Read(slow, 1));
        Assert.Contains("bytes of the console were not read in time", text.ToString(), StringComparison.Ordinal);
        Assert.True(text.Length < 3_000_000, $"{text.Length} bytes waited for the listener");
    }

    [Fact]
    public void The_end_of_the_node_ends_the_console()
    {
        var fixture = new ControlFixture();
        using var console = ConsoleClient.Open(fixture.Socket, Limit);
        var started = MonotonicClock.Now;
        fixture.Dispose();
        Assert.Equal(0, console.Receive(new byte[16]));
        Assert.True(MonotonicClock.Now - started < 900_000_000, "the node's end waits for a console that is merely open");
    }

    [Fact]
    public void The_log_and_the_flows_are_told_with_bounds()
    {
        using var fixture = new ControlFixture();
        // Tests beside this one write to the same log.
        LogEntry? mine = null;
        for (var attempt = 0; mine is null && attempt < 100; attempt++)
        {
            var text = Guid.NewGuid().ToString();
            Log.Info(text);
            mine = ControlClient.Send(fixture.Socket, new() { Command = "log", Most = 500 }, Limit).Log!.FirstOrDefault(e => e.Text == text);
        }

        Assert.Equal("info", mine!.Level);
        Assert.All(ControlClient.Send(fixture.Socket, new() { Command = "log", After = mine.Number }, Limit).Log!, e => Assert.True(e.Number > mine.Number));
        Assert.Single(ControlClient.Send(fixture.Socket, new() { Command = "log", Most = 1 }, Limit).Log!);
        Assert.Empty(ControlClient.Send(fixture.Socket, new() { Command = "log", After = long.MaxValue, Most = int.MaxValue }, Limit).Log!);
        fixture.Flows.AddRange(Enumerable.Range(0, 700).Select(i => new FlowStatus { Nic = "lan", Flow = $"tcp {i}" }));
        Assert.Equal(2, ControlClient.Send(fixture.Socket, new() { Command = "flows", Most = 2 }, Limit).Flows!.Count);
        Assert.Equal(500, ControlClient.Send(fixture.Socket, new() { Command = "flows", Most = 100_000 }, Limit).Flows!.Count);
    }

    [Fact]
    public void The_log_keeps_the_newest_entries_and_gives_those_behind_a_number()
    {
        var log = new LogBuffer(4);
        Assert.Empty(log.Read(0, 10));
        for (var i = 1; i <= 6; i++)
            log.Add(DateTimeOffset.UnixEpoch, "info", $"event {i}");
        Assert.Equal([3, 4, 5, 6], log.Read(0, 10).Select(e => e.Number));
        Assert.Equal(["event 5", "event 6"], log.Read(4, 10).Select(e => e.Text));
        Assert.Equal(["event 6"], log.Read(0, 1).Select(e => e.Text));
        Assert.Empty(log.Read(6, 10));
        Assert.Empty(log.Read(long.MaxValue, int.MaxValue));
        Assert.Equal([3, 4, 5, 6], log.Read(long.MinValue, int.MaxValue).Select(e => e.Number));
    }

    private static void Guest(ControlFixture fixture, string text)
    {
        foreach (var octet in Encoding.ASCII.GetBytes(text))
            fixture.Console.Output(octet);
    }

    private static string Read(ConsoleClient console, int length)
    {
        var bytes = new byte[length];
        for (var have = 0; have < length;)
        {
            var got = console.Receive(bytes.AsSpan(have));
            Assert.True(got > 0, $"the console ended after {have} of {length} bytes");
            have += got;
        }

        return Encoding.ASCII.GetString(bytes);
    }
}
