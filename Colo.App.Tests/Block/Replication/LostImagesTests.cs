using Colo.Block;
using Colo.Block.Replication;
using Colo.Configuration;
using Colo.Linux;
using Colo.Node;

namespace Colo.Tests.Block.Replication;

/// <summary>An image that is not there and whose record says that it held something is never taken for a new disk.</summary>
public sealed class LostImagesTests : IDisposable
{
    private const long Extent = ChangedExtents.ExtentBytes;
    private const long Size = (8 * Extent) + 512;
    private static readonly NodeData Primary = NodeData.New.BecomeFirst(Guid.NewGuid(), Guid.NewGuid());
    private readonly string _folder = Directory.CreateTempSubdirectory("colo-lost-").FullName;
    private readonly string _state;

    public LostImagesTests() => _state = Directory.CreateDirectory(Path.Combine(_folder, "state")).FullName;

    public static TheoryData<string> Known => ["current", "protected", "copy", "ended", "mirror", "partial", "replay"];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Known))]
    public void A_node_does_not_lead_without_its_image(string state)
    {
        var configuration = Configure();
        Record(Data(state));
        var e = Assert.Throws<SafetyException>(() => LostImages.CheckLeader(configuration));
        Assert.Contains($"{Image("root")} ([disk:root]): no such image", e.Message, StringComparison.Ordinal);
        Assert.Contains(RecordPath, e.Message, StringComparison.Ordinal);
        Assert.Contains("--role secondary", e.Message, StringComparison.Ordinal);
        Assert.True(LostImages.IsKnown(configuration, configuration.Disks[0]));
        // No role needs a host that can run a guest to refuse it.
        Assert.Equal(3, NodeRunner.Run(new RunOptions(NodeRole.Standalone, null, null), configuration));
        Assert.False(File.Exists(Image("root")));
        Assert.Equal(Data(state), NodeRecord.Peek(RecordPath));
    }

    [Theory]
    [InlineData("protected")]
    [InlineData("copy")]
    [InlineData("ended")]
    [InlineData("mirror")]
    [InlineData("partial")]
    public void A_node_that_follows_makes_it_anew_and_claims_nothing_of_it(string state)
    {
        var configuration = Configure(more: true);
        File.WriteAllBytes(Image("data"), new byte[Size]);
        Record(Data(state));
        LostImages.BeginFollower(configuration, yielding: false);
        Assert.Equal(Size, new FileInfo(Image("root")).Length);
        var (data, root, other) = Recorded();
        Assert.Equal((DataState.Partial, false, false), (data.State, data.PeerOutdated, data.Ended));
        Assert.NotNull(NodeHistory.RefusesPrimary(data, RecordPath));
        Assert.Equal("secondary-empty", PairingRules.Judge(Primary, data).Rule);
        // All of what was lost, and nothing of what was not.
        Assert.Equal((9, 0), (root, other));
        // It is there now.
        LostImages.BeginFollower(configuration, yielding: false);
        Assert.Equal(DataState.Partial, Recorded().Data.State);
    }

    [Fact]
    public void What_nobody_else_has_is_given_up_by_the_operator_alone()
    {
        var configuration = Configure();
        Record(Data("current"));
        var e = Assert.Throws<SafetyException>(() => LostImages.BeginFollower(configuration, yielding: false));
        Assert.Contains("nobody else has its data", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Image("root")));
        Assert.Equal(Data("current"), NodeRecord.Peek(RecordPath));
        // So is what a takeover had decided here and not finished.
        Record(Data("replay"));
        Assert.Throws<SafetyException>(() => LostImages.BeginFollower(configuration, yielding: false));
    }

    [Fact]
    public void A_node_that_yields_says_so_and_everything_counts_as_changed()
    {
        var configuration = Configure();
        Record(Data("protected"));
        LostImages.BeginFollower(configuration, yielding: true);
        var (data, root, _) = Recorded();
        Assert.Equal((DataState.Copy, Primary.Data), (data.State, data.Data));
        Assert.NotNull(NodeHistory.RefusesPrimary(data, RecordPath));
        Assert.Equal(9, root);
    }

    [Fact]
    public void A_record_of_nothing_none_and_one_of_other_disks_are_no_hindrance()
    {
        var configuration = Configure();
        LostImages.CheckLeader(configuration);
        LostImages.BeginFollower(configuration, yielding: false);
        Record(NodeData.New);
        LostImages.CheckLeader(configuration);
        LostImages.BeginFollower(configuration, yielding: false);
        // A disk that was added is another case, for which the record has its own words.
        Record(Data("mirror"), new RecordDisk("root", Size));
        File.WriteAllBytes(Image("root"), new byte[Size]);
        configuration = Configure(more: true);
        Assert.False(LostImages.IsKnown(configuration, configuration.Disks[1]));
        LostImages.CheckLeader(configuration);
        LostImages.BeginFollower(configuration, yielding: false);
        Assert.False(File.Exists(Image("data")));
        Assert.Equal(DataState.Mirror, NodeRecord.Peek(RecordPath)!.State);
    }

    [Fact]
    public void One_of_another_size_than_the_record_says_is_not_made()
    {
        var configuration = Configure(size: "size = 4M");
        Record(Data("mirror"));
        var e = Assert.Throws<IOException>(() => LostImages.BeginFollower(configuration, yielding: false));
        Assert.Contains($"'root' had {Size} bytes and has {4 << 20}", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Image("root")));
        Assert.Equal(Data("mirror"), NodeRecord.Peek(RecordPath));
    }

    [Fact]
    public void Without_the_folder_nothing_is_given_up()
    {
        var configuration = Configure(folder: "away");
        Record(Data("mirror"));
        var e = Assert.Throws<IOException>(() => LostImages.BeginFollower(configuration, yielding: false));
        Assert.Contains("there is no folder", e.Message, StringComparison.Ordinal);
        Assert.Equal(Data("mirror"), NodeRecord.Peek(RecordPath));
    }

    private static NodeData Data(string state) => state switch
    {
        "current" => Primary,
        "protected" => Primary.Offer().Protect(),
        "copy" => NodeData.New.Accept(SyncKind.Everything).Synced(Primary).Leave(),
        "ended" => NodeData.New.Accept(SyncKind.Everything).Synced(Primary).Leave() with { Ended = true },
        "mirror" => NodeData.New.Accept(SyncKind.Everything).Synced(Primary),
        "partial" => NodeData.New.Accept(SyncKind.Everything).Synced(Primary).Accept(SyncKind.Everything),
        _ => NodeData.New.Accept(SyncKind.Everything).Synced(Primary).TakeOver(RecordFixture.Id(5), new ReplayTarget(ReplayKind.Log, RecordFixture.Id(6), 3, DataState.Current)),
    };

    private string RecordPath => Path.Combine(_state, "vm.colo");

    private string Image(string name, string folder = ".") => Path.GetFullPath(Path.Combine(_folder, folder, name + ".img"));

    private ColoConfiguration Configure(bool more = false, string size = "", string folder = ".")
    {
        var path = Path.Combine(_folder, "colo.ini");
        File.WriteAllText(path, $"""
            [vm]
            name = vm
            state-dir = {_state}
            [monitor]
            socket = {_folder}/node.sock
            [disk:root]
            path = {Image("root", folder)}
            {size}
            {(more ? $"[disk:data]\npath = {Image("data", folder)}" : "")}
            """);
        return ColoConfiguration.Load(path, [], NodeRole.Standalone);
    }

    private void Record(NodeData data, params RecordDisk[] disks)
    {
        File.Delete(RecordPath);
        var text = File.ReadAllText(Path.Combine(_folder, "colo.ini"));
        if (disks.Length == 0)
            disks = text.Contains("[disk:data]", StringComparison.Ordinal) ? [new("root", Size), new("data", Size)] : [new("root", Size)];
        using var loop = new EventLoop();
        using var record = NodeRecord.Open(RecordPath, disks, loop);
        if (data != NodeData.New)
            record.Write(data);
    }

    private (NodeData Data, long Root, long Other) Recorded()
    {
        using var loop = new EventLoop();
        using var record = NodeRecord.Open(RecordPath, [new("root", Size), .. File.Exists(Image("data")) ? [new RecordDisk("data", Size)] : Array.Empty<RecordDisk>()], loop);
        return (record.Data, record.Changed(0).CountMarked, record.Disks.Count > 1 ? record.Changed(1).CountMarked : 0);
    }
}
