using System.CommandLine;
using Colo.Check;
using Colo.Configuration;
using Colo.Linux;

namespace Colo.Cli;

/// <summary><c>colo check</c>: what would go wrong, before anything starts.</summary>
internal static class CheckCommand
{
    internal static Command Create()
    {
        var role = new Option<string>("--role")
        {
            Description = "What the node is to be. Default: auto, which checks for both roles of a pair",
        }.AcceptOnlyFromAmong("primary", "secondary", "standalone", "auto");
        var node = RunCommand.NodeOption();
        var sets = RunCommand.Sets();
        var wait = new Option<int>("--wait")
        {
            Description = "Seconds to wait for the peer, a node or a check like this one. Default: 0, one call",
            HelpName = "SECONDS",
        };
        wait.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 3600)
                result.AddError("--wait takes 0 to 3600 seconds.");
        });
        var user = new Option<string>("--user")
        {
            Description = "Checks as that user, with all of the user's groups and the service's capabilities, CAP_NET_RAW and CAP_NET_ADMIN. For root only",
            HelpName = "NAME",
        };
        var config = NodeOptions.Config();
        var command = new CommandWithExamples(
            "check",
            "Looks for what would go wrong, before anything starts",
            """
            One line each: ok, warning or failed, what was found and what to do about it. It looks at the
            configuration, /dev/kvm, memory, images and records, network cards, key and commands, and calls the
            peer: a node that runs there, or the same check, tells what it has, and the two are compared. Nothing is
            changed. Exit status 0 when nothing has failed, 1 when something has, 2 when the configuration is wrong.

            Root may read and write everything, so run as root it finds no key or image that the service may not
            use, and only warns of the plainest of them. The service of the packages runs as the user colo: check
            with --user colo. What the unit forbids beside that (ReadWritePaths, DeviceAllow) it does not see.
            """,
            """
            colo check
            colo check --role primary --config web1.ini
            colo check --wait 60          # on both hosts at the same time
            colo check --user colo --config /etc/colo/web1.ini
            """)
        {
            role, node, config, sets, wait, user,
        };
        command.SetAction(parsed =>
        {
            var kind = RunCommand.Role(parsed.GetValue(role) ?? "auto");
            var output = parsed.InvocationConfiguration.Output;
            var path = parsed.GetValue(config) ?? ColoConfiguration.DefaultPath;
            if (parsed.GetValue(user) is { } name)
                Become(name);
            ColoConfiguration configuration;
            try
            {
                configuration = ColoConfiguration.Load(path, parsed.GetValue(sets) ?? [], kind);
            }
            catch (ConfigurationException e)
            {
                foreach (var each in e.Errors)
                    output.WriteLine(new Finding(FindingLevel.Failed, "configuration", each.ToString()));
                return ExitStatus.Usage;
            }

            var findings = new Findings(finding =>
            {
                output.WriteLine(finding);
                output.Flush();
            });
            findings.Ok("configuration", path);
            var host = new HostChecks(configuration, kind, findings);
            host.Run();
            new DiskChecks(configuration, kind, findings).Run();
            new NicChecks(configuration, findings).Run();
            if (HostUser.IsRoot && HostUser.Find(UserChecks.ServiceUser) is { } service)
                new UserChecks(configuration, path, kind, service, findings).Run();
            if (kind != NodeRole.Standalone)
                new LinkChecks(configuration, RunCommand.Node(parsed.GetValue(node)), TimeSpan.FromSeconds(parsed.GetValue(wait)), host.GuestCpu, findings).Run();
            var failed = findings.All.Count(finding => finding.Level == FindingLevel.Failed);
            var warnings = findings.All.Count(finding => finding.Level == FindingLevel.Warning);
            output.WriteLine($"{findings.All.Count - failed - warnings} ok, {warnings} warnings, {failed} failed");
            return failed > 0 ? ExitStatus.Failed : ExitStatus.Done;
        });
        return command;
    }

    private static void Become(string name)
    {
        if (!HostUser.IsRoot)
            throw new UsageException("--user is for root only: run it as that user instead, without --user");
        try
        {
            (HostUser.Find(name) ?? throw new UsageException($"--user: there is no user '{name}' on this host (see: getent passwd)")).Become(NicChecks.ServiceCapabilities);
        }
        catch (IOException e)
        {
            throw new UsageException($"--user: {e.Message}");
        }
    }
}
