using System.Buffers.Binary;

namespace Colo.Proxy;

/// <summary>TCP options (RFC 9293, RFC 7323, RFC 2018): where they are, and whether those of two SYNs agree.</summary>
internal static class TcpOptions
{
    private const byte End = 0, Nop = 1, WindowScale = 3, Sack = 5, Timestamps = 8;

    /// <summary>Finds timestamps, SACK blocks and window scale; stops at the first malformed option.</summary>
    public static void Parse(ReadOnlySpan<byte> frame, ref FrameInfo info)
    {
        int at = info.L4 + 20, end = info.Payload;
        // The layout of nearly every segment of nearly every system: NOP NOP TS.
        if (end - at == 12 && BinaryPrimitives.ReadUInt32BigEndian(frame[at..]) == 0x0101080a)
        {
            info.Timestamp = at + 4;
            return;
        }
        while (at < end)
        {
            byte kind = frame[at];
            if (kind == End)
                return;
            if (kind == Nop)
            {
                at++;
                continue;
            }
            if (at + 1 >= end)
                return;
            int length = frame[at + 1];
            if (length < 2 || at + length > end)
                return;
            switch (kind)
            {
                case WindowScale when length == 3:
                    // RFC 7323, 2.3: more than 14 counts as 14.
                    info.WindowScale = (sbyte)Math.Min(frame[at + 2], (byte)14);
                    break;
                case Sack when length >= 10 && (length - 2) % 8 == 0:
                    info.Sack = at + 2;
                    info.SackBlocks = (length - 2) / 8;
                    break;
                case Timestamps when length == 10:
                    info.Timestamp = at + 2;
                    break;
            }
            at += length;
        }
    }

    /// <summary>
    /// Whether two SYNs offer the same: every option but padding, in the same order; of timestamps only the presence
    /// counts.
    /// </summary>
    public static bool Agree(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        for (; ; )
        {
            ReadOnlySpan<byte> first = Next(ref a), second = Next(ref b);
            if (first.IsEmpty || second.IsEmpty)
                return first.IsEmpty && second.IsEmpty;
            if (first[0] == Timestamps && second[0] == Timestamps && first.Length == second.Length)
                continue;
            if (!first.SequenceEqual(second))
                return false;
        }
    }

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> options)
    {
        while (!options.IsEmpty && options[0] == Nop)
            options = options[1..];
        if (options.IsEmpty || options[0] == End)
            return default;
        // A malformed rest is one option: equal only to the same bytes.
        int length = options.Length > 1 && options[1] >= 2 && options[1] <= options.Length ? options[1] : options.Length;
        ReadOnlySpan<byte> option = options[..length];
        options = options[length..];
        return option;
    }
}
