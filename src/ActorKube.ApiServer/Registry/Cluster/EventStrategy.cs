using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Cluster;

/// <summary>The strategy of events, old and new style alike. Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/</summary>
internal sealed class EventStrategy : Strategy<Corev1Event>
{
    private const int MaxWord = 128;
    private const int MaxMessage = 1024;

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("eventColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(Corev1Event value)
    {
        value.InvolvedObject ??= new V1ObjectReference();
        value.Source ??= new V1EventSource();
        value.ReportingComponent ??= "";
        value.ReportingInstance ??= "";
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(Corev1Event value)
    {
        var errors = new FieldErrors();
        var (ours, theirs) = (value.Metadata.NamespaceProperty ?? "", value.InvolvedObject?.NamespaceProperty ?? "");

        // Events about objects without a namespace stand in "default"; new-style ones may also stand in "kube-system".
        var agree = value.EventTime is null
            ? theirs.Length == 0 ? ours is "" or "default" : ours == theirs
            : theirs.Length > 0 || ours is "default" or "kube-system";
        if (!agree)
        {
            errors.Invalid(FieldPath.Of("involvedObject").Child("namespace"), theirs, "does not match event.namespace");
        }

        if (value.EventTime is not null)
        {
            ValidateNewStyle(value, errors);
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(Corev1Event value, DateTimeOffset now)
    {
        var first = HumanDuration.Since(value.FirstTimestamp ?? value.EventTime, now);
        var last = value.LastTimestamp is null ? first : HumanDuration.Since(value.LastTimestamp, now);
        var count = value.Count ?? 0;
        if (value.Series is { } series)
        {
            last = HumanDuration.Since(series.LastObservedTime, now);
            count = series.Count ?? 0;
        }
        else if (count == 0)
        {
            count = 1;
        }

        var kind = (value.InvolvedObject?.Kind ?? "").ToLowerInvariant();
        var name = value.InvolvedObject?.Name;
        return
        [
            last,
            value.Type ?? "",
            value.Reason ?? "",
            string.IsNullOrEmpty(name) ? kind : $"{kind}/{name}",
            value.InvolvedObject?.FieldPath ?? "",
            Source(value),
            (value.Message ?? "").Trim(),
            first,
            (long)count,
            value.Metadata.Name,
        ];
    }

    private static string Source(Corev1Event value)
    {
        var (component, instance) = string.IsNullOrEmpty(value.Source?.Component)
            ? (value.ReportingComponent, value.ReportingInstance)
            : (value.Source.Component, value.Source.Host);
        return string.IsNullOrEmpty(instance) ? component ?? "" : $"{component}, {instance}";
    }

    private static void ValidateNewStyle(Corev1Event value, FieldErrors errors)
    {
        var reporter = FieldPath.Of("reportingComponent");
        if (string.IsNullOrEmpty(value.ReportingComponent))
        {
            errors.Required(reporter);
        }

        errors.Invalid(reporter, value.ReportingComponent ?? "", NameRules.QualifiedName(value.ReportingComponent ?? ""));
        Word("reportingInstance", value.ReportingInstance);
        Word("action", value.Action);
        Word("reason", value.Reason);
        if (value.Message?.Length > MaxMessage)
        {
            errors.Invalid(FieldPath.Of("message"), "", $"can have at most {MaxMessage} characters");
        }

        void Word(string field, string? text)
        {
            if (string.IsNullOrEmpty(text))
            {
                errors.Required(FieldPath.Of(field));
            }
            else if (text.Length > MaxWord)
            {
                errors.Invalid(FieldPath.Of(field), "", $"can have at most {MaxWord} characters");
            }
        }
    }
}
