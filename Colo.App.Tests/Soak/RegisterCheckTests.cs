using Colo.Soak.Registers;
using Xunit.Abstractions;

namespace Colo.Tests.Soak;

/// <summary>Which histories of one key are linearizable.</summary>
public sealed class RegisterCheckTests(ITestOutputHelper output)
{
    private const long Never = RegisterOperation.Never;

    [Fact]
    public void One_request_after_the_other_is_right() => Right(Set(1, 0, 1), Get(1, 2, 3), Set(2, 4, 5), Get(2, 6, 7), Get(2, 8, 9));

    [Fact]
    public void Before_the_first_write_nothing_is_there() => Right(Get(0, 0, 1), Set(1, 2, 3), Get(1, 4, 5));

    [Fact]
    public void A_read_beside_a_write_may_return_either_value()
    {
        Right(Set(1, 0, 1), Set(2, 10, 20), Get(1, 11, 12), Get(2, 13, 14));
        Right(Set(1, 0, 1), Set(2, 10, 20), Get(2, 11, 12));
    }

    [Fact]
    public void A_write_without_a_reply_may_have_happened_late_or_never()
    {
        Right(Set(1, 0, 1), Set(2, 10, Never), Get(1, 20, 21), Get(2, 30, 31));
        Right(Set(1, 0, 1), Set(2, 10, Never), Get(1, 20, 21), Set(3, 30, 31), Get(3, 40, 41), Get(2, 50, 51));
        Right(Set(1, 0, 1), Set(2, 10, Never), Get(1, 20, 21));
    }

    [Fact]
    public void A_read_without_a_reply_says_nothing() => Right(Set(1, 0, 1), new RegisterOperation(1, false, 0, 2, Never), Get(1, 4, 5));

    [Fact]
    public void Equal_times_are_under_way_together() => Right(Set(1, 0, 5), Set(2, 5, 9), Get(1, 9, 10));

    [Fact]
    public void A_stale_read_is_found() => Wrong("2 was there for a moment while the key held 1", Set(1, 0, 1), Set(2, 2, 3), Get(1, 4, 5));

    [Fact]
    public void A_lost_acknowledged_write_is_found() => Wrong("nothing", Set(1, 0, 1), Get(0, 2, 3));

    [Fact]
    public void A_value_from_nowhere_is_found()
    {
        Wrong("from nowhere", Set(1, 0, 1), Get(7, 2, 3));
        Wrong("from nowhere", Set(1, 0, 1), Get(RegisterOperation.Unknown, 2, 3));
    }

    [Fact]
    public void A_value_that_is_read_before_it_is_written_is_found() => Wrong("before it was written", Get(1, 0, 1), Set(1, 2, 3));

    [Fact]
    public void A_read_that_goes_back_is_found() =>
        Wrong("while the key held", Set(1, 0, 1), Set(2, 10, 100), Get(2, 20, 30), Get(1, 40, 50));

    [Fact]
    public void A_value_that_is_there_for_a_moment_within_the_time_of_another_is_found() =>
        // 2 could be anywhere from 14 to 20, but before that and after it 1 was read.
        Wrong("for a moment", Set(1, 0, 1), Set(2, 10, 20), Get(1, 11, 12), Get(2, 14, 20), Get(1, 30, 40));

    [Fact]
    public void A_write_without_a_reply_that_was_seen_cannot_be_undone() =>
        Wrong("while the key held", Set(1, 0, 1), Set(2, 10, Never), Get(2, 20, 21), Get(1, 30, 31));

    [Fact]
    public void A_value_that_is_written_twice_is_refused() =>
        Assert.Throws<ArgumentException>(() => RegisterCheck.Find([Set(1, 0, 1), Set(1, 2, 3)]));

    [Fact]
    public void Small_histories_of_all_kinds_are_judged_as_by_trying_every_order()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (right, wrong) = (0, 0);
        for (var round = 0; round < 4_000; round++)
        {
            var history = Anything(random, random.Next(2, 8));
            var expected = TryEveryOrder(history);
            var found = RegisterCheck.Find(history);
            Assert.True(found is null == expected, $"round {round}: {(expected ? "right" : "wrong")}, and judged {found ?? "right"}:\n{string.Join('\n', history.Select(o => o.Show(0)))}");
            _ = expected ? right++ : wrong++;
        }

        output.WriteLine($"{right} were right, {wrong} wrong");
        Assert.True(right > 400 && wrong > 400, $"{right} were right, {wrong} wrong: too few of one kind to prove anything");
    }

    [Fact]
    public void Long_histories_that_are_right_by_construction_pass_and_changed_ones_do_not()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 30; round++)
        {
            var history = RegisterHistories.Right(random, 2_000);
            Assert.Null(RegisterCheck.Find(history));
            foreach (var kind in Enum.GetValues<RegisterHistories.Change>())
            {
                var changed = RegisterHistories.Changed(random, history, kind);
                Assert.True(RegisterCheck.Find(changed) is not null, $"round {round}: {kind} was not found");
            }
        }
    }

    private static RegisterOperation Set(long value, long from, long to) => new(1, true, value, from, to);

    private static RegisterOperation Get(long value, long from, long to) => new(2, false, value, from, to);

    private static void Right(params RegisterOperation[] history)
    {
        Assert.Null(RegisterCheck.Find(history));
        Assert.True(TryEveryOrder(history));
    }

    private static void Wrong(string why, params RegisterOperation[] history)
    {
        var found = RegisterCheck.Find(history);
        Assert.NotNull(found);
        Assert.Contains(why, found.Replace("0.", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.False(TryEveryOrder(history));
    }

    // Times at random: most of it is nonsense, some of it happens to be right.
    private static RegisterOperation[] Anything(Random random, int count)
    {
        var writes = random.Next(1, count);
        return [.. Enumerable.Range(1, count).Select(i =>
        {
            var from = random.Next(0, 12);
            var to = random.Next(6) == 0 ? Never : from + random.Next(0, 8);
            return i <= writes ? Set(i, from, to) : Get(random.Next(0, writes + 1), from, to);
        })];
    }

    /// <summary>Wing and Gong's search: whatever could come first is tried first.</summary>
    private static bool TryEveryOrder(RegisterOperation[] history)
    {
        var operations = history.Where(o => o.IsWrite || o.HasReturned).ToArray();
        return Search(0, 0);

        bool Search(uint done, long value)
        {
            var left = false;
            for (var i = 0; i < operations.Length; i++)
            {
                // What has no reply need not happen at all.
                left |= (done & (1u << i)) == 0 && operations[i].HasReturned;
            }

            if (!left)
                return true;
            for (var i = 0; i < operations.Length; i++)
            {
                if ((done & (1u << i)) != 0 || MustWait(i, done) || (!operations[i].IsWrite && operations[i].Value != value))
                    continue;
                if (Search(done | (1u << i), operations[i].IsWrite ? operations[i].Value : value))
                    return true;
            }

            return false;
        }

        bool MustWait(int i, uint done)
        {
            for (var j = 0; j < operations.Length; j++)
            {
                if ((done & (1u << j)) == 0 && operations[j].Returned < operations[i].Invoked)
                    return true;
            }

            return false;
        }
    }
}
