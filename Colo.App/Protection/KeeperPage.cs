using System.Runtime.InteropServices;
using System.Text;
using Colo.Linux;

namespace Colo.Protection;

/// <summary>
/// A page of memory that a node shares with its keeper process. The node holds the robust mutex in it for as long as it
/// lives: when the node dies, however it dies, the kernel wakes the keeper that waits for it, within a millisecond and
/// long before the node's sockets are closed, which happens only after its memory is freed.
/// <code>
/// 0 pthread_mutex_t | 64 flags u64 | 72 frames mirrored u64 | 80 session token (16 bytes) | 96 instance id (16 bytes)
/// </code>
/// </summary>
internal sealed unsafe partial class KeeperPage : IDisposable
{
    private const int Size = 4096;
    private const int PthreadProcessShared = 1;
    private const int PthreadMutexRobust = 1;
    private const int ProtReadWrite = 3;
    private const int MapShared = 1;

    private readonly FileDescriptor _memfd;
    private readonly byte* _page;
    private bool _held;

    private KeeperPage(FileDescriptor memfd)
    {
        _memfd = memfd;
        var address = Native.mmap(null, Size, ProtReadWrite, MapShared, memfd.Number, 0);
        if ((nint)address == -1)
            throw LinuxException.FromLastError("mmap the page shared with the keeper");
        _page = (byte*)address;
    }

    /// <summary>What the node is, as the keeper has to tell it.</summary>
    [Flags]
    internal enum NodeFlags : ulong
    {
        /// <summary>Nothing to tell.</summary>
        None = 0,

        /// <summary>The node counts its peer as current: the peer may take over when the node dies.</summary>
        Protected = 1,

        /// <summary>The node speaks as the guest: its inbound frames are to be forwarded when it dies.</summary>
        Speaks = 2,

        /// <summary>The node ends in order; nobody is to be told.</summary>
        Orderly = 4,
    }

    internal int Descriptor => _memfd.Number;

    /// <summary>What the node is at the moment; one word, so never half written.</summary>
    internal NodeFlags Flags
    {
        get => (NodeFlags)Volatile.Read(ref *(ulong*)(_page + 64));
        set => Volatile.Write(ref *(ulong*)(_page + 64), (ulong)value);
    }

    /// <summary>Mirrored frames of this session that the kernel has taken.</summary>
    internal ulong Mirrored
    {
        get => Volatile.Read(ref *(ulong*)(_page + 72));
        set => Volatile.Write(ref *(ulong*)(_page + 72), value);
    }

    /// <summary>The token of the session that <see cref="NodeFlags.Protected"/> speaks of. Written while that flag is clear.</summary>
    internal Span<byte> SessionToken => new(_page + 80, 16);

    /// <summary>The instance id of the node.</summary>
    internal Span<byte> InstanceId => new(_page + 96, 16);

    /// <summary>Makes the page and has a thread of this process hold its mutex until the process ends.</summary>
    internal static KeeperPage CreateAndHold()
    {
        FileDescriptor memfd;
        fixed (byte* name = Encoding.ASCII.GetBytes("keeper\0"))
            memfd = FileDescriptor.FromResult(Native.memfd_create(name, 1), "memfd_create");
        LinuxException.ThrowIfNegative(Native.ftruncate(memfd.Number, Size), "ftruncate the keeper's page");
        var page = new KeeperPage(memfd);
        page.InitializeMutex();
        using var held = new ManualResetEventSlim();
        new Thread(() =>
        {
            Check(pthread_mutex_lock(page._page), "pthread_mutex_lock");
            held.Set();
            Thread.Sleep(Timeout.Infinite);
        })
        { IsBackground = true, Name = "keeper-lock" }.Start();
        held.Wait();
        page._held = true;
        return page;
    }

    /// <summary>Maps the page of the node that started this keeper.</summary>
    internal static KeeperPage Open(int descriptor) => new(new FileDescriptor(descriptor));

    /// <summary>Returns when the node has died.</summary>
    internal void WaitForDeath()
    {
        // 0 would mean that the node let go of the mutex, which it never does: dead as well.
        _ = pthread_mutex_lock(_page);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The holder's robust list points into the page as long as its thread lives, which is as long as the process.
        if (!_held)
            _ = Native.munmap(_page, Size);
        _memfd.Dispose();
    }

    private void InitializeMutex()
    {
        // pthread_mutexattr_t has 4 bytes, pthread_mutex_t 40 (bits/pthreadtypes-arch.h, x86-64).
        var attributes = stackalloc byte[64];
        Check(pthread_mutexattr_init(attributes), "pthread_mutexattr_init");
        Check(pthread_mutexattr_setpshared(attributes, PthreadProcessShared), "pthread_mutexattr_setpshared");
        Check(pthread_mutexattr_setrobust(attributes, PthreadMutexRobust), "pthread_mutexattr_setrobust");
        Check(pthread_mutex_init(_page, attributes), "pthread_mutex_init");
    }

    private static void Check(int error, string call)
    {
        if (error != 0)
            throw new LinuxException(call, error);
    }

    [LibraryImport("libc")]
    private static partial int pthread_mutexattr_init(void* attributes);

    [LibraryImport("libc")]
    private static partial int pthread_mutexattr_setpshared(void* attributes, int shared);

    [LibraryImport("libc")]
    private static partial int pthread_mutexattr_setrobust(void* attributes, int robust);

    [LibraryImport("libc")]
    private static partial int pthread_mutex_init(void* mutex, void* attributes);

    [LibraryImport("libc")]
    private static partial int pthread_mutex_lock(void* mutex);
}
