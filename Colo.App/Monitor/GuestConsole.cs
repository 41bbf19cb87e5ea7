using System.Net.Sockets;

namespace Colo.Monitor;

/// <summary>
/// The guest's serial console: keeps what the guest wrote last, gives it to whoever listens, and takes what is typed.
/// One for the life of the node, whatever virtual machines come and go behind it. The guest never waits for a listener:
/// one that does not keep up loses what it did not read, and is told how much.
/// </summary>
public sealed class GuestConsole
{
    /// <summary>Most listeners at once; each is a client of the control socket and keeps a place there.</summary>
    public const int ListenerLimit = 4;

    private const int KeptBytes = 64 << 10;
    private const int MostAtOnce = 4096;
    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(10);

    private readonly object _gate = new();
    private readonly byte[] _kept = new byte[KeptBytes];
    private long _written;
    private int _listeners;

    /// <summary>
    /// Gives bytes to the guest: returns how many it took (the rest is offered again), or a negative number when there
    /// is no guest that takes any, and they are thrown away. From any thread.
    /// </summary>
    public Func<ReadOnlyMemory<byte>, int> Input { get; set; } = static _ => -1;

    /// <summary>Why what is typed does not reach the guest; null when it does. From any thread.</summary>
    public Func<string?> NoInput { get; set; } = static () => null;

    /// <summary>One byte that the guest sent. On a vCPU's thread.</summary>
    public void Output(byte octet)
    {
        lock (_gate)
        {
            _kept[_written++ % KeptBytes] = octet;
            if (_listeners > 0)
                System.Threading.Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Takes a place for a listener; false when there is none.</summary>
    /// <param name="from">Where in the guest's output it begins.</param>
    /// <param name="kept">How many bytes of it are there already.</param>
    internal bool TryEnter(out long from, out int kept)
    {
        lock (_gate)
        {
            from = Math.Max(0, _written - KeptBytes);
            kept = (int)(_written - from);
            if (_listeners >= ListenerLimit)
                return false;
            _listeners++;
            return true;
        }
    }

    /// <summary>Serves a listener that has entered, until one side closes. On the client's own thread.</summary>
    /// <param name="socket">The client.</param>
    /// <param name="answer">What it is sent first.</param>
    /// <param name="from">Where in the guest's output it goes on, from <see cref="TryEnter"/>.</param>
    /// <param name="first">What it sent already.</param>
    internal void Serve(Socket socket, byte[] answer, long from, byte[] first)
    {
        var gone = false;
        var output = new Thread(() => Pump(socket, answer, from, () => gone)) { Name = "console", IsBackground = true };
        output.Start();
        try
        {
            Type(socket, first);
            var buffer = new byte[MostAtOnce];
            // No limit: a console may be silent for days. The node's end closes the socket.
            socket.ReceiveTimeout = 0;
            while (socket.Receive(buffer) is var length and > 0)
                Type(socket, buffer.AsMemory(0, length));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client has gone.
        }
        finally
        {
            lock (_gate)
            {
                _listeners--;
                gone = true;
                socket.Dispose();
                System.Threading.Monitor.PulseAll(_gate);
            }

            output.Join();
        }
    }

    private void Type(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var taken = Input(bytes);
            if (taken < 0)
                return;
            bytes = bytes[taken..];
            // A guest that reads nothing is waited for as long as somebody wants to be heard.
            if (bytes.Length > 0 && socket.Poll(FullPause, SelectMode.SelectRead) && socket.Available == 0)
                return;
            if (bytes.Length > 0)
                Thread.Sleep(FullPause);
        }
    }

    private void Pump(Socket socket, byte[] answer, long at, Func<bool> left)
    {
        var buffer = new byte[MostAtOnce];
        try
        {
            Send(socket, answer);
            while (true)
            {
                int length;
                long lost;
                lock (_gate)
                {
                    while (at == _written && !left())
                        System.Threading.Monitor.Wait(_gate);
                    if (left())
                        break;
                    lost = Math.Max(0, _written - KeptBytes - at);
                    at += lost;
                    length = (int)Math.Min(buffer.Length, _written - at);
                    Copy(at, buffer.AsSpan(0, length));
                    at += length;
                }

                if (lost > 0)
                    Send(socket, System.Text.Encoding.ASCII.GetBytes($"\r\n[{lost} bytes of the console were not read in time]\r\n"));
                Send(socket, buffer.AsSpan(0, length));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client has gone, or has read nothing for longer than the socket's limit.
        }

        // Ends the receive of the client's thread, too.
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }
    }

    private static void Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[socket.Send(bytes)..];
    }

    private void Copy(long from, Span<byte> to)
    {
        var start = (int)(from % KeptBytes);
        var first = Math.Min(to.Length, KeptBytes - start);
        _kept.AsSpan(start, first).CopyTo(to);
        _kept.AsSpan(0, to.Length - first).CopyTo(to[first..]);
    }
}
