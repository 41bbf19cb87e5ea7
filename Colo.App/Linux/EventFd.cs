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

    /// <summary>Reads the counter and clears it; 0 when it was clear.</summary>
    public ulong Drain()
    {
        ulong value;
        return Native.read(_fd.Number, &value, sizeof(ulong)) == sizeof(ulong) ? value : 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();
}
