using ActorKube.Api.Machinery;

namespace ActorKube.Api.Tests.Machinery;

public sealed class HumanDurationTests
{
    private const int Hour = 3600;
    private const int Day = 24 * Hour;
    private const int Year = 365 * Day;

    [Theory]
    [InlineData(-5, "<invalid>")]
    [InlineData(-1, "0s")]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(120, "2m")]
    [InlineData(150, "2m30s")]
    [InlineData(599, "9m59s")]
    [InlineData(600, "10m")]
    [InlineData(Hour, "60m")]
    [InlineData(3 * Hour, "3h")]
    [InlineData(4 * Hour + 61, "4h1m")]
    [InlineData(8 * Hour + 61, "8h")]
    [InlineData(47 * Hour, "47h")]
    [InlineData(51 * Hour, "2d3h")]
    [InlineData(3 * Day, "3d")]
    [InlineData(729 * Day, "729d")]
    [InlineData(2 * Year + 12 * Day, "2y12d")]
    [InlineData(8 * Year + 12 * Day, "8y")]
    public void Says_the_largest_units_only(int seconds, string text) => Assert.Equal(text, HumanDuration.Format(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void A_time_that_is_not_known_has_no_age() => Assert.Equal("<unknown>", HumanDuration.Since((DateTimeOffset?)null, DateTimeOffset.UnixEpoch));

    [Fact]
    public void An_age_does_not_depend_on_the_time_zone_it_was_written_in()
    {
        var now = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.Equal("60m", HumanDuration.Since(new DateTime(2026, 1, 1, 11, 0, 0, DateTimeKind.Utc), now));
        Assert.Equal("60m", HumanDuration.Since(new DateTimeOffset(2026, 1, 1, 13, 0, 0, TimeSpan.FromHours(2)), now));
    }
}
