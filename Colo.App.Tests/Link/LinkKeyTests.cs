using Colo.Link;

#pragma warning disable CA1416

namespace Colo.Tests.Link;

public sealed class LinkKeyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("colo-link-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "link.key");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_created_key_is_private_text_and_loads_the_same()
    {
        var key = LinkKey.Create(Path);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        Assert.Matches("^colo-link-key-1 [0-9a-f]{64}\n$", File.ReadAllText(Path));
        Assert.True(key.Bytes.SequenceEqual(LinkKey.Load(Path).Bytes));
        Assert.False(key.Bytes.SequenceEqual(LinkKey.Generate().Bytes));
    }

    /// <summary>It stands in the arbiter's key, where others read it.</summary>
    [Fact]
    public void A_pair_has_one_id_on_both_nodes_and_another_pair_has_another()
    {
        var key = LinkKey.Create(Path);
        Assert.Matches("^[0-9a-f]{16}$", key.PairId);
        Assert.Equal(key.PairId, LinkKey.Load(Path).PairId);
        Assert.NotEqual(key.PairId, LinkKey.Generate().PairId);
        Assert.DoesNotContain(key.PairId, Convert.ToHexStringLower(key.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void An_existing_file_is_not_overwritten()
    {
        File.WriteAllText(Path, "precious");
        var e = Assert.Throws<LinkKeyException>(() => LinkKey.Create(Path));
        Assert.Contains("exists already", e.Message);
        Assert.Equal("precious", File.ReadAllText(Path));
    }

    [Fact]
    public void A_missing_file_names_keygen() =>
        Assert.Contains($"colo keygen {Path}", Assert.Throws<LinkKeyException>(() => LinkKey.Load(Path)).Message);

    [Theory]
    [InlineData(UnixFileMode.GroupRead, "0640")]
    [InlineData(UnixFileMode.OtherWrite, "0602")]
    public void A_file_open_to_others_is_refused_with_the_mend(UnixFileMode extra, string shown)
    {
        LinkKey.Create(Path);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | extra);
        var e = Assert.Throws<LinkKeyException>(() => LinkKey.Load(Path));
        Assert.Contains(shown, e.Message);
        Assert.Contains($"chmod 600 {Path}", e.Message);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\n\n", "is not a link key")]
    [InlineData("hello", "is not a link key")]
    [InlineData("colo-link-key-1 abcd\n", "4 digits where 64")]
    [InlineData("colo-link-key-1 zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", "not hexadecimal")]
    [InlineData("colo-link-key-1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00\n", "66 digits where 64")]
    public void What_is_no_key_is_refused(string text, string expected)
    {
        File.WriteAllText(Path, text);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var e = Assert.Throws<LinkKeyException>(() => LinkKey.Load(Path));
        Assert.Contains(expected, e.Message);
        Assert.Contains(Path, e.Message);
    }
}
