using ActorKube.Store.Resources;

namespace ActorKube.Store.Tests.Resources;

public sealed class BackoffTests
{
    [Theory]
    [InlineData(0, 100)]
    [InlineData(1, 200)]
    [InlineData(6, 6400)]
    [InlineData(7, 10_000)]
    [InlineData(1000, 10_000)]
    public void Doubles_up_to_the_longest_delay(int failures, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Backoff.Delay(failures, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10)));
}
