namespace Colo.Tests.Link;

/// <summary>A test that makes network namespaces: needs root, ip and nft.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (Environment.UserName != "root")
            Skip = "needs root, to make network namespaces";
        else if (!Exists("ip") || !Exists("nft"))
            Skip = "needs ip (iproute2) and nft (nftables)";
    }

    private static bool Exists(string tool) =>
        new[] { "/usr/sbin", "/sbin", "/usr/bin", "/bin" }.Any(folder => File.Exists(Path.Combine(folder, tool)));
}

/// <summary>A test with a peer in Python.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute()
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        if (!path.Split(':').Any(folder => File.Exists(Path.Combine(folder, "python3"))))
            Skip = "needs python3";
    }
}
