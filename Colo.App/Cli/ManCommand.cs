using System.CommandLine;
using System.Globalization;

namespace Colo.Cli;

/// <summary><c>colo man</c>, hidden: the manual pages, for who makes a package.</summary>
internal static class ManCommand
{
    internal static Command Create()
    {
        var to = new Option<string>("--to") { Description = "The directory to write them to", HelpName = "DIR", Required = true };
        var command = new CommandWithExamples(
            "man",
            "Writes the manual pages",
            "They bear the date of SOURCE_DATE_EPOCH (seconds since 1970), or else today's.",
            "colo man --to /usr/local/share/man")
        {
            to,
        };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            var folder = parsed.GetRequiredValue(to);
            if (folder.Length == 0)
                throw new UsageException("--to needs the name of a directory");
            foreach (var page in ManPages.All(CommandTree.Create(), Date()))
            {
                var section = Path.Combine(folder, $"man{page.Section}");
                Directory.CreateDirectory(section);
                File.WriteAllText(Path.Combine(section, page.FileName), page.Text);
            }

            return ExitStatus.Done;
        });
        return command;
    }

    private static DateOnly Date()
    {
        var text = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
        var now = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 253_402_300_800
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : DateTimeOffset.UtcNow;
        return DateOnly.FromDateTime(now.UtcDateTime);
    }
}
