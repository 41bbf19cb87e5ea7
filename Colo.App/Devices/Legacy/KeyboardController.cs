using Colo.State;

namespace Colo.Devices.Legacy;

/// <summary>
/// An i8042 keyboard controller at ports 0x60 (data) and 0x64 (command, status) with nothing connected: it answers its
/// self-test and its configuration, so that a kernel's probe ends quickly, and it resets the machine (command 0xFE).
/// </summary>
public sealed class KeyboardController : IStatefulDevice
{
    /// <summary>The port of commands.</summary>
    public const ushort CommandPortNumber = 0x64;

    /// <summary>The command that resets the machine.</summary>
    public const byte ResetCommand = 0xFE;

    private const byte OutputFull = 1;
    private const byte SystemFlag = 4;
    private const byte LastWasCommand = 8;
    private const byte Unlocked = 0x10;
    private const byte Resend = 0xFE;
    private const byte EnableInterrupt = 1;

    private readonly Lock _gate = new();
    private readonly IInterruptLine _interrupt;
    private readonly Action _reset;
    private byte _config = SystemFlag | 0x40 | 0x20;
    private byte _outputPort = 3;
    private byte _data;
    private bool _full;
    private byte _command;
    private bool _lastWasCommand;

    /// <summary>Makes the controller.</summary>
    /// <param name="interrupt">Input 1.</param>
    /// <param name="reset">Called on a vCPU's thread when the guest asks for a reset.</param>
    public KeyboardController(IInterruptLine interrupt, Action reset)
    {
        (_interrupt, _reset) = (interrupt, reset);
        DataPort = new Port(this, command: false);
        CommandPort = new Port(this, command: true);
    }

    /// <summary>Port 0x60.</summary>
    public IRegisterDevice DataPort { get; }

    /// <summary>Port 0x64.</summary>
    public IRegisterDevice CommandPort { get; }

    /// <inheritdoc/>
    public void Save(StateWriter writer)
    {
        lock (_gate)
        {
            var record = writer.Begin("KBDC", 1);
            writer.U8(_config);
            writer.U8(_outputPort);
            writer.U8(_data);
            writer.Bool(_full);
            writer.U8(_command);
            writer.Bool(_lastWasCommand);
            writer.End(record);
        }
    }

    /// <inheritdoc/>
    public void Load(ref StateReader reader)
    {
        var record = reader.Record("KBDC", 1, out _);
        var (config, outputPort, data, full, command, last) =
            (record.U8(), record.U8(), record.U8(), record.Bool(), record.U8(), record.Bool());
        record.Finish();
        lock (_gate)
        {
            (_config, _outputPort, _data, _full, _command, _lastWasCommand) = (config, outputPort, data, full, command, last);
        }
    }

    private byte ReadStatus() =>
        (byte)((_full ? OutputFull : 0) | (_config & SystemFlag) | (_lastWasCommand ? LastWasCommand : 0) | Unlocked);

    private byte ReadData()
    {
        _full = false;
        return _data;
    }

    private void Answer(byte value)
    {
        (_data, _full) = (value, true);
        if ((_config & EnableInterrupt) != 0)
            _interrupt.Raise();
    }

    // Returns whether the machine is to be reset.
    private bool WriteCommand(byte command)
    {
        _lastWasCommand = true;
        _command = 0;
        switch (command)
        {
            case >= 0x20 and < 0x40:
                Answer(command == 0x20 ? _config : (byte)0);
                break;
            case 0x60 or 0xD1 or 0xD2 or 0xD3 or 0xD4:
                _command = command;
                break;
            case 0xA7:
                _config |= 0x20;
                break;
            case 0xA8:
                _config &= 0xDF;
                break;
            case 0xA9:
                Answer(1); // the second port's clock line is stuck: there is none
                break;
            case 0xAA:
                _config |= SystemFlag;
                Answer(0x55);
                break;
            case 0xAB:
                Answer(0);
                break;
            case 0xAD:
                _config |= 0x10;
                break;
            case 0xAE:
                _config &= 0xEF;
                break;
            case 0xC0:
                Answer(0);
                break;
            case 0xD0:
                Answer(_outputPort);
                break;
            case >= 0xF0:
                // Pulses output lines; line 0 is the reset of the machine.
                return (command & 1) == 0;
            default:
                break;
        }

        return false;
    }

    private bool WriteData(byte value)
    {
        _lastWasCommand = false;
        var command = _command;
        _command = 0;
        switch (command)
        {
            case 0x60:
                _config = value;
                break;
            case 0xD1:
                _outputPort = value;
                return (value & 1) == 0;
            case 0xD2 or 0xD3:
                Answer(value); // without the mark of a second port, which a probe takes for its absence
                break;
            default:
                Answer(Resend); // no device answers
                break;
        }

        return false;
    }

    private sealed class Port(KeyboardController controller, bool command) : IRegisterDevice
    {
        public void Read(ulong offset, Span<byte> data)
        {
            data.Fill(0xFF);
            lock (controller._gate)
                data[0] = command ? controller.ReadStatus() : controller.ReadData();
        }

        public void Write(ulong offset, ReadOnlySpan<byte> data)
        {
            bool reset;
            lock (controller._gate)
                reset = command ? controller.WriteCommand(data[0]) : controller.WriteData(data[0]);
            if (reset)
                controller._reset();
        }
    }
}
