using System.Runtime.InteropServices;

namespace Colo.Linux;

/// <summary>One element of scattered memory: struct iovec (sys/uio.h).</summary>
/// <param name="Address">The first byte; the memory stays mapped while a call uses it.</param>
/// <param name="Length">Bytes.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct IoVector(nint Address, nuint Length);
