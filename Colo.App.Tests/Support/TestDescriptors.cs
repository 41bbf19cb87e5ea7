using Colo.Linux;

namespace Colo.Tests.Support;

/// <summary>Descriptors of the test process, in which tests run side by side and start programs.</summary>
internal static class TestDescriptors
{
    private const int F_DUPFD_CLOEXEC = 1030;

    /// <summary>Another one for the same file, which no program that another test starts gets.</summary>
    internal static int Duplicate(int descriptor) => LinuxException.ThrowIfNegative(NativeFile.fcntl(descriptor, F_DUPFD_CLOEXEC, 0), "fcntl(F_DUPFD_CLOEXEC)");
}
