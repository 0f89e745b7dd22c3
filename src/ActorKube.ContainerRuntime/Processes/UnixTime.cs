namespace ActorKube.ContainerRuntime.Processes;

/// <summary>Time as CRI counts it.</summary>
internal static class UnixTime
{
    /// <summary>Nanoseconds since 1970.</summary>
    public static long UnixNanoseconds(this DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;
}
