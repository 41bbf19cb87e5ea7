using Colo.Protection;

namespace Colo.Tests.Protection.Model;

internal enum Life : byte
{
    Down,
    Up,
    Frozen,
}

internal enum MessageType : byte
{
    /// <summary>Ver: age that the sender gives (a duration); Sent: age of the sending; Echo: age of the sending of the beat it answers.</summary>
    Beat,
    FirstCheckpoint,
    Checkpoint,
    Received,
    Handover,
    Taken,
    Leave,
    Dismiss,
    DismissAcknowledged,
    Token,
    Goodbye,
}

/// <summary>A message on its way. Times are ages in ticks, so they grow while it is.</summary>
internal readonly record struct Message(MessageType Type, byte Ver = 0, byte Sent = 0, byte Echo = 0);

internal enum CallAnswer : byte
{
    None,
    Pending,
    Dead,
    Alive,
    Unanswered,
}

internal enum InquiryAnswer : byte
{
    None,
    Pending,
    LeadsAlone,
    LeadsOtherwise,
    DoesNotLead,
    Unanswered,
}

internal enum ClaimState : byte
{
    None,
    Sent,
    Won,
    Lost,
}

/// <summary>One node of the model: what the roles keep, in ticks.</summary>
internal struct ModelNode
{
    internal Life Life;
    internal bool IsPrimary;
    internal PrimaryPhase Primary;
    internal SecondaryPhase Secondary;

    /// <summary>Whether this end of the pairing's connections is open.</summary>
    internal bool Linked;

    /// <summary>Whether the peer's process is the one that this node is paired with.</summary>
    internal bool KnowsPeer;

    /// <summary>Age of the newest own beat that was echoed: the primary's lease.</summary>
    internal byte EchoAge;

    /// <summary>Age of the newest beat heard.</summary>
    internal byte HeardAge;

    /// <summary>Age of the sending of the newest beat heard: what the next own beat echoes.</summary>
    internal byte EchoOf;

    /// <summary>On the secondary: age of the newest time at which the primary is known to have had an echoed beat of that time.</summary>
    internal byte WindowAge;

    internal byte FrozenFor;
    internal byte Listen;
    internal bool Listening;

    /// <summary>Version of the guest that this node has and would go on with; 0: none.</summary>
    internal byte Has;

    /// <summary>On the primary: the version up to which output may leave.</summary>
    internal byte Releasable;

    /// <summary>The checkpoint under way: 0 none, 1 first, 2 another, 3 planned.</summary>
    internal byte Checkpoint;

    internal byte Token;

    /// <summary>On the primary: the arbiter has still to be told of this protection.</summary>
    internal bool Renewing;

    internal ClaimState Claim;
    internal byte ClaimToken;
    internal bool ClaimVoid;
    internal CallAnswer Call;
    internal byte CallAge;

    /// <summary>Ticks that are left, at the time of the call, of the window in which the primary cannot have gone alone.</summary>
    internal byte CallWindow;

    internal InquiryAnswer Inquiry;
    internal byte InquiryAge;

    /// <summary>0: not dismissing; otherwise ticks since, and one.</summary>
    internal byte Dismissing;

    /// <summary>Ticks for which a primary that is up could not speak.</summary>
    internal byte Mute;

    /// <summary>The keeper's notice of this node's death: 0 none, 1 it was current for the peer, 2 it was not.</summary>
    internal byte Notice;

    /// <summary>On the secondary: a checkpoint is acknowledged and not loaded yet.</summary>
    internal bool Loading;

    /// <summary>SIGTERM came: 1 it ends when its role does, 2 it has said that it leaves.</summary>
    internal byte Leaving;
}

/// <summary>Two nodes, the link and the arbiter, at one moment.</summary>
internal sealed class ModelState
{
    internal const int QueueLimit = 4;
    internal const byte Old = 9;

    internal readonly ModelNode[] Nodes = new ModelNode[2];
    internal readonly List<Message>[] Queues = [[], []];
    internal bool LinkUp = true;
    internal readonly bool[] Reach = [true, true];

    /// <summary>Which token stands at the arbiter.</summary>
    internal byte Arbiter;

    /// <summary>The newest version of the guest of which the world has seen output.</summary>
    internal byte World;

    internal byte NextVersion;
    internal byte NextToken;
    internal byte Faults;
    internal byte Crashes;

    /// <summary>Somebody has powered the guest off: nothing more is to be seen.</summary>
    internal bool Ended;

    internal ModelState Clone()
    {
        var copy = new ModelState
        {
            LinkUp = LinkUp, Arbiter = Arbiter, World = World, NextVersion = NextVersion, NextToken = NextToken, Faults = Faults, Crashes = Crashes, Ended = Ended,
        };
        for (var i = 0; i < 2; i++)
        {
            copy.Nodes[i] = Nodes[i];
            copy.Queues[i].AddRange(Queues[i]);
            copy.Reach[i] = Reach[i];
        }

        return copy;
    }

    /// <summary>
    /// Two states with the same key go on alike: versions and tokens count by their order only, and times as ages.
    /// </summary>
    internal UInt128 Key()
    {
        Span<byte> versions = stackalloc byte[256];
        Span<byte> tokens = stackalloc byte[256];
        versions.Clear();
        tokens.Clear();
        versions[World] = tokens[Arbiter] = 1;
        for (var i = 0; i < 2; i++)
        {
            ref var node = ref Nodes[i];
            versions[node.Has] = versions[node.Releasable] = 1;
            tokens[node.Token] = tokens[node.ClaimToken] = 1;
            foreach (var message in Queues[i])
            {
                if (message.Type is MessageType.FirstCheckpoint or MessageType.Checkpoint or MessageType.Received)
                    versions[message.Ver] = 1;
                else if (message.Type == MessageType.Token)
                    tokens[message.Ver] = 1;
            }
        }

        NextVersion = Rank(versions);
        NextToken = Rank(tokens);
        World = versions[World];
        Arbiter = tokens[Arbiter];
        var hash = new StateHash();
        hash.Add((ulong)World | ((ulong)Arbiter << 8) | ((ulong)Faults << 16) | ((ulong)Crashes << 24) |
            (LinkUp ? 1UL << 32 : 0) | (Reach[0] ? 1UL << 33 : 0) | (Reach[1] ? 1UL << 34 : 0) | (Ended ? 1UL << 35 : 0));
        for (var i = 0; i < 2; i++)
        {
            ref var node = ref Nodes[i];
            node.Has = versions[node.Has];
            node.Releasable = versions[node.Releasable];
            node.Token = tokens[node.Token];
            node.ClaimToken = tokens[node.ClaimToken];
            hash.Add((ulong)node.Life | (node.IsPrimary ? 4UL : 0) | (node.Linked ? 8UL : 0) | (node.KnowsPeer ? 16UL : 0) | (node.Listening ? 32UL : 0) | (node.ClaimVoid ? 64UL : 0) | (node.Renewing ? 128UL : 0) |
                ((ulong)node.Primary << 8) | ((ulong)node.Secondary << 16) | ((ulong)node.EchoAge << 24) | ((ulong)node.HeardAge << 32) |
                ((ulong)node.EchoOf << 40) | ((ulong)node.WindowAge << 48) | ((ulong)node.FrozenFor << 56));
            hash.Add(node.Listen | ((ulong)node.Has << 8) | ((ulong)node.Releasable << 16) | ((ulong)node.Checkpoint << 24) | ((ulong)node.Token << 32) |
                ((ulong)node.Claim << 40) | ((ulong)node.ClaimToken << 48) | ((ulong)node.Call << 56));
            hash.Add(node.CallAge | ((ulong)node.CallWindow << 8) | ((ulong)node.Inquiry << 16) | ((ulong)node.InquiryAge << 24) | ((ulong)node.Dismissing << 32) |
                ((ulong)node.Mute << 40) | ((ulong)node.Notice << 48) | ((ulong)node.Leaving << 56) | (node.Loading ? 1UL << 60 : 0));
            var queue = Queues[i];
            hash.Add((ulong)queue.Count);
            for (var n = 0; n < queue.Count; n++)
            {
                var message = queue[n];
                if (message.Type is MessageType.FirstCheckpoint or MessageType.Checkpoint or MessageType.Received)
                    message = message with { Ver = versions[message.Ver] };
                else if (message.Type == MessageType.Token)
                    message = message with { Ver = tokens[message.Ver] };
                queue[n] = message;
                hash.Add((ulong)message.Type | ((ulong)message.Ver << 8) | ((ulong)message.Sent << 16) | ((ulong)message.Echo << 24));
            }
        }

        return hash.Value;
    }

    /// <summary>Replaces marks by ranks, from 1 on; 0 stays 0.</summary>
    /// <returns>The first rank that is free.</returns>
    private static byte Rank(Span<byte> marks)
    {
        byte next = 1;
        for (var value = 1; value < marks.Length; value++)
        {
            if (marks[value] != 0)
                marks[value] = next++;
        }

        marks[0] = 0;
        return next;
    }
}

/// <summary>128 bits of a state: two different ones among a hundred million have the same with a probability of 10^-23.</summary>
internal struct StateHash
{
    private ulong _a = 0x9E3779B97F4A7C15;
    private ulong _b = 0xC2B2AE3D27D4EB4F;

    public StateHash()
    {
    }

    internal readonly UInt128 Value => new(Mix(_a), Mix(_b));

    internal void Add(ulong value)
    {
        _a = Mix(_a ^ value) * 0x9FB21C651E98DF25;
        _b = (Mix(_b + value) ^ (_b >> 29)) * 0xD6E8FEB86659FD93;
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93;
        x = (x ^ (x >> 29)) * 0xFF51AFD7ED558CCD;
        return x ^ (x >> 32);
    }
}
