using Colo.Monitor;
using Microsoft.Win32.SafeHandles;

namespace Colo.Tests.Monitor;

public sealed class LogTests
{
    private static readonly DateTimeOffset Now = new DateTimeOffset(2026, 11, 26, 1, 2, 3, TimeSpan.Zero).AddTicks(45_678_90);

    [Fact]
    public void The_journal_is_known_by_device_and_inode_of_the_descriptor_and_by_nothing_else()
    {
        var folder = Directory.CreateTempSubdirectory("colo-log-");
        try
        {
            using SafeFileHandle one = File.OpenHandle(Path.Combine(folder.FullName, "one"), FileMode.CreateNew, FileAccess.Write), other = File.OpenHandle(Path.Combine(folder.FullName, "other"), FileMode.CreateNew, FileAccess.Write);
            var (fd, otherFd) = ((int)one.DangerousGetHandle(), (int)other.DangerousGetHandle());
            // As stat(1) has them, which asks stat(2), whose numbers systemd writes into the variable.
            var stream = ColoBinary.RunProgram("stat", "-c", "%d:%i", Path.Combine(folder.FullName, "one")).Output.Trim();
            Assert.Matches("^[0-9]+:[0-9]+$", stream);
            Assert.True(Log.IsJournal(stream, fd));
            Assert.False(Log.IsJournal(stream, otherFd));
            Assert.False(Log.IsJournal(stream + "1", fd));
            Assert.False(Log.IsJournal("8:1234567", fd));
            Assert.False(Log.IsJournal("", fd));
            Assert.False(Log.IsJournal(null, fd));
            Assert.False(Log.IsJournal(stream, -1));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_line_in_a_file_has_the_day_and_the_offset_and_one_on_a_terminal_is_short()
    {
        Assert.Equal("01:02:03.456789 warning text\n", Log.Line(Now, LogLevel.Warning, "text", terminal: true));
        var line = Log.Line(Now, LogLevel.Info, "text", terminal: false);
        Assert.EndsWith(" info    text\n", line, StringComparison.Ordinal);
        var stamp = line.Split(' ')[0];
        Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{6}[+-][0-9]{2}:[0-9]{2}$", stamp);
        var read = DateTimeOffset.Parse(stamp, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(Now.AddTicks(-(Now.Ticks % 10)), read);
        Assert.Equal(TimeZoneInfo.Local.GetUtcOffset(Now), read.Offset);
    }
}
