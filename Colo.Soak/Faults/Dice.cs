namespace Colo.Soak.Faults;

/// <summary>
/// A seeded generator (SplitMix64) for decisions that have to be the same everywhere. The class library's own is not used: with
/// a seed its first draws hang together, so that one kind of fault would always come with the same details.
/// </summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A number from 0 to <paramref name="below"/> - 1.</summary>
    internal int Next(int below) => (int)((Draw() >> 33) % (ulong)below);

    /// <summary>A number from <paramref name="least"/> to <paramref name="below"/> - 1.</summary>
    internal int Next(int least, int below) => least + Next(below - least);

    /// <summary>A number from 0 to 1, without 1.</summary>
    internal double NextDouble() => (Draw() >> 11) * (1.0 / (1UL << 53));

    private ulong Draw()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
