using Colo.Monitor;

namespace Colo.Protection;

/// <summary>
/// Whether a node may go on without a peer that is silent. One question at a time; it is pursued until there is an answer. On
/// the loop's thread.
/// </summary>
internal interface IPermission : IDisposable
{
    /// <summary>Asks. Nothing that rests on the answer is done before it is there.</summary>
    /// <param name="reason">Why, for logs and commands.</param>
    /// <param name="answer">Called once: true when the node may, false when the other one may and this one never again in this pairing.</param>
    /// <param name="stuck">Called when no answer can be had for now, with the reason, each time that one is given.</param>
    void Ask(string reason, Action<bool> answer, Action<string> stuck);

    /// <summary>Whether what was asked may take effect although nothing is known of it: giving the question up is no way back then.</summary>
    bool MayTakeEffect { get; }

    /// <summary>The question is void: neither callback is called any more for it.</summary>
    void Cancel();

    /// <summary>The same, where nothing that was asked may take effect: what the question waited for goes on.</summary>
    void Withdraw();
}

/// <summary>Permission by the operator's fence-command: whoever has made sure that the other node is off may go on.</summary>
/// <param name="loop">Where everything is called.</param>
/// <param name="fence">The command.</param>
/// <param name="vm">Name of the guest.</param>
/// <param name="peer">The other node's address.</param>
/// <param name="delay">Before the command is run: with the secondary's longer, a cut cable is not a duel that both lose.</param>
internal sealed class FencePermission(Linux.EventLoop loop, Fence fence, string vm, string peer, Func<TimeSpan> delay) : IPermission
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);
    private Linux.LoopTimer? _timer;
    private int _question;

    /// <inheritdoc/>
    public void Ask(string reason, Action<bool> answer, Action<string> stuck)
    {
        Cancel();
        var question = _question;
        _timer = loop.AddTimer(Run);
        _timer.SetAfter(delay());

        void Run()
        {
            // The command of a question that is void has to end first: its success would speak of an earlier time.
            if (fence.Running)
            {
                _timer!.SetAfter(TimeSpan.FromMilliseconds(100));
                return;
            }

            fence.Run(vm, peer, reason, result =>
            {
                if (question != _question)
                    return;
                if (result.Succeeded)
                {
                    Cancel();
                    answer(true);
                    return;
                }

                stuck($"the fence-command failed: {result}");
                if (question == _question)
                    _timer!.SetAfter(Again);
            });
        }
    }

    /// <inheritdoc/>
    public bool MayTakeEffect => fence.Running;

    /// <inheritdoc/>
    public void Cancel()
    {
        _question++;
        _timer?.Dispose();
        _timer = null;
    }

    /// <inheritdoc/>
    public void Withdraw() => Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        Cancel();
        fence.Dispose();
    }
}
