namespace Colo.Tests.Block;

/// <summary>A test against another implementation, skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ToolFactAttribute : FactAttribute
{
    public ToolFactAttribute(params string[] tools) => Skip = Tools.Missing(tools);
}

/// <summary>As <see cref="ToolFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ToolTheoryAttribute : TheoryAttribute
{
    public ToolTheoryAttribute(params string[] tools) => Skip = Tools.Missing(tools);
}

internal static class Tools
{
    internal static string? Missing(string[] tools)
    {
        var missing = tools.Where(tool => !File.Exists("/usr/bin/" + tool)).ToArray();
        return missing.Length == 0 ? null : $"needs {string.Join(", ", missing)} in /usr/bin";
    }

    /// <summary>Runs a program that has to succeed; what it wrote.</summary>
    internal static string Run(string program, params string[] args)
    {
        var (exit, output, error) = ColoBinary.RunProgram(program, args);
        Assert.True(exit == 0, $"{program} {string.Join(' ', args)}: {exit}\n{output}\n{error}");
        return output;
    }
}
