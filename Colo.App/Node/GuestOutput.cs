using System.Globalization;
using System.Text;

namespace Colo.Node;

/// <summary>
/// What the guest sends on its serial port, to this process's standard output, by a thread of its own: who reads that may stand
/// still (a pager, a terminal that was told to wait, a journal that is stuck), and the guest must not. What does not fit into
/// the ring meanwhile is dropped, and the place is marked. A line at a time: the guest's lines stay whole between those of the log.
/// </summary>
internal sealed class GuestOutput : IDisposable
{
    private const int Capacity = 64 << 10;
    private const int LineLimit = 512;
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(1);

    private readonly Stream _output;
    private readonly Thread _writer;
    private readonly object _gate = new();
    private readonly byte[] _ring = new byte[Capacity];
    private int _start;
    private int _count;
    private int _whole; // of these, what ends with a line
    private int _line; // bytes behind the last line
    private long _dropped; // behind the last byte of the ring
    private bool _closing;

    /// <summary>Makes one that writes to a stream, which may block.</summary>
    internal GuestOutput(Stream output)
    {
        _output = output;
        _writer = new Thread(WriteAll) { Name = "guest output", IsBackground = true };
        _writer.Start();
    }

    /// <summary>Takes a byte, and does not wait. From any thread.</summary>
    internal void Write(byte octet)
    {
        lock (_gate)
        {
            if (_closing)
                return;
            // Once something is lost all is, until the writer has come so far: the mark stands where it is missing.
            if (_dropped > 0 || _count == Capacity)
            {
                _dropped++;
                return;
            }

            _ring[(_start + _count++) % Capacity] = octet;
            if (octet != (byte)'\n' && ++_line < LineLimit)
                return;
            _line = 0;
            _whole = _count;
            System.Threading.Monitor.Pulse(_gate);
        }
    }

    /// <summary>Writes what is left, for a second at most.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closing)
                return;
            _closing = true;
            System.Threading.Monitor.Pulse(_gate);
        }

        _writer.Join(FlushLimit);
    }

    private void WriteAll()
    {
        var bytes = new byte[Capacity];
        while (true)
        {
            int length;
            long dropped;
            lock (_gate)
            {
                while (_whole == 0 && _dropped == 0 && !_closing)
                    System.Threading.Monitor.Wait(_gate);
                length = Take(bytes, _dropped > 0 || _closing ? _count : _whole);
                (dropped, _dropped) = (_dropped, 0);
                if (length == 0 && dropped == 0)
                    return;
            }

            try
            {
                _output.Write(bytes, 0, length);
                if (dropped > 0)
                    _output.Write(Mark(dropped, length == 0 || bytes[length - 1] == (byte)'\n'));
                _output.Flush();
            }
            catch (IOException)
            {
                // A closed standard output must not stop the guest.
            }
            catch (ObjectDisposedException)
            {
                // Whoever owns the stream did not wait for an end that took too long.
                return;
            }
        }
    }

    private static byte[] Mark(long dropped, bool atLineStart) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(atLineStart ? "" : "\n")}[… {dropped} bytes of the guest's output dropped]\n"));

    private int Take(byte[] bytes, int length)
    {
        var first = Math.Min(length, Capacity - _start);
        Array.Copy(_ring, _start, bytes, 0, first);
        Array.Copy(_ring, 0, bytes, first, length - first);
        _start = (_start + length) % Capacity;
        _count -= length;
        _whole = 0;
        if (_count == 0)
            _line = 0;
        return length;
    }
}
