namespace Colo.Tests.Guest;

public sealed class BootTests
{
    [QemuFact]
    public void Boots_in_little_and_in_much_memory()
    {
        foreach (string memory in new[] { "16M", "5G" })
        {
            using var network = new GuestNetwork();
            using var guest = new QemuGuest(network, memory);
            // The allocator begins with the highest range: in 5 GiB these pages lie beyond the first four.
            int pages = memory == "16M" ? 1500 : 20_000;
            string reply = Exchange.Text(network.Connect(80), $"GET /dirty?pages={pages} HTTP/1.0\r\n\r\n");
            Assert.Contains("dirtied ", reply, StringComparison.Ordinal);
            Assert.True(int.Parse(reply.Split("dirtied ")[1].Split(' ')[0]) >= pages / 2, reply);
        }
    }

    [QemuTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Triple_fault_resets_the_machine(int cpus)
    {
        using var network = new GuestNetwork();
        using var guest = new QemuGuest(network, cpus: cpus);
        Assert.Contains("triple fault", Exchange.Text(network.Connect(80), "GET /triplefault HTTP/1.0\r\n\r\n"), StringComparison.Ordinal);
        // QEMU was started with -no-reboot.
        Assert.True(guest.WaitForExit(TimeSpan.FromSeconds(10)));
    }
}
