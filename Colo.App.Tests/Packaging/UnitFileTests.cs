using Colo.Cli;
using Colo.Tests.Block;

namespace Colo.Tests.Packaging;

/// <summary>The unit of the service, as systemd judges it.</summary>
public sealed class UnitFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-unit-");

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Source { get; } = File.ReadAllText(Path.Combine(ColoBinary.Repository, "packaging", "colo@.service"));

    [ToolFact("systemd-analyze")]
    public void Systemd_finds_nothing_wrong()
    {
        // It wants to see the program, which is not installed where tests run.
        var unit = Write(Source.Replace("/usr/bin/colo", "/usr/bin/env", StringComparison.Ordinal));
        var (exit, output, error) = ColoBinary.RunProgram("systemd-analyze", "verify", "--man=no", unit);
        Assert.True(exit == 0, output + error);
        Assert.DoesNotContain("colo@", error, StringComparison.Ordinal);
    }

    [ToolFact("systemd-analyze")]
    public void A_wrong_setting_would_be_found()
    {
        var unit = Write(Source.Replace("KillMode=process", "KillMode=gently", StringComparison.Ordinal));
        var (_, output, error) = ColoBinary.RunProgram("systemd-analyze", "verify", "--man=no", unit);
        Assert.Contains("gently", output + error, StringComparison.Ordinal);
    }

    /// <summary>Exposure of 10 is a service that may do everything; a node needs the network, raw sockets and /dev/kvm.</summary>
    [ToolFact("systemd-analyze")]
    public void The_service_may_do_little_beyond_what_it_needs()
    {
        var (exit, output, error) = ColoBinary.RunProgram("systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=25", Write(Source));
        Assert.True(exit == 0, output + error);
    }

    [Fact]
    public void What_does_not_mend_itself_is_not_tried_again() =>
        Assert.Contains($"\nRestartPreventExitStatus={ExitStatus.Usage} {ExitStatus.Refused}\n", Source, StringComparison.Ordinal);

    private string Write(string text)
    {
        var path = Path.Combine(_folder.FullName, "colo@web1.service");
        File.WriteAllText(path, text);
        return path;
    }
}
