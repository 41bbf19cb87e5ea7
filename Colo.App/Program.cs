namespace Colo;

/// <summary>The entry point of the one binary.</summary>
public static class Program
{
    /// <summary>Runs one command and returns its exit status (docs/interface.md).</summary>
    public static int Main(string[] args)
    {
        Console.WriteLine("colo");
        return 0;
    }
}
