using System.Runtime.InteropServices;
using System.Text;

namespace Colo.Linux;

/// <summary>A child process that gets exactly the descriptors it is given, in a process group (or session) of its own.</summary>
public sealed unsafe partial class ChildProcess : IDisposable
{
    private const short POSIX_SPAWN_SETPGROUP = 0x02;
    private const short POSIX_SPAWN_SETSIGDEF = 0x04;
    private const short POSIX_SPAWN_SETSIGMASK = 0x08;
    private const short POSIX_SPAWN_SETSID = 0x80;
    private const int O_RDONLY = 0;
    private const int SIGKILL = 9;
    private const long SYS_pidfd_open = 434;
    private const int WNOHANG = 1;

    private readonly FileDescriptor _pidfd;

    private ChildProcess(int id)
    {
        Id = id;
        try
        {
            _pidfd = FileDescriptor.FromResult((int)pidfd_open(SYS_pidfd_open, id, 0), "pidfd_open");
        }
        catch (LinuxException)
        {
            // Descriptors are short. A child that nobody watches would run on, and be a zombie at its end.
            SignalGroup(SIGKILL);
            WaitForEnd();
            throw;
        }
    }

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>Readable (EPOLLIN) when the child has ended; then call <see cref="Reap"/>.</summary>
    public int Descriptor => _pidfd.Number;

    /// <summary>
    /// Starts a program that is to outlive this process, in a session of its own: in a group of this session the kernel would
    /// send it SIGHUP and SIGCONT, should it be stopped at the moment this process ends (POSIX.1, _exit: orphaned process group).
    /// </summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments, without its name.</param>
    /// <param name="descriptors">Descriptors of this process; they become 3, 4, … in the child, and it gets no others but 0 to 2.</param>
    public static ChildProcess Start(string path, IReadOnlyList<string> arguments, IReadOnlyList<int> descriptors) =>
        Start(path, arguments, descriptors, null, null, POSIX_SPAWN_SETSID);

    /// <summary>
    /// Starts a program of somebody else's: it reads nothing, writes to one descriptor, and has the signals as a shell
    /// would give them to it (this process ignores SIGPIPE, and a script is not to inherit that).
    /// </summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments, without its name.</param>
    /// <param name="output">A descriptor of this process for its standard output and standard error; it gets no others.</param>
    /// <param name="environment">Its whole environment, as <c>NAME=VALUE</c>.</param>
    /// <exception cref="LinuxException">It cannot be started: not there, not executable, or no process to be had.</exception>
    internal static ChildProcess StartForeign(string path, IReadOnlyList<string> arguments, int output, IReadOnlyList<string> environment) =>
        Start(path, arguments, [], output, environment, POSIX_SPAWN_SETPGROUP);

    /// <summary>Starts a program in a session of its own, without a terminal: what happens to this one's does not reach it.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments, without its name.</param>
    /// <param name="output">Its standard output and standard error; its standard input is /dev/null.</param>
    public static ChildProcess StartSession(string path, IReadOnlyList<string> arguments, int output) =>
        Start(path, arguments, [], output, null, POSIX_SPAWN_SETSID);

    private static ChildProcess Start(
        string path, IReadOnlyList<string> arguments, IReadOnlyList<int> descriptors, int? output, IReadOnlyList<string>? environment, short flags)
    {
        // Sizes of glibc on x86-64 are 80 and 336 bytes; room to spare.
        var actions = stackalloc byte[256];
        var attributes = stackalloc byte[512];
        Check(posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init");
        Check(posix_spawnattr_init(attributes), "posix_spawnattr_init");
        if (output is { } writeTo)
        {
            // sigset_t has 1,024 bits.
            var signals = stackalloc byte[128];
            Check(sigemptyset(signals), "sigemptyset");
            Check(posix_spawnattr_setsigmask(attributes, signals), "posix_spawnattr_setsigmask");
            Check(sigfillset(signals), "sigfillset");
            Check(posix_spawnattr_setsigdefault(attributes, signals), "posix_spawnattr_setsigdefault");
            flags |= POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
            fixed (byte* nothing = "/dev/null\0"u8)
                Check(posix_spawn_file_actions_addopen(actions, 0, nothing, O_RDONLY, 0), "posix_spawn_file_actions_addopen");
            Check(posix_spawn_file_actions_adddup2(actions, writeTo, 1), "posix_spawn_file_actions_adddup2");
            Check(posix_spawn_file_actions_adddup2(actions, writeTo, 2), "posix_spawn_file_actions_adddup2");
        }

        Check(posix_spawnattr_setflags(attributes, flags), "posix_spawnattr_setflags");
        // First out of the way of the targets, so that no dup2 overwrites a source that is still needed.
        var spare = 100;
        for (var i = 0; i < descriptors.Count; i++)
            Check(posix_spawn_file_actions_adddup2(actions, descriptors[i], spare + i), "posix_spawn_file_actions_adddup2");
        for (var i = 0; i < descriptors.Count; i++)
        {
            Check(posix_spawn_file_actions_adddup2(actions, spare + i, 3 + i), "posix_spawn_file_actions_adddup2");
            Check(posix_spawn_file_actions_addclose(actions, spare + i), "posix_spawn_file_actions_addclose");
        }

        // Ours are all close-on-exec; those that whoever started this process has left open may not be.
        Check(posix_spawn_file_actions_addclosefrom_np(actions, 3 + descriptors.Count), "posix_spawn_file_actions_addclosefrom_np");

        var strings = new List<nint>();
        try
        {
            var argv = stackalloc byte*[arguments.Count + 2];
            argv[0] = Utf8(path, strings);
            for (var i = 0; i < arguments.Count; i++)
                argv[i + 1] = Utf8(arguments[i], strings);
            argv[arguments.Count + 1] = null;
            var envp = Environment();
            // On the heap: an environment may be longer than a stack.
            var own = new nint[(environment?.Count ?? 0) + 1];
            for (var i = 0; i < environment?.Count; i++)
                own[i] = (nint)Utf8(environment[i], strings);
            int pid;
            fixed (nint* first = own)
                Check(posix_spawn(&pid, argv[0], actions, attributes, argv, environment is null ? envp : (byte**)first), $"start {path}");
            return new ChildProcess(pid);
        }
        finally
        {
            foreach (var s in strings)
                Marshal.FreeCoTaskMem(s);
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>
    /// Takes the exit status of an ended child; null while it runs, -1 when it has ended and nobody knows how (the status
    /// was taken already, or the kernel keeps none because this process was started with SIGCHLD ignored).
    /// </summary>
    public int? Reap()
    {
        int status;
        var taken = waitpid(Id, &status, WNOHANG);
        return taken == 0 ? null : taken == Id ? status : -1;
    }

    /// <summary>
    /// Sends a signal to the child and to all of its process group. Only before <see cref="Reap"/> has given a status: until
    /// then nobody else can have its number.
    /// </summary>
    internal void SignalGroup(int signal) => _ = kill(-Id, signal);

    /// <summary>Waits until the child has ended and takes its status, so that it is no zombie. Blocks: for a child that was killed.</summary>
    internal void WaitForEnd()
    {
        int status;
        while (waitpid(Id, &status, 0) < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR)
        {
            // A signal came first.
        }
    }

    /// <summary>The environment of this process, as <c>NAME=VALUE</c>.</summary>
    internal static IEnumerable<string> OwnEnvironment()
    {
        var all = new List<string>();
        for (var entry = Environment(); *entry is not null; entry++)
            all.Add(Marshal.PtrToStringUTF8((nint)(*entry))!);
        return all;
    }

    /// <inheritdoc/>
    public void Dispose() => _pidfd.Dispose();

    private static byte** Environment()
    {
        var environ = (byte***)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "environ");
        return *environ;
    }

    private static byte* Utf8(string text, List<nint> owned)
    {
        var bytes = Marshal.StringToCoTaskMemUTF8(text);
        owned.Add(bytes);
        return (byte*)bytes;
    }

    private static void Check(int error, string call)
    {
        if (error != 0)
            throw new LinuxException(call, error);
    }

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(void* actions, int from, int to);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclose(void* actions, int fd);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addopen(void* actions, int fd, byte* path, int flags, uint mode);

    // glibc 2.34.
    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclosefrom_np(void* actions, int from);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [LibraryImport("libc")]
    private static partial int sigemptyset(void* signals);

    [LibraryImport("libc")]
    private static partial int sigfillset(void* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* pid, byte* path, void* actions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long pidfd_open(long number, int pid, uint flags);
}
