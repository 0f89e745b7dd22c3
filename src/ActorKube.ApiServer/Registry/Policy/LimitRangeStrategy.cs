using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.Api.Quota;
using ActorKube.ApiServer.Registry.Pods;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Policy;

/// <summary>The strategy of limit ranges. Source: https://kubernetes.io/docs/concepts/policy/limit-range/</summary>
internal sealed class LimitRangeStrategy : Strategy<V1LimitRange>
{
    private static readonly string[] UnknownToPods = ["default", "defaultRequest"];

    /// <inheritdoc/>
    protected override void Default(V1LimitRange value)
    {
        value.Spec ??= new V1LimitRangeSpec();
        value.Spec.Limits ??= [];
        foreach (var item in value.Spec.Limits)
        {
            foreach (var amounts in new[] { item.Max, item.Min, item.DefaultProperty, item.DefaultRequest, item.MaxLimitRequestRatio })
            {
                PodSpecDefaults.RoundUp(amounts);
            }

            if (item.Type == "Container")
            {
                // What is at most is what there is by default; what is limited by default is requested, else what is at least.
                item.DefaultProperty = Complete(item.DefaultProperty, item.Max);
                item.DefaultRequest = Complete(Complete(item.DefaultRequest, item.DefaultProperty), item.Min);
            }
        }
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1LimitRange value)
    {
        var errors = new FieldErrors();
        var types = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < value.Spec.Limits.Count; i++)
        {
            var (item, path) = (value.Spec.Limits[i], FieldPath.Spec.Child("limits").Index(i));
            errors.Invalid(path.Child("type"), item.Type ?? "", TypeName(item.Type ?? ""));
            if (!types.Add(item.Type ?? ""))
            {
                errors.Duplicate(path.Child("type"), item.Type);
            }

            Validate(item, path, errors);
        }

        return errors;
    }

    private static void Validate(V1LimitRangeItem item, FieldPath path, FieldErrors errors)
    {
        var (max, min, limit, request, ratio) = (
            ResourceAmounts.From(item.Max), ResourceAmounts.From(item.Min), ResourceAmounts.From(item.DefaultProperty), ResourceAmounts.From(item.DefaultRequest), ResourceAmounts.From(item.MaxLimitRequestRatio));
        foreach (var (field, amounts) in new[] { ("max", max), ("min", min), ("default", limit), ("defaultRequest", request), ("maxLimitRequestRatio", ratio) })
        {
            if (item.Type == "Pod" && amounts.Count > 0 && UnknownToPods.Contains(field))
            {
                errors.Forbidden(path.Child(field), "may not be specified when `type` is 'Pod'");
                continue;
            }

            foreach (var name in amounts.Keys)
            {
                errors.Invalid(path.Child(field).Key(name), name, NameRules.QualifiedName(name));
            }
        }

        if (item.Type == "PersistentVolumeClaim" && !min.ContainsKey("storage") && !max.ContainsKey("storage"))
        {
            errors.Required(path.Child("limits"), "either minimum or maximum storage value is required, but neither was provided");
        }

        var names = max.Keys.Concat(min.Keys).Concat(ratio.Keys);
        names = item.Type == "Pod" ? names : names.Concat(limit.Keys).Concat(request.Keys);
        foreach (var name in names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            NotAbove("min", "min value", min, "max value", max);
            if (item.Type != "Pod")
            {
                NotAbove("defaultRequest", "min value", min, "default request value", request, showSecond: true);
                NotAbove("defaultRequest", "default request value", request, "max value", max);
                NotAbove("defaultRequest", "default request value", request, "default limit value", limit);
                NotAbove("default", "min value", min, "default value", limit);
                NotAbove("default", "default value", limit, "max value", max, showSecond: true);
            }

            ValidateRatio(name, path.Child("maxLimitRequestRatio").Key(name), min, max, ratio, errors);
            if (name.Contains('/', StringComparison.Ordinal) && !name.Contains("kubernetes.io/", StringComparison.Ordinal)
                && limit.TryGetValue(name, out var hasLimit) && request.TryGetValue(name, out var hasRequest) && hasLimit != hasRequest)
            {
                errors.Invalid(path.Child("defaultRequest").Key(name), hasRequest.ToString(), $"default value {hasLimit} must equal to defaultRequest value {hasRequest} in {name}");
            }

            void NotAbove(string field, string lowName, Dictionary<string, Quantity> low, string highName, Dictionary<string, Quantity> high, bool showSecond = false)
            {
                if (low.TryGetValue(name, out var a) && high.TryGetValue(name, out var b) && a > b)
                {
                    errors.Invalid(path.Child(field).Key(name), (showSecond ? b : a).ToString(), $"{lowName} {a} is greater than {highName} {b}");
                }
            }
        }
    }

    private static void ValidateRatio(
        string name, FieldPath path, Dictionary<string, Quantity> min, Dictionary<string, Quantity> max, Dictionary<string, Quantity> ratios, FieldErrors errors)
    {
        if (!ratios.TryGetValue(name, out var ratio))
        {
            return;
        }

        if (ratio < Quantity.Of(1))
        {
            errors.Invalid(path, ratio.ToString(), $"ratio {ratio} is less than 1");
        }

        if (min.TryGetValue(name, out var least) && max.TryGetValue(name, out var most) && !least.IsZero && ratio.ToDouble() > most.ToDouble() / least.ToDouble())
        {
            errors.Invalid(path, ratio.ToString(), string.Create(CultureInfo.InvariantCulture, $"ratio {ratio} is greater than max/min = {most.ToDouble() / least.ToDouble():F6}"));
        }
    }

    private static IReadOnlyList<string> TypeName(string type)
    {
        var wrong = NameRules.QualifiedName(type);
        return wrong.Count > 0 || type is "Pod" or "Container" or "PersistentVolumeClaim" || type.Contains('/', StringComparison.Ordinal)
            ? wrong
            : ["must be a standard limit type or fully qualified"];
    }

    private static IDictionary<string, ResourceQuantity>? Complete(IDictionary<string, ResourceQuantity>? amounts, IDictionary<string, ResourceQuantity>? from)
    {
        foreach (var (name, quantity) in from ?? new Dictionary<string, ResourceQuantity>())
        {
            (amounts ??= new Dictionary<string, ResourceQuantity>()).TryAdd(name, quantity);
        }

        return amounts;
    }
}
