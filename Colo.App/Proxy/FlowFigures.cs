namespace Colo.Proxy;

/// <summary>What is known of one flow, for people.</summary>
/// <param name="Key">Which.</param>
/// <param name="Held">Frames held.</param>
/// <param name="HeldBytes">Bytes held.</param>
/// <param name="HeldNs">Nanoseconds for which the oldest of them is held; 0 when none is.</param>
/// <param name="Divergences">Divergences and time-outs since the flow is known.</param>
public readonly record struct FlowFigures(FlowKey Key, int Held, long HeldBytes, long HeldNs, long Divergences);
