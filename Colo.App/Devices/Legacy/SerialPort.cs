using Colo.State;

namespace Colo.Devices.Legacy;

/// <summary>
/// A 16550A serial port (PC16550D data sheet): the whole register file, both FIFOs, the four interrupt causes that
/// exist without a modem. What the guest sends is taken at once, so it never waits; what it is sent waits in a bounded
/// queue. Registers are called on vCPU threads, <see cref="Input"/> from any thread.
/// </summary>
public sealed class SerialPort(IInterruptLine interrupt) : IRegisterDevice, IStatefulDevice
{
    /// <summary>The first port of the first one.</summary>
    public const ushort Port = 0x3F8;

    /// <summary>Ports.</summary>
    public const byte Size = 8;

    /// <summary>The input of the I/O APIC of the first one.</summary>
    public const uint Gsi = 4;

    private const int FifoSize = 16;
    private const int MostWaiting = 64 * 1024;

    // Interrupt enable register.
    private const byte EnableReceived = 1;
    private const byte EnableEmpty = 2;
    private const byte EnableLine = 4;
    private const byte EnableModem = 8;

    // Line status register.
    private const byte DataReady = 1;
    private const byte Overrun = 2;
    private const byte TransmitterIdle = 0x60;

    private const byte DivisorAccess = 0x80;
    private const byte Loopback = 0x10;

    private readonly Lock _gate = new();
    private readonly byte[] _fifo = new byte[FifoSize];
    private readonly Queue<byte> _waiting = new();
    private int _fifoStart;
    private int _fifoCount;
    private byte _interruptEnable;
    private byte _fifoControl;
    private byte _lineControl;
    private byte _modemControl;
    private byte _lineErrors;
    private byte _modemDelta;
    private byte _scratch;
    private ushort _divisor = 12;
    private bool _emptyPending;
    private bool _lineUp;

    /// <summary>Gets each byte that the guest sends, on the vCPU's thread, and must not block. Null: nobody listens.</summary>
    public Action<byte>? Output { get; set; }

    private bool FifoOn => (_fifoControl & 1) != 0;

    private bool InLoopback => (_modemControl & Loopback) != 0;

    /// <summary>Gives bytes to the guest; what it has no room for waits. From any thread.</summary>
    /// <returns>How many were taken: the rest finds 64 KiB waiting already.</returns>
    public int Input(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            var taken = Math.Min(bytes.Length, MostWaiting - _waiting.Count);
            foreach (var one in bytes[..taken])
                _waiting.Enqueue(one);
            Refill();
            Update();
            return taken;
        }
    }

    /// <inheritdoc/>
    public void Read(ulong offset, Span<byte> data)
    {
        // Byte registers; a wider access sees the first and nobody behind it.
        data.Fill(0xFF);
        lock (_gate)
            data[0] = ReadRegister((int)offset);
    }

    /// <inheritdoc/>
    public void Write(ulong offset, ReadOnlySpan<byte> data)
    {
        byte? sent;
        lock (_gate)
            sent = WriteRegister((int)offset, data[0]);
        if (sent is { } one)
            Output?.Invoke(one);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer)
    {
        lock (_gate)
        {
            var record = writer.Begin("UART", 1);
            writer.U8(_interruptEnable);
            writer.U8(_fifoControl);
            writer.U8(_lineControl);
            writer.U8(_modemControl);
            writer.U8(_lineErrors);
            writer.U8(_modemDelta);
            writer.U8(_scratch);
            writer.U16(_divisor);
            writer.Bool(_emptyPending);
            writer.Bool(_lineUp);
            writer.U8((byte)_fifoCount);
            for (var i = 0; i < _fifoCount; i++)
                writer.U8(_fifo[(_fifoStart + i) % FifoSize]);
            writer.End(record);
        }
    }

    /// <inheritdoc/>
    public void Load(ref StateReader reader)
    {
        var record = reader.Record("UART", 1, out _);
        var registers = record.Raw(7);
        var divisor = record.U16();
        var emptyPending = record.Bool();
        var lineUp = record.Bool();
        int count = record.U8();
        if (count > FifoSize)
            throw record.Bad($"{count} bytes in a FIFO of {FifoSize}");
        var fifo = record.Raw(count);
        record.Finish();
        lock (_gate)
        {
            (_interruptEnable, _fifoControl, _lineControl, _modemControl) =
                ((byte)(registers[0] & 0xF), registers[1], registers[2], (byte)(registers[3] & 0x1F));
            (_lineErrors, _modemDelta, _scratch) = ((byte)(registers[4] & 0x1E), (byte)(registers[5] & 0xF), registers[6]);
            (_divisor, _emptyPending, _lineUp) = (divisor, emptyPending, lineUp);
            (_fifoStart, _fifoCount) = (0, count);
            fifo.CopyTo(_fifo);
        }
    }

    private byte ReadRegister(int offset)
    {
        switch (offset)
        {
            case 0 when (_lineControl & DivisorAccess) != 0:
                return (byte)_divisor;
            case 0:
                var received = Pop();
                Refill();
                Update();
                return received;
            case 1:
                return (_lineControl & DivisorAccess) != 0 ? (byte)(_divisor >> 8) : _interruptEnable;
            case 2:
                return ReadInterruptCause();
            case 3:
                return _lineControl;
            case 4:
                return _modemControl;
            case 5:
                var status = (byte)(TransmitterIdle | _lineErrors | (_fifoCount > 0 ? DataReady : 0));
                _lineErrors = 0;
                Update();
                return status;
            case 6:
                var modem = (byte)(ModemLines() | _modemDelta);
                _modemDelta = 0;
                Update();
                return modem;
            default:
                return _scratch;
        }
    }

    // Returns what goes out.
    private byte? WriteRegister(int offset, byte value)
    {
        byte? sent = null;
        switch (offset)
        {
            case 0 when (_lineControl & DivisorAccess) != 0:
                _divisor = (ushort)((_divisor & 0xFF00) | value);
                return null;
            case 0:
                if (InLoopback)
                    Push(value);
                else
                    sent = value;

                // The register is empty again at once: for the interrupt a falling and a rising edge.
                _emptyPending = false;
                Update();
                _emptyPending = true;
                break;
            case 1 when (_lineControl & DivisorAccess) != 0:
                _divisor = (ushort)((_divisor & 0xFF) | value << 8);
                return null;
            case 1:
                if ((value & ~_interruptEnable & EnableEmpty) != 0)
                    _emptyPending = true;
                _interruptEnable = (byte)(value & 0xF);
                break;
            case 2:
                if ((value & 2) != 0 || ((value ^ _fifoControl) & 1) != 0)
                    _fifoCount = 0;
                _fifoControl = (byte)((value & 1) != 0 ? value & 0xC9 : 0);
                break;
            case 3:
                _lineControl = value;
                break;
            case 4:
                var before = ModemLines();
                _modemControl = (byte)(value & 0x1F);
                SetModemDelta(before, ModemLines());
                break;
            case 7:
                _scratch = value;
                break;
            default:
                break;
        }

        Refill();
        Update();
        return sent;
    }

    // By priority: line status, data, transmitter empty, modem status. Bit 0 clear: something is pending.
    private byte Cause()
    {
        var fifo = FifoOn ? 0xC0 : 0;
        if ((_interruptEnable & EnableLine) != 0 && _lineErrors != 0)
            return (byte)(fifo | 6);
        if ((_interruptEnable & EnableReceived) != 0 && _fifoCount > 0)
            return (byte)(fifo | (!FifoOn || _fifoCount >= Trigger() ? 4 : 0xC));
        if ((_interruptEnable & EnableEmpty) != 0 && _emptyPending)
            return (byte)(fifo | 2);
        if ((_interruptEnable & EnableModem) != 0 && _modemDelta != 0)
            return (byte)fifo;
        return (byte)(fifo | 1);
    }

    private byte ReadInterruptCause()
    {
        var cause = Cause();
        if ((cause & 0xF) == 2)
            _emptyPending = false;
        Update();
        return cause;
    }

    private int Trigger() => (_fifoControl >> 6) switch { 0 => 1, 1 => 4, 2 => 8, _ => 14 };

    // CTS, DSR, RI, DCD: connected and ready; in loopback they follow the outputs.
    private byte ModemLines()
    {
        if (!InLoopback)
            return 0xB0;
        var m = _modemControl;
        return (byte)(((m & 2) << 3) | ((m & 1) << 5) | ((m & 4) << 4) | ((m & 8) << 4));
    }

    private void SetModemDelta(byte before, byte after)
    {
        var changed = (before ^ after) >> 4;
        // Ring indicator: only its trailing edge counts.
        if ((changed & 4) != 0 && (after & 0x40) != 0)
            changed &= ~4;
        _modemDelta |= (byte)changed;
    }

    private void Push(byte value)
    {
        if (_fifoCount >= (FifoOn ? FifoSize : 1))
        {
            _lineErrors |= Overrun;
            return;
        }

        _fifo[(_fifoStart + _fifoCount++) % FifoSize] = value;
    }

    private byte Pop()
    {
        if (_fifoCount == 0)
            return 0;
        var value = _fifo[_fifoStart];
        _fifoStart = (_fifoStart + 1) % FifoSize;
        _fifoCount--;
        return value;
    }

    private void Refill()
    {
        while (!InLoopback && _waiting.Count > 0 && _fifoCount < (FifoOn ? FifoSize : 1))
            Push(_waiting.Dequeue());
    }

    // The interrupt is an edge: raised when a cause appears where there was none.
    private void Update()
    {
        var up = (Cause() & 1) == 0;
        if (up && !_lineUp)
            interrupt.Raise();
        _lineUp = up;
    }
}
