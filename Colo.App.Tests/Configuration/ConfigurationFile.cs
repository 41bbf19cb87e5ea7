using Colo.Configuration;

namespace Colo.Tests.Configuration;

/// <summary>A colo.ini in a directory of its own, removed afterwards.</summary>
internal sealed class ConfigurationFile : IDisposable
{
    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("colo-ini-");

    internal ConfigurationFile(string text)
    {
        Path = System.IO.Path.Combine(Directory, "colo.ini");
        File.WriteAllText(Path, text);
    }

    internal string Directory => _directory.FullName;

    internal string Path { get; }

    public void Dispose() => _directory.Delete(recursive: true);

    internal static ColoConfiguration Load(string text, params string[] sets)
    {
        using var file = new ConfigurationFile(text);
        return ColoConfiguration.Load(file.Path, sets);
    }

    internal static IReadOnlyList<ConfigurationError> Errors(string text, NodeRole? role, params string[] sets)
    {
        using var file = new ConfigurationFile(text);
        return Assert.Throws<ConfigurationException>(() => ColoConfiguration.Load(file.Path, sets, role)).Errors;
    }
}
