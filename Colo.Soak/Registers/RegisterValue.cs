using System.Globalization;
using System.Text;

namespace Colo.Soak.Registers;

/// <summary>The text of a value: who wrote it and his how manieth it is, then filler that follows from both.</summary>
internal static class RegisterValue
{
    private const string Filler = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>The number of a client's n-th write, n from 1.</summary>
    internal static long Number(int client, long n) => ((long)client << 40) | n;

    /// <summary>The text that is stored for it.</summary>
    internal static byte[] Text(long value)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"{value}:");
        var text = new StringBuilder(head);
        // A few of the values are longer than a segment, so that they come in pieces.
        var length = value % 29 == 0 ? 4_000 : (int)(value * 7919 % 180);
        for (var i = 0; i < length; i++)
            text.Append(Filler[(int)((value + (i * 31L)) % Filler.Length)]);
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>The number of a text; <see cref="RegisterOperation.Unknown"/> when it is not whole and right.</summary>
    internal static long Parse(ReadOnlySpan<byte> text)
    {
        var colon = text.IndexOf((byte)':');
        return colon > 0
            && long.TryParse(text[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value > 0
            && text.SequenceEqual(Text(value)) ? value : RegisterOperation.Unknown;
    }
}
