using System.Runtime.InteropServices;
using Colo.Checkpoint;
using Colo.Memory;

namespace Colo.Tests.Checkpoint;

/// <summary>A connection on which given bytes arrive; then it ends, or stays open and silent until it is aborted.</summary>
internal sealed class ScriptedStream(byte[] bytes, bool endsThere) : ICheckpointStream
{
    private readonly ManualResetEventSlim _aborted = new();
    private int _at;

    internal ManualResetEventSlim AllRead { get; } = new();

    public void SendPages(ReadOnlySpan<byte> head, ReadOnlySpan<nint> pages) => throw new NotSupportedException();

    public void Send(ReadOnlySpan<byte> more) => throw new NotSupportedException();

    public void Receive(Span<byte> into)
    {
        if (_aborted.IsSet)
            throw new IOException("aborted");
        var here = Math.Min(into.Length, bytes.Length - _at);
        bytes.AsSpan(_at, here).CopyTo(into);
        _at += here;
        if (here == into.Length)
            return;
        AllRead.Set();
        if (!endsThere)
            _aborted.Wait();
        throw new EndOfStreamException("closed by the peer");
    }

    public void Abort() => _aborted.Set();
}

/// <summary>Messages of a checkpoint stream, right by default and wrong on request.</summary>
internal sealed class StreamBuilder
{
    private readonly MemoryStream _bytes = new();
    private uint _final;
    private ulong _all;

    /// <summary>Where each message begins.</summary>
    internal List<int> Messages { get; } = [];

    internal byte[] Bytes => _bytes.ToArray();

    internal static byte[] Page(byte value)
    {
        var page = new byte[GuestMemory.PageSize];
        page.AsSpan().Fill(value);
        return page;
    }

    internal StreamBuilder Pages(params (ulong Number, byte Value)[] pages)
    {
        _all += (ulong)pages.Length;
        return Put(CheckpointMessage.Pages, 0, pages, 0);
    }

    internal StreamBuilder Final(params (ulong Number, byte Value)[] pages)
    {
        Put(CheckpointMessage.FinalPages, 0, pages, _final);
        _all += (ulong)pages.Length;
        _final += (uint)pages.Length;
        return this;
    }

    internal StreamBuilder State(ulong epoch, int length = 100)
    {
        var state = new byte[length];
        new Random(length).NextBytes(state);
        return Raw(CheckpointMessage.State, epoch, 0, (uint)length, CheckpointFormat.Checksum(state, 3), state);
    }

    internal StreamBuilder End(ulong epoch, int finalDelta = 0, int allDelta = 0)
    {
        var body = BitConverter.GetBytes(_all + (ulong)allDelta);
        Raw(CheckpointMessage.End, epoch, _final + (uint)finalDelta, 8, CheckpointFormat.Checksum(body, 4), body);
        (_final, _all) = (0, 0);
        return this;
    }

    internal StreamBuilder Raw(CheckpointMessage type, ulong epoch, uint count, uint length, uint checksum, ReadOnlySpan<byte> body)
    {
        Messages.Add((int)_bytes.Length);
        Span<byte> header = stackalloc byte[CheckpointFormat.HeaderSize];
        CheckpointFormat.WriteHeader(header, type, epoch, count, length, checksum);
        _bytes.Write(header);
        _bytes.Write(body);
        return this;
    }

    private StreamBuilder Put(CheckpointMessage type, ulong epoch, (ulong Number, byte Value)[] pages, uint seed)
    {
        var numbers = MemoryMarshal.AsBytes(pages.Select(p => p.Number).ToArray().AsSpan());
        var content = pages.SelectMany(p => Page(p.Value)).ToArray();
        var checksum = CheckpointFormat.Checksum(numbers, seed);
        if (type == CheckpointMessage.FinalPages)
            checksum = CheckpointFormat.Checksum(content, checksum);
        return Raw(type, epoch, (uint)pages.Length, (uint)(pages.Length * 4104), checksum, [.. numbers, .. content]);
    }
}
