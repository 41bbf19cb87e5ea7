namespace Colo.Tests.Protection.Model;

/// <summary>Who decides between two nodes that do not hear each other.</summary>
internal enum ModelThird
{
    /// <summary>The rules for two nodes and no third.</summary>
    None,

    /// <summary>A compare-and-set on a token that both know.</summary>
    Arbiter,

    /// <summary>A command that switches the other node off.</summary>
    Fence,
}

/// <summary>What the model is bounded to.</summary>
/// <param name="Third">Who decides on silence.</param>
/// <param name="Faults">Crashes, freezes, cuts, resets, cuts of the arbiter, lost notices: how many of them in one history.</param>
/// <param name="Operator">
/// Whether an operator has a secondary take over whose primary stands still. That is no dead host: he may say so only while the link is
/// whole and the primary has not gone on alone, so there are no faults then but that nodes stand still.
/// </param>
internal sealed record ModelBounds(ModelThird Third, int Faults, bool Operator = false)
{
    /// <summary>Failover timeout in ticks; a beat is sent at each tick.</summary>
    internal const byte Timeout = 3;

    /// <summary>Margin in ticks.</summary>
    internal const byte Margin = 1;
}

/// <summary>What a node could do wrong around the tables.</summary>
internal enum ModelFlaw
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A primary that asks the arbiter no longer tries to tell it of this protection.</summary>
    AskingEndsRenewal,

    /// <summary>A secondary that takes over beside a checkpoint that it loads goes on echoing, and says so when that is done.</summary>
    AnnouncesLate,
}
