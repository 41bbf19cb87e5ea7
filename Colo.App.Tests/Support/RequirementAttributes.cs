using Colo.Demo;
using Colo.Linux;

namespace Colo.Tests.Support;

/// <summary>What this machine lacks for a kind of test; null: nothing.</summary>
internal static class Requirement
{
    internal static string? Network { get; } =
        Native.geteuid() != 0 ? "needs root: it makes network namespaces"
        : !IpTool.IsInstalled ? "needs ip (package iproute2)"
        : null;

    internal static string? Pair { get; } =
        Network ?? (!File.Exists("/dev/kvm") ? "needs /dev/kvm"
        : PairBinary.Path is null ? "needs the published binary: COLO_BINARY, or out/colo in the repository"
        : null);

    internal static string? Tool(string? name) =>
        name is null || File.Exists("/usr/bin/" + name) ? null : $"needs {name} in /usr/bin";
}

/// <summary>A test that makes network namespaces.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute() => Skip = Requirement.Network;
}

/// <summary>A test of two nodes of the published binary with a real guest.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PairFactAttribute : FactAttribute
{
    public PairFactAttribute(string? tool = null) => Skip = Requirement.Pair ?? Requirement.Tool(tool);
}

/// <summary>As <see cref="PairFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PairTheoryAttribute : TheoryAttribute
{
    public PairTheoryAttribute(string? tool = null) => Skip = Requirement.Pair ?? Requirement.Tool(tool);
}

/// <summary>Where the binary under test is.</summary>
internal static class PairBinary
{
    internal static string? Path { get; } = Find();

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("COLO_BINARY") is { Length: > 0 } named)
            return File.Exists(named) ? System.IO.Path.GetFullPath(named) : null;
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            var candidate = System.IO.Path.Combine(folder, "out", "colo");
            if (File.Exists(System.IO.Path.Combine(folder, "Directory.Packages.props")))
                return File.Exists(candidate) ? candidate : null;
        }

        return null;
    }
}

/// <summary>As <see cref="PairFactAttribute"/>, with the binary that has fault points.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FaultFactAttribute : FactAttribute
{
    public FaultFactAttribute() => Skip = FaultBinary.Missing;
}

/// <summary>As <see cref="FaultFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FaultTheoryAttribute : TheoryAttribute
{
    public FaultTheoryAttribute() => Skip = FaultBinary.Missing;
}

/// <summary>Where the binary with fault points is (<c>./build.sh test</c> builds it).</summary>
internal static class FaultBinary
{
    internal static string? Path { get; } = Find();

    internal static string? Missing { get; } =
        Requirement.Pair ?? (Path is null ? "needs the binary with fault points: COLO_FAULT_BINARY, or out/test/colo beside out/colo" : null);

    private static string? Find()
    {
        var path = Environment.GetEnvironmentVariable("COLO_FAULT_BINARY") is { Length: > 0 } named ? named
            : PairBinary.Path is { } release ? System.IO.Path.Combine(System.IO.Path.GetDirectoryName(release)!, "test", "colo")
            : null;
        return File.Exists(path) ? System.IO.Path.GetFullPath(path) : null;
    }
}
