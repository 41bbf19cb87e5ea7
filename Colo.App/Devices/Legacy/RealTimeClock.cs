using Colo.State;

namespace Colo.Devices.Legacy;

/// <summary>
/// The real-time clock and CMOS memory of a PC at ports 0x70 (index) and 0x71 (data), MC146818 compatible: time of day
/// in UTC and the sizes of RAM. Alarms and periodic interrupts are not there. The guest may set the time: it then runs
/// on from there.
/// </summary>
public sealed class RealTimeClock : IRegisterDevice, IStatefulDevice
{
    /// <summary>The first port.</summary>
    public const ushort Port = 0x70;

    /// <summary>Ports.</summary>
    public const byte Ports = 2;

    private const int Size = 128;
    private const byte StatusB = 0x0B;
    private const byte InterruptsAndSquareWave = 0x78; // PIE, AIE, UIE, SQWE
    private const byte Century = 0x32;
    private const byte BinaryMode = 4;
    private const byte Hours24 = 2;
    private const long LastMillisecond = 253_402_300_799_999; // 9999-12-31

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly byte[] _memory = new byte[Size];
    private byte _index;
    private long _offset; // of the guest's clock against the host's, milliseconds

    /// <summary>Makes the clock.</summary>
    /// <param name="ramSize">Bytes of RAM, which firmware tells the guest here.</param>
    /// <param name="time">The host's time of day.</param>
    public RealTimeClock(ulong ramSize, TimeProvider time)
    {
        _time = time;
        _memory[0x0A] = 0x26; // 32.768 kHz, 1,024 Hz
        _memory[StatusB] = Hours24;
        _memory[0x0D] = 0x80; // the battery is good
        Put16(0x15, 640); // KiB below 640 KiB
        var low = Math.Min(ramSize, Memory.GuestMemory.HoleStart);
        var above1M = low > 1 << 20 ? low - (1 << 20) : 0;
        var above16M = low > 16 << 20 ? low - (16 << 20) : 0;
        Put16(0x17, (ushort)Math.Min(0xFFFF, above1M >> 10)); // KiB
        Put16(0x30, (ushort)Math.Min(0xFFFF, above1M >> 10));
        Put16(0x34, (ushort)Math.Min(0xFFFF, above16M >> 16)); // 64 KiB
        var high = (ramSize - low) >> 16; // 64 KiB above 4 GiB
        Put16(0x5B, (ushort)high);
        _memory[0x5D] = (byte)(high >> 16);
    }

    private DateTime Now => Time(Milliseconds);

    private long Milliseconds => Math.Clamp(_time.GetUtcNow().ToUnixTimeMilliseconds() + _offset, 0, LastMillisecond);

    /// <inheritdoc/>
    public void Read(ulong offset, Span<byte> data)
    {
        data.Fill(0xFF);
        lock (_gate)
        {
            if (offset == 1)
                data[0] = ReadMemory(_index);
        }
    }

    /// <inheritdoc/>
    public void Write(ulong offset, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            if (offset == 0)
                _index = (byte)(data[0] & 0x7F); // bit 7 masks NMI
            else
                WriteMemory(_index, data[0]);
        }
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer)
    {
        lock (_gate)
        {
            var record = writer.Begin("CMOS", 1);
            writer.U8(_index);
            writer.U64((ulong)Milliseconds);
            writer.Raw(_memory);
            writer.End(record);
        }
    }

    /// <inheritdoc/>
    public void Load(ref StateReader reader)
    {
        var record = reader.Record("CMOS", 1, out _);
        var index = record.U8();
        var milliseconds = record.U64();
        var memory = record.Raw(Size);
        record.Finish();
        if (index >= Size)
            throw record.Bad($"index {index}");
        if (milliseconds > LastMillisecond)
            throw record.Bad($"time {milliseconds}");
        lock (_gate)
        {
            _index = index;
            memory.CopyTo(_memory);
            _offset = (long)milliseconds - _time.GetUtcNow().ToUnixTimeMilliseconds();
        }
    }

    /// <summary>
    /// What the battery holds: the time as its distance from the host's, so that it goes on while the rest starts anew, and the
    /// CMOS memory with what the guest has put there.
    /// </summary>
    internal readonly record struct Battery(long Offset, byte[] Memory);

    /// <summary>Takes what outlives a reset of the machine.</summary>
    internal Battery TakeBattery()
    {
        lock (_gate)
            return new Battery(_offset, (byte[])_memory.Clone());
    }

    /// <summary>
    /// A reset of the machine: time and memory are what the battery held, and interrupts and square wave are off (MC146818,
    /// RESET: PIE, AIE, UIE and SQWE of register B are cleared; the flags of register C read as 0 here at all times).
    /// </summary>
    internal void Reset(Battery battery)
    {
        lock (_gate)
        {
            _index = 0;
            _offset = battery.Offset;
            battery.Memory.CopyTo(_memory, 0);
            _memory[StatusB] &= unchecked((byte)~InterruptsAndSquareWave);
        }
    }

    private static DateTime Time(long milliseconds) => DateTime.UnixEpoch.AddMilliseconds(milliseconds);

    private byte ReadMemory(byte index) => index switch
    {
        0 => Encode(Now.Second),
        2 => Encode(Now.Minute),
        4 => EncodeHour(Now.Hour),
        6 => Encode((int)Now.DayOfWeek + 1),
        7 => Encode(Now.Day),
        8 => Encode(Now.Month),
        9 => Encode(Now.Year % 100),
        Century => Encode(Now.Year / 100),
        0x0C => 0, // no interrupt
        _ => _memory[index],
    };

    private void WriteMemory(byte index, byte value)
    {
        var now = Now;
        switch (index)
        {
            case 0:
                SetTime(now, now.Year, now.Month, now.Day, now.Hour, now.Minute, Decode(value));
                break;
            case 2:
                SetTime(now, now.Year, now.Month, now.Day, now.Hour, Decode(value), now.Second);
                break;
            case 4:
                SetTime(now, now.Year, now.Month, now.Day, DecodeHour(value), now.Minute, now.Second);
                break;
            case 7:
                SetTime(now, now.Year, now.Month, Decode(value), now.Hour, now.Minute, now.Second);
                break;
            case 8:
                SetTime(now, now.Year, Decode(value), now.Day, now.Hour, now.Minute, now.Second);
                break;
            case 9:
                SetTime(now, (now.Year / 100 * 100) + Decode(value), now.Month, now.Day, now.Hour, now.Minute, now.Second);
                break;
            case Century:
                SetTime(now, (Decode(value) * 100) + (now.Year % 100), now.Month, now.Day, now.Hour, now.Minute, now.Second);
                break;
            case 6 or 0x0A or 0x0C or 0x0D:
                break;
            default:
                _memory[index] = value;
                break;
        }
    }

    // What cannot be a time (the 31st while the month is still the old one) is brought to the nearest that can.
    private void SetTime(DateTime now, int year, int month, int day, int hour, int minute, int second)
    {
        year = Math.Clamp(year, 1970, 9999);
        month = Math.Clamp(month, 1, 12);
        day = Math.Clamp(day, 1, DateTime.DaysInMonth(year, month));
        var set = new DateTime(
            year, month, day, Math.Min(hour, 23), Math.Min(minute, 59), Math.Min(second, 59), now.Millisecond, DateTimeKind.Utc);
        _offset += (long)(set - now).TotalMilliseconds;
    }

    private byte Encode(int value) => (byte)((_memory[StatusB] & BinaryMode) != 0 ? value : value / 10 << 4 | value % 10);

    private int Decode(byte value) => (_memory[StatusB] & BinaryMode) != 0 ? value : ((value >> 4) * 10) + (value & 0xF);

    private byte EncodeHour(int hour)
    {
        if ((_memory[StatusB] & Hours24) != 0)
            return Encode(hour);
        return (byte)(Encode(hour % 12 == 0 ? 12 : hour % 12) | (hour >= 12 ? 0x80 : 0));
    }

    private int DecodeHour(byte value)
    {
        if ((_memory[StatusB] & Hours24) != 0)
            return Decode(value);
        return (Decode((byte)(value & 0x7F)) % 12) + ((value & 0x80) != 0 ? 12 : 0);
    }

    private void Put16(int index, ushort value) =>
        (_memory[index], _memory[index + 1]) = ((byte)value, (byte)(value >> 8));
}
