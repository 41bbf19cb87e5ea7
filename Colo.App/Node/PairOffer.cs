using Colo.Kvm;
using Colo.State;

namespace Colo.Node;

/// <summary>
/// What a node's VM is made of, as far as both sides must agree before they can be a pair: a checkpoint of the one has to
/// fit into the other.
/// </summary>
/// <param name="MemorySize">Bytes of RAM.</param>
/// <param name="Cpus">vCPUs.</param>
/// <param name="Macs">MAC addresses of the NICs, in order, as text.</param>
/// <param name="Disks">Names, sizes and kinds of the disks, in order, as text.</param>
/// <param name="Cpu">The CPU that the guest sees (<see cref="Kvm.CpuIdentity"/>), as text; differing ones could crash the guest after a takeover.</param>
/// <param name="Timeout">Silence after which the peer counts as lost: each side counts on the other's being its own.</param>
/// <param name="TscKhz">The rate of the guest's time-stamp counter, kHz; 0: not told.</param>
/// <param name="TakesTscRates">Whether a guest with another rate can go on here.</param>
internal sealed record PairOffer(
    ulong MemorySize, int Cpus, IReadOnlyList<string> Macs, IReadOnlyList<string> Disks, string Cpu, TimeSpan Timeout, uint TscKhz, bool TakesTscRates)
{
    // 2: the CPU is a hash of everything, the counter's rate included. 3: the rate is a field of its own. A node that knows 2 refuses
    // 3 by its number.
    private const ushort Version = 3;
    private const int MostDevices = 64;

    internal void Write(StateWriter writer)
    {
        var mark = writer.Begin("PAIR", Version);
        writer.U64(MemorySize);
        writer.U32((uint)Cpus);
        Write(writer, Macs);
        Write(writer, Disks);
        writer.Text(Cpu);
        writer.U64((ulong)Timeout.Ticks);
        writer.U32(TscKhz);
        writer.Bool(TakesTscRates);
        writer.End(mark);
    }

    /// <exception cref="StateFormatException">It is not one.</exception>
    internal static PairOffer Read(ref StateReader reader)
    {
        var body = reader.Record("PAIR", Version, out var version);
        var memory = body.U64();
        var cpus = (int)body.U32();
        var offer = new PairOffer(
            memory, cpus, ReadTexts(ref body), ReadTexts(ref body), body.Text(256), new TimeSpan((long)Math.Min(body.U64(), long.MaxValue)),
            version < 3 ? 0 : body.U32(), version >= 3 && body.Bool());
        body.Finish();
        return offer;
    }

    /// <summary>Says why the other side does not fit, with the setting to mend; null when it does.</summary>
    internal string? Differs(PairOffer other)
    {
        if (other.MemorySize != MemorySize)
            return $"[vm] memory differs: {MemorySize >> 20}M here, {other.MemorySize >> 20}M there";
        if (other.Cpus != Cpus)
            return $"[vm] cpus differs: {Cpus} here, {other.Cpus} there";
        if (!other.Macs.SequenceEqual(Macs))
            return $"the NICs differ: {string.Join(' ', Macs)} here, {string.Join(' ', other.Macs)} there";
        if (!other.Disks.SequenceEqual(Disks))
            return $"the disks differ: {string.Join(' ', Disks)} here, {string.Join(' ', other.Disks)} there";
        // The lease of one side is counted by the other: with different ones both could hold it.
        if (other.Timeout != Timeout)
            return $"[failover] timeout differs: {Timeout.TotalMilliseconds:0.###}ms here, {other.Timeout.TotalMilliseconds:0.###}ms there; it has to be the same on both nodes";
        if (other.TscKhz == 0)
            return "the other node's program is of a version that describes the guest's CPU in another way: upgrade it";
        if (other.Cpu != Cpu)
            return $"the CPUs that the guest sees differ: {Cpu} here, {other.Cpu} there; set the same [vm] cpu on both, a level for hosts of different models (of a level all but names of features is alike: those come with microcode and kernel)";
        return TscRate.IsSame(TscKhz, other.TscKhz) || other.TakesTscRates
            ? null
            : $"the guest's time-stamp counter runs at {TscKhz} kHz here, and at {other.TscKhz} kHz there, where the processor cannot scale it: use hosts with the same rate";
    }

    private static void Write(StateWriter writer, IReadOnlyList<string> texts)
    {
        writer.U32((uint)texts.Count);
        foreach (var text in texts)
            writer.Text(text);
    }

    private static string[] ReadTexts(ref StateReader reader)
    {
        var count = reader.U32();
        if (count > MostDevices)
            throw reader.Bad($"{count} devices");
        var texts = new string[count];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = reader.Text(128);
        return texts;
    }
}
