using Colo.Block.Replication;
using Colo.Cli;
using Colo.Linux;
using Colo.Node;

namespace Colo.Tests.Block.Replication;

/// <summary>Every replicated image says which record notes its changes, so that nobody changes it behind that.</summary>
public sealed class PairMarkTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("colo-mark-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Colo_nbd_does_not_write_to_any_disk_of_a_pair_wherever_the_record_is()
    {
        string[] images = [Make("root.img"), Make("data.img")];
        var state = Directory.CreateDirectory(Path.Combine(_folder, "state")).FullName;
        using (var loop = new EventLoop())
            NodeHistory.Open(state, "vm", [.. images.Select(image => (image, new RecordDisk(Path.GetFileName(image), 4096)))], loop).Dispose();
        var record = Path.Combine(state, "vm.colo");
        foreach (var image in images)
            Assert.Contains($"{record} notes every change", Refused(image), StringComparison.Ordinal);

        // A copy is another file, also with its attributes.
        var copy = Path.Combine(_folder, "copy.img");
        Colo.Demo.ChildProcess.Capture("/bin/cp", ["--preserve=all", images[1], copy]);
        Assert.Null(PairMark.RecordOf(copy));
        File.Delete(record);
        Assert.Null(PairMark.RecordOf(images[0]));
    }

    private string Make(string name)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, new byte[4096]);
        return path;
    }

    private static string Refused(string image)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(ExitStatus.Refused, ColoCommandLine.Invoke(["nbd", "--image", image], output, error));
        return error.ToString();
    }
}
