namespace Colo.Link;

/// <summary>The key that both nodes hold.</summary>
public sealed class LinkKey
{
    /// <summary>Draws a new key and writes it to a file that does not exist yet, mode 0600.</summary>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public static LinkKey Create(string path) => throw new IOException($"{path}: making a key is not built yet");
}
