using System.Globalization;
using System.Text;

namespace Colo.Monitor;

/// <summary>The little of HTTP/1.1 that a scrape needs: one GET or HEAD, no body, one answer, and the connection is closed.</summary>
internal static class MetricsRequest
{
    /// <summary>Longest request line and header fields together, in bytes.</summary>
    internal const int Limit = 8192;

    private const string Index = "colo: /metrics has the metrics of this node in the Prometheus text format\n";

    /// <summary>Answers the bytes that came so far; null when the request is not complete.</summary>
    /// <param name="received">From the start of the connection.</param>
    /// <param name="metrics">Makes the text of <c>/metrics</c>; null when the node cannot tell.</param>
    internal static byte[]? Answer(ReadOnlySpan<byte> received, Func<byte[]?> metrics)
    {
        // A line end before the request line is to be passed over (RFC 9112, section 2.2).
        var request = received.TrimStart("\r\n"u8);
        var lineEnd = request.IndexOf((byte)'\n');
        if (lineEnd >= 0 && !TryReadLine(request[..lineEnd], out var method, out var path))
            return Plain("400 Bad Request", "not an HTTP/1 request\n", head: false);
        if (request.IndexOf("\r\n\r\n"u8) < 0 && request.IndexOf("\n\n"u8) < 0)
            return received.Length >= Limit ? Plain("431 Request Header Fields Too Large", $"a request has at most {Limit} bytes\n", head: false) : null;
        TryReadLine(request[..lineEnd], out method, out path);
        var head = method == "HEAD";
        if (!head && method != "GET")
            return Plain("405 Method Not Allowed", "GET and HEAD are known here\n", head: false, "Allow: GET, HEAD\r\n");
        return path switch
        {
            "/metrics" => metrics() is { } text
                ? Response("200 OK", "text/plain; version=0.0.4; charset=utf-8", text, head, "")
                : Plain("503 Service Unavailable", "the node is ending\n", head),
            "/" => Plain("200 OK", Index, head),
            _ => Plain("404 Not Found", Index, head),
        };
    }

    private static bool TryReadLine(ReadOnlySpan<byte> line, out string method, out string path)
    {
        method = path = "";
        line = line.TrimEnd((byte)'\r');
        foreach (var octet in line)
        {
            if (octet is < 0x20 or > 0x7e)
                return false;
        }

        var words = Encoding.ASCII.GetString(line).Split(' ');
        if (words.Length != 3 || words[0].Length == 0 || !words[0].All(char.IsAsciiLetter) || !words[1].StartsWith('/'))
            return false;
        if (words[2] is not ("HTTP/1.1" or "HTTP/1.0"))
            return false;
        method = words[0];
        path = words[1].Split('?')[0];
        return true;
    }

    private static byte[] Plain(string status, string text, bool head, string fields = "") =>
        Response(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text), head, fields);

    private static byte[] Response(string status, string type, byte[] body, bool head, string fields)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status}\r\nDate: {DateTimeOffset.UtcNow:R}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n{fields}Connection: close\r\n\r\n");
        return head ? Encoding.ASCII.GetBytes(text) : [.. Encoding.ASCII.GetBytes(text), .. body];
    }
}
