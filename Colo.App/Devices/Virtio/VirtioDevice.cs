using Colo.Linux;
using Colo.Memory;
using Colo.Monitor;
using Colo.State;

namespace Colo.Devices.Virtio;

/// <summary>
/// What all virtio devices have: queues, negotiated features, interrupts, freeze and thaw, state. It does not know
/// its transport, so it can be tested with queues in plain memory. All members are for the event loop's thread,
/// but <see cref="ReadConfiguration"/>, which any vCPU may call.
/// <code>
/// "VDEV" version 1: device id u32, negotiated features u64, active bool, needs reset bool, queues u16,
///                   each: ready bool, size u32, three addresses u64, last available u16, used u16, signalled u16, fault text;
///                   then the device's own record, if it has one
/// </code>
/// </summary>
public abstract class VirtioDevice : IStatefulDevice, IDisposable
{
    private readonly VirtQueue[] _queues;
    private readonly LogLimiter _limiter = new();
    private readonly Action _flushInterrupts;
    private uint _interruptDue;

    /// <summary>Makes a device that is not started. Before the loop runs, or on its thread.</summary>
    /// <param name="name">For the log, such as <c>nic lan</c>.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="loop">The loop to whose thread the device belongs.</param>
    /// <param name="queueSizes">Most entries of each queue; at most 32 queues.</param>
    protected VirtioDevice(string name, GuestMemory memory, EventLoop loop, ReadOnlySpan<ushort> queueSizes)
    {
        Name = name;
        Memory = memory;
        Loop = loop;
        _queues = new VirtQueue[queueSizes.Length];
        for (var i = 0; i < _queues.Length; i++)
        {
            var number = i;
            _queues[i] = new VirtQueue(memory, queueSizes[i]) { Faulted = reason => OnQueueFault(number, reason) };
        }

        _flushInterrupts = FlushInterrupts;
        loop.AddAfterRound(_flushInterrupts);
    }

    /// <summary>The name in the log.</summary>
    public string Name { get; }

    /// <summary>The device type (virtio 1.2, section 5).</summary>
    public abstract uint DeviceId { get; }

    /// <summary>The features the device offers.</summary>
    public abstract ulong OfferedFeatures { get; }

    /// <summary>The features that the driver has accepted; 0 before.</summary>
    public ulong Features { get; private set; }

    /// <summary>Whether the driver has set DRIVER_OK and not reset the device since.</summary>
    public bool Active { get; private set; }

    /// <summary>Whether the guest has broken the format and must reset the device.</summary>
    public bool NeedsReset { get; private set; }

    /// <summary>Whether a <see cref="Reset"/> waits for requests that are under way.</summary>
    public bool Resetting { get; private set; }

    /// <summary>Whether the device stands still, between <see cref="Freeze"/> and <see cref="Thaw"/>.</summary>
    public bool Frozen { get; private set; }

    /// <summary>The queues.</summary>
    public IReadOnlyList<VirtQueue> Queues => _queues;

    /// <summary>The guest's RAM.</summary>
    protected GuestMemory Memory { get; }

    /// <summary>The loop to whose thread the device belongs.</summary>
    protected EventLoop Loop { get; }

    /// <summary>The transport, once <see cref="Attach"/> was called.</summary>
    protected IVirtioTransport? Transport { get; private set; }

    /// <summary>Whether the device may touch its queues.</summary>
    protected bool Running => Active && !Frozen && !NeedsReset;

    /// <summary>Whether a feature was negotiated.</summary>
    public bool Has(ulong feature) => (Features & feature) == feature;

    /// <summary>Connects the device with its transport, once.</summary>
    public void Attach(IVirtioTransport transport) => Transport = transport;

    /// <summary>Reads the configuration space; beyond its end it reads as zero. From any thread.</summary>
    public abstract void ReadConfiguration(uint offset, Span<byte> data);

    /// <summary>Writes the configuration space; what is not writable is ignored. From any thread.</summary>
    public virtual void WriteConfiguration(uint offset, ReadOnlySpan<byte> data)
    {
    }

    /// <summary>Takes the driver's choice of features (FEATURES_OK).</summary>
    /// <returns>Null, or why the device cannot work with this choice.</returns>
    public string? Negotiate(ulong features)
    {
        if ((features & ~OfferedFeatures) != 0)
            return $"the driver accepts features {features & ~OfferedFeatures:x} that are not offered";
        if ((features & VirtioFeatures.Version1) == 0)
            return "the driver does not accept VIRTIO_F_VERSION_1";
        var wrong = CheckFeatures(features);
        if (wrong is null)
            Features = features;
        return wrong;
    }

    /// <summary>Puts a queue into service.</summary>
    /// <returns>False if its registers make no sense; the device then needs a reset.</returns>
    public bool StartQueue(int queue) =>
        !NeedsReset && _queues[queue].Start(Has(VirtioFeatures.EventIndex), Has(VirtioFeatures.IndirectDescriptors)) is null;

    /// <summary>The driver is ready (DRIVER_OK): buffers are used from now on.</summary>
    public void Start()
    {
        if (Active)
            return;
        Active = true;
        OnStart();
        if (Running)
            KickAll();
    }

    /// <summary>Back to the state of power on.</summary>
    /// <param name="done">Called when no request is under way any more and the queues are empty; perhaps at once.</param>
    public void Reset(Action done)
    {
        Active = false;
        Resetting = true;
        OnReset(() =>
        {
            foreach (var queue in _queues)
                queue.Reset();
            Features = 0;
            NeedsReset = false;
            Resetting = false;
            _interruptDue = 0;
            done();
        });
    }

    /// <summary>The driver has notified the device of new buffers.</summary>
    public void Kick(int queue)
    {
        if (Running && (uint)queue < (uint)_queues.Length && _queues[queue].Ready)
            OnKick(queue);
    }

    /// <summary>
    /// Stands still: no queue and no guest memory is touched until <see cref="Thaw"/>, and all interrupts that are due
    /// are raised before. Requests may be under way: what is done meanwhile is told to the guest after the thaw, and the
    /// state record holds them. A reset under way goes on after the thaw too.
    /// </summary>
    public void Freeze()
    {
        if (Frozen)
            return;
        OnFreeze();
        FlushInterrupts();
        Frozen = true;
    }

    /// <summary>Goes on; notifications that came meanwhile, or before the restored state was saved, are made up for.</summary>
    public void Thaw()
    {
        if (!Frozen)
            return;
        Frozen = false;
        OnThaw();
        Transport?.Resumed();
        if (Running)
            KickAll();
    }

    /// <summary>Takes the device off its loop. No request is under way, and its transport is disconnected.</summary>
    public virtual void Dispose()
    {
        Loop.RemoveAfterRound(_flushInterrupts);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer)
    {
        // A reset under way only waits until the backend has let go of guest memory. Whoever loads this has nothing to
        // wait for: there the reset is done.
        var mark = writer.Begin("VDEV", 1);
        writer.U32(DeviceId);
        writer.U64(Resetting ? 0 : Features);
        writer.Bool(Active);
        writer.Bool(NeedsReset && !Resetting);
        writer.U16((ushort)_queues.Length);
        foreach (var queue in _queues)
            queue.Save(writer, Resetting);
        SaveDevice(writer);
        writer.End(mark);
    }

    /// <summary>Reads the record of <see cref="Save"/>; the device is frozen afterwards. Nothing is changed when it throws.</summary>
    public void Load(ref StateReader reader)
    {
        var record = reader.Record("VDEV", 1, out _);
        var id = record.U32();
        if (id != DeviceId)
            throw record.Bad($"device type {id} where {DeviceId} ({Name}) is expected");
        var features = record.U64();
        var missing = features & ~OfferedFeatures;
        if (missing != 0)
            throw record.Bad($"{Name}: the guest uses features {missing:x} that this host's device does not have");
        var active = record.Bool();
        var needsReset = record.Bool();
        var count = record.U16();
        if (count != _queues.Length)
            throw record.Bad($"{count} queues where {_queues.Length} are expected");
        var states = new QueueState[count];
        for (var i = 0; i < count; i++)
            states[i] = _queues[i].ReadState(ref record);
        LoadDevice(ref record, states, active && !needsReset);
        record.Finish();

        Features = features;
        Active = active;
        NeedsReset = needsReset;
        Frozen = true;
        _interruptDue = 0;
        for (var i = 0; i < count; i++)
            _queues[i].Apply(states[i], Has(VirtioFeatures.EventIndex), Has(VirtioFeatures.IndirectDescriptors));
        OnLoaded();
    }

    /// <summary>Raises the interrupts that are due. The loop does so at the end of each round: one interrupt for many buffers.</summary>
    public void FlushInterrupts()
    {
        if (_interruptDue == 0)
            return;
        var due = false;
        for (var i = 0; i < _queues.Length; i++)
        {
            if ((_interruptDue >> i & 1) != 0)
                due |= _queues[i].ShouldInterrupt();
        }

        _interruptDue = 0;
        if (due)
            Transport?.NotifyUsed();
    }

    /// <summary>Publishes a queue's used entries and remembers that the guest may want an interrupt.</summary>
    protected void PublishUsed(int queue)
    {
        if (!_queues[queue].HasUnpublished)
            return;
        _queues[queue].Publish();
        _interruptDue |= 1U << queue;
    }

    /// <summary>Writes a warning about the guest's doings, or counts it when there were too many.</summary>
    protected void Warn(string message) => _limiter.Warning($"{Name}: {message}");

    /// <summary>Copies a part of the configuration space; beyond its end it reads as zero.</summary>
    protected static void CopyConfiguration(ReadOnlySpan<byte> configuration, uint offset, Span<byte> data)
    {
        data.Clear();
        if (offset >= (uint)configuration.Length)
            return;
        var part = configuration[(int)offset..];
        part[..Math.Min(part.Length, data.Length)].CopyTo(data);
    }

    /// <summary>Checks the device's own rules on features that need others.</summary>
    /// <returns>Null, or what is wrong.</returns>
    protected virtual string? CheckFeatures(ulong features) => null;

    /// <summary>The device becomes active.</summary>
    protected virtual void OnStart()
    {
    }

    /// <summary>The device is reset; <paramref name="quiet"/> must be called when nothing is under way.</summary>
    protected virtual void OnReset(Action quiet) => quiet();

    /// <summary>There may be buffers in a queue.</summary>
    protected abstract void OnKick(int queue);

    /// <summary>The device is about to stand still.</summary>
    protected virtual void OnFreeze()
    {
    }

    /// <summary>The device goes on.</summary>
    protected virtual void OnThaw()
    {
    }

    /// <summary>A state was loaded; the device is frozen.</summary>
    protected virtual void OnLoaded()
    {
    }

    /// <summary>Writes what the device has beyond queues and features.</summary>
    protected virtual void SaveDevice(StateWriter writer)
    {
    }

    /// <summary>Reads what <see cref="SaveDevice"/> wrote, into a place of its own: <see cref="OnLoaded"/> takes it over.</summary>
    /// <param name="reader">Stands at the device's own record.</param>
    /// <param name="queues">What the queues will be.</param>
    /// <param name="running">Whether the device will use its queues: it is active and needs no reset.</param>
    private protected virtual void LoadDevice(ref StateReader reader, ReadOnlySpan<QueueState> queues, bool running)
    {
    }

    private void KickAll()
    {
        for (var i = 0; i < _queues.Length && Running; i++)
            Kick(i);
    }

    private void OnQueueFault(int queue, string reason)
    {
        Warn($"queue {queue}: {reason}; the device stands still until the guest resets it");
        NeedsReset = true;
        Transport?.RequireReset();
    }
}
