using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Text;
using System.Text.RegularExpressions;
using Colo.Node;

namespace Colo.Tests.Node;

/// <summary>The guest's serial output, and a standard output that nobody reads.</summary>
public sealed class GuestOutputTests(Xunit.Abstractions.ITestOutputHelper report)
{
    [Fact]
    public void Lines_come_whole_and_the_rest_at_the_end()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var reader = new StreamReader(new AnonymousPipeClientStream(PipeDirection.In, pipe.ClientSafePipeHandle));
        var output = new GuestOutput(pipe);
        Send(output, "one\ntwo\nlog");
        Assert.Equal("one", reader.ReadLine());
        Assert.Equal("two", reader.ReadLine());
        Send(output, "in: ");
        output.Dispose();
        var rest = new char[7];
        Assert.Equal(rest.Length, reader.ReadBlock(rest));
        Assert.Equal("login: ", new string(rest));
    }

    [Fact]
    public void The_guest_does_not_wait_for_a_pipe_that_nobody_reads_and_what_is_lost_is_marked()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var reader = new StreamReader(new AnonymousPipeClientStream(PipeDirection.In, pipe.ClientSafePipeHandle));
        using var output = new GuestOutput(pipe);
        var longest = TimeSpan.Zero;
        var sent = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var line = $"line {i} of a guest that says much\n";
            sent += line.Length;
            var began = Stopwatch.GetTimestamp();
            Send(output, line);
            var took = Stopwatch.GetElapsedTime(began);
            longest = took > longest ? took : longest;
        }

        Assert.True(longest < TimeSpan.FromSeconds(5), $"the guest waited {longest} for a reader");

        // Read again, it comes in order, with the gaps where they are.
        int got = 0, dropped = 0, marks = 0, last = -1;
        while (got + dropped < sent)
        {
            var line = reader.ReadLine()!;
            if (Regex.Match(line, @"^\[… (\d+) bytes of the guest's output dropped\]$") is { Success: true } mark)
            {
                dropped += int.Parse(mark.Groups[1].Value, CultureInfo.InvariantCulture);
                marks++;
                continue;
            }

            // A line that a gap cuts off ends before the mark: that end is not the guest's.
            got += line.Length + 1;
            if (Regex.Match(line, @"^line (\d+) of a guest that says much$") is not { Success: true } whole)
                continue;
            var number = int.Parse(whole.Groups[1].Value, CultureInfo.InvariantCulture);
            Assert.True(number > last && (marks > 0 || number == last + 1), $"line {number} comes behind line {last}");
            last = number;
        }

        report.WriteLine($"{sent} bytes sent, {got} came, {dropped} dropped in {marks} gaps; longest wait for a line {longest.TotalMilliseconds:F1} ms");
        Assert.True(marks > 0, "a pipe does not hold so much");
        Assert.InRange(got + dropped, sent, sent + marks);
        Send(output, "\nthere again\n");
        while (reader.ReadLine() != "there again")
        {
        }
    }

    [Fact]
    public void An_end_with_nobody_reading_is_not_waited_for_long()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var client = new AnonymousPipeClientStream(PipeDirection.In, pipe.ClientSafePipeHandle);
        var output = new GuestOutput(pipe);
        for (var i = 0; i < 10_000; i++)
            Send(output, "more than a pipe holds\n");
        var clock = Stopwatch.StartNew();
        output.Dispose();
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Several_vcpus_send_at_once()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var reader = new AnonymousPipeClientStream(PipeDirection.In, pipe.ClientSafePipeHandle);
        using var output = new GuestOutput(pipe);
        var threads = Enumerable.Range(0, 4).Select(n => new Thread(() =>
        {
            for (var i = 1; i <= 10_000; i++)
                output.Write(i % 50 == 0 ? (byte)'\n' : (byte)('a' + n));
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();

        // Less than the ring holds: nothing may be missing.
        var all = new byte[40_000];
        output.Dispose();
        reader.ReadExactly(all);
        for (var n = 0; n < 4; n++)
            Assert.Equal(9_800, all.Count(octet => octet == 'a' + n));
    }

    private static void Send(GuestOutput output, string text)
    {
        foreach (var octet in Encoding.ASCII.GetBytes(text))
            output.Write(octet);
    }
}
