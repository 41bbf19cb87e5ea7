using Colo.Configuration;
using Colo.Linux;
using Colo.Machine;
using Colo.Monitor;

namespace Colo.Node;

/// <summary>
/// The operator's stop of a guest: its power button is pressed, and what has not powered itself off in time is powered
/// off. A guest that does not listen to the button, as the built-in one, is powered off at once. On the loop's thread.
/// </summary>
internal sealed class PowerDown : IDisposable
{
    private readonly GuestVm _vm;
    private readonly EventLog _events;
    private readonly TimeSpan _limit;
    private readonly Action _powerOff;
    private readonly LoopTimer _timer;
    private bool _waiting;

    /// <summary>Makes one.</summary>
    /// <param name="vm">The guest.</param>
    /// <param name="events">Where it is told.</param>
    /// <param name="limit">How long it has.</param>
    /// <param name="powerOff">Powers it off.</param>
    internal PowerDown(GuestVm vm, EventLog events, TimeSpan limit, Action powerOff)
    {
        (_vm, _events, _limit, _powerOff) = (vm, events, limit, powerOff);
        _timer = vm.Loop.AddTimer(() =>
        {
            _events.Warning($"the guest has not powered itself off within {Limit} after its power button was pressed: it is powered off");
            powerOff();
        });
    }

    private string Limit => ValueParsers.Write(_limit);

    /// <summary>Stops the guest.</summary>
    /// <param name="insist">
    /// Whether a guest that was told already is powered off now. By signal it is not: a service that is stopped behind
    /// <c>colo stop</c> is to let the guest finish.
    /// </param>
    /// <returns>Whether the guest has just been told, and is waited for.</returns>
    internal bool Request(bool insist)
    {
        if (!_waiting && _limit > TimeSpan.Zero && _vm.Machine.PressPowerButton())
        {
            _events.Info($"the guest's power button is pressed; it is powered off in {Limit} if it has not done so itself, or at once by another 'colo stop'");
            _waiting = true;
            _timer.SetAfter(_limit);
            return true;
        }

        if (_waiting && !insist)
            return false;
        if (_waiting)
            _events.Info("stopped again: the guest is powered off");
        _powerOff();
        return false;
    }

    /// <summary>
    /// After a takeover: a guest whose button was pressed on the other node is waited for here, once more the whole time, or one that
    /// ignores its button would run on though the operator has stopped it.
    /// </summary>
    internal void TakeUp()
    {
        if (_waiting || _limit <= TimeSpan.Zero || !_vm.Machine.PowerButtonPressed)
            return;
        Log.Info($"the guest's power button was pressed on the other node; it is powered off in {Limit} if it has not done so itself");
        _waiting = true;
        _timer.SetAfter(_limit);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();
}
