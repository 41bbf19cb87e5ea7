using System.Text;

namespace Colo.Dashboard;

/// <summary>
/// What the guest wrote to its serial port, as lines of text: carriage return, line feed, backspace and tab are
/// obeyed, escape sequences are dropped. Belongs to one thread.
/// </summary>
internal sealed class ConsoleText
{
    private const int LineLimit = 2000;
    private const int ColumnLimit = 1000;
    private const int TabWidth = 8;

    private readonly List<StringBuilder> _lines = [new()];
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private EscapeFilter _escapes;

    /// <summary>The lines, the oldest first; at least one.</summary>
    internal IReadOnlyList<StringBuilder> Lines => _lines;

    /// <summary>Where the next character goes, in the last line.</summary>
    internal int Column { get; private set; }

    /// <summary>How the connection is: null while it is open and the guest takes what is typed.</summary>
    internal string? Trouble { get; set; }

    /// <summary>True when it is open.</summary>
    internal bool IsOpen { get; set; }

    /// <summary>Forgets everything: a new connection begins with what the node kept.</summary>
    internal void Clear()
    {
        _lines.Clear();
        _lines.Add(new());
        Column = 0;
        _escapes = default;
        _decoder.Reset();
    }

    /// <summary>Takes what the guest wrote.</summary>
    internal void Write(ReadOnlySpan<byte> bytes)
    {
        var chars = new char[_decoder.GetCharCount(bytes, flush: false)];
        var count = _decoder.GetChars(bytes, chars, flush: false);
        foreach (var c in chars.AsSpan(0, count))
        {
            if (_escapes.Passes(c))
                Write(c);
        }
    }

    private void Write(char c)
    {
        switch (c)
        {
            case '\n':
                _lines.Add(new());
                Column = 0;
                if (_lines.Count > LineLimit)
                    _lines.RemoveRange(0, _lines.Count - LineLimit);
                break;
            case '\r':
                Column = 0;
                break;
            case '\b':
                Column = Math.Max(0, Column - 1);
                break;
            case '\t':
                do
                    Put(' ');
                while (Column % TabWidth != 0);
                break;
            default:
                if (!char.IsControl(c))
                    Put(c);
                break;
        }
    }

    private void Put(char c)
    {
        if (Column >= ColumnLimit)
            Write('\n');
        var line = _lines[^1];
        // Only a carriage return or backspace leads back into a line, so the column is never beyond its end.
        if (Column < line.Length)
            line[Column] = c;
        else
            line.Append(c);
        Column++;
    }
}
