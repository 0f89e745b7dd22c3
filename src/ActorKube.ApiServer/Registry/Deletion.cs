using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Definitions;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>What a request to delete does to an object.</summary>
/// <param name="Remove">The object goes now.</param>
/// <param name="Updated">The object stays in this form for now: marked as deleted, with other finalizers or a shorter grace period. Null when it stays as it is.</param>
internal sealed record DeletionPlan(bool Remove, IKubernetesObject<V1ObjectMeta>? Updated)
{
    /// <summary>The object goes now.</summary>
    public static DeletionPlan Now { get; } = new(true, null);

    /// <summary>It is being deleted already, and nothing is to change.</summary>
    public static DeletionPlan AlreadyDeleting { get; } = new(false, null);
}

/// <summary>
/// Decides what a deletion does. Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/ and
/// https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
/// </summary>
internal static class Deletion
{
    private const string Orphan = "orphan";
    private const string Foreground = "foregroundDeletion";

    /// <summary>The plan.</summary>
    /// <param name="current">The object; read only.</param>
    /// <param name="options">What the client asks.</param>
    /// <param name="grace">The kind's answer for a first deletion: seconds, or null for a kind without graceful deletion.</param>
    /// <param name="now">Whole seconds, UTC.</param>
    public static DeletionPlan Decide(IKubernetesObject<V1ObjectMeta> current, V1DeleteOptions options, long? grace, DateTime now)
    {
        var metadata = current.Metadata;
        var finalizers = Finalizers(metadata.Finalizers ?? [], options);
        var held = finalizers.Count > 0 || current is V1Namespace { Spec.Finalizers.Count: > 0 };
        if (current is V1CustomResourceDefinition && metadata.DeletionTimestamp is null && !finalizers.Contains(DefinitionWrites.Finalizer))
        {
            finalizers.Add(DefinitionWrites.Finalizer);
            held = true;
        }

        var finalizersChange = !finalizers.SequenceEqual(metadata.Finalizers ?? []);
        long seconds;
        DateTime? end;
        if (metadata.DeletionTimestamp is { } since)
        {
            var pending = metadata.DeletionGracePeriodSeconds ?? 0;
            seconds = grace is null ? 0 : Math.Min(pending, Math.Max(0, options.GracePeriodSeconds ?? pending));
            // A shorter period moves the end forward by the difference: 30 s asked at 12:00:00, then 10 s, ends at 12:00:10.
            end = since.ToUniversalTime().AddSeconds(seconds - pending);
            if (seconds == pending && !finalizersChange && (held || seconds > 0))
            {
                return DeletionPlan.AlreadyDeleting;
            }
        }
        else
        {
            seconds = grace ?? 0;
            end = now.AddSeconds(seconds);
        }

        if (seconds == 0 && !held)
        {
            return DeletionPlan.Now;
        }

        var updated = ApiJson.Copy(current);
        if (metadata.DeletionTimestamp is null && metadata.Generation > 0)
        {
            updated.Metadata.Generation = metadata.Generation + 1;
        }

        updated.Metadata.DeletionTimestamp = end;
        updated.Metadata.DeletionGracePeriodSeconds = seconds;
        updated.Metadata.Finalizers = finalizers.Count == 0 ? null : finalizers;
        if (updated is V1Namespace ns)
        {
            ns.Status ??= new V1NamespaceStatus();
            ns.Status.Phase = "Terminating";
            ns.Metadata.DeletionGracePeriodSeconds = null;
        }

        if (updated is V1CustomResourceDefinition { Status: { } status } && metadata.DeletionTimestamp is null)
        {
            DefinitionConditions.Set(
                status,
                new V1CustomResourceDefinitionCondition { Type = "Terminating", Status = "True", Reason = "InstanceDeletionPending", Message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon" },
                now);
        }

        return new DeletionPlan(false, updated);
    }

    // The garbage collector acts on these two finalizers: which of them an object has is the propagation policy of its deletion.
    private static List<string> Finalizers(IList<string> current, V1DeleteOptions options)
    {
#pragma warning disable CS0618 // Old clients still send it.
        var (orphan, foreground) = (options.PropagationPolicy, options.OrphanDependents) switch
        {
            ("Orphan", _) => (true, false),
            ("Foreground", _) => (false, true),
            ("Background", _) => (false, false),
            (_, true) => (true, false),
            (_, false) => (false, false),
            _ => (current.Contains(Orphan), current.Contains(Foreground)),
        };
#pragma warning restore CS0618
        var result = current.Where(f => f is not (Orphan or Foreground)).ToList();
        if (orphan)
        {
            result.Add(Orphan);
        }

        if (foreground)
        {
            result.Add(Foreground);
        }

        return result.Count == current.Count && result.All(current.Contains) ? [.. current] : result;
    }
}
