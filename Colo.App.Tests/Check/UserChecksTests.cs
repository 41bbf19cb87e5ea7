using Colo.Check;
using Colo.Cli;
using Colo.Configuration;
using Colo.Link;
using Colo.Linux;
using Colo.Tests.Devices;

namespace Colo.Tests.Check;

/// <summary>What root does not see of the user that the service runs as. With nobody as that user: it is everywhere.</summary>
public sealed class UserChecksTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("colo-user-");

    public UserChecksTests()
    {
        LinkKey.Create(At("key"));
        File.WriteAllBytes(At("root.img"), new byte[1 << 20]);
        File.WriteAllText(
            At("colo.ini"),
            $"""
            [vm]
            name = web1
            [disk:root]
            path = {At("root.img")}
            [link]
            node-a = 127.0.0.1:9990
            node-b = 127.0.0.2:9990
            key-file = {At("key")}
            [monitor]
            socket = {At("s.sock")}

            """);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [NetworkFact]
    public void What_the_user_may_not_use_is_told_with_the_mend_and_nothing_else()
    {
        var nobody = HostUser.Find("nobody")!;
        // The folder itself is closed: nothing in it can be used.
        foreach (var file in new[] { "colo.ini", "key", "root.img" })
            Assert.Contains(Look(nobody), l => l.StartsWith("warning  user nobody: may not ", StringComparison.Ordinal) && l.Contains(At(file) + ",", StringComparison.Ordinal));
        Open(_directory.FullName);
        Open(At("colo.ini"));
        // Modes that let everybody are no use for a key, and root's own are none for nobody.
        var lines = Look(nobody);
        Assert.Contains(lines, l => l.StartsWith($"warning  user nobody: may not read {At("key")}, ", StringComparison.Ordinal) && l.Contains($"chown nobody: {At("key")}", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith($"warning  user nobody: may not read and write {At("root.img")}, ", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith($"warning  user nobody: may not make files in {_directory.FullName}, ", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, l => l.Contains("colo.ini,", StringComparison.Ordinal));
        foreach (var path in new[] { _directory.FullName, At("key"), At("root.img") })
            Own(nobody, path);
        Assert.Equal(["ok       user nobody: may use the files; colo check --user nobody checks everything as that user"], Look(nobody));
    }

    [NetworkFact]
    public void Looking_as_another_user_leaves_this_process_as_it_is()
    {
        var nobody = HostUser.Find("nobody")!;
        Assert.Equal(nobody.Uid, nobody.As(Native.geteuid));
        Assert.Equal(0u, Native.geteuid());
        Assert.True(HostUser.IsRoot);
        Assert.Null(HostUser.Find("no-such-user"));
        Assert.Equal(0u, HostUser.Find("root")!.Uid);
    }

    [NetworkFact]
    public void A_user_that_there_is_not_is_an_error_of_usage()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(2, ColoCommandLine.Invoke(["check", "--user", "no-such-user", "--config", At("colo.ini")], output, error));
        Assert.Contains("there is no user 'no-such-user'", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", output.ToString());
    }

    [NetworkFact]
    public void A_check_as_a_user_has_that_users_rights_and_the_services_capabilities()
    {
        if (Support.PairBinary.Path is not { } binary)
            return;
        using var ns = new NetworkNamespace("user");
        ns.Ip("link set lo up");
        Open(_directory.FullName);
        Open(At("colo.ini"));
        string Run(string more = "") => ns.Exec($"{binary} check --user nobody --node a --set nic:lan:backend=packet:lo --set nic:lan:mac=52:54:00:12:34:56 --config {At("colo.ini")} {more}", check: false);
        var text = Run();
        Assert.Contains($"failed   key: {At("key")}: cannot be read: ", text, StringComparison.Ordinal);
        Assert.Contains($"chown nobody: {At("key")}", text, StringComparison.Ordinal);
        Assert.Contains($"failed   disk root: {At("root.img")}: Permission denied; ", text, StringComparison.Ordinal);
        Assert.Contains($"chown nobody: {At("root.img")}", text, StringComparison.Ordinal);
        Assert.Contains("ok       rights: CAP_NET_RAW", text, StringComparison.Ordinal);
        var nobody = HostUser.Find("nobody")!;
        foreach (var path in new[] { _directory.FullName, At("key"), At("root.img") })
            Own(nobody, path);
        text = Run();
        Assert.Contains($"ok       key: {At("key")}", text, StringComparison.Ordinal);
        Assert.Contains($"ok       disk root: {At("root.img")}", text, StringComparison.Ordinal);
        // Not root's powers over files, though it was root that began: nobody may not bind to this port, either.
        Assert.Contains("failed   port: ", Run("--set link:node-a=127.0.0.1:99"), StringComparison.Ordinal);
        var asNobody = ns.Exec($"setpriv --reuid=65534 --clear-groups {binary} check --user nobody --config {At("colo.ini")} 2>&1", check: false);
        Assert.Contains("--user is for root only", asNobody, StringComparison.Ordinal);
    }

    private string At(string name) => Path.Combine(_directory.FullName, name);

    private List<string> Look(HostUser user)
    {
        var findings = new Findings(_ => { });
        var configuration = ColoConfiguration.Load(At("colo.ini"), [], NodeRole.Auto);
        new UserChecks(configuration, At("colo.ini"), NodeRole.Auto, user, findings).Run();
        Assert.All(findings.All, f => Assert.Equal(f.Level == FindingLevel.Ok, f.Mend is null));
        return [.. findings.All.Select(f => f.ToString())];
    }

    private static void Open(string path) => File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

    private static void Own(HostUser user, string path) => Assert.Equal(0, ColoBinary.RunProgram("chown", user.Name, path).Exit);
}
