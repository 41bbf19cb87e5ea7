using Colo.Block;
using Colo.Block.Replication;
using Colo.Boot;
using Colo.Configuration;
using Colo.Devices.Net;
using Colo.Devices.Virtio;
using Colo.Guest;
using Colo.Linux;
using Colo.Machine;
using Colo.Memory;

namespace Colo.Node;

/// <summary>Makes the guest of a configuration: memory, machine and devices, with the kernel loaded.</summary>
internal static class VmBuilder
{
    private const ulong QueueNotify = 0x50;

    /// <summary>What the guest is for on this node.</summary>
    internal enum Purpose
    {
        /// <summary>Runs alone and never has a peer.</summary>
        Standalone,

        /// <summary>Is the guest that the world sees.</summary>
        Primary,

        /// <summary>Runs silently on an image of the last checkpoint.</summary>
        Secondary,
    }

    /// <exception cref="IOException">Something of the host is missing; the message names the mend.</exception>
    internal static GuestVm Build(ColoConfiguration configuration, EventLoop loop, Purpose purpose, Action<byte> serialOutput)
    {
        var vm = configuration.Vm;
        var memory = purpose == Purpose.Secondary ? GuestMemory.CreateOverImage((ulong)vm.Memory) : GuestMemory.Create((ulong)vm.Memory);
        Machine.Machine? machine = null;
        var nics = new List<GuestNic>();
        var disks = new List<GuestDisk>();
        try
        {
            machine = new Machine.Machine(new MachineOptions(vm.Cpus) { Model = Model(vm.Cpu), MaskRandom = purpose != Purpose.Standalone }, memory, loop);
            machine.Serial.Output = serialOutput;
            var parameters = new List<string>();
            foreach (var nic in configuration.Nics)
                nics.Add(AddNic(nics.Count, nic, machine, memory, loop, purpose, parameters));
            foreach (var disk in configuration.Disks)
                disks.Add(AddDisk(disk, machine, memory, loop, purpose, parameters));
            var random = new VirtioRng(memory, loop);
            var randomTransport = Attach(machine, loop, random, "rng", parameters);
            var kernel = vm.KernelIsBuiltin ? BuiltinGuest.Load() : KernelFile.Read(vm.Kernel, "kernel");
            var initrd = vm.Initrd is null ? [] : KernelFile.Read(vm.Initrd, "initrd");
            var tables = vm.KernelIsBuiltin ? FirmwareTables.Mp
                : vm.Devices == DeviceDiscovery.Acpi ? FirmwareTables.Acpi
                : FirmwareTables.AcpiWithoutVirtio;
            var commandLine = string.Join(' ', new[] { vm.CommandLine ?? "" }.Concat(tables == FirmwareTables.Acpi ? [] : parameters)).Trim();
            var guest = new GuestVm(loop, memory, machine, nics, disks, Offer(configuration, machine, disks))
            {
                Random = (random, randomTransport),
                LoadKernelImage = () => machine.WriteKernel(kernel, initrd, commandLine, tables),
            };
            machine.LoadKernel(kernel, initrd, commandLine, tables);
            guest.FixedPageTables = machine.PageTablesFixed;
            guest.KeepInitialState();
            return guest;
        }
        catch
        {
            foreach (var nic in nics)
                nic.Dispose();
            foreach (var disk in disks)
                disk.Dispose();
            machine?.Dispose();
            memory.Dispose();
            throw;
        }
    }

    /// <summary>The CPU that a guest of this configuration sees on this host, as pairing compares it; a machine is made for that, and nothing run.</summary>
    /// <exception cref="IOException">This host cannot do it; the message names the mend.</exception>
    internal static string CpuOf(ColoConfiguration configuration, bool standalone)
    {
        using var loop = new EventLoop();
        using var memory = GuestMemory.Create(16 << 20);
        using var machine = new Machine.Machine(new MachineOptions(configuration.Vm.Cpus) { Model = Model(configuration.Vm.Cpu), MaskRandom = !standalone }, memory, loop);
        return machine.CpuDescription;
    }

    private static GuestNic AddNic(
        int index, NicConfiguration nic, Machine.Machine machine, GuestMemory memory, EventLoop loop, Purpose purpose, List<string> parameters)
    {
        var mac = new byte[MacAddress.Length];
        nic.Mac.CopyTo(mac);
        var backend = NetworkBackends.Open(nic.Backend.ToString(), mac);
        var offloads = (IOffloadBackend)backend;
        var device = new VirtioNet(new VirtioNetOptions(nic.Name, mac, Offloads: offloads.Offloads & NetworkOffloads.AllTcp), memory, loop)
        {
            ReceiveOffloadsChanged = offloads.SetReceiveOffloads,
        };
        var transport = Attach(machine, loop, device, $"nic {nic.Name}", parameters);
        return new GuestNic(index, nic.Name, mac, device, transport, backend, loop, live: purpose != Purpose.Secondary);
    }

    private static GuestDisk AddDisk(DiskConfiguration disk, Machine.Machine machine, GuestMemory memory, EventLoop loop, Purpose purpose, List<string> parameters)
    {
        var backend = new ImageFileBackend(disk.Path, disk.SizeToCreate, disk.ReadOnly, loop, direct: disk.Direct);
        try
        {
            var front = new DiskFront(backend);
            if (purpose == Purpose.Standalone)
                front.SetTarget(backend);
            var device = new VirtioBlock(new VirtioBlockOptions(disk.Name, disk.Name), front, memory, loop);
            return new GuestDisk(disk.Name, disk.Path, device, Attach(machine, loop, device, $"disk {disk.Name}", parameters), front, backend)
            {
                Blank = backend.IsBlank,
            };
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }

    private static VirtioMmio Attach(Machine.Machine machine, EventLoop loop, VirtioDevice device, string name, List<string> parameters)
    {
        var transport = new VirtioMmio(device, loop);
        var slot = machine.ReserveMmio(VirtioMmio.RangeSize, name);
        transport.Connect(slot.Interrupt, [.. Enumerable.Range(0, transport.QueueCount).Select(queue => slot.AddDoorbell(QueueNotify, (uint)queue))]);
        slot.Attach(transport, transport);
        parameters.Add(slot.LinuxParameter);
        return transport;
    }

    private static PairOffer Offer(ColoConfiguration configuration, Machine.Machine machine, List<GuestDisk> disks) => new(
        (ulong)configuration.Vm.Memory,
        configuration.Vm.Cpus,
        [.. configuration.Nics.Select(nic => nic.Mac.ToString())],
        [.. disks.Select(disk => $"{disk.Name} ({disk.Size} bytes{(disk.Replicated ? "" : ", read-only")})")],
        machine.CpuDescription,
        configuration.Failover.Timeout,
        machine.TscKhz,
        machine.TakesTscRates);

    private static Kvm.CpuModel Model(CpuModel model) => model switch
    {
        CpuModel.X8664V2 => Kvm.CpuModel.X86_64_V2,
        CpuModel.X8664V3 => Kvm.CpuModel.X86_64_V3,
        _ => Kvm.CpuModel.Host,
    };
}
