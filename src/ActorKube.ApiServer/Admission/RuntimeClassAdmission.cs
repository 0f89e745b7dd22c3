using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Puts into pods what their runtime class costs and where it can run.
/// Source: https://kubernetes.io/docs/concepts/containers/runtime-class/
/// </summary>
internal sealed class RuntimeClassAdmission(ResourceRegistry registry) : IAdmissionPlugin
{
    private const string Mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

    /// <inheritdoc/>
    public string Name => "RuntimeClass";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => operation == "CREATE" && kind.ClrType == typeof(V1Pod);

    /// <inheritdoc/>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is not { Subresource: "", Object: V1Pod { Spec: { } spec } } || await ClassAsync(request, spec, cancellationToken).ConfigureAwait(false) is not { } runtime)
        {
            return;
        }

        if (runtime.Overhead?.PodFixed is { } overhead)
        {
            spec.Overhead = spec.Overhead is null or { Count: 0 } ? new Dictionary<string, ResourceQuantity>(overhead)
                : SemanticEquality.Equal(spec.Overhead, overhead) ? spec.Overhead
                : throw request.Forbidden(Mismatch);
        }

        foreach (var (key, value) in runtime.Scheduling?.NodeSelector ?? new Dictionary<string, string>())
        {
            if (spec.NodeSelector is not null && spec.NodeSelector.TryGetValue(key, out var own) && own != value)
            {
                throw request.Forbidden($"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}");
            }

            (spec.NodeSelector ??= new Dictionary<string, string>())[key] = value;
        }

        foreach (var toleration in runtime.Scheduling?.Tolerations ?? [])
        {
            if (spec.Tolerations?.Any(t => Covers(t, toleration)) is not true)
            {
                spec.Tolerations = [.. (spec.Tolerations ?? []).Where(t => !Covers(toleration, t)), ApiJson.Copy(toleration)];
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is not { Subresource: "", Object: V1Pod { Spec: { } spec } })
        {
            return;
        }

        var runtime = await ClassAsync(request, spec, cancellationToken).ConfigureAwait(false);
        if (runtime?.Overhead is { } overhead)
        {
            if (!SemanticEquality.Equal(spec.Overhead ?? new Dictionary<string, ResourceQuantity>(), overhead.PodFixed ?? new Dictionary<string, ResourceQuantity>()))
            {
                throw request.Forbidden(Mismatch);
            }
        }
        else if (spec.Overhead is { Count: > 0 })
        {
            throw request.Forbidden("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
        }
    }

    private async ValueTask<V1RuntimeClass?> ClassAsync(AdmissionRequest request, V1PodSpec spec, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(spec.RuntimeClassName))
        {
            return null;
        }

        var classes = registry.Of<V1RuntimeClass>();
        var state = await Freshness.AnyAsync(classes, cancellationToken).ConfigureAwait(false);
        if (state.Objects.Find(spec.RuntimeClassName) is null)
        {
            state = await Freshness.ConsistentAsync(classes, cancellationToken).ConfigureAwait(false);
        }

        return state.Objects.Find(spec.RuntimeClassName)?.Object.As<V1RuntimeClass>()
            ?? throw request.Forbidden($"pod rejected: RuntimeClass \"{spec.RuntimeClassName}\" not found");
    }

    // Whether everything that the narrow one tolerates, the wide one tolerates too, and for as long.
    private static bool Covers(V1Toleration wide, V1Toleration narrow)
    {
        if (string.IsNullOrEmpty(wide.Key) && wide.OperatorProperty == "Exists")
        {
            return EffectCovers() && SecondsCover();
        }

        if (wide.Key != narrow.Key || !EffectCovers() || !SecondsCover())
        {
            return false;
        }

        return wide.OperatorProperty == "Exists" || (narrow.OperatorProperty != "Exists" && (wide.Value ?? "") == (narrow.Value ?? ""));

        bool EffectCovers() => string.IsNullOrEmpty(wide.Effect) || wide.Effect == narrow.Effect;

        bool SecondsCover() => wide.Effect != "NoExecute" || wide.TolerationSeconds is null || wide.TolerationSeconds >= narrow.TolerationSeconds;
    }
}
