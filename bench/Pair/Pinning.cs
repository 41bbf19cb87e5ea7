using System.Globalization;
using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Bench.Pair;

/// <summary>
/// Which processors the primary, the secondary and the clients run on, so that a secondary's vCPU and monitor take nothing from
/// the primary's, as on two hosts. A process inherits them from the thread that starts it (sched_setaffinity(2)).
/// </summary>
internal sealed unsafe partial class Pinning
{
    private readonly int[] _allowed;
    private readonly bool _on;

    private Pinning(int[] allowed, bool on) => (_allowed, _on) = (allowed, on);

    /// <summary>Who is started.</summary>
    internal enum Part
    {
        Primary,
        Secondary,
        Clients,
    }

    /// <summary>How the processors are dealt out; null when everything runs everywhere.</summary>
    internal string? Text => !_on ? null : string.Create(CultureInfo.InvariantCulture,
        $"pinned: the primary (or the guest that runs alone) to {Names(Part.Primary)}, the secondary to {Names(Part.Secondary)}, clients to {Names(Part.Clients)}");

    /// <summary>Deals out the processors that this process may use.</summary>
    /// <param name="on">False: everything runs everywhere.</param>
    /// <exception cref="LinuxException">The kernel does not say which there are.</exception>
    internal static Pinning Over(bool on)
    {
        var mask = stackalloc ulong[MaskWords];
        LinuxException.ThrowIfNegative(sched_getaffinity(0, MaskWords * sizeof(ulong), mask), "sched_getaffinity");
        List<int> allowed = [];
        for (var cpu = 0; cpu < MaskWords * 64; cpu++)
        {
            if ((mask[cpu / 64] >> (cpu % 64) & 1) != 0)
                allowed.Add(cpu);
        }

        return new([.. allowed], on);
    }

    /// <summary>Runs what starts a process.</summary>
    internal T Run<T>(Part part, Func<T> start)
    {
        if (!_on)
            return start();
        Set(Of(part));
        try
        {
            return start();
        }
        finally
        {
            Set(_allowed);
        }
    }

    // Two for each node when there are five or more; the clients have the rest, or, where there is none, the secondary's: the
    // primary is what is measured.
    private int[] Of(Part part)
    {
        var each = _allowed.Length >= 5 ? 2 : 1;
        return part switch
        {
            Part.Primary => _allowed[..each],
            Part.Secondary => _allowed.Length > each ? _allowed[each..(2 * each)] : _allowed,
            _ => _allowed.Length > 2 * each ? _allowed[(2 * each)..] : Of(Part.Secondary),
        };
    }

    private string Names(Part part) => "CPU " + string.Join('+', Of(part));

    private static void Set(int[] cpus)
    {
        var mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        foreach (var cpu in cpus)
            mask[cpu / 64] |= 1UL << (cpu % 64);
        LinuxException.ThrowIfNegative(sched_setaffinity(0, MaskWords * sizeof(ulong), mask), "sched_setaffinity");
    }

    // cpu_set_t of sched.h: 1024 processors.
    private const int MaskWords = 16;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_getaffinity(int thread, nuint bytes, ulong* mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_setaffinity(int thread, nuint bytes, ulong* mask);
}
