using Colo.Block;

namespace Colo.Tests.Block;

/// <summary>Many requests under way, never two at one place of the disk, each checked against the model as it ends.</summary>
internal sealed unsafe class ImageRandomRun(ImageHarness disk, int seed, int size)
{
    private readonly Random _random = new(seed);
    private readonly List<(int From, int To)> _busy = [];
    private readonly Stack<int> _rooms = new();
    private readonly ManualResetEventSlim _end = new();
    private int _left;
    private int _flying;

    // Of memory, for each request: its data, scattered with gaps.
    private const int Room = 200 << 10;

    public byte[] Model { get; } = new byte[size];

    public int Largest { get; private set; }

    public string? Problem { get; private set; }

    public bool Go(int requests, int depth)
    {
        _left = requests;
        for (var i = 0; i < depth; i++)
            _rooms.Push(i * Room);
        disk.Loop.Do(Fill);
        return _end.Wait(60_000) && Problem is null;
    }

    private void Fill()
    {
        while (Problem is null && _left > 0 && _rooms.Count > 0 && _random.Next(20) > 0)
            Start();
        if (_flying == 0 && _left > 0 && Problem is null)
            Start();
        if (_flying == 0 && (_left == 0 || Problem is not null))
            _end.Set();
    }

    private void Start()
    {
        _left--;
        var unit = disk.Unit;
        var length = _random.Next(6) == 0 ? _random.Next(1, (150 << 10) / unit) * unit : _random.Next(1, Math.Max(2, 9000 / unit)) * unit;
        int at;
        do
            at = _random.Next((size - length) / unit) * unit;
        while (_busy.Exists(b => at < b.To && b.From < at + length));
        var room = _rooms.Pop();
        var vectors = Scatter(room, length);
        var operation = _random.Next(10) switch
        {
            < 4 => BlockOperation.Read,
            < 8 => BlockOperation.Write,
            8 => BlockOperation.WriteZeroes,
            _ => BlockOperation.Flush,
        };
        var request = new BlockRequest(vectors.Length, new ImageHarness.Completion(r => End(r, at, length, room, vectors)));
        var flush = operation == BlockOperation.Flush;
        request.Begin(operation, flush ? 0 : at, flush ? 0 : length);
        _busy.Add((at, at + length));
        _flying++;
        if (operation is BlockOperation.Read or BlockOperation.Write)
        {
            foreach (var vector in vectors)
                request.Add(vector);
        }

        if (operation == BlockOperation.Write)
        {
            var data = Model.AsSpan(at, length);
            _random.NextBytes(data);
            var done = 0;
            foreach (var vector in vectors)
            {
                data.Slice(done, (int)vector.Length).CopyTo(new Span<byte>((void*)vector.Pointer, (int)vector.Length));
                done += (int)vector.Length;
            }

            request.Durable = _random.Next(10) == 0;
        }
        else if (operation == BlockOperation.WriteZeroes)
        {
            Model.AsSpan(at, length).Clear();
            request.MayUnmap = _random.Next(2) == 0;
        }

        disk.Image.Submit(request);
    }

    private void End(BlockRequest request, int at, int length, int room, BlockVector[] vectors)
    {
        if (request.Error != 0)
            Problem ??= $"{request.Operation} of {length} at {at}: errno {request.Error}";
        if (request.Operation == BlockOperation.Read)
        {
            var done = at;
            foreach (var vector in vectors)
            {
                if (!Model.AsSpan(done, (int)vector.Length).SequenceEqual(new Span<byte>((void*)vector.Pointer, (int)vector.Length)))
                    Problem ??= $"read of {length} at {at} in {vectors.Length} pieces differs behind {done}";
                done += (int)vector.Length;
            }
        }

        _busy.Remove((at, at + length));
        _rooms.Push(room);
        _flying--;
        Fill();
    }

    private BlockVector[] Scatter(int room, int length)
    {
        var kind = _random.Next(12);
        // Whole pages, or at any address; a few pieces, or one a sector or less.
        var at = room + (kind < 4 ? 0 : _random.Next(513));
        if (kind is < 2 or (>= 4 and < 8))
            return [disk.Vector(at, length)];
        var most = kind is 2 or 3 ? 512 : kind == 11 ? 40 : 3000;
        var pieces = new List<BlockVector>();
        while (length > 0)
        {
            var piece = Math.Min(length, kind is 2 or 3 ? 512 * _random.Next(1, 9) : _random.Next(kind == 8 ? 0 : 1, most));
            pieces.Add(disk.Vector(at, piece));
            at += piece;
            length -= piece;
        }

        Largest = Math.Max(Largest, pieces.Count);
        return [.. pieces];
    }
}
