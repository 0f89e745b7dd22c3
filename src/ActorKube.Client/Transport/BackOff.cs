namespace ActorKube.Client.Transport;

/// <summary>
/// Waiting times that double with each failure up to a limit, spread by chance so that many clients do not come back at the
/// same instant. With (100 ms, 10 s): 100–150 ms, 200–300 ms, 400–600 ms … 10–15 s.
/// </summary>
/// <param name="first">Shortest wait after the first failure.</param>
/// <param name="longest">Where doubling stops.</param>
/// <param name="random">Chance; seeded in tests.</param>
public sealed class BackOff(TimeSpan first, TimeSpan longest, Random random)
{
    private int _failures;

    /// <summary>Counts a failure and says how long to wait.</summary>
    public TimeSpan Next()
    {
        var factor = Math.Pow(2, Math.Min(_failures++, 30));
        var wait = Math.Min(first.TotalMilliseconds * factor, longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(wait * (1 + 0.5 * random.NextDouble()));
    }

    /// <summary>It worked: the next failure is the first again.</summary>
    public void Reset() => _failures = 0;
}
