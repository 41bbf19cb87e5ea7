using System.Globalization;

namespace Colo.Configuration;

/// <summary>An Ethernet address (IEEE 802) in the low 48 bits, the first octet the most significant.</summary>
/// <param name="Value">The 48 bits.</param>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>Number of octets.</summary>
    public const int Length = 6;

    /// <summary>Reads six octets in hexadecimal with colons between; refuses multicast and all-zero addresses.</summary>
    public static bool TryParse(string text, out MacAddress address)
    {
        address = default;
        if (text.Length != 17)
            return false;
        ulong value = 0;
        for (var i = 0; i < Length; i++)
        {
            if (i > 0 && text[(i * 3) - 1] != ':')
                return false;
            if (!byte.TryParse(text.AsSpan(i * 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
                return false;
            value = (value << 8) | octet;
        }

        if (value == 0 || ((value >> 40) & 1) != 0)
            return false;
        address = new(value);
        return true;
    }

    /// <summary>Writes the six octets in the order of the wire.</summary>
    /// <param name="destination">At least six bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        for (var i = 0; i < Length; i++)
            destination[i] = (byte)(Value >> (40 - (8 * i)));
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> octets = stackalloc byte[Length];
        CopyTo(octets);
        return string.Join(':', octets.ToArray().Select(o => o.ToString("x2", CultureInfo.InvariantCulture)));
    }
}
