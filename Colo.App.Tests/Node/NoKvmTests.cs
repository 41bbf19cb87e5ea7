using Colo.Configuration;
using Colo.Node;

namespace Colo.Tests.Node;

/// <summary>A host that cannot run a guest.</summary>
public sealed class NoKvmTests
{
    /// <summary>An abort would leave a core, and no line in the journal that an operator can use.</summary>
    [NoKvmFact]
    public void It_is_a_failure_with_a_message_and_no_crash()
    {
        var folder = Directory.CreateTempSubdirectory("colo-nokvm-");
        try
        {
            var config = ColoConfiguration.Load(WriteConfiguration(folder.FullName), [], NodeRole.Standalone);
            Assert.Equal(1, NodeRunner.Run(new RunOptions(NodeRole.Standalone, null, null), config));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string WriteConfiguration(string folder)
    {
        var path = Path.Combine(folder, "colo.ini");
        File.WriteAllText(path, $"[monitor]\nsocket = {folder}/node.sock\n");
        return path;
    }
}

[AttributeUsage(AttributeTargets.Method)]
internal sealed class NoKvmFactAttribute : FactAttribute
{
    public NoKvmFactAttribute() => Skip = File.Exists("/dev/kvm") ? "needs a machine without /dev/kvm" : null;
}
