using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Colo.Demo;

/// <summary>HTTP/1.1 with keep-alive: fetches a page whose body is one number.</summary>
internal sealed class HttpFlow : TcpFlow
{
    private const int MaxReply = 65536;
    private readonly byte[] _request;
    private readonly Action<HttpFlow, ulong> _value;
    private byte[] _reply = new byte[2048];
    private int _length;

    /// <param name="owner">The load.</param>
    /// <param name="kind">The kind, for the report.</param>
    /// <param name="index">The number.</param>
    /// <param name="path">The page.</param>
    /// <param name="limit">Requests to make.</param>
    /// <param name="value">Gets each number that came; fails the flow when it is wrong.</param>
    internal HttpFlow(LoadGenerator owner, string kind, int index, string path, long limit, Action<HttpFlow, ulong> value)
        : base(owner, kind, index, owner.Settings.HttpPort)
    {
        Limit = limit;
        Depth = 1;
        _value = value;
        _request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {owner.Settings.Target}\r\n\r\n");
    }

    /// <summary>The last number that came.</summary>
    internal ulong Last { get; set; }

    protected override void Request() => Write(_request);

    protected override void Consume(ReadOnlySpan<byte> data)
    {
        if (_length + data.Length > _reply.Length)
            Array.Resize(ref _reply, Math.Max(_reply.Length * 2, _length + data.Length));
        data.CopyTo(_reply.AsSpan(_length));
        _length += data.Length;
        while (Error is null && TryReply(_reply.AsSpan(0, _length), out var used))
        {
            _reply.AsSpan(used, _length - used).CopyTo(_reply);
            _length -= used;
        }

        if (_length > MaxReply)
            Fail($"a reply of more than {MaxReply} bytes");
    }

    private bool TryReply(ReadOnlySpan<byte> text, out int used)
    {
        used = 0;
        var head = text.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return false;
        var header = Encoding.Latin1.GetString(text[..head]);
        if (!header.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
        {
            Fail($"byte {Position} of the replies: not a reply with status 200: {header.Split('\r')[0]}");
            return false;
        }

        var length = -1;
        foreach (var line in header.Split("\r\n"))
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(line.AsSpan(15).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed))
                length = parsed;
        }

        if (length is < 0 or > MaxReply)
        {
            Fail("a reply without a sound Content-Length");
            return false;
        }

        if (text.Length < head + 4 + length)
            return false;
        var body = text.Slice(head + 4, length).Trim("\r\n "u8);
        if (!Utf8Parser.TryParse(body, out ulong value, out var digits) || digits != body.Length)
        {
            Fail($"byte {Position} of the replies: not a number: {Convert.ToHexString(body[..Math.Min(32, body.Length)])}");
            return false;
        }

        used = head + 4 + length;
        if (!Complete())
            return false;
        _value(this, value);
        Last = value;
        return true;
    }
}
