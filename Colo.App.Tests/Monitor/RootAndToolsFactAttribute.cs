namespace Colo.Tests.Monitor;

/// <summary>A test that needs root and some programs, skipped where one of them is missing.</summary>
public sealed class RootAndToolsFactAttribute : FactAttribute
{
    /// <summary>Sets Skip with what is missing.</summary>
    public RootAndToolsFactAttribute(params string[] tools)
    {
        var missing = tools.Where(t => !"/usr/bin:/bin:/usr/sbin:/sbin".Split(':').Any(d => File.Exists(Path.Combine(d, t)))).ToList();
        if (!Environment.IsPrivilegedProcess)
            Skip = "needs root";
        else if (missing.Count > 0)
            Skip = $"needs {string.Join(", ", missing)}";
    }
}
