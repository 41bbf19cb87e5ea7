namespace Colo.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void Version_is_set() => Assert.NotNull(typeof(Program).Assembly.GetName().Version);
}
