namespace Colo.Node;

/// <summary>Something that would endanger the guest's data is refused (exit status 3).</summary>
/// <param name="message">Why, and what the operator can do.</param>
internal sealed class SafetyException(string message) : Exception(message);
