using Colo.Block;
using Colo.Block.Replication;
using Xunit.Abstractions;

namespace Colo.Tests.Block.Replication;

/// <summary>Whatever both VMs do, the image is what it has to be: compared with a model in plain memory.</summary>
public sealed class SecondaryDiskPropertyTests(ITestOutputHelper output) : IDisposable
{
    private const int Size = (3 << 20) + 1536;
    private const int Sector = 512;
    private readonly SecondaryFixture _f = new();
    private readonly List<(long Mark, long Offset, byte[] Data)> _held = [];
    private readonly List<Pending> _underWay = [];
    private readonly byte[] _committed = new byte[Size];
    private byte[] _guest = [];
    private Random _random = new(0);
    private string _seed = "";
    private long _mark;
    private long _committedMark;
    private ulong _epoch;

    public void Dispose() => _f.Dispose();

    [Theory]
    [InlineData(FirstSync.Direct, 64 << 20, true)]
    [InlineData(FirstSync.Direct, 100_000, false)]
    [InlineData(FirstSync.Journal, 0, true)]
    [InlineData(FirstSync.Journal, 200_000, false)]
    public void The_image_is_the_model(FirstSync first, long heldBytes, bool takeOver)
    {
        Begin(first, heldBytes);
        for (var step = 0; step < 500; step++)
            Step(step);
        foreach (var pending in _underWay)
            Assert.Equal(0, pending.Wait());
        if (takeOver)
        {
            Assert.Equal(0, _f.TakeOver());
            Compare(_guest, _f.Read(_f.Image, 0, Size), "the image after the takeover");
        }
        else
        {
            var mark = ChooseMark();
            _f.WaitReceived(mark);
            Assert.Equal(0, _f.Do(done => _f.Disk.EndInOrder(mark, done)));
            ApplyModel(mark);
            Compare(_committed, _f.Read(_f.Image, 0, Size), "the image after the end");
        }

        Assert.Empty(_f.Failures);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_crash_at_any_moment_of_a_takeover_is_mended_by_a_replay(bool early)
    {
        var image = default(Interposer)!;
        Begin(FirstSync.Direct, 64 << 20, inner => image = new Interposer(inner));
        for (var step = 0; step < 300; step++)
            Step(step);
        foreach (var pending in _underWay)
            Assert.Equal(0, pending.Wait());
        _underWay.Clear();
        for (var i = 0; i < 20; i++)
            GuestChange();
        var (id, epoch) = _f.On(() => (_f.Disk.LogId, _f.Disk.Epoch));
        var left = _random.Next(early ? 3 : 25);
        var uncertain = new bool[Size];
        var copied = false;
        _f.On(() =>
        {
            // The decision is recorded; from here on the process may die.
            image.Before = request =>
            {
                if (request.Operation is not (BlockOperation.Write or BlockOperation.WriteZeroes) || left-- != 0)
                    return;
                CopyFiles();
                copied = true;
            };
        });
        if (early)
        {
            // While requests are under way: those that are not completed may be in the log or not.
            _f.On(() =>
            {
                CopyFiles();
                copied = true;
                foreach (var pending in _underWay)
                {
                    if (!pending.IsDone)
                        uncertain.AsSpan((int)pending.Request.Offset, (int)pending.Request.Length).Fill(true);
                }

                left = -1;
            });
        }

        Assert.Equal(0, _f.TakeOver());
        if (!_f.On(() => copied))
            _f.On(CopyFiles);
        Compare(_guest, _f.Read(_f.Image, 0, Size), "the image after the takeover");
        for (var i = 0; i < 2; i++)
        {
            var result = _f.Replay(_f.At("log.copy"), id, epoch, _f.At("disk.copy"));
            Assert.True(result.Error == 0, $"{_seed}: {result.Text}");
            var replayed = File.ReadAllBytes(_f.At("disk.copy"));
            for (var at = 0; at < Size; at++)
            {
                if (replayed[at] != _guest[at] && !uncertain[at])
                    Assert.Fail($"{_seed}: byte {at} after replay {i + 1} is {replayed[at]}, not {_guest[at]}; {result.Text}");
            }
        }
    }

    private void CopyFiles()
    {
        SecondaryFixture.Copy(_f.ImagePath, _f.At("disk.copy"), Size);
        SecondaryFixture.Copy(_f.At("log"), _f.At("log.copy"), 32 << 20);
    }

    private void Begin(FirstSync first, long heldBytes, Func<IBlockBackend, IBlockBackend>? wrap = null)
    {
        var seed = Environment.TickCount;
        _seed = $"seed {seed}";
        output.WriteLine(_seed);
        _random = new Random(seed);
        _random.NextBytes(_committed);
        _f.Start(Size, first, heldBytes, [.. _committed], wrap);
        for (var i = 0; i < 60; i++)
            PrimaryChange();
        _f.WaitReceived(_mark);
        if (first == FirstSync.Direct)
        {
            _f.On(_f.Disk.BeginHolding);
        }
        else
        {
            Compare(_committed, _f.Read(_f.Image, 0, Size), "the image before the first commit");
            Assert.Equal(0, _f.Do(done => _f.Disk.SealJournal(done)));
        }

        var mark = _mark;
        for (var i = 0; i < 10; i++)
            PrimaryChange();
        Commit(mark);
        if (first == FirstSync.Journal)
            _f.On(() => _f.Disk.KeepFiles = false);
    }

    private void Step(int step)
    {
        switch (_random.Next(20))
        {
            case < 7:
                PrimaryChange();
                break;
            case < 13:
                GuestChange();
                break;
            case < 17:
                GuestRead(step);
                break;
            case 17:
                _underWay.Add(_f.Submit(_f.Disk.Guest, BlockOperation.Flush, 0, 0));
                break;
            case 18 when _random.Next(2) == 0:
                Assert.Equal(0, _f.Do(_f.Disk.Sync));
                break;
            case 19 when _random.Next(2) == 0:
                Commit(ChooseMark());
                break;
            default:
                _underWay.Add(_f.Submit(_f.Disk.Mirror, BlockOperation.Flush, 0, 0));
                break;
        }
    }

    private (long Offset, byte[] Data, BlockOperation Operation, bool Unmap) Change(int unit)
    {
        var length = (_random.Next(10) == 0 ? _random.Next(1, 400_000) : _random.Next(1, 20_000)) / unit * unit;
        length = Math.Max(unit, length);
        var offset = _random.Next((Size - length) / unit + 1) * (long)unit;
        // Often the same place again.
        if (_random.Next(2) == 0)
            offset = Math.Min(offset % (300_000 / unit * unit), (Size - length) / unit * unit);
        var data = new byte[length];
        var operation = _random.Next(5) switch
        {
            0 => BlockOperation.WriteZeroes,
            1 => BlockOperation.Discard,
            _ => BlockOperation.Write,
        };
        if (operation == BlockOperation.Write)
            _random.NextBytes(data);
        return (offset, data, operation, _random.Next(2) == 0);
    }

    private Pending Submit(IBlockBackend to, long offset, byte[] data, BlockOperation operation, bool unmap) =>
        operation == BlockOperation.Write
            ? _f.Submit(to, operation, offset, data, request => request.Durable = unmap && data.Length % 7 == 0, pieces: _random.Next(1, 5))
            : _f.Submit(to, operation, offset, data.Length, request => request.MayUnmap = unmap && operation == BlockOperation.WriteZeroes);

    private void PrimaryChange()
    {
        var (offset, data, operation, unmap) = Change(1);
        _mark += data.Length;
        _held.Add((_mark, offset, data));
        _underWay.Add(Submit(_f.Disk.Mirror, offset, data, operation, unmap));
    }

    private void GuestChange()
    {
        var (offset, data, operation, unmap) = Change(Sector);
        _underWay.Add(Submit(_f.Disk.Guest, offset, data, operation, unmap));
        data.CopyTo(_guest, offset);
    }

    private void GuestRead(int step)
    {
        var (offset, data, _, _) = Change(Sector);
        // What is being written may be read as before or after.
        foreach (var pending in _underWay)
        {
            if (!pending.IsDone && pending.Request.Offset < offset + data.Length && offset < pending.Request.Offset + pending.Request.Length)
                Assert.Equal(0, pending.Wait());
        }

        Compare(_guest.AsSpan((int)offset, data.Length), _f.Read(_f.Disk.Guest, offset, data.Length, _random.Next(1, 9)), $"a read at {offset} in step {step}");
    }

    private long ChooseMark()
    {
        var marks = _held.Select(held => held.Mark).Where(mark => mark >= _committedMark).ToArray();
        return marks.Length == 0 || _random.Next(10) == 0 ? _committedMark : marks[_random.Next(marks.Length)];
    }

    private void Commit(long mark)
    {
        _f.WaitReceived(mark);
        foreach (var pending in _underWay)
            Assert.Equal(0, pending.Wait());
        _underWay.Clear();
        var epoch = ++_epoch;
        using var set = new ManualResetEventSlim();
        var error = -1;
        _f.Loop.Post(() => _f.Disk.Commit(mark, epoch, result =>
        {
            error = result;
            set.Set();
        }));
        ApplyModel(mark);
        _guest = [.. _committed];
        // These wait until it is done.
        for (var i = _random.Next(4); i > 0; i--)
            GuestChange();
        Assert.True(set.Wait(30_000), $"{_seed}: {string.Join("; ", _f.Failures)}");
        Assert.True(error == 0, $"{_seed}: the commit of {mark} fails with {error}");
    }

    private void ApplyModel(long mark)
    {
        foreach (var (_, offset, data) in _held.Where(held => held.Mark <= mark))
            data.CopyTo(_committed, offset);
        _held.RemoveAll(held => held.Mark <= mark);
        _committedMark = mark;
    }

    private void Compare(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string what)
    {
        var same = expected.CommonPrefixLength(actual);
        Assert.True(same == expected.Length && same == actual.Length, $"{_seed}: {what} differs at byte {same}");
    }
}
