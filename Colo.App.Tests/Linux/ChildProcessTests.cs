using Colo.Linux;

namespace Colo.Tests.Linux;

/// <remarks>Not beside tests that leave descriptors open for every program that is started.</remarks>
[Collection("Inherited descriptors")]
public sealed class ChildProcessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Descriptors in any order, also those that are each other's targets.</summary>
    [Fact]
    public void TheChildGetsExactlyItsDescriptorsAndItsStatusIsTaken()
    {
        var folder = Directory.CreateTempSubdirectory("colo-child-");
        try
        {
            using var one = new FileStream(Path.Combine(folder.FullName, "one"), FileMode.Create);
            using var two = new FileStream(Path.Combine(folder.FullName, "two"), FileMode.Create);
            int[] numbers = [(int)two.SafeFileHandle.DangerousGetHandle(), (int)one.SafeFileHandle.DangerousGetHandle()];
            var status = Wait("/bin/sh", ["-c", "echo a >&3; echo b >&4; exit 7"], numbers);
            Assert.Equal(7 << 8, status);
            Assert.Equal("a\n", Read(two));
            Assert.Equal("b\n", Read(one));
            using var idle = ChildProcess.Start("/bin/sleep", ["1000"], numbers);
            var open = Directory.GetFileSystemEntries($"/proc/{idle.Id}/fd").Select(n => int.Parse(Path.GetFileName(n), System.Globalization.CultureInfo.InvariantCulture)).ToList();
            System.Diagnostics.Process.GetProcessById(idle.Id).Kill();
            Assert.Equal([0, 1, 2, 3, 4], open.Order());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void AProgramThatIsNotThereIsNamed()
    {
        var e = Assert.Throws<LinuxException>(() => ChildProcess.Start("/none/such", [], []));
        Assert.Equal(Errno.ENOENT, e.Errno);
        Assert.Contains("/none/such", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Else a loop that waits for the end would spin on the readable descriptor for ever.</summary>
    [Fact]
    public void AStatusThatIsGoneIsNotStillRunning()
    {
        using var child = ChildProcess.Start("/bin/sleep", ["1000"], []);
        Assert.Null(child.Reap());
        System.Diagnostics.Process.GetProcessById(child.Id).Kill();
        int? status = null;
        Assert.True(SpinWait.SpinUntil(() => (status = child.Reap()) is not null, Limit));
        Assert.Equal(9, status);
        Assert.Equal(-1, child.Reap());
    }

    /// <summary>In a group of the test's session a stopped child would get SIGHUP when its parent ends.</summary>
    [Fact]
    public void AChildLeadsASessionOfItsOwn()
    {
        using var child = ChildProcess.Start("/bin/sleep", ["1000"], []);
        // proc(5): after the name, which may hold anything, come state, ppid, pgrp and session.
        var stat = File.ReadAllText($"/proc/{child.Id}/stat");
        System.Diagnostics.Process.GetProcessById(child.Id).Kill();
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        Assert.Equal([$"{child.Id}", $"{child.Id}"], fields[2..4]);
    }

    private static int Wait(string path, string[] arguments, int[] descriptors)
    {
        using var loop = new EventLoop();
        using var child = ChildProcess.Start(path, arguments, descriptors);
        int? status = null;
        loop.Add(child.Descriptor, EventLoop.Readable, new Ended(() =>
        {
            status = child.Reap();
            loop.Stop();
        }));
        loop.AddTimer(loop.Stop).SetAfter(Limit);
        loop.Run();
        return Assert.NotNull(status);
    }

    private static string Read(FileStream file)
    {
        file.Position = 0;
        return new StreamReader(file, leaveOpen: true).ReadToEnd();
    }

    private sealed class Ended(Action action) : IEventHandler
    {
        public void OnReady(uint events) => action();
    }
}
