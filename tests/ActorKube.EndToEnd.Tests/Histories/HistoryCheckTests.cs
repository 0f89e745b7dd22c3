namespace ActorKube.EndToEnd.Tests.Histories;

public sealed class HistoryCheckTests
{
    private static TimeSpan At(int seconds) => TimeSpan.FromSeconds(seconds);

    private static Operation Wrote(string write, long expected, int began, int ended, long version) => new("k", write, expected, At(began), At(ended), Outcome.Ok, version);

    private static Operation Read(int began, int ended, long version) => new("k", null, 0, At(began), At(ended), Outcome.Ok, version);

    private static Operation Refused(string write, long expected, int began, int ended) => new("k", write, expected, At(began), At(ended), Outcome.Conflict, 0);

    // a is version 2, b version 3, on versions 1 and 2.
    private static readonly Operation[] Right = [Wrote("a", 1, 0, 1, 2), Wrote("b", 2, 2, 3, 3), Read(4, 5, 3)];
    private static readonly Seen[] Events = [new(2, "k", "a"), new(3, "k", "b")];

    private static IReadOnlyList<string> Problems(IReadOnlyList<Operation> operations, params IReadOnlyList<Seen>[] streams) =>
        HistoryCheck.Problems(new History(operations, [.. streams.Select((s, i) => new Stream($"s{i}", 1, s))], new Dictionary<string, (long, string)> { ["k"] = (streams[0][^1].Version, streams[0][^1].Write) }));

    [Fact]
    public void A_right_history_has_no_problems() => Assert.Empty(Problems(Right, Events, Events));

    [Fact]
    public void A_write_without_an_answer_may_have_been_done_or_not()
    {
        Operation[] unknown = [Right[0], Right[1] with { Outcome = Outcome.Unknown, Version = 0 }];
        Assert.Empty(Problems(unknown, Events));
        Assert.Empty(Problems(unknown, [Events[0]]));
    }

    [Fact]
    public void A_lost_write_is_found() => Assert.Contains("nobody ever saw it", Assert.Single(Problems(Right[..2], [Events[0]])), StringComparison.Ordinal);

    [Fact]
    public void A_write_that_was_done_twice_is_found() =>
        Assert.Contains(Problems(Right[..2], [.. Events, new Seen(4, "k", "b")]), p => p.Contains("done 2 times", StringComparison.Ordinal));

    [Fact]
    public void A_write_on_another_version_than_it_expected_is_found() =>
        Assert.Contains("expected version 1", Assert.Single(Problems([Right[0], Wrote("b", 1, 2, 3, 3)], Events)), StringComparison.Ordinal);

    [Fact]
    public void A_stale_read_is_found() => Assert.Contains("is older than", Assert.Single(Problems([.. Right, Read(6, 7, 2)], Events)), StringComparison.Ordinal);

    [Fact]
    public void A_read_while_a_write_is_under_way_may_see_it_or_not()
    {
        Assert.Empty(Problems([.. Right[..2], Read(2, 4, 2)], Events));
        Assert.Empty(Problems([.. Right[..2], Read(2, 4, 3)], Events));
    }

    [Fact]
    public void A_read_of_the_future_is_found() =>
        Assert.Contains(Problems([Wrote("a", 1, 0, 1, 2), Wrote("b", 2, 5, 6, 3), Read(2, 3, 3)], Events), p => p.Contains("afterwards", StringComparison.Ordinal));

    [Fact]
    public void A_refused_write_that_was_done_all_the_same_is_found() =>
        Assert.Contains(Problems([Right[0], Refused("b", 2, 2, 3)], Events), p => p.Contains("was refused, but is version 3", StringComparison.Ordinal));

    [Fact]
    public void A_refusal_without_a_reason_is_found()
    {
        Assert.Contains("all the time", Assert.Single(Problems([Right[0], Refused("c", 2, 2, 3)], [Events[0]])), StringComparison.Ordinal);
        Assert.Empty(Problems([.. Right, Refused("c", 2, 3, 4)], Events));
    }

    [Fact]
    public void Watches_that_leave_something_out_or_bring_it_twice_or_in_another_order_are_found()
    {
        Seen[] three = [.. Events, new(4, "k", "c")];
        Assert.Contains("did not bring", Assert.Single(Problems(Right, three, [three[0], three[2]])), StringComparison.Ordinal);
        Assert.Contains("after version 2", Assert.Single(Problems(Right, Events, [Events[0], .. Events])), StringComparison.Ordinal);
        Assert.Contains("after version 3", Assert.Single(Problems(Right, Events, [Events[1], Events[0]])), StringComparison.Ordinal);
    }

    // A watch of the objects that b wrote: k is one of them at version 3 only.
    private static IReadOnlyList<string> ProblemsOfSelection(params IReadOnlyList<Seen> events)
    {
        Seen[] all = [.. Events, new(4, "k", "c")];
        Operation[] operations = [.. Right[..2], Wrote("c", 3, 4, 5, 4)];
        return HistoryCheck.Problems(new History(operations, [new Stream("all", 1, all), new Stream("of b", 1, events, e => e.Write == "b")], new Dictionary<string, (long, string)> { ["k"] = (4, "c") })
        {
            Initial = [new Seen(1, "k", "first")],
        });
    }

    [Fact]
    public void To_a_watch_that_selects_an_object_comes_and_goes() => Assert.Empty(ProblemsOfSelection(new Seen(3, "k", "b", "ADDED"), new Seen(4, "k", "b", "DELETED")));

    [Fact]
    public void What_a_watch_did_not_select_or_misses_or_tells_as_something_else_is_found()
    {
        Assert.Contains("did not ask for", Assert.Single(ProblemsOfSelection(new Seen(2, "k", "a", "MODIFIED"), new Seen(3, "k", "b", "ADDED"), new Seen(4, "k", "b", "DELETED"))), StringComparison.Ordinal);
        Assert.Contains("did not bring", Assert.Single(ProblemsOfSelection(new Seen(4, "k", "b", "DELETED"))), StringComparison.Ordinal);
        Assert.Contains("should have been ADDED", Assert.Single(ProblemsOfSelection(new Seen(3, "k", "b", "MODIFIED"))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_of_what_nobody_else_ever_saw_is_found() => Assert.Contains("nobody else saw", Assert.Single(Problems([.. Right, Read(6, 7, 9)], Events)), StringComparison.Ordinal);
}
