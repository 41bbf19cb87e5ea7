using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Colo.Linux;

namespace Colo.Tests.Linux;

/// <summary>What a service manager is told, with the test in its place.</summary>
public sealed partial class ServiceManagerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-notify-");
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = (int)Limit.TotalMilliseconds };
    private readonly EventLoop _loop = new();
    private Thread? _thread;

    private void StartLoop()
    {
        _thread = new Thread(_loop.Run);
        _thread.Start();
    }

    private void StopLoop()
    {
        _loop.Stop();
        Assert.True(_thread?.Join(Limit) ?? true);
    }

    private string Path => System.IO.Path.Combine(_folder.FullName, "notify");

    public void Dispose()
    {
        // A test that fails leaves it running, and without its descriptors it would end the whole run.
        StopLoop();
        _loop.Dispose();
        _manager.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Readiness_state_and_end_are_told_over_a_path_or_an_abstract_name(bool isAbstract)
    {
        var name = isAbstract ? $"colo-test-{Guid.NewGuid():N}" : Path;
        _manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name : name));
        using var service = new ServiceManager(isAbstract ? "@" + name : name, TimeSpan.Zero);
        Assert.True(service.IsPresent);
        service.Status("waiting for the primary");
        Assert.Equal("STATUS=waiting for the primary\n", Receive());
        service.Ready(_loop);
        Assert.Equal("READY=1\nSTATUS=waiting for the primary\n", Receive());
        service.Status("two\nlines");
        Assert.Equal("READY=1\nSTATUS=two lines\n", Receive());
        service.Stopping();
        Assert.Equal("READY=1\nSTATUS=two lines\nSTOPPING=1\n", Receive());
    }

    [Fact]
    public void Signs_of_life_come_from_the_loop_and_stop_when_it_is_stuck()
    {
        _manager.Bind(new UnixDomainSocketEndPoint(Path));
        using var service = new ServiceManager(Path, TimeSpan.FromMilliseconds(100));
        // From before the first: this thread may be kept waiting for as long as it likes.
        var clock = Stopwatch.StartNew();
        service.Ready(_loop);
        StartLoop();
        Assert.Equal(["WATCHDOG=1", "READY=1\n", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"], Enumerable.Range(0, 5).Select(_ => Receive()));
        Assert.True(clock.ElapsedMilliseconds >= 140, $"four signs of life, half of 100 ms apart, in {clock.ElapsedMilliseconds} ms");

        using var stuck = new ManualResetEventSlim();
        using var free = new ManualResetEventSlim();
        _loop.Post(() =>
        {
            stuck.Set();
            free.Wait(Limit);
        });
        Assert.True(stuck.Wait(Limit));
        while (_manager.Poll(0, SelectMode.SelectRead))
            Receive();
        Assert.False(_manager.Poll(300_000, SelectMode.SelectRead), "a stuck loop gave a sign of life");
        free.Set();
        Assert.Equal("WATCHDOG=1", Receive());
        StopLoop();
    }

    [Fact]
    public void What_keeps_the_loop_busy_and_gets_further_gives_the_signs_of_life()
    {
        _manager.Bind(new UnixDomainSocketEndPoint(Path));
        using var service = new ServiceManager(Path, TimeSpan.FromMilliseconds(200));
        // Before the service is up there is no watchdog, and a limit for the start.
        service.Progress();
        Assert.Equal("EXTEND_TIMEOUT_USEC=60000000", Receive());
        service.Ready(_loop);
        Assert.Equal(["WATCHDOG=1", "READY=1\n"], Enumerable.Range(0, 2).Select(_ => Receive()));
        // The loop does not run: from here on signs of life are those of the progress, four in a period at most.
        var clock = Stopwatch.StartNew();
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                service.Progress();
                return _manager.Available > 0;
            },
            Limit));
        Assert.Equal("WATCHDOG=1", Receive());
        for (var i = 0; i < 1_000; i++)
            service.Progress();
        var told = 0;
        while (_manager.Available > 0)
        {
            Assert.Equal("WATCHDOG=1", Receive());
            told++;
        }

        Assert.True(told <= clock.ElapsedMilliseconds / 50, $"{told} signs of life in {clock.ElapsedMilliseconds} ms");
        // And none without progress.
        Assert.False(_manager.Poll(300_000, SelectMode.SelectRead), "a sign of life without progress");
    }

    [Fact]
    public void Without_a_watchdog_there_are_no_signs_of_life_once_it_is_up()
    {
        _manager.Bind(new UnixDomainSocketEndPoint(Path));
        using var service = new ServiceManager(Path, TimeSpan.Zero);
        service.Ready(_loop);
        Assert.Equal("READY=1\n", Receive());
        service.Progress();
        Assert.False(_manager.Poll(100_000, SelectMode.SelectRead));
    }

    [Fact]
    public void What_a_full_queue_does_not_take_is_said_again_and_nobody_waits_for_it()
    {
        _manager.Bind(new UnixDomainSocketEndPoint(Path));
        using var service = new ServiceManager(Path, TimeSpan.Zero);
        service.Ready(_loop);
        // The kernel's limit of datagrams is 10 unless raised, far below this either way.
        for (var i = 0; i < 5_000; i++)
            service.Status("busy");
        service.Status("the last");
        StartLoop();
        string text;
        do
            text = Receive();
        while (!text.Contains("the last", StringComparison.Ordinal));
        Assert.Equal("READY=1\nSTATUS=the last\n", text);
        StopLoop();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("@")]
    [InlineData("vsock:2:1234")]
    [InlineData("relative")]
    [InlineData("/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890")]
    public void Without_a_manager_that_can_be_reached_nothing_is_done(string? socket)
    {
        using var service = new ServiceManager(socket, TimeSpan.FromSeconds(1));
        Assert.False(service.IsPresent);
        service.Status("x");
        service.Ready(_loop);
        service.Stopping();
    }

    [Fact]
    public void A_manager_that_is_gone_harms_nothing_and_a_new_one_is_told()
    {
        using var service = new ServiceManager(Path, TimeSpan.FromSeconds(1));
        service.Ready(_loop);
        service.Status("nobody hears this");
        _manager.Bind(new UnixDomainSocketEndPoint(Path));
        service.Status("back");
        Assert.Equal("READY=1\nSTATUS=back\n", Receive());
    }

    /// <summary>A child made by posix_spawn gets the process's own environment, not the class library's copy: both have to be clean.</summary>
    [Fact]
    public void The_environment_names_the_manager_once_and_children_do_not_inherit_it()
    {
        _manager.Bind(new UnixDomainSocketEndPoint(Path));
        Set("NOTIFY_SOCKET", Path);
        Set("WATCHDOG_USEC", "30000000");
        Set("WATCHDOG_PID", $"{Environment.ProcessId}");
        using (var service = ServiceManager.FromEnvironment())
            Assert.Equal((true, TimeSpan.FromSeconds(30)), (service.IsPresent, service.Watchdog));
        Assert.False(ServiceManager.FromEnvironment().IsPresent);
        var file = System.IO.Path.Combine(_folder.FullName, "environment");
        using var child = Colo.Linux.ChildProcess.Start("/bin/sh", ["-c", $"env > {file}"], []);
        Assert.True(SpinWait.SpinUntil(() => child.Reap() is not null, Limit));
        Assert.DoesNotMatch("(?m)^(NOTIFY_SOCKET|WATCHDOG_USEC|WATCHDOG_PID)=", File.ReadAllText(file));
        Assert.Contains("PATH=", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("30000000", "1", 0)]
    [InlineData("0", null, 0)]
    [InlineData("-5", null, 0)]
    [InlineData("99999999999999999999", null, 0)]
    [InlineData("2000000", null, 2)]
    public void A_watchdog_of_another_process_or_of_no_period_is_none(string period, string? process, int seconds)
    {
        _manager.Bind(new UnixDomainSocketEndPoint(Path));
        Set("NOTIFY_SOCKET", Path);
        Set("WATCHDOG_USEC", period);
        if (process is not null)
            Set("WATCHDOG_PID", process);
        using var service = ServiceManager.FromEnvironment();
        Assert.Equal(TimeSpan.FromSeconds(seconds), service.Watchdog);
    }

    /// <summary>As a process gets it: in its own environment and in the class library's copy.</summary>
    private static void Set(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        Assert.Equal(0, setenv(name, value, 1));
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    private string Receive()
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer));
    }
}
