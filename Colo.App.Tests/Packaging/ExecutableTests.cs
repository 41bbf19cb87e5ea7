namespace Colo.Tests.Packaging;

/// <summary>The executable as a file.</summary>
public sealed class ExecutableTests
{
    /// <summary>A goal of its own, and what shows that nothing came back of what Colo.App/LeftOut.xml keeps out.</summary>
    private const long MostBytes = 15_000_000;

    [ColoBinaryFact]
    public void The_executable_is_smaller_than_15_megabytes()
    {
        var length = new FileInfo(ColoBinary.Path!).Length;
        Assert.True(length < MostBytes, $"{ColoBinary.Path} has {length} bytes, {MostBytes} are the goal; docs/figures.md says what it was made of, and how to look");
    }

    [ColoBinaryFact]
    public void No_file_of_the_terminal_library_is_read_at_a_start()
    {
        // A pipe that nobody writes to, in the places where that library looks: who opens it waits for ever.
        var folder = Directory.CreateTempSubdirectory("colo-executable-");
        try
        {
            var result = ColoBinary.RunProgram("/bin/sh", "-c",
                $"cd {folder.FullName} && mkdir .tui && mkfifo .tui/config.json && HOME={folder.FullName} exec timeout 20 {ColoBinary.Path} --version");
            Assert.Equal((0, ""), (result.Exit, result.Error));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
