using Colo.Devices;
using Colo.Devices.Legacy;
using Colo.State;

namespace Colo.Tests.Devices.Legacy;

public sealed class LegacyDeviceTests
{
    [Fact]
    public void Serial_sends_and_interrupts_when_empty()
    {
        var line = new CountingLine();
        var sent = new List<byte>();
        var serial = new SerialPort(line) { Output = sent.Add };
        Assert.Equal(1, Read(serial, 2)); // nothing pending
        Write(serial, 1, 2); // transmitter empty
        Assert.Equal(1, line.Raised);
        Assert.Equal(2, Read(serial, 2));
        Assert.Equal(1, Read(serial, 2)); // reading it took it back
        foreach (var one in "abc"u8)
            Write(serial, 0, one);
        Assert.Equal("abc"u8.ToArray(), sent);
        Assert.Equal(4, line.Raised);
        Assert.Equal(0x60, Read(serial, 5));
        Write(serial, 1, 0);
        Write(serial, 0, 1);
        Assert.Equal(4, line.Raised);
    }

    [Fact]
    public void Serial_receives_through_its_fifo()
    {
        var line = new CountingLine();
        var serial = new SerialPort(line);
        Write(serial, 2, 0x81); // FIFO on, trigger at 8
        Write(serial, 1, 1);
        var text = Enumerable.Range(1, 40).Select(i => (byte)i).ToArray();
        Assert.Equal(40, serial.Input(text));
        Assert.Equal(1, line.Raised);
        Assert.Equal(0xC4, Read(serial, 2));
        for (var i = 1; i <= 40; i++)
        {
            Assert.Equal(0x61, Read(serial, 5));
            Assert.Equal(i, Read(serial, 0));
        }

        Assert.Equal(0x60, Read(serial, 5));
        Assert.Equal(0xC1, Read(serial, 2));
        serial.Input([9]);
        Assert.Equal(2, line.Raised);
        Assert.Equal(0xCC, Read(serial, 2)); // below the trigger: time-out
        Assert.Equal(65536, serial.Input(new byte[70000]));
        Assert.Equal(15, serial.Input(new byte[70000])); // what went into the FIFO made room
    }

    [Fact]
    public void Serial_loops_back_and_keeps_its_registers()
    {
        var sent = new List<byte>();
        var serial = new SerialPort(new CountingLine()) { Output = sent.Add };
        Write(serial, 3, 0x83);
        Write(serial, 0, 0x01);
        Write(serial, 1, 0x02);
        Assert.Equal((0x01, 0x02), (Read(serial, 0), Read(serial, 1)));
        Write(serial, 3, 0x03);
        Write(serial, 7, 0x5A);
        Assert.Equal((0x5A, 0x03), (Read(serial, 7), Read(serial, 3)));

        // Linux's probe: outputs 0xA in loopback read back as 0x90.
        Write(serial, 4, 0x1A);
        Assert.Equal(0x90, Read(serial, 6) & 0xF0);
        Write(serial, 0, 77);
        Assert.Equal(77, Read(serial, 0));
        Write(serial, 0, 1);
        Write(serial, 0, 2);
        Assert.Equal(0x63, Read(serial, 5)); // overrun
        Assert.Equal(0x61, Read(serial, 5));
        Assert.Empty(sent);
        Write(serial, 4, 0);
        Assert.Equal(0xB0, Read(serial, 6) & 0xF0);
    }

    [Fact]
    public void Clock_reads_sets_and_goes_on_elsewhere()
    {
        var time = new FixedTime { Now = new DateTimeOffset(2026, 11, 22, 23, 59, 58, TimeSpan.Zero) };
        var clock = new RealTimeClock(5UL << 30, time);
        Assert.Equal("2026-11-22 23:59:58", Show(clock));
        time.Now += TimeSpan.FromSeconds(3);
        Assert.Equal("2026-11-23 00:00:01", Show(clock));
        foreach (var (register, value) in new[] { (9, 0x30), (8, 2), (7, 0x28), (4, 0x10), (2, 0x20), (0, 0x30) })
            Cmos(clock, register, value);
        Assert.Equal("2030-02-28 10:20:30", Show(clock));

        // 12-hour and binary modes.
        Cmos(clock, 0x0B, 0x04);
        Assert.Equal(10, Cmos(clock, 4));
        Cmos(clock, 4, 0x81); // 1 pm
        Assert.Equal(0x81, Cmos(clock, 4));
        Cmos(clock, 0x0B, 0x02);
        Assert.Equal(0x13, Cmos(clock, 4));

        // 3 GiB below the hole, 2 GiB above.
        Assert.Equal((0xBF00, 0x8000), (Cmos(clock, 0x34) | Cmos(clock, 0x35) << 8, Cmos(clock, 0x5B) | Cmos(clock, 0x5C) << 8));
        Assert.Equal(0x80, Cmos(clock, 0x0D));

        var other = new RealTimeClock(5UL << 30, new FixedTime { Now = DateTimeOffset.UnixEpoch + TimeSpan.FromDays(365) });
        Move(clock, other);
        Assert.Equal("2030-02-28 13:20:30", Show(other));
    }

    [Fact]
    public void Clock_goes_on_over_a_reset_and_interrupts_are_off()
    {
        var time = new FixedTime { Now = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero) };
        var clock = new RealTimeClock(1 << 30, time);
        var powerOn = new StateWriter();
        clock.Save(powerOn);

        // The guest sets it an hour ahead, keeps something in its memory, wants all interrupts and works in binary.
        Cmos(clock, 4, 0x13);
        Cmos(clock, 0x40, 0x5A);
        Cmos(clock, 0x0B, 0x7E);
        time.Now += TimeSpan.FromMinutes(10);
        var battery = clock.TakeBattery();
        var reader = new StateReader(powerOn.Written, "power on");
        clock.Load(ref reader);
        clock.Reset(battery);
        time.Now += TimeSpan.FromMinutes(5);
        Assert.Equal(0x06, Cmos(clock, 0x0B));
        Assert.Equal(0, Cmos(clock, 0x0C));
        Assert.Equal(0x5A, Cmos(clock, 0x40));
        Cmos(clock, 0x0B, 0x02);
        Assert.Equal("2026-11-22 13:15:00", Show(clock));
    }

    [Fact]
    public void Clock_takes_any_value()
    {
        var clock = new RealTimeClock(1 << 30, new FixedTime { Now = DateTimeOffset.UnixEpoch });
        var random = new Random(1);
        for (var i = 0; i < 100_000; i++)
        {
            Cmos(clock, random.Next(128), random.Next(256));
            Cmos(clock, random.Next(128));
        }
    }

    [Fact]
    public void Keyboard_controller_answers_a_probe_and_resets()
    {
        var line = new CountingLine();
        var resets = 0;
        var keyboard = new KeyboardController(line, () => resets++);
        int Status() => Read(keyboard.CommandPort, 0);
        int Data() => Read(keyboard.DataPort, 0);
        void Command(byte value) => Write(keyboard.CommandPort, 0, value);
        Assert.Equal(0, Status() & 3);
        Command(0xAA);
        Assert.Equal(1, Status() & 1);
        Assert.Equal(0x55, Data());
        Assert.Equal(0, Status() & 1);
        Command(0x20);
        var config = Data();
        Command(0x60);
        Write(keyboard.DataPort, 0, (byte)(config | 1));
        Command(0x20);
        Assert.Equal(config | 1, Data());
        Assert.Equal(1, line.Raised);
        Command(0xA9);
        Assert.Equal(1, Data());
        Write(keyboard.DataPort, 0, 0xFF);
        Assert.Equal(0xFE, Data());
        Assert.Equal(0, resets);
        Command(0xFE);
        Assert.Equal(1, resets);
        Command(0xD1);
        Write(keyboard.DataPort, 0, 2);
        Assert.Equal(2, resets);
    }

    [Fact]
    public void Power_port_powers_off_by_a_word_with_sleep_enable_only()
    {
        var offs = 0;
        var power = new PowerPort(() => offs++);
        power.Write(0, [0x00, 0x20, 0, 0]);
        power.Write(0, [0x00]);
        power.Write(1, [0x20]);
        power.Write(0, [0x00, 0x14]);
        power.Write(0, [0x00, 0x24]);
        Assert.Equal(0, offs);
        power.Write(0, [0x00, 0x20]);
        Assert.Equal(1, offs);
        Span<byte> four = stackalloc byte[4];
        power.Read(0, four);
        Assert.Equal([0, 0, 0xFF, 0xFF], four.ToArray());
    }

    [Fact]
    public void Power_button_asserts_the_interrupt_until_the_guest_has_taken_it()
    {
        var sci = new HeldLine();
        var events = new PowerEvents(sci);
        Assert.False(events.Press()); // nobody listens
        Assert.False(events.Pressed);
        var powerOn = new StateWriter();
        events.Save(powerOn);
        Assert.Equal(0, Word(events, 0));
        events.Write(2, [0x20, 0x01]); // global lock and power button, as a driver writes them
        Assert.Equal(0x120, Word(events, 2));
        Assert.False(sci.Asserted);
        Assert.True(events.Press());
        Assert.True(sci.Asserted);
        Assert.Equal(0x100, Word(events, 0));

        var other = new HeldLine();
        var copy = new PowerEvents(other);
        Move(events, copy);
        Assert.True(other.Asserted);
        Assert.Equal((0x100, 0x120), (Word(copy, 0), Word(copy, 2)));

        events.Write(0, [0xFF, 0]); // other bits: it stays
        Assert.True(sci.Asserted);
        Write(events, 1, 1); // byte by byte
        Assert.False(sci.Asserted);
        Assert.Equal(0, Word(events, 0));
        events.Press();
        events.Write(2, [0, 0]); // masked
        Assert.False(sci.Asserted);
        events.Write(0, [0, 1, 0, 1]); // taken, and enabled again, at once
        Assert.False(sci.Asserted);
        Assert.True(events.Press());

        // That it was pressed is remembered, whatever the guest made of it, until it starts anew: a survivor has to know.
        events.Write(0, [0, 1]);
        copy = new PowerEvents(other);
        Move(events, copy);
        Assert.True(copy.Pressed);
        Assert.Equal(0, Word(copy, 0));
        var reader = new StateReader(powerOn.Written, "power on");
        copy.Load(ref reader);
        Assert.False(copy.Pressed);
    }

    [Fact]
    public void Panic_port_tells_a_lost_kernel_from_one_that_is_saved()
    {
        int lost = 0, saved = 0;
        var port = new PanicPort(() => lost++, () => saved++);
        Assert.Equal(3, Read(port, 0));
        Write(port, 0, 0xFC);
        Assert.Equal((0, 0), (lost, saved));
        Write(port, 0, 2);
        Assert.Equal((0, 1), (lost, saved));
        Write(port, 0, 1);
        Assert.Equal((1, 1), (lost, saved));
    }

    [Fact]
    public void States_survive_a_round_trip_and_any_damage()
    {
        var line = new CountingLine();
        var serial = new SerialPort(line);
        Write(serial, 2, 0x01);
        Write(serial, 1, 3);
        Write(serial, 7, 99);
        serial.Input("input"u8);
        Assert.Equal((byte)'i', Read(serial, 0));
        var copy = new SerialPort(line);
        Move(serial, copy);
        Assert.Equal((99, 3, (byte)'n', (byte)'p'), (Read(copy, 7), Read(copy, 1), Read(copy, 0), Read(copy, 0)));

        IStatefulDevice[] devices =
        [
            serial, new RealTimeClock(1 << 30, TimeProvider.System), new KeyboardController(line, () => { }), new PowerPort(() => { }), new PowerEvents(new HeldLine()),
        ];
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        foreach (var device in devices)
        {
            var writer = new StateWriter();
            device.Save(writer);
            var good = writer.Written.ToArray();
            for (var i = 0; i < 5000; i++)
            {
                var bad = good[..(i % 3 == 0 ? random.Next(good.Length) : good.Length)];
                if (bad.Length > 0)
                    bad[random.Next(bad.Length)] ^= (byte)random.Next(1, 256);
                try
                {
                    var reader = new StateReader(bad, "damaged");
                    device.Load(ref reader);
                    Assert.True(bad.Length == good.Length, $"seed {seed}: a cut record was taken");
                }
                catch (StateFormatException)
                {
                }

                if (device is IRegisterDevice registers)
                {
                    var offset = (ulong)random.Next(device is SerialPort ? 8 : device is PowerEvents ? 4 : 2);
                    Read(registers, (int)offset);
                    Write(registers, (int)offset, (byte)random.Next(256));
                }
            }

            var last = new StateReader(good, "good");
            device.Load(ref last);
            last.Finish();
        }
    }

    private static int Read(IRegisterDevice device, int offset)
    {
        Span<byte> one = stackalloc byte[1];
        device.Read((ulong)offset, one);
        return one[0];
    }

    private static void Write(IRegisterDevice device, int offset, byte value) => device.Write((ulong)offset, [value]);

    private static int Word(IRegisterDevice device, int offset) => Read(device, offset) | Read(device, offset + 1) << 8;

    private static int Cmos(RealTimeClock clock, int register)
    {
        Write(clock, 0, (byte)register);
        return Read(clock, 1);
    }

    private static void Cmos(RealTimeClock clock, int register, int value)
    {
        Write(clock, 0, (byte)register);
        Write(clock, 1, (byte)value);
    }

    private static string Show(RealTimeClock clock) =>
        $"{Cmos(clock, 0x32):x2}{Cmos(clock, 9):x2}-{Cmos(clock, 8):x2}-{Cmos(clock, 7):x2} {Cmos(clock, 4):x2}:{Cmos(clock, 2):x2}:{Cmos(clock, 0):x2}";

    private static void Move(IStatefulDevice from, IStatefulDevice to)
    {
        var writer = new StateWriter();
        from.Save(writer);
        var reader = new StateReader(writer.Written, "test");
        to.Load(ref reader);
        reader.Finish();
    }

    private sealed class CountingLine : IInterruptLine
    {
        public int Raised { get; private set; }

        public void Raise() => Raised++;
    }

    private sealed class HeldLine : IInterruptLevel
    {
        public bool Asserted { get; private set; }

        public void Set(bool asserted) => Asserted = asserted;
    }

    private sealed class FixedTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
