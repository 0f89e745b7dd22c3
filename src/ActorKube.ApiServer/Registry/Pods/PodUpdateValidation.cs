using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>What may change in a pod once it is there: images, tolerations, the deadline, the gates, and little else.</summary>
internal static class PodUpdateValidation
{
    private const string Updatable =
        "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public static void Validate(V1Pod pod, V1Pod old, FieldErrors errors)
    {
        var path = FieldPath.Spec;
        if (!ValidateContainers(pod.Spec.Containers, old.Spec.Containers, path.Child("containers"), errors)
            || !ValidateContainers(pod.Spec.InitContainers, old.Spec.InitContainers, path.Child("initContainers"), errors)
            || !ValidateDeadline(pod.Spec, old.Spec, path.Child("activeDeadlineSeconds"), errors))
        {
            return;
        }

        TolerationValidation.ValidateOnlyAdded(pod.Spec.Tolerations, old.Spec.Tolerations, path.Child("tolerations"), errors);
        ValidateGates(pod.Spec, old.Spec, path.Child("schedulingGates"), errors);
        if (SemanticEquality.Equal(pod.Spec, old.Spec))
        {
            return;
        }

        var rest = WithWhatMayChange(pod.Spec, old.Spec, path, errors);
        if (!SemanticEquality.Equal(rest, old.Spec))
        {
            errors.Forbidden(path, $"pod updates may not change fields other than {Updatable}\n{SpecDiff.Describe(old.Spec, rest)}");
        }
    }

    /// <summary>What may change through the <c>ephemeralcontainers</c> subresource: containers are added, never changed or removed.</summary>
    public static void ValidateEphemeralContainers(V1Pod pod, V1Pod old, FieldErrors errors)
    {
        var path = FieldPath.Spec.Child("ephemeralContainers");
        foreach (var before in old.Spec.EphemeralContainers ?? [])
        {
            var after = pod.Spec.EphemeralContainers?.FirstOrDefault(c => c.Name == before.Name);
            if (after is null)
            {
                errors.Forbidden(path, $"existing ephemeral containers \"{before.Name}\" may not be removed\n");
            }
            else if (!SemanticEquality.Equal(after, before))
            {
                errors.Forbidden(path, $"existing ephemeral containers \"{before.Name}\" may not be changed\n{SpecDiff.Describe(before, after)}");
            }
        }
    }

    /// <summary>What may change in a pod's status.</summary>
    public static void ValidateStatus(V1Pod pod, V1Pod old, FieldErrors errors)
    {
        for (var i = 0; i < (pod.Status?.Conditions?.Count ?? 0); i++)
        {
            var type = pod.Status!.Conditions![i].Type ?? "";
            if (type is not ("PodScheduled" or "Ready" or "Initialized"))
            {
                errors.Invalid(FieldPath.Metadata.Child("conditions").Index(i).Child("Type"), type, NameRules.QualifiedName(type));
            }
        }

        var path = FieldPath.Status;
        if (!string.IsNullOrEmpty(pod.Status?.NominatedNodeName) && pod.Status.NominatedNodeName != old.Status?.NominatedNodeName)
        {
            errors.Invalid(path.Child("nominatedNodeName"), pod.Status.NominatedNodeName, NameRules.Dns1123Subdomain(pod.Status.NominatedNodeName));
        }

        if (!string.IsNullOrEmpty(old.Status?.QosClass))
        {
            errors.Unchanged(path.Child("qosClass"), pod.Status?.QosClass, old.Status.QosClass);
        }

        ValidateTransitions(pod.Status?.ContainerStatuses, old.Status?.ContainerStatuses, old.Spec, [], path.Child("containerStatuses"), errors);
        var sidecars = (old.Spec.InitContainers ?? []).Where(c => c.RestartPolicy == "Always").Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        ValidateTransitions(pod.Status?.InitContainerStatuses, old.Status?.InitContainerStatuses, old.Spec, sidecars, path.Child("initContainerStatuses"), errors);
        for (var i = 0; i < (pod.Status?.PodIPs?.Count ?? 0); i++)
        {
            errors.Invalid(path.Child("podIPs").Index(i), pod.Status!.PodIPs![i].Ip, NameRules.IpAddress(pod.Status.PodIPs[i].Ip ?? ""));
        }

        if (pod.Status?.PodIPs is { Count: > 1 } ips && (ips.Count > 2 || IpText.IsV6(ips[0].Ip) == IpText.IsV6(ips[1].Ip)))
        {
            errors.Invalid(path.Child("podIPs"), ips, "may specify no more than one IP for each IP family");
        }
    }

    private static bool ValidateContainers(IList<V1Container>? containers, IList<V1Container>? old, FieldPath path, FieldErrors errors)
    {
        if ((containers?.Count ?? 0) != (old?.Count ?? 0))
        {
            errors.Forbidden(path, "pod updates may not add or remove containers");
            return false;
        }

        return true;
    }

    // The deadline may come, and may get shorter.
    private static bool ValidateDeadline(V1PodSpec spec, V1PodSpec old, FieldPath path, FieldErrors errors)
    {
        if (spec.ActiveDeadlineSeconds is not { } deadline)
        {
            if (old.ActiveDeadlineSeconds is not null)
            {
                errors.Invalid(path, null, "must not update from a positive integer to nil value");
            }

            return true;
        }

        if (deadline is < 0 or > int.MaxValue)
        {
            errors.Invalid(path, deadline, NameRules.InRange(deadline, 0, int.MaxValue));
            return false;
        }

        if (old.ActiveDeadlineSeconds < deadline)
        {
            errors.Invalid(path, deadline, "must be less than or equal to previous value");
            return false;
        }

        return true;
    }

    private static void ValidateGates(V1PodSpec spec, V1PodSpec old, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < (spec.SchedulingGates?.Count ?? 0); i++)
        {
            var name = spec.SchedulingGates![i].Name;
            if (old.SchedulingGates?.Any(g => g.Name == name) is not true)
            {
                errors.Forbidden(path.Index(i).Child("name"), $"only deletion is allowed, but found new scheduling gate '{name}'");
            }
        }
    }

    /// <summary>The new spec with everything that may change set back, so that what still differs is what may not.</summary>
    private static V1PodSpec WithWhatMayChange(V1PodSpec spec, V1PodSpec old, FieldPath path, FieldErrors errors)
    {
        var rest = ApiJson.Copy(spec);
        for (var i = 0; i < (rest.Containers?.Count ?? 0); i++)
        {
            rest.Containers![i].Image = old.Containers[i].Image;
        }

        for (var i = 0; i < (rest.InitContainers?.Count ?? 0); i++)
        {
            rest.InitContainers![i].Image = old.InitContainers[i].Image;
        }

        rest.ActiveDeadlineSeconds = old.ActiveDeadlineSeconds;
        rest.SchedulingGates = old.SchedulingGates;
        rest.Tolerations = old.Tolerations;
        if (old.TerminationGracePeriodSeconds < 0 && rest.TerminationGracePeriodSeconds == 1)
        {
            rest.TerminationGracePeriodSeconds = old.TerminationGracePeriodSeconds;
        }

        if (old.SchedulingGates is { Count: > 0 } && !SemanticEquality.Equal(rest.NodeSelector, old.NodeSelector))
        {
            // Nobody has chosen a node yet, so the choice may still be narrowed.
            if ((old.NodeSelector ?? new Dictionary<string, string>()).Any(o => rest.NodeSelector?.TryGetValue(o.Key, out var v) is not true || v != o.Value))
            {
                errors.Invalid(path.Child("nodeSelector"), rest.NodeSelector, "only additions to spec.nodeSelector are allowed (no mutations or deletions)");
            }

            rest.NodeSelector = old.NodeSelector;
        }

        return rest;
    }

    // A container that ended for good stays ended.
    private static void ValidateTransitions(
        IList<V1ContainerStatus>? statuses, IList<V1ContainerStatus>? old, V1PodSpec spec, HashSet<string> mayRestart, FieldPath path, FieldErrors errors)
    {
        if (spec.RestartPolicy == "Always")
        {
            return;
        }

        for (var i = 0; i < (old?.Count ?? 0); i++)
        {
            var before = old![i];
            if (before.State?.Terminated is not { } ended || (ended.ExitCode != 0 && spec.RestartPolicy == "OnFailure") || mayRestart.Contains(before.Name)
                || HasOwnRules(spec, before.Name))
            {
                continue;
            }

            if (statuses?.Any(s => s.Name == before.Name && s.State?.Terminated is null) is true)
            {
                errors.Forbidden(path.Index(i).Child("state"), "may not be transitioned to non-terminated state");
            }
        }
    }

    private static bool HasOwnRules(V1PodSpec spec, string container) =>
        (spec.Containers ?? []).Concat(spec.InitContainers ?? []).Any(c => c.Name == container && (c.RestartPolicy is not null || c.RestartPolicyRules is { Count: > 0 }));
}
