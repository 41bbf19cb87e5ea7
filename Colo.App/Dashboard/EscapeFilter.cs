namespace Colo.Dashboard;

/// <summary>
/// Drops escape sequences (ECMA-48) from a stream of characters: CSI, OSC, DCS, SOS, PM and APC with their contents,
/// character sets, and what has two characters. Other control characters pass; they are the caller's.
/// </summary>
internal struct EscapeFilter
{
    // A string that is never ended must not swallow the rest of the guest's output.
    private const int StringLimit = 1024;

    private State _state;
    private int _length;

    private enum State
    {
        Text,
        Escape,
        Control,
        Intermediate,
        String,
        StringEscape,
    }

    /// <summary>True when the character is no part of an escape sequence.</summary>
    internal bool Passes(char c)
    {
        // CAN and SUB end whatever is under way.
        if (c is '\x18' or '\x1a')
        {
            _state = State.Text;
            return false;
        }

        switch (_state)
        {
            case State.Text:
                _state = Begin(c);
                return _state == State.Text;
            case State.Escape:
                _state = c switch
                {
                    '[' => State.Control,
                    ']' or 'P' or 'X' or '^' or '_' => State.String,
                    '\e' => State.Escape,
                    >= ' ' and <= '/' => State.Intermediate,
                    _ => State.Text,
                };
                _length = 0;
                return false;
            case State.Control:
                if (c == '\e')
                    _state = State.Escape;
                else if (c is >= '@' and <= '~')
                    _state = State.Text;
                // Controls inside of a sequence are obeyed, as terminals do.
                return c is >= '\b' and <= '\r' || End(c > '~' || ++_length > StringLimit);
            case State.Intermediate:
                if (c is < ' ' or > '/')
                    _state = c == '\e' ? State.Escape : State.Text;
                return false;
            case State.StringEscape:
                // ESC \ ends the string; any other ESC begins a new sequence.
                if (c == '\\')
                {
                    _state = State.Text;
                    return false;
                }

                _state = State.Escape;
                return Passes(c);
            default:
                if (c is '\a' or '\x9c')
                    _state = State.Text;
                else if (c == '\e')
                    _state = State.StringEscape;
                else
                    End(++_length > StringLimit);
                return false;
        }
    }

    private State Begin(char c)
    {
        _length = 0;
        return c switch
        {
            '\e' => State.Escape,
            '\x9b' => State.Control,
            '\x90' or '\x98' or '\x9d' or '\x9e' or '\x9f' => State.String,
            _ => State.Text,
        };
    }

    private bool End(bool broken)
    {
        if (broken)
            _state = State.Text;
        return false;
    }
}
