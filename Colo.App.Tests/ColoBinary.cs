using System.Diagnostics;

namespace Colo.Tests;

/// <summary>The executable as users get it: <c>COLO_BINARY</c>, or <c>out/colo</c> as build.sh leaves it.</summary>
public static class ColoBinary
{
    /// <summary>Its path; null when it was not built.</summary>
    public static string? Path { get; } = Find();

    /// <summary>The directory that holds build.sh.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>What a finished run left.</summary>
    public sealed record Result(int Exit, string Output, string Error);

    /// <summary>Runs the executable to its end.</summary>
    public static Result Run(params string[] args) => RunProgram(Path!, args);

    /// <summary>Runs any program to its end, at most a minute.</summary>
    public static Result RunProgram(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(60_000))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', args)} did not end: {error.Result}");
        }

        return new(process.ExitCode, output.Result, error.Result);
    }

    private static string? Find()
    {
        var named = Environment.GetEnvironmentVariable("COLO_BINARY");
        if (!string.IsNullOrEmpty(named))
            return System.IO.Path.GetFullPath(named);
        var built = System.IO.Path.Combine(FindRepository(), "out", "colo");
        return File.Exists(built) ? built : null;
    }

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "build.sh")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new DirectoryNotFoundException("build.sh is in no directory above the tests");
    }
}

/// <summary>A test of the executable itself, skipped where it was not built.</summary>
public sealed class ColoBinaryFactAttribute : FactAttribute
{
    /// <summary>Sets Skip when there is no executable.</summary>
    public ColoBinaryFactAttribute()
    {
        if (ColoBinary.Path is null)
            Skip = "out/colo is not built and COLO_BINARY is not set: run ./build.sh";
    }
}
