namespace ActorKube.ContainerRuntime.Streaming.Spdy;

/// <summary>
/// Answers to the peer that do not hold up reading, or two ends that both wait to be read would wait for ever; except from a
/// peer who makes us answer faster than it takes the answers.
/// </summary>
internal sealed class SpdyAnswers
{
    private const int MostUnderWay = 1000;
    private int _underWay;

    /// <summary>Lets the frame go out in its own time.</summary>
    public ValueTask PostAsync(Task sending)
    {
        var posted = ObserveAsync(sending);
        return Volatile.Read(ref _underWay) > MostUnderWay ? new ValueTask(posted) : default;
    }

    private async Task ObserveAsync(Task sending)
    {
        Interlocked.Increment(ref _underWay);
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The connection broke or stops, and everybody on it has been told.
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }
}
