using Colo.Tests.Support;

namespace Colo.Tests.Dashboard;

/// <summary>A test of the executable on a terminal of tmux.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TmuxFactAttribute : FactAttribute
{
    public TmuxFactAttribute() => Skip = Reason;

    internal static string? Reason => ColoBinary.Path is null
        ? "out/colo is not built and COLO_BINARY is not set: run ./build.sh"
        : Requirement.Tool("tmux");
}

/// <summary>As <see cref="TmuxFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TmuxTheoryAttribute : TheoryAttribute
{
    public TmuxTheoryAttribute() => Skip = TmuxFactAttribute.Reason;
}
