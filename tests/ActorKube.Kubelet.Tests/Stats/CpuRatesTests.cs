using ActorKube.Kubelet.Stats;
using CsCheck;

namespace ActorKube.Kubelet.Tests.Stats;

public sealed class CpuRatesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly CpuRates _rates = new(TimeSpan.FromSeconds(15));

    [Fact]
    public void The_first_sample_gives_no_rate() => Assert.Null(Add(0, 100));

    [Fact]
    public void From_the_second_sample_on_there_is_a_rate()
    {
        Add(0, 0);
        Assert.Equal(new CpuRate(500_000_000, TimeSpan.FromSeconds(5)), Add(5, 2.5));
    }

    [Fact]
    public void The_window_grows_to_its_size_and_no_further()
    {
        for (var second = 0; second < 60; second += 5)
            Add(second, second);
        Assert.Equal(new CpuRate(1_000_000_000, TimeSpan.FromSeconds(15)), Add(60, 60));
    }

    [Fact]
    public void Samples_further_apart_than_the_window_are_measured_from_one_to_the_next()
    {
        Add(0, 0);
        Add(60, 0);
        Assert.Equal(new CpuRate(100_000_000, TimeSpan.FromSeconds(60)), Add(120, 6));
    }

    [Fact]
    public void CPU_time_that_shrinks_is_another_life()
    {
        Add(0, 100);
        Assert.Null(Add(5, 1));
        Assert.Equal(1_000_000_000UL, Add(10, 6)!.NanoCores);
    }

    [Fact]
    public void A_sample_that_the_runtime_repeats_changes_nothing()
    {
        Add(0, 0);
        var rate = Add(5, 5);
        Assert.Equal(rate, Add(5, 5));
    }

    [Fact]
    public void What_is_gone_is_forgotten()
    {
        Add(0, 0);
        _rates.Keep(new HashSet<string>());
        Assert.Null(Add(5, 5));
    }

    [Fact]
    public void A_rate_lies_between_the_slowest_and_the_fastest_pace() =>
        Gen.Select(Gen.Double[0.1, 20].Array[2, 30], Gen.Double[0, 4].Array[30]).Sample((gaps, paces) =>
        {
            var (rates, time, cpu) = (new CpuRates(TimeSpan.FromSeconds(15)), 0.0, 0.0);
            foreach (var (gap, pace) in gaps.Zip(paces))
            {
                (time, cpu) = (time + gap, cpu + (gap * pace));
                if (rates.Add("c", Start.AddSeconds(time), (ulong)(cpu * 1e9)) is { } rate)
                    Assert.InRange(rate.NanoCores / 1e9, paces.Min() - 0.001, paces.Max() + 0.001);
            }
        });

    private CpuRate? Add(double second, double cpuSeconds) => _rates.Add("c", Start.AddSeconds(second), (ulong)(cpuSeconds * 1e9));
}
