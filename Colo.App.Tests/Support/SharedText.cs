using System.Text;

namespace Colo.Tests.Support;

/// <summary>What one thread writes and another reads meanwhile; a StringWriter may not be read while it grows.</summary>
internal sealed class SharedText : TextWriter
{
    private readonly StringBuilder _text = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        lock (_text)
            _text.Append(value);
    }

    public override void Write(string? value)
    {
        lock (_text)
            _text.Append(value);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        lock (_text)
            _text.Append(buffer, index, count);
    }

    public override string ToString()
    {
        lock (_text)
            return _text.ToString();
    }
}
