using System.Runtime.InteropServices;

namespace Colo.Linux;

/// <summary>A user of this host, and what of the system can be done, or only looked at, as that user. For root alone.</summary>
internal sealed unsafe partial class HostUser
{
    // asm/unistd_64.h. The plain system calls change the calling thread alone, libc's functions of these names all threads.
    private const long SYS_setgroups = 116;
    private const long SYS_setresuid = 117;
    private const long SYS_setresgid = 119;

    // linux/prctl.h, linux/capability.h.
    private const int PR_SET_DUMPABLE = 4;
    private const int PR_SET_KEEPCAPS = 8;
    private const uint CapabilityVersion3 = 0x20080522;

    private readonly uint[] _groups;

    private HostUser(string name, uint uid, uint gid, uint[] groups) => (Name, Uid, Gid, _groups) = (name, uid, gid, groups);

    /// <summary>As passwd(5) has it.</summary>
    internal string Name { get; }

    internal uint Uid { get; }

    internal uint Gid { get; }

    /// <summary>Whether this process may look at things as another user.</summary>
    internal static bool IsRoot => Native.geteuid() == 0;

    /// <summary>Looks a user up, with all groups; null when there is none of that name.</summary>
    internal static HostUser? Find(string name)
    {
        var entry = getpwnam(name);
        if (entry is null)
            return null;
        var groups = new uint[64];
        while (true)
        {
            var count = groups.Length;
            int found;
            fixed (uint* list = groups)
                found = getgrouplist(name, entry->Gid, list, &count);
            if (found >= 0)
                return new HostUser(name, entry->Uid, entry->Gid, groups[..count]);
            if (count <= groups.Length)
                throw new IOException($"the groups of user {name} cannot be read");
            groups = new uint[count];
        }
    }

    /// <summary>
    /// Makes the whole process one of this user's, for good. This thread keeps, of the capabilities that it has, those that are
    /// named: what a service's AmbientCapabilities are.
    /// </summary>
    /// <param name="capabilities">A bit for each capability's number.</param>
    /// <exception cref="LinuxException">It is not root's process.</exception>
    internal void Become(ulong capabilities)
    {
        LinuxException.ThrowIfNegative(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl PR_SET_KEEPCAPS");
        fixed (uint* groups = _groups)
            LinuxException.ThrowIfNegative(setgroups((nuint)_groups.Length, groups), $"take the groups of user {Name}");
        LinuxException.ThrowIfNegative(setresgid(Gid, Gid, Gid), $"take the group of user {Name}");
        LinuxException.ThrowIfNegative(setresuid(Uid, Uid, Uid), $"become user {Name}");
        var header = stackalloc uint[] { CapabilityVersion3, 0 };
        // Twice effective, permitted, inheritable: the low halves, the high ones.
        var sets = stackalloc uint[6];
        LinuxException.ThrowIfNegative(capget(header, sets), "capget");
        for (var half = 0; half < 2; half++)
        {
            var kept = sets[(3 * half) + 1] & (uint)(capabilities >> (32 * half));
            (sets[3 * half], sets[(3 * half) + 1], sets[(3 * half) + 2]) = (kept, kept, 0);
        }

        LinuxException.ThrowIfNegative(capset(header, sets), "capset");
        // What /proc shows of this process belongs to it again.
        _ = prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    }

    /// <summary>
    /// Asks something of the kernel as this user, on a thread of its own: the process stays what it is. Nothing that begins
    /// threads may be done there.
    /// </summary>
    /// <exception cref="IOException">It cannot be asked as that user.</exception>
    internal T As<T>(Func<T> question)
    {
        var answer = default(T)!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                fixed (uint* groups = _groups)
                    LinuxException.ThrowIfNegative(syscall(SYS_setgroups, _groups.Length, (nint)groups, 0), "setgroups");
                LinuxException.ThrowIfNegative(syscall(SYS_setresgid, (nint)Gid, (nint)Gid, (nint)Gid), "setresgid");
                LinuxException.ThrowIfNegative(syscall(SYS_setresuid, (nint)Uid, (nint)Uid, (nint)Uid), "setresuid");
                answer = question();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? answer : throw new IOException($"it cannot be looked at as user {Name}: {failure.Message}", failure);
    }

    /// <summary>struct passwd (pwd.h), as far as anything of it is read here.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 48)]
    private struct PasswordEntry
    {
        [FieldOffset(16)]
        internal uint Uid;

        [FieldOffset(20)]
        internal uint Gid;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial PasswordEntry* getpwnam(string name);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int getgrouplist(string user, uint group, uint* groups, int* count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setgroups(nuint count, uint* groups);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setresgid(uint real, uint effective, uint saved);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setresuid(uint real, uint effective, uint saved);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int capget(uint* header, uint* sets);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int capset(uint* header, uint* sets);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, nint a, nint b, nint c);
}
