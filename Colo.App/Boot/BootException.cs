namespace Colo.Boot;

/// <summary>A kernel, initial RAM disk or command line that cannot be booted; the message says why and what would do.</summary>
public sealed class BootException(string message) : IOException(message);
