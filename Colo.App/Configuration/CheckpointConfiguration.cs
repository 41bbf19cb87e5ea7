namespace Colo.Configuration;

/// <summary>When checkpoints are taken: section <c>[checkpoint]</c>.</summary>
/// <param name="Interval">Longest time between two checkpoints, 1 ms to 1 h.</param>
/// <param name="Minimum">Shortest time between two checkpoints, 100 us to 1 m, at most <paramref name="Interval"/>.</param>
public sealed record CheckpointConfiguration(TimeSpan Interval, TimeSpan Minimum)
{
    internal static CheckpointConfiguration Read(SectionReader s) => new(
        s.Time("interval", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
        s.Time("minimum", TimeSpan.FromMilliseconds(2), TimeSpan.FromMicroseconds(100), TimeSpan.FromMinutes(1)));
}
