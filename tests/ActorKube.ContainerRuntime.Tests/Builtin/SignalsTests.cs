using ActorKube.ContainerRuntime.Builtin;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Tests.Builtin;

public class SignalsTests
{
    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("term", 15)]
    [InlineData("9", 9)]
    [InlineData("SIGRTMIN+3", 37)]
    [InlineData("RTMAX-2", 62)]
    [InlineData("SIGNOPE", null)]
    [InlineData("0", null)]
    [InlineData("65", null)]
    [InlineData("", null)]
    public void Names_and_numbers_are_understood(string name, int? expected) => Assert.Equal(expected, Signals.Parse(name));

    [Theory]
    [InlineData(Signal.RuntimeDefault, "SIGQUIT", 3)]
    [InlineData(Signal.RuntimeDefault, null, 15)]
    [InlineData(Signal.Sigusr1, "SIGQUIT", 10)]
    [InlineData(Signal.Sigrtminplus3, null, 37)]
    [InlineData(Signal.Sigrtmaxminus1, null, 63)]
    [InlineData(Signal.Sigrtmaxminus14, null, 50)]
    public void The_pods_stop_signal_wins_over_the_images(Signal wish, string? image, int expected) => Assert.Equal(expected, Signals.StopSignal(wish, image));

    [Fact]
    public void Every_signal_of_the_interface_has_a_number() =>
        Assert.All(Enum.GetValues<Signal>().Where(s => s != Signal.RuntimeDefault), s => Assert.InRange(Signals.FromCri(s) ?? 0, 1, 64));
}
