using System.Buffers.Binary;
using Colo.State;

namespace Colo.Devices.Legacy;

/// <summary>
/// The power management control register PM1a_CNT (ACPI specification, 4.8.3.2.1) at port 0x604, as PC chip sets have it: a write with
/// SLP_EN (bit 13) and SLP_TYP 0 (bits 10 to 12) powers off.
/// </summary>
/// <param name="powerOff">Called on a vCPU's thread.</param>
public sealed class PowerPort(Action powerOff) : IRegisterDevice, IStatefulDevice
{
    /// <summary>The first port.</summary>
    public const ushort Port = 0x604;

    /// <summary>Ports.</summary>
    public const int Size = 2;

    /// <summary>The sleep type that powers off (S5).</summary>
    public const byte SleepTypeOff = 0;

    private const ushort SleepEnable = 0x2000;
    private const ushort SleepType = 0x1C00;
    private volatile ushort _control = 1; // SCI_EN: ACPI mode

    /// <inheritdoc/>
    public void Read(ulong offset, Span<byte> data)
    {
        Span<byte> register = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(register, _control);
        for (var i = 0; i < data.Length; i++)
            data[i] = (int)offset + i < 2 ? register[(int)offset + i] : (byte)0xFF;
    }

    /// <inheritdoc/>
    public void Write(ulong offset, ReadOnlySpan<byte> data)
    {
        if (offset != 0 || data.Length != 2)
            return;
        var value = BinaryPrimitives.ReadUInt16LittleEndian(data);
        // SLP_EN always reads as zero.
        _control = (ushort)(value & ~SleepEnable);
        if ((value & SleepEnable) != 0 && (value & SleepType) == 0)
            powerOff();
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer)
    {
        var record = writer.Begin("PM1A", 1);
        writer.U16(_control);
        writer.End(record);
    }

    /// <inheritdoc/>
    public void Load(ref StateReader reader)
    {
        var record = reader.Record("PM1A", 1, out _);
        var control = record.U16();
        record.Finish();
        _control = (ushort)(control & ~SleepEnable);
    }
}
