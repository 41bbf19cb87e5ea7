using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Colo.Monitor;

namespace Colo.Tests.Monitor;

public sealed class ControlServerTests
{
    [Fact]
    public void The_socket_is_for_its_owner_and_group_and_goes_with_the_server()
    {
        var fixture = new ControlFixture();
        var path = fixture.Socket;
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(path));
        fixture.Dispose();
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Commands_reach_the_node_with_their_arguments_and_results_come_back()
    {
        using var fixture = new ControlFixture();
        var asked = new List<string>();
        fixture.OnFailover = force =>
        {
            asked.Add($"failover {force}");
            return force ? ControlResult.Done : ControlResult.Refused("the primary is alive");
        };
        fixture.OnSave = path =>
        {
            asked.Add($"save {path}");
            return ControlResult.Failed("disk full");
        };
        Assert.Equal(new ControlReply { Ok = true }, fixture.Ask("stop"));
        Assert.Equal(new ControlReply { Error = "the primary is alive", Exit = 3 }, fixture.Ask("failover"));
        Assert.Equal(new ControlReply { Ok = true }, fixture.Ask("failover", force: true));
        Assert.Equal(new ControlReply { Error = "disk full", Exit = 1 }, fixture.Ask("save", path: "/x/y"));
        Assert.Equal(2, fixture.Ask("save", path: "relative").Exit);
        Assert.Equal(2, fixture.Ask("save").Exit);
        Assert.Equal(2, fixture.Ask("reboot").Exit);
        Assert.Equal(["failover False", "failover True", "save /x/y"], asked);
    }

    [Fact]
    public void A_status_arrives_as_it_left()
    {
        using var fixture = new ControlFixture();
        var status = ControlClient.ReadStatus(fixture.Ask("status"))!;
        Assert.Equal(fixture.Status with { Disk = status.Disk, Nic = status.Nic, Failover = status.Failover }, status);
        Assert.Equal((fixture.Status.Failover.Count, fixture.Status.Failover.Last), (status.Failover.Count, status.Failover.Last));
        Assert.Equal(fixture.Status.Failover.History, status.Failover.History);
        Assert.Equal(fixture.Status.Disk, status.Disk);
        Assert.Equal(fixture.Status.Nic, status.Nic);
    }

    [Fact]
    public void A_fault_of_the_node_is_told_and_ends_nothing()
    {
        using var fixture = new ControlFixture { OnStop = () => throw new InvalidOperationException("no state for that") };
        Assert.Equal(new ControlReply { Error = "no state for that", Exit = 1 }, fixture.Ask("stop"));
        Assert.True(fixture.Ask("status").Ok);
    }

    [Fact]
    public void Several_requests_on_one_connection_are_answered_in_order()
    {
        using var fixture = new ControlFixture();
        using var client = fixture.Connect();
        client.Send("{\"command\":\"status\"}\n{\"command\":\"stop\",\"later\":[1]}\n{\"comm");
        Assert.StartsWith("{\"ok\":true,\"exit\":0,\"status\":{", client.Receive(), StringComparison.Ordinal);
        Assert.Equal("{\"ok\":true,\"exit\":0}", client.Receive());
        client.Send("and\":\"stop\"}\n");
        Assert.Equal("{\"ok\":true,\"exit\":0}", client.Receive());
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("hello\n")]
    [InlineData("null\n")]
    [InlineData("[]\n")]
    [InlineData("{}\n")]
    [InlineData("{\"command\":7}\n")]
    [InlineData("{\"command\":\"failover\",\"force\":\"yes\"}\n")]
    [InlineData("{\"command\":\"stop\"}}\n")]
    [InlineData("{\"command\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}}\n")]
    [InlineData("\0\0\0\0\n")]
    public void What_is_no_request_is_refused_and_the_connection_closed(string text)
    {
        using var fixture = new ControlFixture { OnStop = () => throw new InvalidOperationException("reached"), OnFailover = _ => throw new InvalidOperationException("reached") };
        using var client = fixture.Connect();
        client.Send(text + "{\"command\":\"status\"}\n");
        var reply = JsonDocument.Parse(client.Receive()).RootElement;
        Assert.Equal((false, 2), (reply.GetProperty("ok").GetBoolean(), reply.GetProperty("exit").GetInt32()));
        Assert.Equal("", client.Receive());
        Assert.True(fixture.Ask("status").Ok);
    }

    [Fact]
    public void A_request_without_end_is_cut_off_at_the_limit()
    {
        using var fixture = new ControlFixture();
        using var client = fixture.Connect();
        client.Send(new string('x', ControlProtocol.RequestLimit));
        Assert.Contains("longer than 8192 bytes", client.Receive(), StringComparison.Ordinal);
        Assert.Equal("", client.Receive());
        Assert.True(fixture.Ask("status").Ok);
    }

    [Fact]
    public void A_request_of_just_the_limit_is_taken()
    {
        using var fixture = new ControlFixture();
        using var client = fixture.Connect();
        var request = "{\"command\":\"stop\"}";
        client.Send(request.PadRight(ControlProtocol.RequestLimit - 1) + "\n");
        Assert.Equal("{\"ok\":true,\"exit\":0}", client.Receive());
    }

    [Fact]
    public void A_client_that_sends_a_byte_now_and_then_loses_its_place()
    {
        var patience = TimeSpan.FromMilliseconds(300);
        using var fixture = new ControlFixture(patience);
        using var client = fixture.Connect();
        var clock = Stopwatch.StartNew();
        // Each byte comes in time for a limit on a single receive; the limit is on the line. The first one is sent here: a
        // pool thread may start later than the server's patience lasts, and a silent client is closed without a word.
        client.Send(" ");
        var dribble = Task.Run(() =>
        {
            try
            {
                while (clock.Elapsed < TimeSpan.FromSeconds(20))
                {
                    client.Send(" ");
                    Thread.Sleep(20);
                }
            }
            catch (SocketException)
            {
                return true;
            }

            return false;
        });
        Assert.Contains("no whole request within", client.Receive(), StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed, patience, TimeSpan.FromSeconds(10));
        Assert.True(dribble.Result);
    }

    [Fact]
    public void A_client_that_says_nothing_is_closed()
    {
        using var fixture = new ControlFixture(TimeSpan.FromMilliseconds(200));
        using var client = fixture.Connect();
        Assert.Equal("", client.Receive());
        Assert.True(SpinWait.SpinUntil(() => fixture.Server.Clients == 0, 10_000));
    }

    [Fact]
    public void A_client_that_reads_nothing_holds_up_nobody()
    {
        using var fixture = new ControlFixture(TimeSpan.FromMilliseconds(500));
        using var client = fixture.Connect();
        // Far more answers than the socket's buffers take.
        var requests = string.Concat(Enumerable.Repeat("{\"command\":\"status\"}\n", 20_000));
        var flood = Task.Run(() => Record.Exception(() => client.Send(requests)));
        for (var i = 0; i < 20; i++)
            Assert.True(fixture.Ask("status").Ok);
        Assert.IsType<SocketException>(flood.Result);
        Assert.True(SpinWait.SpinUntil(() => fixture.Server.Clients == 0, 10_000));
    }

    [Fact]
    public void Clients_that_only_sit_there_are_sent_away_when_others_come()
    {
        using var fixture = new ControlFixture(TimeSpan.FromMinutes(5));
        var silent = Enumerable.Range(0, 3 * ControlServer.ClientLimit).Select(_ => fixture.Connect()).ToList();
        Assert.True(fixture.Ask("status").Ok);
        Assert.InRange(fixture.Server.Clients, 1, ControlServer.ClientLimit);
        // The first to come was the first to go.
        Assert.Equal("", silent[0].Receive());
        silent.ForEach(s => s.Dispose());
        Assert.True(SpinWait.SpinUntil(() => fixture.Server.Clients == 0, 10_000));
    }

    [Fact]
    public void Status_answers_while_other_commands_are_under_way_and_a_full_house_waits_for_none()
    {
        using var finish = new ManualResetEventSlim();
        using var under = new CountdownEvent(ControlServer.ClientLimit - 1);
        using var fixture = new ControlFixture
        {
            OnStop = () =>
            {
                if (!under.IsSet)
                    under.Signal();
                finish.Wait();
                return ControlResult.Done;
            },
        };
        var stops = Enumerable.Range(0, ControlServer.ClientLimit - 1)
            .Select(_ => Task.Factory.StartNew(() => fixture.Ask("stop"), default, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToList();
        Assert.True(under.Wait(30_000));
        Assert.True(fixture.Ask("status").Ok);
        // The one place is free again as soon as the server has seen that client leave, which may be after it had its answer.
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                try
                {
                    using var last = fixture.Connect();
                    last.Send("{\"command\":\"status\"}\n");
                    return last.Receive().StartsWith("{\"ok\":true", StringComparison.Ordinal);
                }
                catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
                {
                    return false;
                }
            },
            30_000));
        finish.Set();
        Assert.All(stops, s => Assert.True(s.Result.Ok));
    }

    [Fact]
    public void A_command_under_way_is_answered_before_the_server_ends_and_the_idle_are_closed()
    {
        using var fixture = new ControlFixture();
        using var entered = new ManualResetEventSlim();
        using var finish = new ManualResetEventSlim();
        fixture.OnStop = () =>
        {
            entered.Set();
            finish.Wait();
            return ControlResult.Done;
        };
        using var idle = fixture.Connect();
        using var client = fixture.Connect();
        client.Send("{\"command\":\"stop\"}\n");
        Assert.True(entered.Wait(30_000));
        var end = Task.Run(fixture.Server.Dispose);
        // The idle one is closed while the other's command still runs.
        Assert.Equal("", idle.Receive());
        finish.Set();
        Assert.Equal("{\"ok\":true,\"exit\":0}", client.Receive());
        Assert.True(end.Wait(30_000));
    }

    [Fact]
    public void A_live_socket_is_not_replaced_and_the_message_names_its_node()
    {
        using var fixture = new ControlFixture();
        var refusal = Assert.Throws<ControlSocketException>(() => ControlServer.Start(fixture.Socket, fixture));
        Assert.Contains($"a node is running there: web1, primary, protected (process {Environment.ProcessId})", refusal.Message, StringComparison.Ordinal);
        Assert.True(fixture.Ask("status").Ok);
    }

    [Fact]
    public void A_live_socket_whose_owner_does_not_answer_is_not_replaced()
    {
        using var fixture = new ControlFixture();
        var path = Path.Combine(fixture.DirectoryPath, "mute.sock");
        using var mute = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        mute.Bind(new UnixDomainSocketEndPoint(path));
        mute.Listen(0);
        var refusal = Assert.Throws<ControlSocketException>(() => ControlServer.Start(path, fixture));
        Assert.Contains("does not answer", refusal.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void A_stale_socket_is_replaced()
    {
        using var fixture = new ControlFixture();
        var path = Path.Combine(fixture.DirectoryPath, "stale.sock");
        LeaveStaleSocket(path);
        Assert.True(File.Exists(path));
        using var server = ControlServer.Start(path, fixture);
        Assert.True(ControlClient.Send(path, new() { Command = "status" }, TimeSpan.FromSeconds(30)).Ok);
    }

    // As a node that was killed leaves it: renamed, so that closing the socket cannot remove it.
    private static void LeaveStaleSocket(string path)
    {
        var other = path + ".x";
        using var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        dead.Bind(new UnixDomainSocketEndPoint(other));
        File.Move(other, path);
    }

    [Fact]
    public void Of_two_that_start_at_once_one_gets_the_socket()
    {
        using var fixture = new ControlFixture();
        for (var round = 0; round < 20; round++)
        {
            var path = Path.Combine(fixture.DirectoryPath, $"race{round}.sock");
            LeaveStaleSocket(path);
            var results = new ControlServer?[4];
            Parallel.For(0, results.Length, i =>
            {
                try
                {
                    results[i] = ControlServer.Start(path, fixture);
                }
                catch (ControlSocketException)
                {
                    // Another was first.
                }
            });
            Assert.Single(results, r => r is not null);
            Assert.True(ControlClient.Send(path, new() { Command = "status" }, TimeSpan.FromSeconds(30)).Ok);
            foreach (var server in results)
                server?.Dispose();
        }
    }

    [Fact]
    public void A_file_that_is_no_socket_is_left_alone()
    {
        using var fixture = new ControlFixture();
        var path = Path.Combine(fixture.DirectoryPath, "precious");
        File.WriteAllText(path, "data");
        Assert.Contains("no socket", Assert.Throws<ControlSocketException>(() => ControlServer.Start(path, fixture)).Message, StringComparison.Ordinal);
        Assert.Equal("data", File.ReadAllText(path));
    }

    [Fact]
    public void A_place_that_cannot_be_used_is_named()
    {
        using var fixture = new ControlFixture();
        var file = Path.Combine(fixture.DirectoryPath, "file");
        File.WriteAllText(file, "");
        var refusal = Assert.Throws<ControlSocketException>(() => ControlServer.Start(Path.Combine(file, "node.sock"), fixture));
        Assert.Contains("[monitor] socket", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_directory_is_made()
    {
        using var fixture = new ControlFixture();
        var path = Path.Combine(fixture.DirectoryPath, "run", "colo", "node.sock");
        using var server = ControlServer.Start(path, fixture);
        Assert.True(File.Exists(path));
    }

    [RootAndToolsFact("setpriv", "nc", "sh")]
    public void A_stranger_is_turned_away_even_if_the_mode_lets_him_in()
    {
        using var fixture = new ControlFixture();
        File.SetUnixFileMode(fixture.DirectoryPath, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(fixture.Socket, (UnixFileMode)0b110_110_110);
        Assert.Equal("", AskAs("--reuid=65534 --regid=65534 --clear-groups", "{\"command\":\"status\"}", fixture.Socket));
        Assert.Contains("\"ok\":true", AskAs("--reuid=0", "{\"command\":\"status\"}", fixture.Socket), StringComparison.Ordinal);
    }

    [RootAndToolsFact("setpriv", "nc", "sh", "chgrp")]
    public void A_member_of_the_socket_s_group_may_ask_but_not_have_files_written()
    {
        using var fixture = new ControlFixture { OnSave = _ => throw new InvalidOperationException("reached") };
        File.SetUnixFileMode(fixture.DirectoryPath, (UnixFileMode)0b111_101_101);
        Assert.Equal(0, ColoBinary.RunProgram("chgrp", "4242", fixture.Socket).Exit);
        foreach (var groups in new[] { "--regid=4242 --clear-groups", "--regid=65534 --groups=7,4242" })
        {
            Assert.Contains("\"ok\":true", AskAs($"--reuid=65534 {groups}", "{\"command\":\"status\"}", fixture.Socket), StringComparison.Ordinal);
            Assert.Contains("\"exit\":3", AskAs($"--reuid=65534 {groups}", "{\"command\":\"save\",\"path\":\"/etc/passwd\"}", fixture.Socket), StringComparison.Ordinal);
        }

        Assert.Equal("", AskAs("--reuid=65534 --regid=65534 --groups=7", "{\"command\":\"status\"}", fixture.Socket));
    }

    private static string AskAs(string identity, string request, string path) =>
        ColoBinary.RunProgram("sh", "-c", $"echo '{request}' | setpriv {identity} nc -U -N '{path}'").Output;

    [Fact]
    public void No_node_is_exit_status_4_and_what_is_no_node_is_1()
    {
        using var fixture = new ControlFixture();
        var absent = Path.Combine(fixture.DirectoryPath, "absent.sock");
        Assert.Equal(4, Assert.Throws<ControlClientException>(() => ControlClient.Send(absent, new(), TimeSpan.FromSeconds(30))).Exit);
        LeaveStaleSocket(absent);
        Assert.Equal(4, Assert.Throws<ControlClientException>(() => ControlClient.Send(absent, new(), TimeSpan.FromSeconds(30))).Exit);

        foreach (var (answer, message) in new[] { ("SSH-2.0\n", "no colo node"), ("", "ended without an answer"), (new string('x', ControlProtocol.ReplyLimit + 1), "no colo node") })
        {
            var path = Path.Combine(fixture.DirectoryPath, $"other{answer.Length}.sock");
            using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            other.Bind(new UnixDomainSocketEndPoint(path));
            other.Listen();
            var serve = Task.Run(() =>
            {
                using var client = other.Accept();
                client.Receive(new byte[100]);
                Record.Exception(() => client.Send(System.Text.Encoding.ASCII.GetBytes(answer)));
            });
            var refusal = Assert.Throws<ControlClientException>(() => ControlClient.Send(path, new() { Command = "status" }, TimeSpan.FromSeconds(30)));
            Assert.Equal(1, refusal.Exit);
            Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
            serve.Wait();
        }
    }

    [Fact]
    public void Random_bytes_from_many_clients_leave_the_node_answering()
    {
        var seed = Environment.TickCount;
        using var fixture = new ControlFixture(TimeSpan.FromSeconds(1));
        Parallel.For(0, 40, i =>
        {
            var random = new Random(seed + i);
            var bytes = new byte[random.Next(1, 20_000)];
            random.NextBytes(bytes);
            try
            {
                using var client = fixture.Connect();
                client.Send(bytes);
            }
            catch (SocketException)
            {
                // Closed by the server in the middle.
            }
        });
        Assert.True(fixture.Ask("status").Ok, $"seed {seed}");
    }
}
