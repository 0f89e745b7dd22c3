namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>Joins two connections, so that what comes from one goes to the other.</summary>
public static class DuplexCopy
{
    /// <summary>
    /// Copies both ways until <paramref name="remote"/> has sent everything. When <paramref name="local"/> ends first, the
    /// remote end is half-closed and may still answer: that is how a request without a length is answered.
    /// </summary>
    /// <param name="local">The caller's side.</param>
    /// <param name="remote">The side that ends the session.</param>
    /// <param name="completeRemote">Half-closes the remote side.</param>
    /// <param name="cancellationToken">Ends the session.</param>
    public static async Task JoinAsync(
        Stream local, Stream remote, Func<CancellationToken, Task> completeRemote, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = SendAsync(local, remote, completeRemote, over.Token);
        var receiving = remote.CopyToAsync(local, over.Token);

        // A failure of either direction ends both; the end of sending alone does not.
        var first = await Task.WhenAny(receiving, sending).ConfigureAwait(false);
        try
        {
            await (first.IsFaulted ? first : receiving).ConfigureAwait(false);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(sending, receiving).ContinueWith(
                ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    private static async Task SendAsync(Stream from, Stream to, Func<CancellationToken, Task> complete, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        while (await from.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false) is var count and > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            await to.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        await complete(cancellationToken).ConfigureAwait(false);
    }
}
