namespace Colo.Monitor;

/// <summary>What the last samples of a quantity look like; all zero before the first.</summary>
/// <param name="Last">The newest sample.</param>
/// <param name="P50">Half of the samples are at most this.</param>
/// <param name="P99">99 in 100 samples are at most this.</param>
/// <param name="Max">The largest of these samples.</param>
public readonly record struct Percentiles(long Last, long P50, long P99, long Max);

/// <summary>As <see cref="Percentiles"/>, where only the two matter.</summary>
/// <param name="P50">Half of the samples are at most this.</param>
/// <param name="P99">99 in 100 samples are at most this.</param>
public readonly record struct MedianAndTail(long P50, long P99);
