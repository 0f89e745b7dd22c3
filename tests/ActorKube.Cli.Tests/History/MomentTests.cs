using ActorKube.Cli.History;

namespace ActorKube.Cli.Tests.History;

public sealed class MomentTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("10 minutes ago", "2026-01-31T11:50:00Z")]
    [InlineData("a week ago", "2026-01-24T12:00:00Z")]
    [InlineData("an hour ago", "2026-01-31T11:00:00Z")]
    [InlineData("2 days", "2026-01-29T12:00:00Z")]
    [InlineData("1h30m", "2026-01-31T10:30:00Z")]
    [InlineData("90s ago", "2026-01-31T11:58:30Z")]
    [InlineData("yesterday", "2026-01-30T12:00:00Z")]
    [InlineData("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")]
    [InlineData("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z")]
    public void A_time_is_understood_as_people_say_it(string text, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected), Moment.Parse(text, Now).Time);

    [Fact]
    public void A_revision_is_marked_and_nothing_said_means_the_present()
    {
        Assert.Equal(("atRevision", "42"), Moment.Parse("@42", Now).Query);
        Assert.Equal(Moment.Now, Moment.Parse(null, Now));
        Assert.Null(Moment.Now.Query.Value);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("@x")]
    [InlineData("ten minutes ago")]
    [InlineData("5 fortnights ago")]
    [InlineData("2026-01-01 ago")]
    public void What_is_no_moment_is_refused(string text) => Assert.Contains($"\"{text}\"", Assert.Throws<CliException>(() => Moment.Parse(text, Now)).Message);
}
