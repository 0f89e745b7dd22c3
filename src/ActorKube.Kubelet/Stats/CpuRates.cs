namespace ActorKube.Kubelet.Stats;

/// <summary>
/// CPU time per time from samples of CPU time, over the last <paramref name="window"/> or as long as something has been known. So a container has a rate
/// from its second sample on, and a steady one from the time of the window on. Not thread safe.
/// </summary>
internal sealed class CpuRates(TimeSpan window)
{
    private readonly Dictionary<string, List<Sample>> _samples = new(StringComparer.Ordinal);

    private readonly record struct Sample(DateTimeOffset Time, ulong CpuNanoseconds);

    /// <summary>Takes a sample; the rate up to it, or null when it is the first.</summary>
    public CpuRate? Add(string id, DateTimeOffset time, ulong cpuNanoseconds)
    {
        if (!_samples.TryGetValue(id, out var samples))
            _samples[id] = samples = [];

        // CPU time never shrinks: this is another life of whatever it is. Time that goes back is a clock that was set.
        if (samples.Count > 0 && (cpuNanoseconds < samples[^1].CpuNanoseconds || time < samples[^1].Time))
            samples.Clear();
        if (samples.Count == 0 || time > samples[^1].Time)
            samples.Add(new Sample(time, cpuNanoseconds));

        // The oldest that is kept lies within the window, or is the only one before the newest.
        while (samples.Count > 2 && time - samples[0].Time > window)
            samples.RemoveAt(0);
        var (first, last) = (samples[0], samples[^1]);
        var span = last.Time - first.Time;
        return span <= TimeSpan.Zero ? null : new CpuRate((ulong)((last.CpuNanoseconds - first.CpuNanoseconds) / span.TotalSeconds), span);
    }

    /// <summary>Forgets everything but these.</summary>
    public void Keep(IReadOnlySet<string> ids)
    {
        foreach (var gone in _samples.Keys.Where(id => !ids.Contains(id)).ToArray())
            _samples.Remove(gone);
    }
}
