namespace Colo.Tests.Machine;

/// <summary>A test that runs a guest: skipped, with the reason, where /dev/kvm cannot be opened.</summary>
public sealed class KvmFactAttribute : FactAttribute
{
    public KvmFactAttribute() => Skip = Reason;

    internal static string? Reason
    {
        get
        {
            try
            {
                using var kvm = Colo.Kvm.KvmSystem.Open();
                return null;
            }
            catch (Colo.Kvm.KvmException e)
            {
                return e.Message;
            }
        }
    }
}

/// <summary>As <see cref="KvmFactAttribute"/>, with data.</summary>
public sealed class KvmTheoryAttribute : TheoryAttribute
{
    public KvmTheoryAttribute() => Skip = KvmFactAttribute.Reason;
}
