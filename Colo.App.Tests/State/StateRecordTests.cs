using Colo.State;

namespace Colo.Tests.State;

public sealed class StateRecordTests
{
    private static byte[] Sample()
    {
        var writer = new StateWriter(4);
        var outer = writer.Begin("OUTR", 2);
        writer.U8(1);
        writer.Bool(true);
        writer.U16(0x1234);
        writer.U32(0x12345678);
        writer.U64(0x123456789ABCDEF0);
        var inner = writer.Begin("INNR", 1);
        writer.Text("grüße");
        writer.Bytes([1, 2, 3]);
        writer.End(inner);
        writer.Raw([9]);
        writer.End(outer);
        return writer.Written.ToArray();
    }

    private static void Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new StateReader(bytes, "sample");
        var body = reader.Record("OUTR", 2, out var version);
        reader.Finish();
        Assert.Equal(2, version);
        Assert.Equal((1, true), (body.U8(), body.Bool()));
        Assert.Equal(0x1234, body.U16());
        Assert.Equal(0x12345678u, body.U32());
        Assert.Equal(0x123456789ABCDEF0ul, body.U64());
        Assert.True(body.NextIs("INNR"));
        var inner = body.Record("INNR", 1, out _);
        Assert.Equal("grüße", inner.Text(20));
        Assert.Equal([1, 2, 3], inner.Bytes(3).ToArray());
        inner.Finish();
        Assert.Equal(9, body.Raw(1)[0]);
        body.Finish();
    }

    [Fact]
    public void WhatIsWrittenIsRead() => Read(Sample());

    [Fact]
    public void EveryTruncationIsRefused()
    {
        var whole = Sample();
        for (var length = 0; length < whole.Length; length++)
            Assert.Throws<StateFormatException>(() => Read(whole.AsSpan(0, length)));
        Assert.Throws<StateFormatException>(() => Read([.. whole, 0]));
    }

    [Fact]
    public void RandomDamageThrowsNothingElse()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var refused = 0;
        for (var n = 0; n < 20_000; n++)
        {
            var bytes = Sample();
            for (var k = random.Next(4) + 1; k > 0; k--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                Walk(bytes);
            }
            catch (StateFormatException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, {Convert.ToHexString(bytes)}: {e}");
            }
        }

        Assert.True(refused > 1000, $"seed {seed}: {refused}");
    }

    [Fact]
    public void UnknownVersionsTagsLengthsAndTruthValuesAreNamed()
    {
        var bytes = Sample();
        Assert.Contains("version 2; this program knows 1 to 1", Message(bytes, "OUTR", 1), StringComparison.Ordinal);
        Assert.Contains("expected record 'ABCD', found 'OUTR'", Message(bytes, "ABCD", 2), StringComparison.Ordinal);
        Assert.Contains("truth value 2", Assert.Throws<StateFormatException>(() => new StateReader([2], "x").Bool()).Message, StringComparison.Ordinal);
        Assert.Contains("4294967295 bytes where 10 are allowed", Assert.Throws<StateFormatException>(() => new StateReader([255, 255, 255, 255], "x").Bytes(10)).Message, StringComparison.Ordinal);
        Assert.Throws<StateFormatException>(() => new StateReader([1], "x").Raw(-1));
        Assert.Throws<ArgumentException>(() => new StateWriter().Begin("LONGER", 1));
    }

    [Fact]
    public void SkipPassesWholeRecords()
    {
        var reader = new StateReader([.. Sample(), .. Sample()], "two");
        Assert.Equal("OUTR", reader.NextTag);
        reader.Skip();
        Assert.Equal(Sample().Length, reader.Left);
        reader.Skip();
        Assert.Null(reader.NextTag);
        reader.Finish();
    }

    private static void Walk(ReadOnlySpan<byte> bytes)
    {
        var reader = new StateReader(bytes, "sample");
        var body = reader.Record("OUTR", 2, out _);
        reader.Finish();
        _ = body.Raw(16);
        body.Skip();
        body.Finish();
    }

    private static string Message(byte[] bytes, string tag, ushort newest) =>
        Assert.Throws<StateFormatException>(() => new StateReader(bytes, "sample").Record(tag, newest, out _)).Message;
}
