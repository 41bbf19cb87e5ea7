using Colo.Configuration;
using Colo.Linux;
using Colo.Protection;

namespace Colo.Arbiter;

/// <summary>
/// Permission by the arbiter. While a pair is protected both nodes know the same token: the record that stands in etcd, put there
/// by the primary when protection began. Whoever goes on without the other replaces it, by one compare-and-set that expects
/// exactly that token, so one of the two at most does. A pairing without a token (the arbiter could not be reached when it
/// began) gives no permission to anybody. A record that neither of the two has put there says nothing of this pair: then nobody
/// has permission, and nobody has lost it to the other. On the loop's thread.
/// </summary>
internal sealed class ArbiterPermission : IPermission
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private readonly ArbiterClient _client;
    private readonly NodeId _own;
    private readonly string _instance;
    private readonly LoopTimer _timer;
    private readonly Action<string> _log;
    private ArbiterOwner? _claimedOn;
    private string _peer = "";
    private Action? _next;
    private Action? _afterRenewal;
    private int _question;

    /// <param name="loop">Its thread is the caller.</param>
    /// <param name="configuration">Where the etcd is.</param>
    /// <param name="key">The pair's key.</param>
    /// <param name="own">Which node this is.</param>
    /// <param name="instance">Which run of it.</param>
    /// <param name="log">Gets what is to be logged of it.</param>
    /// <param name="limit">How long one operation may take; null: the client's default.</param>
    /// <exception cref="IOException">A certificate or key cannot be read.</exception>
    internal ArbiterPermission(EventLoop loop, ArbiterConfiguration configuration, string key, NodeId own, string instance, Action<string> log, TimeSpan? limit = null)
    {
        _client = new ArbiterClient(loop, configuration, key, limit);
        _own = own;
        _instance = instance;
        _log = log;
        _timer = loop.AddTimer(() => _next?.Invoke());
    }

    /// <summary>What both nodes expect to stand in etcd; null: no permission can be had in this pairing.</summary>
    internal ArbiterOwner? Token { get; private set; }

    /// <summary>Which etcd cluster the other node asks; 0: this node has not been told.</summary>
    internal ulong AgreedCluster => _client.AgreedCluster;

    /// <summary>On the secondary: takes the token that the primary has put there.</summary>
    /// <param name="token">The token.</param>
    /// <param name="peer">Which run of the other node put it there.</param>
    /// <param name="cluster">In which etcd cluster: what another one answers counts as no answer.</param>
    internal void Expect(ArbiterOwner token, string peer, ulong cluster)
    {
        _peer = peer;
        _client.AgreedCluster = cluster;
        // Of a cluster that nobody can name nothing could be won.
        Token = cluster != 0 ? token : null;
    }

    /// <summary>A new pairing begins: what was known of the one before gives no permission.</summary>
    internal void Forget()
    {
        Token = null;
        _client.AgreedCluster = 0;
    }

    /// <summary>Whether a new token is being put there.</summary>
    internal bool Renewing { get; private set; }

    /// <summary>
    /// On the primary, when protection begins: puts a new token there, whatever stood there before, and tries again until that
    /// is done or <see cref="Cancel"/> is called.
    /// </summary>
    /// <param name="peer">Which run of the other node is the secondary.</param>
    /// <param name="done">Gets the token, which the secondary is to be told.</param>
    /// <param name="stuck">Gets the reason each time that it could not be done.</param>
    internal void Renew(string peer, Action<ArbiterOwner> done, Action<string> stuck)
    {
        Cancel();
        // From here on the old one may be replaced at any moment.
        Forget();
        _peer = peer;
        Renewing = true;
        var question = _question;
        Step();

        void Step() => WhenFree(question, stuck, Step, () => _client.Read(reading =>
        {
            if (question != _question)
                return;
            if (reading.Kind == ArbiterReadKind.Unknown)
            {
                Retry(reading.Reason);
                return;
            }

            _claimedOn = null;
            var before = reading.Record?.Owner;
            var token = new ArbiterOwner((before?.Generation ?? 0) + 1, _own);
            _client.TryClaim(before, token, _instance, outcome =>
            {
                if (question != _question)
                    return;
                if (outcome.Kind == ClaimKind.Won)
                {
                    Token = token;
                    Renewing = false;
                    var asked = _afterRenewal;
                    _afterRenewal = null;
                    done(token);
                    if (question == _question)
                        asked?.Invoke();
                }
                else
                {
                    Retry(outcome.Kind == ClaimKind.Lost ? "another node changed the record at the same time" : outcome.Reason);
                }
            });
        }));

        void Retry(string reason)
        {
            stuck(reason);
            if (question == _question)
                After(Step);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Asked before there is a token, the question waits for it: the other node, which has none either, cannot have been permitted.
    /// </remarks>
    public void Ask(string reason, Action<bool> answer, Action<string> stuck)
    {
        if (Renewing)
            _afterRenewal = () => Ask(reason, answer, stuck);
        else
            Cancel();
        if (Token is not { } token)
        {
            stuck("the arbiter could not be reached when this protection began, so it knows nothing of this pairing");
            return;
        }

        var question = _question;
        _log($"the arbiter is asked for permission to go on without the other node: {reason}");
        Step();

        void Step()
        {
            // Only a claim on this very token says something of this pairing.
            if (_client.HasUnresolvedClaim && !_client.Busy && _claimedOn == token)
            {
                _client.Resolve(Told);
                return;
            }

            WhenFree(question, stuck, Step, () =>
            {
                _claimedOn = token;
                _client.TryClaim(token, new ArbiterOwner(token.Generation + 1, _own), _instance, Told);
            });
        }

        void Told(ClaimOutcome outcome)
        {
            if (question != _question)
                return;
            switch (outcome)
            {
                case { Kind: ClaimKind.Won }:
                // Of an earlier question, whose answer came when it was void: the token was this node's to replace all the same.
                case { Kind: ClaimKind.Lost, Current: { } own } when own.Instance == _instance && own.Owner == new ArbiterOwner(token.Generation + 1, _own):
                    Token = null;
                    answer(true);
                    break;
                case { Kind: ClaimKind.Lost, Current: { } other } when other.Instance == _peer:
                    Token = null;
                    answer(false);
                    break;
                default:
                    stuck(outcome.Kind == ClaimKind.Lost ? Foreign(outcome.Current) : outcome.Reason);
                    if (question == _question)
                        After(Step);
                    break;
            }
        }
    }

    /// <summary>Id of the etcd cluster that has answered; 0: none has. Both nodes have to ask the same.</summary>
    internal ulong EtcdCluster => _client.EtcdCluster;

    /// <inheritdoc/>
    public bool MayTakeEffect => !Renewing && (_client.Busy || _client.HasUnresolvedClaim);

    /// <inheritdoc/>
    /// <remarks>A claim that was sent may take effect all the same: the token is spent then, and has to be renewed.</remarks>
    public void Cancel()
    {
        _question++;
        _next = null;
        _afterRenewal = null;
        Renewing = false;
        _timer.Cancel();
    }

    /// <inheritdoc/>
    public void Withdraw()
    {
        if (Renewing)
            _afterRenewal = null;
        else
            Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Cancel();
        _timer.Dispose();
        _client.Dispose();
    }

    /// <summary>Runs an operation when the one of a void question has ended and what it left behind is settled.</summary>
    private void WhenFree(int question, Action<string> stuck, Action again, Action operation)
    {
        if (_client.Busy)
            After(again, TimeSpan.FromMilliseconds(20));
        else if (!_client.HasUnresolvedClaim)
            operation();
        else
            _client.Resolve(outcome =>
            {
                if (question != _question)
                    return;
                if (outcome.MayStillTakeEffect)
                    stuck(outcome.Reason);
                if (question == _question)
                    After(again, outcome.MayStillTakeEffect ? Again : TimeSpan.Zero);
            });
    }

    private static string Foreign(ArbiterRecord? record) =>
        (record is null ? "somebody has removed this pair's record from the arbiter" : $"the arbiter has {record.Owner}, put there by neither of these two nodes ({record.Instance}): somebody else uses the record of this pair") +
        ". Nobody has permission until the two see each other again";

    private void After(Action next) => After(next, Again);

    private void After(Action next, TimeSpan pause)
    {
        _next = next;
        _timer.SetAfter(pause);
    }
}
