using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Protection;

/// <summary>
/// The node's side of its keeper: the shared page, and the process, which is started again when it ends. If it cannot be
/// started the node goes on without: its death is then noticed by the other node's call back or by silence.
/// </summary>
internal sealed partial class KeeperSupervisor : IEventHandler, IDisposable
{
    private readonly EventLoop _loop;
    private readonly KeeperPage _page;
    private readonly FileDescriptor _self;
    private readonly LoopTimer _restart;
    private readonly Func<(IReadOnlyList<string> Arguments, IReadOnlyList<int> Descriptors)> _make;
    private ChildProcess? _child;
    private TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    /// <param name="loop">The node's loop.</param>
    /// <param name="instance">The node's instance id.</param>
    /// <param name="make">Gives arguments and NIC descriptors for each start.</param>
    internal KeeperSupervisor(EventLoop loop, UInt128 instance, Func<(IReadOnlyList<string> Arguments, IReadOnlyList<int> Descriptors)> make)
    {
        _loop = loop;
        _make = make;
        _page = KeeperPage.CreateAndHold();
        BinaryPrimitives.WriteUInt128LittleEndian(_page.InstanceId, instance);
        _self = FileDescriptor.FromResult((int)pidfd_open(434, Environment.ProcessId, 0), "pidfd_open");
        _restart = loop.AddTimer(Start);
    }

    /// <summary>The keeper's process id, or 0.</summary>
    internal int ProcessId => _child?.Id ?? 0;

    /// <summary>Starts the process.</summary>
    internal void Start()
    {
        try
        {
            var (arguments, nics) = _make();
            _child = ChildProcess.Start("/proc/self/exe", arguments, [_page.Descriptor, _self.Number, .. nics]);
            _loop.Add(_child.Descriptor, EventLoop.Readable, this);
        }
        catch (IOException e)
        {
            Log.Warning($"the keeper process cannot be started: {e.Message}");
            Again();
        }
    }

    /// <summary>Ends the process and starts another, which gets the NICs as they are now.</summary>
    internal void Renew()
    {
        if (_child is { } child)
            _ = kill(child.Id, 9);
        _pause = TimeSpan.FromMilliseconds(1);
    }

    /// <summary>What the keeper is to tell if this node dies now.</summary>
    internal void SetFlags(KeeperPage.NodeFlags flags) => _page.Flags = flags;

    /// <summary>The session that the flags speak of; set before <see cref="KeeperPage.NodeFlags.Protected"/>.</summary>
    internal void SetSession(ReadOnlySpan<byte> token) => token.CopyTo(_page.SessionToken);

    /// <summary>Frames mirrored in this session.</summary>
    internal void SetMirrored(ulong frames) => _page.Mirrored = frames;

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        if (_child is not { } child || child.Reap() is not { } status)
            return;
        _loop.Remove(child.Descriptor);
        child.Dispose();
        _child = null;
        if ((_page.Flags & KeeperPage.NodeFlags.Orderly) != 0)
            return;
        Log.Debug($"the keeper process ended (status {status}); another is started");
        Again();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _page.Flags = KeeperPage.NodeFlags.Orderly;
        _restart.Dispose();
        if (_child is not { } child)
            return;
        _loop.Remove(child.Descriptor);
        _ = kill(child.Id, 9);
        for (var i = 0; i < 100 && child.Reap() is null; i++)
            Thread.Sleep(1);
        child.Dispose();
        _child = null;
    }

    private void Again()
    {
        _restart.SetAfter(_pause);
        _pause = TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, TimeSpan.TicksPerSecond * 5));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long pidfd_open(long number, int pid, uint flags);
}
