using System.Buffers.Binary;
using Colo.Linux;
using Colo.Monitor;
using Colo.State;

namespace Colo.Devices.Virtio;

/// <summary>
/// The virtio-mmio transport, version 2 (virtio 1.2, 4.2.2).
/// <para>
/// Threads. Registers are accessed on vCPU threads. Plain registers are answered there; what changes the device
/// (status, queue ready, reset) runs on the event loop's thread while the vCPU waits, so the device itself needs no
/// lock. Notifications come as eventfds on the loop (ioeventfd). Writes of several vCPUs are put in order by a lock
/// that the loop's thread never takes. Hence the loop's thread must not wait for a vCPU that may be in a register
/// access: ask vCPUs to stop and go on serving the loop until they have.
/// </para>
/// <code>
/// "VMIO" version 1: status u32, interrupt status u32, configuration generation u32, device features select u32,
///                   driver features select u32, driver features u64, queue select u32; then the device's record
/// </code>
/// </summary>
public sealed class VirtioMmio : IRegisterDevice, IStatefulDevice, IVirtioTransport
{
    /// <summary>Bytes of the register range, the configuration space included.</summary>
    public const ulong RangeSize = 0x200;

    private const uint Magic = 0x74726976;
    private const uint VendorId = 0x4F4C4F43;
    private const uint ConfigurationOffset = 0x100;

    private readonly VirtioDevice _device;
    private readonly EventLoop _loop;
    private readonly Lock _writes = new();
    private readonly LogLimiter _limiter = new();
    private readonly Action[] _kicks;
    private EventFd?[] _notifications;
    private IInterruptLine? _line;
    private int _status;
    private int _interruptStatus;
    private int _generation;
    private uint _deviceFeaturesSelect;
    private uint _driverFeaturesSelect;
    private ulong _driverFeatures;
    private uint _queueSelect;
    private bool _restored;

    /// <summary>Makes the transport of one device.</summary>
    /// <param name="device">The device; it is attached to this transport.</param>
    /// <param name="loop">The loop to whose thread the device belongs.</param>
    public VirtioMmio(VirtioDevice device, EventLoop loop)
    {
        _device = device;
        _loop = loop;
        _kicks = new Action[device.Queues.Count];
        _notifications = new EventFd?[_kicks.Length];
        for (var i = 0; i < _kicks.Length; i++)
        {
            var queue = i;
            _kicks[i] = () => _device.Kick(queue);
        }

        device.Attach(this);
    }

    /// <summary>Device status bits (virtio 1.2, 2.1).</summary>
    [Flags]
    private enum Status
    {
        Acknowledge = 1,
        Driver = 2,
        DriverOk = 4,
        FeaturesOk = 8,
        NeedsReset = 64,
        Failed = 128,
    }

    /// <summary>The device behind this transport.</summary>
    public VirtioDevice Device => _device;

    /// <summary>How many queues, and so notification eventfds, the device has.</summary>
    public int QueueCount => _kicks.Length;

    /// <summary>
    /// Connects interrupt and notifications. Before the loop runs, or on its thread. The eventfds stay the caller's,
    /// who calls <see cref="Disconnect"/> before disposing them.
    /// </summary>
    /// <param name="line">An edge on it for each interrupt.</param>
    /// <param name="notifications">Number n fires when the guest writes n to QueueNotify; may be empty: then such writes must come through <see cref="Write"/>.</param>
    public void Connect(IInterruptLine line, IReadOnlyList<EventFd> notifications)
    {
        if (notifications.Count != 0 && notifications.Count != QueueCount)
            throw new ArgumentException($"{notifications.Count} eventfds for {QueueCount} queues", nameof(notifications));
        Disconnect();
        _line = line;
        for (var i = 0; i < notifications.Count; i++)
        {
            _notifications[i] = notifications[i];
            _loop.Add(notifications[i].Number, EventLoop.Readable, new NotificationHandler(notifications[i], _kicks[i]));
        }
    }

    /// <summary>Takes interrupt and notifications away. Before the loop runs, or on its thread.</summary>
    public void Disconnect()
    {
        foreach (var notification in _notifications)
        {
            if (notification is not null)
                _loop.Remove(notification.Number);
        }

        _notifications = new EventFd?[_kicks.Length];
        _line = null;
    }

    /// <inheritdoc/>
    public void Read(ulong offset, Span<byte> data)
    {
        data.Clear();
        if (offset >= RangeSize)
            return;
        if (offset >= ConfigurationOffset)
            _device.ReadConfiguration((uint)offset - ConfigurationOffset, data);
        // virtio 1.2, 4.2.2.2: registers are accessed by aligned 32-bit words only.
        else if (data.Length == 4 && offset % 4 == 0)
            BinaryPrimitives.WriteUInt32LittleEndian(data, ReadRegister((uint)offset));
    }

    /// <inheritdoc/>
    public void Write(ulong offset, ReadOnlySpan<byte> data)
    {
        if (offset >= RangeSize)
            return;
        if (offset >= ConfigurationOffset)
        {
            _device.WriteConfiguration((uint)offset - ConfigurationOffset, data);
            return;
        }

        if (data.Length != 4 || offset % 4 != 0)
            return;
        var value = BinaryPrimitives.ReadUInt32LittleEndian(data);
        switch (offset)
        {
            case 0x050:
                Notify(value);
                break;
            case 0x064:
                // Atomic, and before the guest looks at the rings: what the device publishes after this raises anew.
                _ = Interlocked.And(ref _interruptStatus, ~(int)value);
                break;
            default:
                lock (_writes)
                    WriteRegister((uint)offset, value);
                break;
        }
    }

    /// <inheritdoc/>
    public void NotifyUsed()
    {
        // The edge is raised whatever the bit was: the guest may have read it and not yet acknowledged it. The atomic
        // operation is also the barrier between publishing the used index and the edge.
        _ = Interlocked.Or(ref _interruptStatus, 1);
        _line?.Raise();
    }

    /// <inheritdoc/>
    public void NotifyConfiguration()
    {
        _ = Interlocked.Increment(ref _generation);
        if ((Volatile.Read(ref _status) & (int)Status.DriverOk) == 0)
            return;
        _ = Interlocked.Or(ref _interruptStatus, 2);
        _line?.Raise();
    }

    /// <inheritdoc/>
    public void RequireReset()
    {
        _ = Interlocked.Or(ref _status, (int)Status.NeedsReset);
        NotifyConfiguration();
    }

    /// <inheritdoc/>
    public void Resumed()
    {
        // The edge may have been on its way into the interrupt controller when the state was captured: an irqfd is
        // injected by a kernel thread. One edge too many does no harm, one too few stops the guest's I/O for good.
        if (_restored && Volatile.Read(ref _interruptStatus) != 0)
            _line?.Raise();
        _restored = false;
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer)
    {
        // As the device does: a reset under way is written as one that is done. To a guest that writes its 0 anew, or
        // reads the status to see it become 0, both are the same.
        var reset = _device.Resetting;
        var mark = writer.Begin("VMIO", 1);
        writer.U32(reset ? 0 : (uint)_status);
        writer.U32(reset ? 0 : (uint)_interruptStatus);
        writer.U32((uint)_generation);
        writer.U32(reset ? 0 : _deviceFeaturesSelect);
        writer.U32(reset ? 0 : _driverFeaturesSelect);
        writer.U64(reset ? 0 : _driverFeatures);
        writer.U32(reset ? 0 : _queueSelect);
        _device.Save(writer);
        writer.End(mark);
    }

    /// <summary>Reads the record of <see cref="Save"/>; the device is frozen afterwards, until its Thaw. On the loop's thread, the vCPUs stopped.</summary>
    public void Load(ref StateReader reader)
    {
        var record = reader.Record("VMIO", 1, out _);
        var status = record.U32();
        var interruptStatus = record.U32();
        if (status > 0xFF || interruptStatus > 3)
            throw record.Bad($"status {status:x}, interrupt status {interruptStatus:x}");
        var generation = record.U32();
        var deviceFeaturesSelect = record.U32();
        var driverFeaturesSelect = record.U32();
        var driverFeatures = record.U64();
        var queueSelect = record.U32();
        // Nothing may follow the device's record; found out before the device takes its state over.
        var rest = record;
        rest.Skip();
        rest.Finish();
        _device.Load(ref record);

        _status = (int)status;
        _interruptStatus = (int)interruptStatus;
        // One more than saved: a driver that was in the middle of reading the configuration reads it again.
        _generation = (int)generation + 1;
        _deviceFeaturesSelect = deviceFeaturesSelect;
        _driverFeaturesSelect = driverFeaturesSelect;
        _driverFeatures = driverFeatures;
        _queueSelect = queueSelect;
        _restored = true;
    }

    private VirtQueue? SelectedQueue => _queueSelect < (uint)QueueCount ? _device.Queues[(int)_queueSelect] : null;

    private uint ReadRegister(uint offset) => offset switch
    {
        0x000 => Magic,
        0x004 => 2,
        0x008 => _device.DeviceId,
        0x00C => VendorId,
        0x010 => _deviceFeaturesSelect < 2 ? (uint)(_device.OfferedFeatures >> (32 * (int)_deviceFeaturesSelect)) : 0,
        0x034 => SelectedQueue?.MaximumSize ?? 0u,
        0x044 => SelectedQueue is { Ready: true } ? 1u : 0,
        0x060 => (uint)Volatile.Read(ref _interruptStatus),
        0x070 => (uint)Volatile.Read(ref _status),
        // No shared memory regions: length and base read as all ones (4.2.2.1).
        0x0B0 or 0x0B4 or 0x0B8 or 0x0BC => uint.MaxValue,
        0x0FC => (uint)Volatile.Read(ref _generation),
        _ => 0,
    };

    private void WriteRegister(uint offset, uint value)
    {
        switch (offset)
        {
            case 0x014:
                _deviceFeaturesSelect = value;
                return;
            case 0x020:
                if ((_status & (int)Status.FeaturesOk) == 0 && _driverFeaturesSelect < 2)
                {
                    var shift = 32 * (int)_driverFeaturesSelect;
                    _driverFeatures = (_driverFeatures & ~(0xFFFF_FFFFUL << shift)) | ((ulong)value << shift);
                }

                return;
            case 0x024:
                _driverFeaturesSelect = value;
                return;
            case 0x030:
                _queueSelect = value;
                return;
            case 0x070:
                WriteStatus(value);
                return;
        }

        if (SelectedQueue is not { } queue)
            return;
        if (offset == 0x044)
        {
            WriteQueueReady(queue, value);
            return;
        }

        // The layout of a queue in service does not change (4.2.2.2).
        if (queue.Ready)
            return;
        switch (offset)
        {
            case 0x038:
                queue.Size = value;
                break;
            case 0x080:
                queue.DescriptorAddress = Low(queue.DescriptorAddress, value);
                break;
            case 0x084:
                queue.DescriptorAddress = High(queue.DescriptorAddress, value);
                break;
            case 0x090:
                queue.AvailableAddress = Low(queue.AvailableAddress, value);
                break;
            case 0x094:
                queue.AvailableAddress = High(queue.AvailableAddress, value);
                break;
            case 0x0A0:
                queue.UsedAddress = Low(queue.UsedAddress, value);
                break;
            case 0x0A4:
                queue.UsedAddress = High(queue.UsedAddress, value);
                break;
        }
    }

    private static ulong Low(ulong address, uint value) => (address & 0xFFFF_FFFF_0000_0000) | value;

    private static ulong High(ulong address, uint value) => (address & 0xFFFF_FFFF) | ((ulong)value << 32);

    private void Notify(uint queue)
    {
        if (queue >= (uint)QueueCount)
            return;
        if (_notifications[queue] is { } notification)
            notification.Signal();
        else
            _loop.Post(_kicks[queue]);
    }

    private void WriteQueueReady(VirtQueue queue, uint value)
    {
        var number = (int)_queueSelect;
        if (value == 0)
        {
            OnLoop(queue.Stop);
        }
        else if (value == 1 && !queue.Ready)
        {
            if ((_status & (int)Status.FeaturesOk) == 0)
                _limiter.Warning($"{_device.Name}: the guest starts queue {number} before it has negotiated features; ignored");
            else
                OnLoop(() => _device.StartQueue(number));
        }
    }

    private void WriteStatus(uint value)
    {
        if (value == 0)
        {
            Reset();
            return;
        }

        var now = (Status)_status;
        var wanted = (Status)(value & 0xFF) & ~Status.NeedsReset;
        if ((now & ~Status.NeedsReset & ~wanted) != 0)
        {
            // virtio 1.2, 2.1.1: a driver must not clear a status bit.
            _limiter.Warning($"{_device.Name}: the guest clears status bits ({now} to {wanted}); ignored");
            return;
        }

        var added = wanted & ~now;
        if ((added & Status.FeaturesOk) != 0)
        {
            string? wrong = null;
            OnLoop(() => wrong = _device.Negotiate(_driverFeatures));
            if (wrong is not null)
            {
                // The driver reads the status back and sees that the bit is not set (2.1.2).
                _limiter.Warning($"{_device.Name}: {wrong}");
                wanted &= ~Status.FeaturesOk;
            }
        }

        if ((added & Status.DriverOk) != 0 && (wanted & Status.FeaturesOk) == 0)
        {
            _limiter.Warning($"{_device.Name}: the guest sets DRIVER_OK without FEATURES_OK; ignored");
            wanted &= ~Status.DriverOk;
        }

        if ((added & Status.Failed) != 0)
            _limiter.Warning($"{_device.Name}: the guest has given this device up (status FAILED)");
        _ = Interlocked.Or(ref _status, (int)wanted);
        if ((added & wanted & Status.DriverOk) != 0)
            OnLoop(_device.Start);
    }

    private void Reset()
    {
        // The vCPU waits until no request is under way: when its write of 0 is done, the device touches no memory.
        var done = new ManualResetEventSlim(false);
        // The registers are cleared together with the device, on the loop's thread, so that no state is saved in between;
        // nobody else writes them, for this thread has the lock.
        if (!OnLoop(() => _device.Reset(OnReset)))
            return;
        if (_loop.IsLoopThread && !done.IsSet)
            throw new InvalidOperationException("a device with requests under way is reset on the loop's thread");
        while (!done.Wait(100))
        {
            // The loop may end before the device is quiet; then nobody serves the guest any more.
            if (!OnLoop(static () => { }))
                return;
        }

        void OnReset()
        {
            ClearRegisters();
            done.Set();
        }
    }

    private void ClearRegisters()
    {
        _driverFeatures = 0;
        _deviceFeaturesSelect = _driverFeaturesSelect = _queueSelect = 0;
        _ = Interlocked.Exchange(ref _interruptStatus, 0);
        _ = Interlocked.Exchange(ref _status, 0);
    }

    private bool OnLoop(Action action)
    {
        try
        {
            _loop.Invoke(action);
            return true;
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended: the node stops, and nobody is there to serve the guest.
            return false;
        }
    }

    private sealed class NotificationHandler(EventFd notification, Action kick) : IEventHandler
    {
        public void OnReady(uint events)
        {
            _ = notification.Drain();
            kick();
        }
    }
}
