namespace Colo.Checkpoint;

/// <summary>
/// One end of the connection that carries checkpoints, used by one thread, blocking. Every call has a time limit of
/// its own; what fails throws <see cref="IOException"/>.
/// </summary>
public unsafe interface ICheckpointStream
{
    /// <summary>Sends a head, then whole pages straight from where they lie.</summary>
    /// <param name="head">Header and page numbers.</param>
    /// <param name="pages">Host addresses of pages, page aligned.</param>
    void SendPages(ReadOnlySpan<byte> head, ReadOnlySpan<nint> pages);

    /// <summary>Sends bytes.</summary>
    void Send(ReadOnlySpan<byte> bytes);

    /// <summary>Receives exactly so many bytes.</summary>
    void Receive(Span<byte> bytes);

    /// <summary>Ends every call under way and to come with an exception; from any thread.</summary>
    void Abort();
}
