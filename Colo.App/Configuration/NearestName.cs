namespace Colo.Configuration;

/// <summary>Finds what the user may have meant.</summary>
public static class NearestName
{
    /// <summary>The name nearest to <paramref name="text"/> by edit distance, without regard to case.</summary>
    /// <param name="text">What was written; only its first 64 characters count.</param>
    /// <param name="names">At least one known name.</param>
    public static string Find(string text, IEnumerable<string> names)
    {
        var written = text.Length > 64 ? text[..64] : text;
        return names.MinBy(name => Distance(written.ToLowerInvariant(), name.ToLowerInvariant()))!;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that make one text of the other
    /// (the restricted Damerau-Levenshtein distance).</summary>
    internal static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), replaced);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[a.Length, b.Length];
    }
}
