namespace Colo.Dashboard;

/// <summary>How a text stands out. What it says is always in its words, too.</summary>
internal enum Tone : byte
{
    Normal,
    Dim,
    Strong,
    Good,
    Warning,
    Bad,
    Accent,
    Bar,
    GoodBadge,
    WarningBadge,
    BadBadge,
}

/// <summary>A screen in memory: cells of one character and one tone. Whatever is drawn outside of it is cut off.</summary>
internal sealed class Canvas
{
    private readonly char[] _chars;
    private readonly Tone[] _tones;

    internal Canvas(int width, int height, Charset charset)
    {
        (Width, Height, Charset) = (Math.Max(0, width), Math.Max(0, height), charset);
        _chars = new char[Width * Height];
        _tones = new Tone[Width * Height];
        Array.Fill(_chars, ' ');
    }

    internal int Width { get; }

    internal int Height { get; }

    internal Charset Charset { get; }

    /// <summary>All of it.</summary>
    internal Area All => new(this, 0, 0, Width, Height);

    internal (char Character, Tone Tone) this[int x, int y] => (_chars[y * Width + x], _tones[y * Width + x]);

    internal void Set(int x, int y, char c, Tone tone)
    {
        if ((uint)x >= (uint)Width || (uint)y >= (uint)Height)
            return;
        _chars[y * Width + x] = Charset.Drawable(c);
        _tones[y * Width + x] = tone;
    }

    /// <summary>One row as text.</summary>
    internal string Row(int y) => new(_chars, y * Width, Width);

    /// <summary>All rows, without spaces at their ends.</summary>
    internal string Text() => string.Join('\n', Enumerable.Range(0, Height).Select(y => Row(y).TrimEnd()));
}

/// <summary>A part of a canvas with coordinates of its own.</summary>
internal readonly record struct Area(Canvas Canvas, int X, int Y, int Width, int Height)
{
    internal Charset Charset => Canvas.Charset;

    /// <summary>A part of this part.</summary>
    internal Area Part(int x, int y, int width, int height)
    {
        var (left, top) = (Math.Clamp(x, 0, Width), Math.Clamp(y, 0, Height));
        return new(Canvas, X + left, Y + top, Math.Clamp(width, 0, Width - left), Math.Clamp(height, 0, Height - top));
    }

    /// <summary>What is below the first rows.</summary>
    internal Area Below(int rows) => Part(0, rows, Width, Height - rows);

    internal void Set(int x, int y, char c, Tone tone)
    {
        if ((uint)x < (uint)Width && (uint)y < (uint)Height)
            Canvas.Set(X + x, Y + y, c, tone);
    }

    /// <summary>Writes a text on one line and returns the column after it.</summary>
    internal int Text(int x, int y, string text, Tone tone = Tone.Normal)
    {
        var clean = Charset.OneLine(text);
        for (var i = 0; i < clean.Length; i++)
            Set(x + i, y, x + i == Width - 1 && i < clean.Length - 1 ? Charset.Cut : clean[i], tone);
        return x + clean.Length;
    }

    /// <summary>Writes a text so that it ends at the column before <paramref name="end"/>.</summary>
    internal void Right(int end, int y, string text, Tone tone = Tone.Normal) => Text(end - text.Length, y, text, tone);

    internal void Fill(int x, int y, int width, char c, Tone tone)
    {
        for (var i = 0; i < width; i++)
            Set(x + i, y, c, tone);
    }

    /// <summary>Empties it and draws a frame around it.</summary>
    internal void Frame(Tone tone)
    {
        for (var y = 0; y < Height; y++)
        {
            Fill(0, y, Width, y == 0 || y == Height - 1 ? Charset.Horizontal : ' ', tone);
            Set(0, y, y == 0 ? Charset.TopLeft : y == Height - 1 ? Charset.BottomLeft : Charset.Vertical, tone);
            Set(Width - 1, y, y == 0 ? Charset.TopRight : y == Height - 1 ? Charset.BottomRight : Charset.Vertical, tone);
        }
    }

    /// <summary>A line over the whole width with a title in it.</summary>
    internal int Rule(int y, string title, Tone tone = Tone.Strong)
    {
        Fill(0, y, Width, Charset.Horizontal, Tone.Dim);
        return title.Length == 0 ? 0 : Text(1, y, $" {title} ", tone);
    }
}
