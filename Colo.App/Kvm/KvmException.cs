namespace Colo.Kvm;

/// <summary>This host cannot run the guest: what is missing and what mends it.</summary>
public sealed class KvmException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is missing, and the mend.</param>
    public KvmException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    /// <param name="message">What is missing, and the mend.</param>
    /// <param name="inner">The failed system call.</param>
    public KvmException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
