using System.Collections.Concurrent;
using Colo.Monitor;

namespace Colo.Dashboard;

/// <summary>
/// The connection to the guest's serial console, while its page is shown. Receiving and sending have a thread each:
/// a guest that takes no input delays nobody. Opens again when the node comes back.
/// </summary>
internal sealed class ConsoleLink : IDisposable
{
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    // Typed ahead of a guest that does not read; what is more is lost.
    private const int MostTyped = 4096;

    private readonly string _socket;
    private readonly ConsoleText _text;
    private readonly Action<Action> _post;
    private readonly BlockingCollection<byte[]> _typed = new(MostTyped);
    private readonly ManualResetEventSlim _stop = new();
    private readonly Lock _gate = new();
    private ConsoleClient? _connection;

    /// <summary>Begins to connect.</summary>
    /// <param name="socket">The node's control socket.</param>
    /// <param name="text">Is changed only by what is handed to <paramref name="post"/>.</param>
    /// <param name="post">Runs an action on the thread that owns the text; from any thread.</param>
    internal ConsoleLink(string socket, ConsoleText text, Action<Action> post)
    {
        (_socket, _text, _post) = (socket, text, post);
        new Thread(Receive) { Name = "console output", IsBackground = true }.Start();
        new Thread(Send) { Name = "console input", IsBackground = true }.Start();
    }

    /// <summary>Gives bytes to the guest. Never waits.</summary>
    internal void Type(byte[] bytes) => _typed.TryAdd(bytes);

    /// <summary>Closes the connection.</summary>
    public void Dispose()
    {
        _stop.Set();
        _typed.CompleteAdding();
        lock (_gate)
            _connection?.Dispose();
    }

    private void Receive()
    {
        var buffer = new byte[8192];
        while (!_stop.IsSet)
        {
            var why = "the node closed the console; trying again";
            try
            {
                var connection = ConsoleClient.Open(_socket, AnswerLimit);
                lock (_gate)
                    _connection = connection;
                Post(() =>
                {
                    _text.Clear();
                    (_text.IsOpen, _text.Trouble) = (true, connection.Remark);
                });
                while (!_stop.IsSet && connection.Receive(buffer) is var length and > 0)
                {
                    var bytes = buffer[..length];
                    Post(() => _text.Write(bytes));
                }
            }
            catch (ControlClientException e)
            {
                why = e.Message;
            }

            lock (_gate)
            {
                _connection?.Dispose();
                _connection = null;
            }

            Post(() => (_text.IsOpen, _text.Trouble) = (false, why));
            _stop.Wait(RetryPeriod);
        }
    }

    private void Send()
    {
        foreach (var bytes in _typed.GetConsumingEnumerable())
        {
            ConsoleClient? connection;
            lock (_gate)
                connection = _connection;
            // That it failed the receiving side says.
            _ = connection?.Send(bytes);
        }
    }

    // What comes late, after the page was left, must not change what a new connection shows.
    private void Post(Action action) => _post(() =>
    {
        if (!_stop.IsSet)
            action();
    });
}
