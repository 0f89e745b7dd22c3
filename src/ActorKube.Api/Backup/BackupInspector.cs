namespace ActorKube.Api.Backup;

/// <summary>What is in a backup whose records all came, in order and without a gap.</summary>
/// <param name="Header">What it is of.</param>
/// <param name="Resources">The resource types.</param>
/// <param name="Keys">Names of the key files in it.</param>
/// <param name="Events">Number of events.</param>
public sealed record BackupSummary(BackupHeader Header, IReadOnlyList<BackupResource> Resources, IReadOnlyList<string> Keys, long Events);

/// <summary>Looks at a backup's records as they come, and knows at the end whether they are a whole backup.</summary>
public sealed class BackupInspector
{
    private readonly List<BackupResource> _resources = [];
    private readonly List<string> _keys = [];
    private BackupHeader? _header;
    private BackupEnd? _end;
    private long _events;
    private long _eventsOfResource;
    private bool _hasSnapshot;

    /// <summary>Reads a backup to its end.</summary>
    /// <param name="input">The backup.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="BackupException">It is no backup, not whole, or damaged.</exception>
    public static async Task<BackupSummary> InspectAsync(Stream input, CancellationToken cancellation = default)
    {
        var inspector = new BackupInspector();
        await foreach (var record in BackupReader.ReadAsync(input, cancellation).ConfigureAwait(false))
            inspector.Take(record);
        return inspector.Complete();
    }

    /// <summary>The next record.</summary>
    /// <exception cref="BackupException">It cannot come here.</exception>
    public void Take(BackupRecord record)
    {
        if (record is BackupFailure failure)
            throw new BackupException($"the backup is not whole: {failure.Reason}");
        if ((record is BackupHeader) != (_header is null) || _end is not null)
            throw new BackupException("the backup is damaged: its header is not where it belongs");
        switch (record)
        {
            case BackupHeader header:
                _header = header;
                break;
            case BackupKey key when _resources.Count == 0:
                _keys.Add(key.Name);
                break;
            case BackupResource resource:
                FinishResource();
                _resources.Add(resource);
                (_eventsOfResource, _hasSnapshot) = (0, false);
                break;
            case BackupSnapshot snapshot when Current is { } resource && resource.Snapshot == snapshot.SequenceNr && _eventsOfResource == 0 && !_hasSnapshot:
                _hasSnapshot = true;
                break;
            case BackupBase when Current is not null && _eventsOfResource == 0:
                break;
            case BackupEvent change when Current is { } resource && change.SequenceNr == resource.FirstEvent + _eventsOfResource:
                _eventsOfResource++;
                _events++;
                break;
            case BackupEnd end when end.Resources == _resources.Count && end.Events == _events:
                FinishResource();
                _end = end;
                break;
            default:
                throw new BackupException($"the backup is damaged: a record of {Current?.Id ?? "no resource type"} is not where it belongs");
        }
    }

    /// <summary>What was in it.</summary>
    /// <exception cref="BackupException">It did not come to its end.</exception>
    public BackupSummary Complete() => _header is not null && _end is not null
        ? new BackupSummary(_header, _resources, _keys, _events)
        : throw new BackupException("the backup is not whole: it ends before its end");

    private BackupResource? Current => _resources.Count > 0 ? _resources[^1] : null;

    private void FinishResource()
    {
        if (Current is { } resource && (_eventsOfResource != resource.Events || _hasSnapshot != resource.Snapshot > 0))
            throw new BackupException($"the backup is damaged: something of {resource.Id} is missing");
    }
}
