using Colo.Dashboard;

namespace Colo.Tests.Dashboard;

/// <summary>
/// The tests' own program: a dashboard with an extension, on the terminal that a test starts it on. Arguments: the control
/// sockets of two nodes.
/// </summary>
internal static class ExtensionHost
{
    internal static int Main(string[] args)
    {
        using var leave = new CancellationTokenSource();
        var extension = new Extension(args[0], args[1], leave);
        DashboardApp.Run(extension, leave.Token);
        Console.WriteLine($"left after {extension.Presses} presses");
        return 0;
    }

    private sealed class Extension(string first, string second, CancellationTokenSource leave) : IDashboardExtension
    {
        private Action _changed = () => { };
        private volatile bool _turned;

        internal int Presses { get; private set; }

        public string Socket => _turned ? second : first;

        public string Title => "Added by the test";

        public string Leaving => "leaves the test";

        public IReadOnlyList<ExtraLine> Lines => [new("Presses", $"{Presses} so far"), new("Shown", Path.GetFileName(Path.GetDirectoryName(Socket))!)];

        public IReadOnlyList<ExtraKey> Keys =>
        [
            new('K', "count", "counts", () => Presses++),
            // From another thread, as an extension does it.
            new('X', "turn", "shows the other node", () => new Thread(() =>
            {
                _turned = !_turned;
                _changed();
            }).Start()),
            new('Z', "", "", leave.Cancel),
        ];

        public void Begin(Action changed) => _changed = changed;
    }
}
