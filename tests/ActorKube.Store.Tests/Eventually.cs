namespace ActorKube.Store.Tests;

/// <summary>Waits for a condition.</summary>
internal static class Eventually
{
    public static async Task AssertAsync(Action condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                condition();
                return;
            }
            catch (Xunit.Sdk.XunitException) when (!patience.IsCancellationRequested)
            {
                await Task.Delay(10);
            }
        }
    }
}
