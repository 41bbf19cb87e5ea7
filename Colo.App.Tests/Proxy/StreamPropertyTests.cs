using Colo.Proxy;
using static Colo.Tests.Proxy.ComparerHarness;
using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Tests.Proxy;

/// <summary>
/// Two guests produce the same stream in pieces of their own, repeat parts, acknowledge at their own pace, through random
/// checkpoints. What leaves must always rest on both.
/// </summary>
public sealed class StreamPropertyTests
{
    private const int Scale = 4;

    private struct Side
    {
        public int Sent, Acked, Edge;
        public bool Fin;
    }

    private sealed class Run
    {
        private readonly Random _random;
        private readonly string _name;
        private readonly ComparerHarness _h = new();
        private readonly int _length, _differsAt;
        private readonly bool _v6;
        private Side _p, _s, _taken;
        private bool _pending;
        private uint _clock = 1000;
        private int _checked, _committed;
        private bool _committedFin;
        private uint _newestTimestamp;
        private readonly bool[] _delivered;

        public Run(int seed, bool differs)
        {
            _random = new Random(seed);
            _name = $"seed {seed}";
            _length = _random.Next(1, 200_000);
            _differsAt = differs ? _random.Next(_length) : -1;
            _v6 = _random.Next(2) == 0;
            _delivered = new bool[_length];
            _h.Open(scale: Scale, window: 1000, v6: _v6);
            _p.Edge = _s.Edge = 1000;
        }

        public void Go()
        {
            int steps = 0;
            for (; steps < 40_000; steps++)
            {
                Step();
                if (!(_p.Fin && _s.Fin && _p.Acked == 5000 && _s.Acked == 5000))
                    continue;
                if (!_pending)
                    break;
                Commit();
            }
            if (_differsAt >= 0)
            {
                _h.Checkpoint();
                Check(all: true);
                _h.Dispose();
                return;
            }
            // Windows may differ at the end; acknowledgements may not.
            Assert.True(_delivered.All(d => d), $"{_name}: not all was delivered");
            Assert.True(_h.Segments.Any(s => s.Has(Fin)), $"{_name}: no FIN");
            Assert.True(_h.Segments.Any(s => s.Ack == ClientIsn + 1 + 5000), $"{_name}: last acknowledgement missing");
            Assert.True(_h.Requests.All(r => r == CheckpointReason.Queue), $"{_name}: {string.Join(", ", _h.Requests)}");
            Assert.True(_h.Comparer.RentedBuffers == 0, $"{_name}: {_h.Comparer.RentedBuffers} buffers out");
            Assert.True(_h.Comparer.Statistics.Held == 0, $"{_name}: frames held");
            _h.Dispose();
        }

        private void Step()
        {
            _h.Now += 1000;
            switch (_random.Next(20))
            {
                case < 6:
                    Data(ref _p, primary: true);
                    break;
                case < 12:
                    Data(ref _s, primary: false);
                    break;
                case < 14:
                    Acknowledge(ref _p, primary: true);
                    break;
                case < 16:
                    Acknowledge(ref _s, primary: false);
                    break;
                case 16:
                    Repeat(in _p, primary: true);
                    break;
                case 17:
                    Repeat(in _s, primary: false);
                    break;
                case 18 when _random.Next(10) == 0:
                    if (_pending)
                    {
                        Commit();
                    }
                    else
                    {
                        _h.Comparer.CheckpointTaken(_h.Epoch + 1, _h.Now);
                        _taken = _p;
                        _pending = true;
                    }
                    break;
            }
            Check(all: false);
        }

        private void Commit()
        {
            _pending = false;
            _s = _taken;
            _committed = Math.Max(_committed, _taken.Sent);
            _committedFin |= _taken.Fin;
            _h.Commit();
            Check(all: false);
        }

        private void Data(ref Side side, bool primary)
        {
            if (side.Fin)
                return;
            int size = _random.Next(4) switch { 0 => _random.Next(1, 10), 1 => 1448, 2 => _random.Next(1, 60_000), _ => _random.Next(1, 3000) };
            size = Math.Min(size, _length - side.Sent);
            bool fin = side.Sent + size == _length && (size == 0 || _random.Next(2) == 0);
            int at = side.Sent;
            side.Sent += size;
            side.Fin |= fin;
            Send(at, size, fin, in side, primary);
        }

        private void Acknowledge(ref Side side, bool primary)
        {
            if (side.Acked < 5000)
                side.Acked = Math.Min(5000, side.Acked + _random.Next(0, 2000));
            side.Edge = Math.Max(side.Edge, side.Acked + _random.Next(0, 3000) / 16 * 16);
            Send(side.Sent + (side.Fin ? 1 : 0), 0, false, in side, primary);
        }

        private void Repeat(in Side side, bool primary)
        {
            int at = _random.Next(side.Sent + 1), size = Math.Min(_random.Next(5000), side.Sent - at);
            if (size > 0)
                Send(at, size, side.Fin && at + size == _length, in side, primary);
        }

        private void Send(int at, int size, bool fin, in Side side, bool primary)
        {
            byte[] payload = Stream(at, size);
            if (!primary && _differsAt >= at && _differsAt < at + size)
                payload[_differsAt - at] ^= 0x10;
            var spec = new TcpSpec
            {
                Seq = PrimaryIsn + 1 + (uint)at,
                AckNumber = ClientIsn + 1 + (uint)side.Acked,
                Window = (ushort)((side.Edge - side.Acked) >> Scale),
                Flags = (byte)(Ack | (fin ? Fin : 0) | (_random.Next(2) == 0 ? Psh : 0)),
                Payload = payload,
                Options = Timestamps(primary ? ++_clock : 5, 1),
                GsoSize = (ushort)(size > 1448 ? 1448 : 0),
                Partial = _random.Next(2) == 0,
                V6 = _v6,
                IpId = (ushort)_random.Next(65536),
            };
            if (!primary)
                _h.S(spec);
            else if (!_h.P(spec))
                throw new InvalidOperationException($"{_name}: pushed back");
        }

        private void Check(bool all)
        {
            for (; _checked < _h.Released.Count; _checked++)
            {
                WireSegment segment = WireSegment.Parse(_h.Released[_checked])!;
                int at = (int)(segment.Seq - PrimaryIsn - 1), end = at + segment.Payload.Length;
                int allowed = Math.Max(Math.Min(_p.Sent, _s.Sent), _committed);
                if (_differsAt >= 0 && _committed <= _differsAt && !all)
                    allowed = Math.Min(allowed, _differsAt);
                if (all)
                    allowed = _p.Sent;
                Assert.True(segment.Payload.Length == 0 || end <= allowed, $"{_name}: released up to {end}, common are {allowed}");
                Assert.True(segment.Payload.AsSpan().SequenceEqual(Stream(at, segment.Payload.Length)), $"{_name}: wrong bytes at {at}");
                Array.Fill(_delivered, true, Math.Min(at, _length), segment.Payload.Length);
                if (segment.Has(Fin))
                    Assert.True(end == _length && ((_p.Fin && _s.Fin) || _committedFin || all), $"{_name}: FIN at {end}");
                int ack = (int)(segment.Ack - ClientIsn - 1), edge = ack + (segment.Window << Scale);
                if (!all)
                {
                    Assert.True(ack <= Math.Min(_p.Acked, _s.Acked), $"{_name}: acknowledged {ack}, both have {_p.Acked} {_s.Acked}");
                    Assert.True(edge <= Math.Min(_p.Edge, _s.Edge) || _h.Segments.Take(1).Any() && edge <= 1000,
                        $"{_name}: window to {edge}, both have {_p.Edge} {_s.Edge}");
                }
                Assert.True((int)(segment.TimestampValue!.Value - _newestTimestamp) >= 0, $"{_name}: timestamp went back");
                _newestTimestamp = segment.TimestampValue.Value;
            }
        }
    }

    [Fact]
    public void What_leaves_is_a_common_prefix_and_promises_the_minimum()
    {
        for (int i = 0; i < 80; i++)
            new Run(Random.Shared.Next(), differs: false).Go();
    }

    [Fact]
    public void A_difference_never_leaves_before_a_checkpoint()
    {
        for (int i = 0; i < 100; i++)
            new Run(Random.Shared.Next(), differs: true).Go();
    }
}
