namespace ActorKube.Store.Resources;

/// <summary>How long to wait before trying again.</summary>
internal static class Backoff
{
    /// <summary>Doubles with each failure: with 100 ms and 10 s it is 100 ms, 200 ms, 400 ms … 6.4 s, 10 s, 10 s.</summary>
    /// <param name="failures">Failures before this one.</param>
    /// <param name="min">First delay.</param>
    /// <param name="max">Longest delay.</param>
    public static TimeSpan Delay(int failures, TimeSpan min, TimeSpan max)
    {
        var delay = min.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 30));
        return TimeSpan.FromMilliseconds(Math.Min(delay, max.TotalMilliseconds));
    }
}
