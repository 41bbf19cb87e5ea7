using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Colo.Tests.Block;

namespace Colo.Tests.Arbiter;

/// <summary>A test against a real etcd (Debian package etcd-server), skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EtcdFactAttribute : FactAttribute
{
    public EtcdFactAttribute() => Skip = EtcdProcess.Binary is null ? "needs etcd (package etcd-server)" : null;
}

/// <summary>An etcd of one member on loopback ports of its own, with its data in a folder that goes with it.</summary>
public sealed class EtcdProcess : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("colo-etcd-");
    private readonly Process _process;

    /// <summary>For tests that share one.</summary>
    public EtcdProcess()
        : this(null)
    {
    }

    internal EtcdProcess(string[]? tls)
    {
        var (client, peer) = (FreePort(), FreePort());
        var peers = $"http://127.0.0.1:{peer}";
        Address = new IPEndPoint(IPAddress.Loopback, client);
        Uri = new($"{(tls is null ? "http" : "https")}://127.0.0.1:{client}");
        var url = Uri.ToString().TrimEnd('/');
        _process = Process.Start(new ProcessStartInfo(Binary!, [
            "--data-dir", Path.Combine(_folder.FullName, "data"), "--listen-client-urls", url, "--advertise-client-urls", url,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", $"default={peers}", .. tls ?? []])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var said = new StringBuilder();
        _process.ErrorDataReceived += (_, e) => { lock (said) said.AppendLine(e.Data); };
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        // It answers when it has elected itself; a TCP connection alone says too little, but with TLS it has to do.
        var clock = Stopwatch.StartNew();
        while (!Answers(tls is not null))
        {
            lock (said)
                Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2) && !_process.HasExited, $"etcd does not start:\n{said}");
            Thread.Sleep(20);
        }
    }

    internal static string? Binary { get; } = new[] { "/usr/bin/etcd", "/usr/local/bin/etcd" }.FirstOrDefault(File.Exists);

    internal IPEndPoint Address { get; }

    internal Uri Uri { get; }

    /// <summary>Writes past all rules.</summary>
    internal void Put(string key, string value) =>
        Request("/v3/kv/put", $$"""{"key":"{{Base64(key)}}","value":"{{Base64(value)}}"}""");

    /// <summary>How often the key was written since it was made.</summary>
    internal long Version(string key) =>
        long.Parse(Request("/v3/kv/range", $$"""{"key":"{{Base64(key)}}"}""").GetProperty("kvs")[0].GetProperty("version").GetString()!, System.Globalization.CultureInfo.InvariantCulture);

    internal string Value(string key) =>
        Request("/v3/kv/range", $$"""{"key":"{{Base64(key)}}"}""").GetProperty("kvs")[0].TryGetProperty("value", out var value) ? Encoding.UTF8.GetString(value.GetBytesFromBase64()) : "";

    /// <summary>A frozen host, until the result is disposed.</summary>
    internal IDisposable Freeze()
    {
        Tools.Run("/bin/sh", "-c", $"kill -STOP {_process.Id}");
        return new Thaw(_process.Id);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    internal static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private bool Answers(bool tls)
    {
        try
        {
            if (!tls)
                return Request("/v3/kv/range", """{"key":"YQ=="}""").TryGetProperty("header", out _);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(Address);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            return false;
        }
    }

    private JsonElement Request(string path, string json)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(1) };
        using var response = http.PostAsync(new Uri(Uri, path), new StringContent(json)).GetAwaiter().GetResult();
        if (response.StatusCode != HttpStatusCode.OK)
            throw new HttpRequestException($"{response.StatusCode}");
        return JsonDocument.Parse(response.Content.ReadAsStringAsync().GetAwaiter().GetResult()).RootElement;
    }

    private sealed class Thaw(int process) : IDisposable
    {
        public void Dispose() => Tools.Run("/bin/sh", "-c", $"kill -CONT {process}");
    }
}
