using System.Buffers.Binary;
using Colo.State;

namespace Colo.Devices.Legacy;

/// <summary>
/// The power management event registers PM1a_EVT (ACPI specification, 4.8.3.1), status and enable, at port 0x600, with a
/// power button: pressing it sets its status bit, and the SCI stays asserted while a status bit is set and enabled.
/// The button's status is the only one that is ever set; the enable bits of the others are kept as a driver expects it.
/// </summary>
/// <param name="sci">The system control interrupt, level triggered.</param>
public sealed class PowerEvents(IInterruptLevel sci) : IRegisterDevice, IStatefulDevice
{
    /// <summary>The first port.</summary>
    public const ushort Port = 0x600;

    /// <summary>Ports.</summary>
    public const int Size = 4;

    /// <summary>The input of the I/O APIC of the SCI: that of the coprocessor, which nothing has used for decades.</summary>
    public const ushort Gsi = 13;

    private const ushort PowerButton = 0x100;
    private const ushort Enables = 0x4721; // timer, global lock, power and sleep button, RTC, PCI Express

    private readonly Lock _gate = new();
    private ushort _status;
    private ushort _enable;
    private bool _pressed;

    /// <summary>Whether the button was pressed since power on, by whichever node had the guest then. From any thread.</summary>
    public bool Pressed
    {
        get
        {
            lock (_gate)
                return _pressed;
        }
    }

    /// <summary>Presses the power button. From any thread.</summary>
    /// <returns>False, and nothing is done, when the guest does not listen to it.</returns>
    public bool Press()
    {
        lock (_gate)
        {
            if ((_enable & PowerButton) == 0)
                return false;
            _status |= PowerButton;
            _pressed = true;
            UpdateLine();
            return true;
        }
    }

    /// <inheritdoc/>
    public void Read(ulong offset, Span<byte> data)
    {
        Span<byte> registers = stackalloc byte[Size];
        lock (_gate)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(registers, _status);
            BinaryPrimitives.WriteUInt16LittleEndian(registers[2..], _enable);
        }

        for (var i = 0; i < data.Length; i++)
            data[i] = (int)offset + i < Size ? registers[(int)offset + i] : (byte)0xFF;
    }

    /// <inheritdoc/>
    public void Write(ulong offset, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            for (var i = 0; i < data.Length; i++)
            {
                var shift = ((int)offset + i) % 2 * 8;
                var value = (ushort)(data[i] << shift);
                switch (((int)offset + i) / 2)
                {
                    case 0: // a one clears
                        _status &= (ushort)~value;
                        break;
                    case 1:
                        _enable = (ushort)((_enable & ~(0xFF << shift)) | (value & Enables));
                        break;
                    default:
                        break;
                }
            }

            UpdateLine();
        }
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer)
    {
        lock (_gate)
        {
            // Version 2 has a truth value more. Programs that know version 1 alone can read a guest that nobody has told to end.
            var record = writer.Begin("PM1E", (ushort)(_pressed ? 2 : 1));
            writer.U16(_status);
            writer.U16(_enable);
            if (_pressed)
                writer.Bool(true);
            writer.End(record);
        }
    }

    /// <inheritdoc/>
    public void Load(ref StateReader reader)
    {
        var record = reader.Record("PM1E", 2, out var version);
        var (status, enable) = (record.U16(), record.U16());
        var pressed = version >= 2 && record.Bool();
        record.Finish();
        if ((status & ~PowerButton) != 0 || (enable & ~Enables) != 0)
            throw record.Bad($"power events 0x{status:x}, 0x{enable:x}");
        lock (_gate)
        {
            (_status, _enable, _pressed) = (status, enable, pressed);
            UpdateLine();
        }
    }

    private void UpdateLine() => sci.Set((_status & _enable) != 0);
}
