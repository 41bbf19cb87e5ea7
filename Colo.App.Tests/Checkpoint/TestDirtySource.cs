using Colo.Checkpoint;
using Colo.Memory;

namespace Colo.Tests.Checkpoint;

/// <summary>
/// Dirty tracking as KVM's: a write by a vCPU is logged before it happens, and a harvest cannot come in between, because it
/// write-protects the page again; a device writes first and marks afterwards. The harvest itself runs beside both.
/// </summary>
internal sealed class TestDirtySource(GuestMemory memory) : IDirtySource, IDisposable
{
    private readonly Lock _protection = new();
    private readonly PageBitmap _log = new(memory.Pages);

    public void Harvest(PageBitmap target)
    {
        lock (_protection)
            _log.MoveTo(target);
        memory.DeviceDirty.MoveTo(target);
    }

    internal unsafe void VcpuWrite(ulong page, int offset, ReadOnlySpan<byte> data)
    {
        lock (_protection)
        {
            _log.Set(page);
            data.CopyTo(new Span<byte>(memory.Base + (page * GuestMemory.PageSize) + offset, data.Length));
        }
    }

    internal unsafe void DeviceWrite(ulong page, int offset, ReadOnlySpan<byte> data)
    {
        data.CopyTo(new Span<byte>(memory.Base + (page * GuestMemory.PageSize) + offset, data.Length));
        memory.MarkDirty(memory.PageToGuestPhysical(page) + (ulong)offset, (ulong)data.Length);
    }

    internal void Forget()
    {
        using var before = new PageBitmap(memory.Pages);
        Harvest(before);
    }

    public void Dispose() => _log.Dispose();
}

/// <summary>A guest's writes at random from a thread of its own, until it is stopped.</summary>
internal sealed class RandomGuest : IDisposable
{
    private readonly GuestMemory _memory;
    private readonly TestDirtySource _dirty;
    private readonly Random _random;
    private readonly Thread _thread;
    private readonly Lock _running = new();
    private volatile bool _stopWanted;
    private volatile bool _end;

    internal RandomGuest(GuestMemory memory, TestDirtySource dirty, int seed)
    {
        (_memory, _dirty, _random, Pages) = (memory, dirty, new Random(seed), memory.Pages);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>How many pages one burst writes at most.</summary>
    internal int Burst { get; set; } = 4;

    /// <summary>How many pages, the first ones, it writes to.</summary>
    internal ulong Pages { get; set; }

    internal long Writes { get; private set; }

    /// <summary>Runs something while the guest stands still between two writes.</summary>
    internal T Stopped<T>(Func<T> action)
    {
        _stopWanted = true;
        lock (_running)
        {
            _stopWanted = false;
            return action();
        }
    }

    public void Dispose()
    {
        _end = true;
        _thread.Join();
    }

    private void Run()
    {
        var data = new byte[GuestMemory.PageSize];
        while (!_end)
        {
            while (_stopWanted)
                Thread.Yield();
            lock (_running)
            {
                for (var n = _random.Next(Burst) + 1; n > 0 && !_stopWanted; n--)
                    WriteOnce(data);
            }

            // As long a gap as a stop or the sender needs to get in.
            Thread.SpinWait(_random.Next(2000));
        }
    }

    private void WriteOnce(byte[] data)
    {
        // A third of the writes goes to a few hot pages.
        var page = _random.Next(3) == 0 ? (ulong)_random.Next(16) : (ulong)_random.NextInt64((long)Pages);
        var offset = _random.Next(GuestMemory.PageSize);
        var span = data.AsSpan(0, _random.Next(GuestMemory.PageSize - offset) + 1);
        if (_random.Next(10) == 0)
            span.Clear();
        else
            _random.NextBytes(span);
        if (_random.Next(4) == 0)
            _dirty.DeviceWrite(page, offset, span);
        else
            _dirty.VcpuWrite(page, offset, span);
        Writes++;
    }
}
