using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>The rules of tolerations and of the taints they tolerate.</summary>
internal static class TolerationValidation
{
    public static void Validate(IList<V1Toleration>? tolerations, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < (tolerations?.Count ?? 0); i++)
        {
            var (toleration, at) = (tolerations![i], path.Index(i));
            if (!string.IsNullOrEmpty(toleration.Key))
            {
                errors.Invalid(at.Child("key"), toleration.Key, NameRules.QualifiedName(toleration.Key));
            }
            else if (toleration.OperatorProperty != "Exists")
            {
                errors.Invalid(at.Child("operator"), toleration.OperatorProperty ?? "", "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
            }

            if (toleration.TolerationSeconds is not null && toleration.Effect != "NoExecute")
            {
                errors.Invalid(at.Child("effect"), toleration.Effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set");
            }

            switch (toleration.OperatorProperty)
            {
                case null or "" or "Equal":
                    var wrong = NameRules.LabelValue(toleration.Value ?? "");
                    if (wrong.Count > 0)
                    {
                        errors.Invalid(at.Child("operator"), toleration.Value, string.Join(";", wrong));
                    }

                    break;
                case "Exists":
                    if (!string.IsNullOrEmpty(toleration.Value))
                    {
                        errors.Invalid(at.Child("operator"), toleration.Value, "value must be empty when `operator` is 'Exists'");
                    }

                    break;
                default:
                    errors.NotSupported(at.Child("operator"), toleration.OperatorProperty, "Equal", "Exists");
                    break;
            }

            if (!string.IsNullOrEmpty(toleration.Effect))
            {
                ValidateEffect(toleration.Effect, at.Child("effect"), errors);
            }
        }
    }

    /// <summary>The effect of a taint.</summary>
    public static void ValidateEffect(string? effect, FieldPath path, FieldErrors errors) =>
        errors.OneOf(path, effect, "NoSchedule", "PreferNoSchedule", "NoExecute");

    /// <summary>A pod's tolerations may grow, and their time may change, but none may go.</summary>
    public static void ValidateOnlyAdded(IList<V1Toleration>? tolerations, IList<V1Toleration>? old, FieldPath path, FieldErrors errors)
    {
        foreach (var before in old ?? [])
        {
            if (!(tolerations ?? []).Any(t => t.Key == before.Key && t.OperatorProperty == before.OperatorProperty && t.Value == before.Value && t.Effect == before.Effect))
            {
                errors.Forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
                return;
            }
        }

        Validate(tolerations, path, errors);
    }
}
