using ActorKube.Client.Protocol;

namespace ActorKube.Client.Transport;

/// <summary>Requests without an answer yet, in the order of their ids, each with a deadline. Pure but for its state; the connection's actor owns it.</summary>
internal sealed class PendingRequests(TimeSpan timeout)
{
    /// <summary>How often <see cref="Sweep"/> is to be called: deadlines are counted in sweeps.</summary>
    public static readonly TimeSpan SweepEvery = TimeSpan.FromMilliseconds(250);

    private readonly SortedDictionary<long, Pending> _requests = [];
    private long _sweeps;

    /// <summary>A request and when it is given up.</summary>
    public sealed record Pending(ClientConnectionActor.Send Send, long Deadline)
    {
        /// <summary>Whether it went to a server, so that it may have taken place.</summary>
        public bool Sent { get; set; }
    }

    public int Count => _requests.Count;

    public IEnumerable<Pending> InOrder => _requests.Values;

    public Pending Add(ClientConnectionActor.Send send) =>
        _requests[send.Id] = new Pending(send, _sweeps + (long)Math.Ceiling(timeout / SweepEvery) + 1);

    public void Remove(long id) => _requests.Remove(id);

    public void Answer(long id, ApiResponse response)
    {
        if (_requests.Remove(id, out var pending))
            pending.Send.Reply.TrySetResult(response);
    }

    public void AnswerAll(ApiResponse response)
    {
        foreach (var pending in _requests.Values)
            pending.Send.Reply.TrySetResult(response);
        _requests.Clear();
    }

    public void Fail(Func<Pending, bool> which, string why)
    {
        foreach (var pending in _requests.Values.Where(which).ToList())
        {
            _requests.Remove(pending.Send.Id);
            var request = pending.Send.Request;
            pending.Send.Reply.TrySetException(new ApiUnreachableException($"{request.Verb} {request.Resource} {request.Name}: {why}"));
        }
    }

    /// <summary>Gives up what is overdue; whether a request was that had been sent.</summary>
    public bool Sweep(string why)
    {
        _sweeps++;
        var overdue = _requests.Values.Any(p => p.Sent && p.Deadline <= _sweeps);
        Fail(p => p.Deadline <= _sweeps, why);
        return overdue;
    }
}
