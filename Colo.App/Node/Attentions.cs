using Colo.Monitor;

namespace Colo.Node;

/// <summary>
/// What <c>colo status</c>, the dashboard and the notify-command say when something is not as it should be: what happened,
/// what the node did by itself, what is left to the operator. All such texts, in one place.
/// </summary>
internal static class Attentions
{
    private const string StartOther = "start the other node (systemctl start colo@NAME there, or colo run --role secondary): it catches up by itself";

    internal static Attention Undecided(string text) => Now("it is not decided yet what this node is", "no guest runs here; the other node is asked again and again", text);

    internal static Attention Replaying(string what) => Now($"the images are not whole yet: {what}", "no guest runs here until that is done", "nothing: it goes on by itself");

    internal static Attention HandoverUnanswered() => Now(
        "the guest was handed over, and the other node does not answer: its host is down, or the network between the two is cut",
        "this node is silent, for the other one may speak as the guest; that one is called again and again",
        "look whether the other host is up and has the guest (colo status there). If it is down for certain: colo failover here, and the guest goes on. If it runs: mend the network, this node becomes its secondary by itself");

    internal static Attention NoSecondaryYet() => Now("the guest runs without protection: no secondary has come yet", "the guest runs here alone", StartOther);

    internal static Attention SecondaryLost(string reason) => Now($"the secondary is lost: {reason}", "the guest goes on here, without protection", $"see to the other host, then {StartOther}");

    internal static Attention Refused(string address, string reason) => Now(
        $"the guest runs without protection: the secondary at {address} was refused: {reason}", "the guest runs here alone; the node there was told why, and has ended",
        "mend what does not fit (colo check on both hosts compares them), then start the other node again");

    internal static Attention TookOver(string reason) => Now($"this node has taken the guest over: {reason}", "the guest goes on here, without protection", $"see to the other host, then {StartOther}");

    internal static Attention Syncing() => Now("the first sync is under way: the guest is not protected yet", "disks and memory are sent while the guest runs", "nothing: it becomes protected by itself");

    internal static Attention Receiving() => Now("the first sync is under way: this node cannot take over yet", "disks and memory are received", "nothing: it becomes protected by itself");

    internal static Attention NoPrimary(string attempt) => Now($"this node waits for the primary: {attempt}", "it calls again and again", "start the other node as the primary; if it runs, look at its log and at the network between the two (colo check)");

    internal static Attention PrimarySilent() => Now(
        "the primary is silent: its host is down, or the network between the two is cut",
        "this node stays silent, for the primary may go on with the guest alone",
        "look whether the other host is up. If it is down for certain: colo failover here. If it runs: mend the network, this node becomes its secondary again by itself");

    internal static Attention ArbiterAway(string reason) => Now(
        $"the arbiter cannot be reached: {reason}", "nothing: the two nodes see each other, or have decided",
        "mend it, or the network to it: should the two nodes lose each other now, neither goes on by itself");

    internal static Attention NoToken(string reason) => Now(
        $"the arbiter does not know of this protection yet: {reason}", "the guest is protected against the death of a node; the arbiter is tried again and again",
        "mend it, or the network to it: should the two nodes lose each other now, neither goes on by itself");

    internal static Attention SecondarySilent() => Now(
        "the secondary is silent: its host is down, or the network between the two is cut", "this node is silent, and asks for permission to go on alone", "nothing yet");

    internal static Attention PrimarySilentAsked() => Now(
        "the primary is silent: its host is down, or the network between the two is cut", "this node asks for permission to take the guest over", "nothing yet");

    internal static Attention NoPermission(string reason) => Now(
        $"the other node is silent, and there is no permission to go on without it: {reason}", "this node is silent, and asks again and again",
        "mend the arbiter (or what the fence-command needs), or the network between the nodes. If the other host is down for certain: colo failover --force here");

    internal static Attention GuestKept(string text) => Now(
        $"the guest has ended by itself: {text}", "it stands still and is kept as it is ([vm] on-crash = keep)",
        "save it (colo save --to FILE) if it is to be looked at, then end it (colo stop) and start the nodes again");

    internal static Attention ReplayFails(string reason) => Now(
        $"the guest was taken over and its disks cannot be brought to that state: {reason}", "the guest runs, and what it asks of its disks waits; it is tried again each second",
        "mend the storage: the guest goes on by itself then. Where it cannot be mended, stop this node and start it again: the guest boots from what it had flushed, if that can be read");

    internal static Attention ReplayUnrecorded(string reason) => Now(
        $"the guest was taken over and the end of that cannot be recorded: {reason}", "it is tried again each second; until then no secondary is taken",
        "mend the storage of the node's record (state-dir, or beside the first disk)");

    internal static Attention MarksUnrecorded(string reason) => Now(
        $"the node's record cannot be written: {reason}", "the guest goes on, and all of its disks count as changed; it is tried again each second, and no secondary is taken meanwhile",
        "mend the storage of the node's record (state-dir, or beside the first disk)");

    private static Attention Now(string what, string did, string todo) => new(what, did, todo, DateTimeOffset.UtcNow);
}
