using System.Runtime.InteropServices;

namespace Colo.Demo;

/// <summary>
/// Ctrl-C, SIGTERM and the end of the terminal cancel what the process does, instead of ending it: it goes on to where it removes
/// what it made.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private static readonly PosixSignal[] Always = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private volatile bool _hungUp;

    /// <param name="more">Further signals that do the same.</param>
    internal StopSignals(params PosixSignal[] more) =>
        _registrations = [.. Always.Concat(more).Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];

    /// <summary>Cancelled by the first of them.</summary>
    internal CancellationToken Token => _stop.Token;

    /// <summary>Whether the terminal is gone.</summary>
    internal bool HungUp => _hungUp;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (context.Signal == PosixSignal.SIGHUP)
            _hungUp = true;
        _stop.Cancel();
    }
}
