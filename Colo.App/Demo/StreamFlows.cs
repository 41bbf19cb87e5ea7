using System.Globalization;
using System.Text;

namespace Colo.Demo;

/// <summary>A flow whose replies are known byte for byte when the request is made.</summary>
internal abstract class PredictedFlow : TcpFlow
{
    private readonly Queue<long> _ends = new();
    private byte[] _expected = new byte[16384];
    private int _start;
    private int _end;
    private long _promised;

    private protected PredictedFlow(LoadGenerator owner, string kind, int index, int port)
        : base(owner, kind, index, port)
    {
    }

    /// <summary>Adds the whole reply to the request under way.</summary>
    protected void Expect(ReadOnlySpan<byte> reply)
    {
        if (_expected.Length - _end < reply.Length)
        {
            var left = _end - _start;
            var target = left + reply.Length > _expected.Length ? new byte[Math.Max(_expected.Length * 2, left + reply.Length)] : _expected;
            _expected.AsSpan(_start, left).CopyTo(target);
            (_expected, _start, _end) = (target, 0, left);
        }

        reply.CopyTo(_expected.AsSpan(_end));
        _end += reply.Length;
        _promised += reply.Length;
        _ends.Enqueue(_promised);
    }

    protected override void Consume(ReadOnlySpan<byte> data)
    {
        var expected = _expected.AsSpan(_start, _end - _start);
        var same = data.CommonPrefixLength(expected);
        if (same < data.Length)
        {
            FailAt(Position + same, expected[same..], data[same..]);
            return;
        }

        _start += same;
        while (_ends.TryPeek(out var end) && end <= Position + same)
        {
            _ends.Dequeue();
            if (!Complete())
                return;
        }
    }
}

/// <summary>Echo (RFC 862): a numbered request of random length and content, which comes back as it is.</summary>
internal sealed class EchoFlow(LoadGenerator owner, int index)
    : PredictedFlow(owner, "echo", index, owner.Settings.EchoPort)
{
    private readonly byte[] _message = new byte[owner.Settings.MaxBytes];

    protected override void Request()
    {
        // The number in front makes a lost, doubled or swapped reply visible whatever the random part is.
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"[{Index}:{Sent}]"));
        var length = Random.Next(head.Length, _message.Length + 1);
        head.CopyTo(_message, 0);
        Random.NextBytes(_message.AsSpan(head.Length, length - head.Length));
        Write(_message.AsSpan(0, length));
        Expect(_message.AsSpan(0, length));
    }
}

/// <summary>The key-value store over RESP: SET, GET and INCR in turn, on keys that belong to this flow alone.</summary>
internal sealed class RespFlow(LoadGenerator owner, int index)
    : PredictedFlow(owner, "resp", index, owner.Settings.RespPort)
{
    private readonly string _key = string.Create(CultureInfo.InvariantCulture, $"v{owner.RunId:x}:{index}");
    private readonly string _counter = string.Create(CultureInfo.InvariantCulture, $"n{owner.RunId:x}:{index}");
    private string _value = "";
    private long _count;

    protected override void Request()
    {
        switch ((Sent - 1) % 3)
        {
            case 0:
                var value = new byte[Random.Next(1, Math.Max(2, Owner.Settings.MaxBytes / 3))];
                Random.NextBytes(value);
                _value = Convert.ToHexString(value);
                Command("SET", _key, _value);
                Expect("+OK\r\n"u8);
                break;
            case 1:
                Command("GET", _key);
                Expect(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${_value.Length}\r\n{_value}\r\n")));
                break;
            default:
                Command("INCR", _counter);
                Expect(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $":{++_count}\r\n")));
                break;
        }
    }

    private void Command(params ReadOnlySpan<string> words)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (var word in words)
            text.Append(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n");
        Write(Encoding.ASCII.GetBytes(text.ToString()));
    }
}
