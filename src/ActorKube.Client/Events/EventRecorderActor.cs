using ActorKube.Api.Machinery;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.Client.Events;

/// <summary>
/// Writes a component's events one after another. Events are for people and never worth blocking for: what the API server refuses is dropped, an
/// unreachable one is tried again for two minutes, and more than a thousand waiting events are dropped. Owned by an <see cref="EventRecorder"/>.
/// </summary>
internal sealed class EventRecorderActor : ReceiveActor, IWithTimers
{
    public sealed record Record(string Component, V1ObjectReference About, string Type, string Reason, string Message, DateTimeOffset At);

    private sealed record Written;
    private sealed record Failed(Exception Error);
    private sealed record Retry { public static readonly Retry Now = new(); }

    private const int MaxWaiting = 1000;
    private const int MaxTries = 12;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    private readonly IResourceClient<Corev1Event> _client;
    private readonly string _host;
    private readonly EventCorrelator _correlator = new();
    private readonly Queue<Record> _waiting = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private EventAction? _current;
    private int _tries;
    private long _lastNanos;

    public EventRecorderActor(IApiClient client, string host)
    {
        _client = client.For<Corev1Event>();
        _host = host;

        Receive<Record>(record =>
        {
            if (_waiting.Count < MaxWaiting)
                _waiting.Enqueue(record);
            Next();
        });
        Receive<Written>(_ => Finish());
        Receive<Failed>(Handle);
        Receive<Retry>(_ => Write());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private void Next()
    {
        while (_current is null && _waiting.TryDequeue(out var record))
        {
            if (_correlator.Decide(ToEvent(record), record.At) is var action and not EventAction.Drop)
            {
                (_current, _tries) = (action, 0);
                Write();
            }
        }
    }

    private void Write()
    {
        _tries++;
        var write = _current switch
        {
            EventAction.Create create => _client.CreateAsync(ApiJson.Copy(create.Event)),
            EventAction.Raise raise => _client.PatchAsync(raise.Event.Metadata.NamespaceProperty, raise.Event.Metadata.Name, Patch.Merge(new Dictionary<string, object?>
            {
                ["count"] = raise.Event.Count,
                ["message"] = raise.Event.Message,
                ["lastTimestamp"] = raise.Event.LastTimestamp,
            })),
            _ => throw new InvalidOperationException("nothing to write"),
        };
        write.PipeTo(Self, success: _ => new Written(), failure: e => new Failed(e));
    }

    private void Handle(Failed failed)
    {
        switch (failed.Error, _current)
        {
            case (ApiException { IsNotFound: true }, EventAction.Raise raise):
                // The stored event expired: it starts anew, with its count.
                var again = ApiJson.Copy(raise.Event);
                again.Metadata.ResourceVersion = null;
                _current = new EventAction.Create(again);
                Write();
                break;
            case (ApiException { Code: < 500 }, _):
                _log.Debug("An event was refused: {Reason}", failed.Error.Message);
                Finish();
                break;
            case var _ when _tries >= MaxTries:
                _log.Warning("An event could not be written and is dropped: {Reason}", failed.Error.Message);
                Finish();
                break;
            default:
                Timers.StartSingleTimer("retry", Retry.Now, RetryAfter);
                break;
        }
    }

    private void Finish()
    {
        _current = null;
        Next();
    }

    private Corev1Event ToEvent(Record record)
    {
        // Names end in the time in nanoseconds, and no two are alike.
        var nanos = (record.At.UtcDateTime - DateTime.UnixEpoch).Ticks * 100;
        _lastNanos = Math.Max(_lastNanos + 1, nanos);
        return new Corev1Event
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"{record.About.Name}.{_lastNanos:x}",
                NamespaceProperty = string.IsNullOrEmpty(record.About.NamespaceProperty) ? "default" : record.About.NamespaceProperty,
            },
            InvolvedObject = record.About,
            Type = record.Type,
            Reason = record.Reason,
            Message = record.Message,
            Source = new V1EventSource { Component = record.Component, Host = _host.Length == 0 ? null : _host },
            ReportingComponent = record.Component,
            ReportingInstance = _host,
            FirstTimestamp = record.At.UtcDateTime,
            LastTimestamp = record.At.UtcDateTime,
            Count = 1,
        };
    }
}
