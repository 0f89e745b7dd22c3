using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>
/// Decides about the status of definitions: which names are theirs, and whether they are served. A definition keeps what it has; a name that another
/// definition of the group has already is refused.
/// </summary>
internal static class DefinitionConditions
{
    /// <summary>The status that the definition should have now; null when it has it.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="all">All definitions.</param>
    /// <param name="isServed">Whether this server serves it in its present form.</param>
    /// <param name="now">Whole seconds, UTC.</param>
    public static V1CustomResourceDefinitionStatus? Decide(V1CustomResourceDefinition definition, IEnumerable<V1CustomResourceDefinition> all, bool isServed, DateTime now)
    {
        var status = definition.Status is null ? new V1CustomResourceDefinitionStatus() : ApiJson.Copy(definition.Status);
        status.Conditions ??= [];
        var before = ApiJson.Serialize(status);
        var (names, accepted) = Names(definition, all.Where(d => d.Spec.Group == definition.Spec.Group && d.Metadata.Name != definition.Metadata.Name));
        status.AcceptedNames = names;
        Set(status, accepted, now);
        if (!IsTrue(status, "Established"))
        {
            Set(status, Established(accepted.Status == "True", isServed), now);
        }

        if (DefinitionRules.IsProtected(definition.Spec.Group))
        {
            Set(status, Approval(definition), now);
        }

        return before.AsSpan().SequenceEqual(ApiJson.Serialize(status)) ? null : status;
    }

    /// <summary>Sets a condition; its time stays while its status does.</summary>
    public static void Set(V1CustomResourceDefinitionStatus status, V1CustomResourceDefinitionCondition condition, DateTime now)
    {
        status.Conditions ??= [];
        var old = status.Conditions.FirstOrDefault(c => c.Type == condition.Type);
        condition.LastTransitionTime = old?.Status == condition.Status ? old.LastTransitionTime : now;
        if (old is null)
        {
            status.Conditions = [.. status.Conditions, condition];
        }
        else
        {
            status.Conditions = [.. status.Conditions.Select(c => c == old ? condition : c)];
        }
    }

    private static bool IsTrue(V1CustomResourceDefinitionStatus status, string type) => status.Conditions.Any(c => c.Type == type && c.Status == "True");

    private static V1CustomResourceDefinitionCondition Established(bool namesAccepted, bool isServed) => (namesAccepted, isServed) switch
    {
        (true, true) => Condition("Established", "True", "InitialNamesAccepted", "the initial names have been accepted"),
        (true, false) => Condition("Established", "False", "Installing", "the initial names have been accepted"),
        _ => Condition("Established", "False", "NotAccepted", "not all names are accepted"),
    };

    private static V1CustomResourceDefinitionCondition Approval(V1CustomResourceDefinition definition)
    {
        var (state, reason) = DefinitionRules.Approval(definition.Metadata.Annotations);
        return state switch
        {
            "Approved" => Condition("KubernetesAPIApprovalPolicyConformant", "True", "ApprovedAnnotation", reason),
            "Bypassed" => Condition("KubernetesAPIApprovalPolicyConformant", "False", "UnapprovedAnnotation", reason),
            "Invalid" => Condition("KubernetesAPIApprovalPolicyConformant", "False", "InvalidAnnotation", reason),
            _ => Condition("KubernetesAPIApprovalPolicyConformant", "False", "MissingAnnotation", reason),
        };
    }

    private static (V1CustomResourceDefinitionNames Names, V1CustomResourceDefinitionCondition Condition) Names(V1CustomResourceDefinition definition, IEnumerable<V1CustomResourceDefinition> others)
    {
        var (resources, kinds) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var other in others.Select(o => o.Status?.AcceptedNames).OfType<V1CustomResourceDefinitionNames>())
        {
            resources.UnionWith([other.Plural ?? "", other.Singular ?? "", .. other.ShortNames ?? []]);
            kinds.UnionWith([other.Kind ?? "", other.ListKind ?? ""]);
        }

        var (wanted, has) = (definition.Spec.Names, definition.Status?.AcceptedNames ?? new V1CustomResourceDefinitionNames());
        V1CustomResourceDefinitionCondition? conflict = null;
        var names = new V1CustomResourceDefinitionNames
        {
            Plural = Take(wanted.Plural, has.Plural, resources, "PluralConflict") ?? "",
            Singular = Take(wanted.Singular, has.Singular, resources, "SingularConflict"),
            ShortNames = TakeShortNames(wanted.ShortNames, has.ShortNames, resources),
            Kind = Take(wanted.Kind, has.Kind, kinds, "KindConflict") ?? "",
            ListKind = Take(wanted.ListKind, has.ListKind, kinds, "ListKindConflict"),
            Categories = wanted.Categories,
        };
        return (names, conflict ?? Condition("NamesAccepted", "True", "NoConflicts", "no conflicts found"));

        string? Take(string? name, string? mine, HashSet<string> used, string reason)
        {
            if (name == mine || !used.Contains(name ?? ""))
            {
                return name;
            }

            conflict = Condition("NamesAccepted", "False", reason, $"\"{name}\" is already in use");
            return mine;
        }

        IList<string>? TakeShortNames(IList<string>? texts, IList<string>? mine, HashSet<string> used)
        {
            var taken = (texts ?? []).Where(t => !(mine ?? []).Contains(t) && used.Contains(t)).Select(t => $"\"{t}\" is already in use").ToList();
            if (taken.Count == 0)
            {
                return texts;
            }

            conflict = Condition("NamesAccepted", "False", "ShortNamesConflict", taken.Count == 1 ? taken[0] : $"[{string.Join(", ", taken)}]");
            return mine;
        }
    }

    private static V1CustomResourceDefinitionCondition Condition(string type, string status, string reason, string message) =>
        new() { Type = type, Status = status, Reason = reason, Message = message };
}
