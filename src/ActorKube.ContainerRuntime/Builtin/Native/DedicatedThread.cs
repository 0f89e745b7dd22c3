namespace ActorKube.ContainerRuntime.Builtin.Native;

/// <summary>
/// Runs blocking work on a thread of its own. Also the way to work inside a namespace: the thread enters it and ends there,
/// so that no thread of the pool is ever left in a foreign namespace.
/// </summary>
internal static class DedicatedThread
{
    private const int StackSize = 256 * 1024;

    public static Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                try
                {
                    done.SetResult(work());
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            },
            StackSize)
        {
            IsBackground = true,
            Name = "container-runtime",
        };
        thread.Start();
        return done.Task;
    }

    public static Task RunAsync(Action work) => RunAsync(() =>
    {
        work();
        return true;
    });
}
