using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>Events of <c>events.k8s.io/v1</c> are those of <c>v1</c> under other names.</summary>
internal sealed class EventConverter : VersionConverter
{
    /// <inheritdoc/>
    public override object FromStored(object stored)
    {
        var e = ApiJson.Copy((Corev1Event)stored);
        return new Eventsv1Event
        {
            ApiVersion = "events.k8s.io/v1",
            Kind = "Event",
            Metadata = e.Metadata,
            EventTime = e.EventTime,
            Series = e.Series is null ? null : new Eventsv1EventSeries { Count = e.Series.Count ?? 0, LastObservedTime = e.Series.LastObservedTime ?? default },
            ReportingController = e.ReportingComponent,
            ReportingInstance = e.ReportingInstance,
            Action = e.Action,
            Reason = e.Reason,
            Regarding = e.InvolvedObject,
            Related = e.Related,
            Note = e.Message,
            Type = e.Type,
            DeprecatedSource = e.Source,
            DeprecatedFirstTimestamp = e.FirstTimestamp,
            DeprecatedLastTimestamp = e.LastTimestamp,
            DeprecatedCount = e.Count,
        };
    }

    /// <inheritdoc/>
    public override object ToStored(object served)
    {
        var e = (Eventsv1Event)served;
        return new Corev1Event
        {
            ApiVersion = "v1",
            Kind = "Event",
            Metadata = e.Metadata,
            EventTime = e.EventTime,
            Series = e.Series is null ? null : new Corev1EventSeries { Count = e.Series.Count, LastObservedTime = e.Series.LastObservedTime },
            ReportingComponent = e.ReportingController,
            ReportingInstance = e.ReportingInstance,
            Action = e.Action,
            Reason = e.Reason,
            InvolvedObject = e.Regarding ?? new V1ObjectReference(),
            Related = e.Related,
            Message = e.Note,
            Type = e.Type,
            Source = e.DeprecatedSource,
            FirstTimestamp = e.DeprecatedFirstTimestamp,
            LastTimestamp = e.DeprecatedLastTimestamp,
            Count = e.DeprecatedCount,
        };
    }
}
