using System.Threading.Channels;

namespace ActorKube.Store.Database;

/// <summary>
/// Writes what all persistent actors ask for, one transaction at a time: what comes while one is under way shares the next. An actor that
/// has been replaced by another incarnation fails alone, not those that happen to share its transaction.
/// </summary>
internal sealed class WriteLoop
{
    private readonly IStoreDatabase _database;
    private readonly int _maxRows;
    private readonly Channel<Job> _jobs = Channel.CreateUnbounded<Job>(new UnboundedChannelOptions { SingleReader = true });

    public WriteLoop(IStoreDatabase database, int maxRows)
    {
        _database = database;
        _maxRows = maxRows;
        _ = RunAsync();
    }

    /// <summary>Completes when the rows are durable.</summary>
    public Task WriteAsync(IReadOnlyList<JournalRow> rows)
    {
        var job = new Job(rows, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return _jobs.Writer.TryWrite(job) ? job.Done.Task : Task.FromException(new ObjectDisposedException(nameof(WriteLoop)));
    }

    /// <summary>Takes no more work; what was taken is still done.</summary>
    public void Complete() => _jobs.Writer.Complete();

    private async Task RunAsync()
    {
        var jobs = new List<Job>();
        while (await _jobs.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            jobs.Clear();
            var rows = 0;
            while (_jobs.Reader.TryPeek(out var next) && (jobs.Count == 0 || rows + next.Rows.Count <= _maxRows) && _jobs.Reader.TryRead(out next))
            {
                jobs.Add(next);
                rows += next.Rows.Count;
            }

            await WriteAsync(jobs).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(List<Job> jobs)
    {
        try
        {
            await _database.WriteAsync(jobs.Count == 1 ? jobs[0].Rows : [.. jobs.SelectMany(j => j.Rows)]).ConfigureAwait(false);
        }
        catch (DuplicateRowException) when (jobs.Count > 1)
        {
            foreach (var job in jobs)
                await WriteAsync([job]).ConfigureAwait(false);
            return;
        }
        catch (Exception e) // each actor learns of it from its task
        {
            jobs.ForEach(j => j.Done.SetException(e));
            return;
        }

        jobs.ForEach(j => j.Done.SetResult());
    }

    private sealed record Job(IReadOnlyList<JournalRow> Rows, TaskCompletionSource Done);
}
