using ActorKube.Store.Protocol;

namespace ActorKube.Store.Resources;

/// <summary>
/// Group commit: while one batch is being written to the journal, accepted writes collect for the next. A write is decided against the
/// state that <em>all</em> accepted writes lead to, so that two writers of one object cannot both win, and nobody is answered before what
/// the answer rests on is durable. Example: A creates <c>x</c> (revision 1) and the batch is on its way; B creates <c>x</c>, too. B has lost,
/// but hears so only once revision 1 is durable: otherwise B would have been told of an object that a failing journal never kept.
/// </summary>
/// <typeparam name="TCaller">Whom to answer.</typeparam>
public sealed class WriteQueue<TCaller>
{
    private readonly int _maxEvents;
    private readonly long _maxBytes;
    private readonly Queue<Write> _waiting = new();
    private readonly List<Write> _inFlight = [];
    private readonly List<Refusal> _refused = [];
    private ResourceStoreState _promised;

    /// <summary>Starts with nothing in flight.</summary>
    /// <param name="recovered">The durable state.</param>
    /// <param name="maxEvents">Most events in a batch.</param>
    /// <param name="maxBytes">Most bytes of objects in a batch, unless one object alone is larger.</param>
    public WriteQueue(ResourceStoreState recovered, int maxEvents, long maxBytes)
    {
        Durable = _promised = recovered;
        _maxEvents = maxEvents;
        _maxBytes = maxBytes;
    }

    /// <summary>What the journal holds.</summary>
    public ResourceStoreState Durable { get; private set; }

    /// <summary>Whether nobody waits for anything.</summary>
    public bool IsIdle => _inFlight.Count == 0 && _waiting.Count == 0;

    /// <summary>Takes a write. Returns the refusal when that is certain already, or null when the caller has to wait.</summary>
    public Rejected? Offer(TCaller caller, Put put)
    {
        if (_promised.Taken(put) is { } taken)
            return Refuse(caller, new Rejected(_promised.RevisionOf(put.Key)) { Taken = taken }, RestsOn(_promised.Holders[taken]));
        return Offer(caller, put.Key, _promised.Decide(put));
    }

    /// <inheritdoc cref="Offer(TCaller, Put)"/>
    public Rejected? Offer(TCaller caller, Remove remove) => Offer(caller, remove.Key, _promised.Decide(remove));

    /// <summary>Takes a step of the revision. Returns the refusal, which carries the newest revision, when that is durable already.</summary>
    public Rejected? Offer(TCaller caller, Advance advance)
    {
        if (_promised.Decide(advance) is { } change)
        {
            Enqueue(caller, change);
            return null;
        }

        return Refuse(caller, new Rejected(_promised.Revision), _promised.Revision);
    }

    /// <summary>The events to write next, now in flight; empty while a batch is in flight or when nothing waits.</summary>
    public IReadOnlyList<StoreEvent> Begin()
    {
        if (_inFlight.Count > 0 || _waiting.Count == 0)
            return [];
        var bytes = 0L;
        do
        {
            var write = _waiting.Dequeue();
            _inFlight.Add(write);
            bytes += write.Event.Value.Length;
        }
        while (_inFlight.Count < _maxEvents && _waiting.TryPeek(out var next) && bytes + next.Event.Value.Length <= _maxBytes);
        return _inFlight.ConvertAll(w => w.Event);
    }

    /// <summary>The batch in flight is durable. Returns the answers that are true from now on.</summary>
    public IReadOnlyList<(TCaller Caller, object Answer)> Complete()
    {
        Durable = _inFlight[^1].After;
        var answers = new List<(TCaller, object)>(_inFlight.Count);
        foreach (var write in _inFlight)
            answers.Add((write.Caller, new Committed(write.Event.Revision)));
        foreach (var refusal in _refused)
        {
            if (refusal.RestsOn <= Durable.Revision)
                answers.Add((refusal.Caller, refusal.Answer));
        }

        _refused.RemoveAll(r => r.RestsOn <= Durable.Revision);
        _inFlight.Clear();
        return answers;
    }

    /// <summary>The journal failed: everybody who still waits, in flight or not. The queue is of no use afterwards.</summary>
    public IReadOnlyList<TCaller> Abandon()
    {
        List<TCaller> callers = [.. _inFlight.Select(w => w.Caller), .. _waiting.Select(w => w.Caller), .. _refused.Select(r => r.Caller)];
        _inFlight.Clear();
        _waiting.Clear();
        _refused.Clear();
        return callers;
    }

    private Rejected? Offer(TCaller caller, string key, StoreEvent? change)
    {
        if (change is not null)
        {
            Enqueue(caller, change);
            return null;
        }

        return Refuse(caller, new Rejected(_promised.RevisionOf(key)), RestsOn(key));
    }

    private Rejected? Refuse(TCaller caller, Rejected rejected, long restsOn)
    {
        if (restsOn <= Durable.Revision)
            return rejected;
        _refused.Add(new Refusal(caller, rejected, restsOn));
        return null;
    }

    private void Enqueue(TCaller caller, StoreEvent change)
    {
        _promised = _promised.Apply(change);
        _waiting.Enqueue(new Write(caller, change, _promised));
    }

    // The write that made the object what it is. A removal leaves no object behind that could tell its revision, so look for it among the writes on their way.
    private long RestsOn(string key)
    {
        if (_promised.RevisionOf(key) is > 0 and var current)
            return current;
        return _inFlight.Concat(_waiting).Where(w => w.Event.Key == key).Select(w => w.Event.Revision).LastOrDefault();
    }

    private sealed record Write(TCaller Caller, StoreEvent Event, ResourceStoreState After);

    private sealed record Refusal(TCaller Caller, Rejected Answer, long RestsOn);
}
