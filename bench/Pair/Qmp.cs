using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Colo.Demo;

namespace Colo.Bench.Pair;

/// <summary>QEMU's control socket: one command at a time, each with its answer; events in between are passed over.</summary>
internal sealed class Qmp : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StreamReader _reader;

    /// <exception cref="PairException">Nobody answers within <paramref name="limit"/>.</exception>
    internal Qmp(string path, TimeSpan limit, Func<string?> ended)
    {
        var end = DateTime.UtcNow + limit;
        while (true)
        {
            try
            {
                _socket.Connect(new UnixDomainSocketEndPoint(path));
                break;
            }
            catch (SocketException)
            {
                if (ended() is { } why)
                    throw new PairException("QEMU ended: " + why);
                if (DateTime.UtcNow > end)
                    throw new PairException($"QEMU's control socket {path} does not answer after {limit.TotalSeconds:F0} s");
                Thread.Sleep(5);
            }
        }

        _socket.ReceiveTimeout = (int)limit.TotalMilliseconds;
        _reader = new StreamReader(new NetworkStream(_socket, ownsSocket: false), Encoding.UTF8);
        Execute("qmp_capabilities");
    }

    /// <summary>Gives a command and waits for its answer.</summary>
    /// <exception cref="PairException">It is refused, or there is no answer.</exception>
    internal JsonElement Execute(string command, JsonObject? arguments = null)
    {
        var request = new JsonObject { ["execute"] = command };
        if (arguments is not null)
            request["arguments"] = arguments;
        try
        {
            _socket.Send(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"));
            while (_reader.ReadLine() is { } line)
            {
                using var document = JsonDocument.Parse(line);
                if (document.RootElement.TryGetProperty("return", out var answer))
                    return answer.Clone();
                if (document.RootElement.TryGetProperty("error", out var error))
                    throw new PairException($"QEMU refuses {command}: {error.GetProperty("desc").GetString()}");
            }
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new PairException($"QEMU does not answer {command}: {e.Message}");
        }

        throw new PairException($"QEMU ended at {command}");
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }
}
