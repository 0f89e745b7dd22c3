using System.Collections.Concurrent;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.Client.Protocol;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>
/// One look at an autoscaler: reads its target's scale and its metrics, lets the <see cref="AutoscalerReconciler"/> decide, writes the scale and the status, tells people. Which
/// steps there are only the answers tell. What it remembers of each autoscaler is kept here; one autoscaler is looked at once at a time.
/// </summary>
internal sealed class AutoscalerSync(
    ILister<V2HorizontalPodAutoscaler> autoscalers, ILister<V1Pod> pods, ScaleTargets targets, IEventRecorder events, AutoscalerSettings settings, TimeProvider time)
{
    private const int Attempts = 5;

    private readonly ConcurrentDictionary<ObjectKey, AutoscalerMemory> _memories = new();
    private readonly ConcurrentDictionary<ObjectKey, LabelSelector> _selectors = new();

    /// <summary>The autoscaler is gone.</summary>
    public void Forget(ObjectKey key)
    {
        _memories.TryRemove(key, out _);
        _selectors.TryRemove(key, out _);
    }

    /// <summary>Looks at an autoscaler. Throws what writing its status throws.</summary>
    public async Task RunAsync(V2HorizontalPodAutoscaler autoscaler, IApiTransport transport)
    {
        var key = ObjectKey.Of(autoscaler);
        var memory = _memories.GetValueOrDefault(key) ?? AutoscalerMemory.Empty;
        var (kind, scale, error) = await ScaleAsync(autoscaler, transport);
        if (scale is null)
        {
            await FinishAsync(autoscaler, AutoscalerReconciler.WithoutScale(autoscaler, error, memory, time.GetUtcNow()), transport);
            return;
        }

        var observed = await ObserveAsync(autoscaler, scale, memory, transport);
        var decision = AutoscalerReconciler.Decide(observed, settings, time.GetUtcNow());
        if (decision.Rescale is { } replicas && await RescaleAsync(autoscaler, kind!, scale, replicas, transport) is { } refused)
            decision = AutoscalerReconciler.NotRescaled(observed, decision, refused, time.GetUtcNow());
        _memories[key] = decision.Memory;
        await FinishAsync(autoscaler, decision, transport);
    }

    private async Task<Observed> ObserveAsync(V2HorizontalPodAutoscaler autoscaler, V1Scale scale, AutoscalerMemory memory, IApiTransport transport)
    {
        var (key, ns, text) = (ObjectKey.Of(autoscaler), autoscaler.Metadata.NamespaceProperty, scale.Status?.Selector);
        if (string.IsNullOrEmpty(text) || !LabelSelector.TryParse(text, out var selector, out _))
            return new Observed(autoscaler, scale, [], [], [], memory);
        _selectors[key] = selector;
        var selected = pods.List(ns).Where(p => selector.Matches(p.Metadata.Labels)).ToList();
        var others = _selectors.Where(s => s.Key.Namespace == ns && s.Key != key && selected.Any(p => s.Value.Matches(p.Metadata.Labels)) && autoscalers.Get(ns, s.Key.Name) is not null)
            .Select(s => s.Key.Name).ToList();
        if (others.Count > 0 || !AutoscalerReconciler.NeedsMetrics(autoscaler.Spec, scale))
            return new Observed(autoscaler, scale, selected, others, [], memory);
        var client = new MetricsClient(transport);
        var readings = await Task.WhenAll((autoscaler.Spec.Metrics ?? []).Select(m => client.ReadAsync(m, ns ?? "", text, r => targets.Find(r) is [var kind, ..] ? kind.GroupResource : null)));
        return new Observed(autoscaler, scale, selected, others, readings, memory);
    }

    private async Task<(ResourceKind? Kind, V1Scale? Scale, string Error)> ScaleAsync(V2HorizontalPodAutoscaler autoscaler, IApiTransport transport)
    {
        var reference = autoscaler.Spec.ScaleTargetRef;
        if (ScaleTargets.Wrong(reference) is { } wrong)
            return (null, null, wrong);
        var found = targets.Find(reference);
        string? first = null;
        foreach (var kind in found)
        {
            var (scale, error) = await GetScaleAsync(autoscaler, kind, transport);
            if (scale is not null)
                return (kind, scale, "");
            first ??= error;
        }

        return (null, null, first ?? ScaleTargets.NoSuchKind(reference));
    }

    private static async Task<(V1Scale? Scale, string Error)> GetScaleAsync(V2HorizontalPodAutoscaler autoscaler, ResourceKind kind, IApiTransport transport)
    {
        try
        {
            var response = await transport.SendAsync(ScaleRequest("get", autoscaler, kind));
            return response.Code < 400 ? (Read<V1Scale>(response), "") : (null, response.Object!.As<V1Status>().Message ?? "");
        }
        catch (ApiUnreachableException e)
        {
            return (null, e.Message);
        }
    }

    // Others may write the target at the same time: then its scale is read anew, and only the number is ours.
    private static async Task<string?> RescaleAsync(V2HorizontalPodAutoscaler autoscaler, ResourceKind kind, V1Scale scale, int replicas, IApiTransport transport)
    {
        for (var attempt = 1; ; attempt++)
        {
            var changed = ApiJson.Copy(scale);
            (changed.Spec ??= new V1ScaleSpec()).Replicas = replicas;
            try
            {
                var response = await transport.SendAsync(ScaleRequest("update", autoscaler, kind) with { Object = changed });
                if (response.Code < 400)
                    return null;
                var status = response.Object!.As<V1Status>();
                if (status.Reason != "Conflict" || attempt == Attempts)
                    return status.Message ?? "";
            }
            catch (ApiUnreachableException e)
            {
                return e.Message;
            }

            scale = (await GetScaleAsync(autoscaler, kind, transport)).Scale ?? scale;
        }
    }

    private async Task FinishAsync(V2HorizontalPodAutoscaler autoscaler, AutoscalerDecision decision, IApiTransport transport)
    {
        foreach (var told in decision.Events)
            events.Record(autoscaler, told.Type, told.Reason, told.Message);
        if (SemanticEquality.Equal(decision.Status, autoscaler.Status))
            return;
        var changed = ApiJson.Copy(autoscaler);
        (changed.ApiVersion, changed.Kind, changed.Status) = ("autoscaling/v2", "HorizontalPodAutoscaler", decision.Status);
        var response = await transport.SendAsync(Request("update", KindRegistry.BuiltIn.Of<V2HorizontalPodAutoscaler>(), autoscaler.Metadata.NamespaceProperty, autoscaler.Metadata.Name, "status") with { Object = changed });
        if (response.Code >= 400)
            throw ApiError.From(response.Object!.As<V1Status>());
    }

    private static T Read<T>(ApiResponse response) => response.Object!.Value is T value ? value : ApiJson.Deserialize<T>(response.Object.Json.Span);

    private static ApiRequest ScaleRequest(string verb, V2HorizontalPodAutoscaler autoscaler, ResourceKind kind) =>
        Request(verb, kind, kind.Namespaced ? autoscaler.Metadata.NamespaceProperty : null, autoscaler.Spec.ScaleTargetRef.Name, "scale");

    private static ApiRequest Request(string verb, ResourceKind kind, string? ns, string name, string subresource) => new()
    {
        Verb = verb,
        Group = kind.Group,
        Version = kind.Version,
        Resource = kind.Resource,
        Namespace = ns ?? "",
        Name = name,
        Subresource = subresource,
        UserAgent = ControllerManagerServices.UserAgent,
    };
}
