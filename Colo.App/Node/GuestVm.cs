using Colo.Devices.Virtio;
using Colo.Linux;
using Colo.Machine;
using Colo.Memory;
using Colo.Monitor;
using Colo.State;

namespace Colo.Node;

/// <summary>
/// The guest on this node: memory, machine and NICs. It lives from start to end; a takeover changes only what the node
/// does with it. On the loop's thread.
/// </summary>
internal sealed class GuestVm : IDisposable
{
    private readonly PairOffer _offer;
    private readonly StateWriter _initial = new();
    private readonly Queue<Action> _waiting = new();
    private bool _reserved;
    private ImageReclaim? _reclaim;
    private Thread? _erasing;
    private volatile bool _disposed;

    internal GuestVm(EventLoop loop, GuestMemory memory, Machine.Machine machine, IReadOnlyList<GuestNic> nics, IReadOnlyList<GuestDisk> disks, PairOffer offer)
    {
        Loop = loop;
        Memory = memory;
        Machine = machine;
        Nics = nics;
        Disks = disks;
        _offer = offer;
    }

    internal EventLoop Loop { get; }

    internal GuestMemory Memory { get; }

    internal Machine.Machine Machine { get; }

    internal IReadOnlyList<GuestNic> Nics { get; }

    internal IReadOnlyList<GuestDisk> Disks { get; }

    /// <summary>The entropy device.</summary>
    internal required (VirtioRng Device, VirtioMmio Transport) Random { get; init; }

    /// <summary>What it is made of, for a peer; the rate of its counter is the one that it has now.</summary>
    internal PairOffer Offer => _offer with { TscKhz = Machine.TscKhz, TakesTscRates = Machine.TakesTscRates };

    /// <summary>Whether the machine's page tables stay as they are after boot, so that no shadow of them can be stale.</summary>
    internal bool FixedPageTables { get; set; }

    /// <summary>Puts the kernel into RAM.</summary>
    internal required Action LoadKernelImage { get; init; }

    /// <summary>Remembers the state of power on. The kernel is loaded and nothing has run.</summary>
    internal void KeepInitialState()
    {
        _initial.Clear();
        Machine.SaveState(_initial);
    }

    /// <summary>Whether it is on its way back to the state of power on: the machine stands still, and stays so until that is done.</summary>
    internal bool Resetting => _erasing is not null;

    /// <summary>
    /// Back to the state of power on, with the kernel loaded anew. The machine stands still, and nobody gets it meanwhile. What takes
    /// as long as the guest has memory is done by a thread: heartbeats go on, and the service manager sees the loop live.
    /// </summary>
    /// <param name="done">Called on the loop's thread, with the machine still at rest.</param>
    internal void Reset(Action done)
    {
        Freeze();
        Reserve();
        // Only a survivor's memory has an image here, and nobody sees that when this is done.
        _reclaim?.Dispose();
        _reclaim = null;
        var erasing = new Thread(() =>
        {
            IOException? failed = null;
            try
            {
                using var erase = new MemoryErase(Memory);
                erase.Run(() => _disposed);
                if (!_disposed)
                    LoadKernelImage();
            }
            catch (IOException e)
            {
                failed = e;
            }

            Loop.Post(() => OnErased(failed, done));
        })
        { IsBackground = true, Name = "reset" };
        _erasing = erasing;
        erasing.Start();
    }

    private void OnErased(IOException? failed, Action done)
    {
        if (_disposed)
            return;
        if (failed is not null)
            throw new IOException($"the guest cannot be started anew: {failed.Message}", failed);
        var reader = new StateReader(_initial.Written, "initial state");
        Machine.LoadPowerOn(ref reader);
        FlushStalePages();
        _erasing = null;
        Thaw();
        done();
        Release();
    }

    /// <summary>After the host has changed memory below a guest that had run: nothing may be left of page tables that were there before.</summary>
    internal void FlushStalePages()
    {
        // Where KVM shadows nothing it has had processors forget already if the guest had written anything at all.
        if (!FixedPageTables && (Colo.Machine.Machine.UsesShadowPaging || !Machine.Dirty.Protected))
            Machine.ForgetTranslations();
    }

    /// <summary>Stops the machine, and the disks' requests under way; then <paramref name="stopped"/> is called.</summary>
    /// <param name="stopped">Called once.</param>
    /// <param name="atRest">Called before, when the machine is at rest and requests may still be under way.</param>
    internal void StopAndQuiesce(Action stopped, Action? atRest = null) => RequestStop(() =>
    {
        atRest?.Invoke();
        QuiesceFrom(0, stopped);
    });

    /// <summary>
    /// Stops the machine; then <paramref name="stopped"/> is called on the loop's thread. Several requests are served one
    /// after the other, each with a machine at rest; while one has reserved it (<see cref="Reserve"/>) the others wait.
    /// </summary>
    internal void RequestStop(Action stopped)
    {
        if (_reserved)
        {
            _waiting.Enqueue(stopped);
            return;
        }

        Machine.RequestStop(() =>
        {
            if (_reserved)
                _waiting.Enqueue(stopped);
            else
                stopped();
        });
    }

    /// <summary>Whether a thread is writing a snapshot of it: its memory must stay.</summary>
    internal bool Saving { get; set; }

    /// <summary>The guest is the other node's for good: whoever has the machine at rest does not let it run on.</summary>
    internal bool Given { get; set; }

    /// <summary>Called while the machine is at rest: it stays so, whoever asks, until <see cref="Release"/>.</summary>
    internal void Reserve() => _reserved = true;

    /// <summary>Others may have the machine again. It is at rest, or runs.</summary>
    internal void Release()
    {
        _reserved = false;
        for (var n = _waiting.Count; n > 0; n--)
            RequestStop(_waiting.Dequeue());
    }

    /// <summary>Devices touch neither queues nor memory until <see cref="Thaw"/>; requests of disks that are under way belong to their state.</summary>
    internal void Freeze()
    {
        foreach (var nic in Nics)
            nic.Freeze();
        foreach (var disk in Disks)
            disk.Device.Freeze();
        Random.Device.Freeze();
    }

    internal void Thaw()
    {
        foreach (var nic in Nics)
            nic.Thaw();
        foreach (var disk in Disks)
            disk.Device.Thaw();
        Random.Device.Thaw();
    }

    private void QuiesceFrom(int disk, Action done)
    {
        if (disk == Disks.Count)
            done();
        else
            Disks[disk].Device.Quiesce(() => QuiesceFrom(disk + 1, done));
    }

    internal void SetPath(INicPath? path)
    {
        foreach (var nic in Nics)
            nic.Path = path;
    }

    /// <summary>Writes everything that, with memory, makes the guest go on elsewhere.</summary>
    internal void Save(StateWriter writer)
    {
        var mark = writer.Begin("GVM ", 1);
        Machine.SaveState(writer);
        foreach (var nic in Nics)
        {
            var proxy = writer.Begin("PRXY", 1);
            var table = new byte[nic.Rewriter.SaveSize];
            nic.Rewriter.Save(table);
            writer.Raw(table);
            writer.End(proxy);
        }

        writer.End(mark);
    }

    /// <summary>Reads what <see cref="Save"/> wrote. The NICs are frozen.</summary>
    internal void Load(ref StateReader reader)
    {
        var body = reader.Record("GVM ", 1, out _);
        Machine.LoadState(ref body);
        foreach (var nic in Nics)
        {
            var proxy = body.Record("PRXY", 1, out _);
            nic.Rewriter.Load(proxy.Raw(proxy.Left));
        }

        body.Finish();
    }

    /// <summary>This node speaks for the guest, and will take no checkpoint again: the image below its memory is freed where nobody sees it.</summary>
    internal void ReclaimImage()
    {
        static void Failed(string reason) => Log.Warning($"the memory of this node can grow to twice the guest's: {reason}");
        try
        {
            _reclaim = new ImageReclaim(Memory);
            _reclaim.Start(Failed);
        }
        catch (LinuxException e)
        {
            Failed(e.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _erasing?.Join();
        _reclaim?.Dispose();
        foreach (var nic in Nics)
            nic.Dispose();
        foreach (var disk in Disks)
            disk.Dispose();
        Random.Transport.Disconnect();
        Random.Device.Dispose();
        // After the devices: it owns their doorbells.
        Machine.Dispose();
        Memory.Dispose();
    }
}
