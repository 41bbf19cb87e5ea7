namespace Colo.Configuration;

/// <summary>What a node is asked to be when it starts (<c>colo run --role</c>).</summary>
public enum NodeRole
{
    /// <summary>Runs the guest and speaks for it, and takes a secondary when one comes.</summary>
    Primary,

    /// <summary>Waits for a primary and runs the guest beside it, unheard.</summary>
    Secondary,

    /// <summary>Runs the guest alone: no link, no protection.</summary>
    Standalone,

    /// <summary>For the service: the role follows from the generations kept on both nodes.</summary>
    Auto,
}

/// <summary>Which of the two addresses of <c>[link]</c> is this node's own.</summary>
public enum NodeId
{
    /// <summary>The node at <c>node-a</c>.</summary>
    A,

    /// <summary>The node at <c>node-b</c>.</summary>
    B,
}
