namespace Colo.Linux;

/// <summary>An eventfd(2) counter: wakes an <see cref="EventLoop"/>, or is an ioeventfd or irqfd of KVM.</summary>
public sealed unsafe class EventFd : IDisposable
{
    private readonly FileDescriptor _fd =
        FileDescriptor.FromResult(Native.eventfd(0, Native.EFD_CLOEXEC | Native.EFD_NONBLOCK), "eventfd");

    /// <summary>The descriptor number, for epoll and KVM.</summary>
    public int Number => _fd.Number;

    /// <summary>Adds one to the counter. Never blocks: a full counter is as good as a set one.</summary>
    public void Signal()
    {
        ulong one = 1;
        _ = Native.write(_fd.Number, &one, sizeof(ulong));
    }

    /// <summary>As <see cref="Signal"/>; does nothing when it is closed, also while this is called. From any thread.</summary>
    public void TrySignal()
    {
        var held = false;
        try
        {
            // Held, or its number could be another file's by the time of the write.
            _fd.DangerousAddRef(ref held);
            Signal();
        }
        catch (ObjectDisposedException)
        {
        }
        finally
        {
            if (held)
                _fd.DangerousRelease();
        }
    }

    /// <summary>Reads the counter and clears it; 0 when it was clear.</summary>
    public ulong Drain()
    {
        ulong value;
        return Native.read(_fd.Number, &value, sizeof(ulong)) == sizeof(ulong) ? value : 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();
}
