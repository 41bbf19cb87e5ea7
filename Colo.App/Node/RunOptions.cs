using Colo.Configuration;

namespace Colo.Node;

/// <summary>What the command line of <c>colo run</c> asks for, beside the configuration.</summary>
/// <param name="Role">The role the node is to take.</param>
/// <param name="Node">Which of the two addresses is this node's; null: the one that is its host's own.</param>
/// <param name="RestoreFile">Full path of a snapshot that the guest goes on from; null to boot. Only standalone.</param>
public sealed record RunOptions(NodeRole Role, NodeId? Node, string? RestoreFile);
