using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Cluster;

/// <summary>The strategy of nodes. Source: https://kubernetes.io/docs/concepts/architecture/nodes/</summary>
internal sealed class NodeStrategy : Strategy<V1Node>
{
    private const string RolePrefix = "node-role.kubernetes.io/";
    private const string RoleLabel = "kubernetes.io/role";

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("nodeColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1Node value)
    {
        value.Spec ??= new V1NodeSpec();
        value.Status ??= new V1NodeStatus();
        value.Spec.Unschedulable = PodSpecDefaults.TrueOrNull(value.Spec.Unschedulable);
        if (value.Status.Allocatable is null && value.Status.Capacity is { } capacity)
        {
            value.Status.Allocatable = new Dictionary<string, ResourceQuantity>(capacity);
        }

        // The single range and the list of ranges always say the same.
        if (!string.IsNullOrEmpty(value.Spec.PodCIDR) && value.Spec.PodCIDRs is null or { Count: 0 })
        {
            value.Spec.PodCIDRs = [value.Spec.PodCIDR];
        }
        else if (value.Spec.PodCIDRs is { Count: > 0 } ranges)
        {
            value.Spec.PodCIDR = ranges[0];
        }
    }

    /// <summary>A kubelet registers its node with the status it has, so the status stays.</summary>
    protected override void PrepareForCreate(V1Node value) => value.Metadata.Generation = TracksGeneration ? 1 : null;

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1Node value)
    {
        var errors = new FieldErrors();
        ValidateTaints(value.Spec.Taints, errors);
        ValidateResources(value, errors);
        var path = FieldPath.Spec.Child("podCIDRs");
        var ranges = value.Spec.PodCIDRs ?? [];
        for (var i = 0; i < ranges.Count; i++)
        {
            if (!IpText.TryParseRange(ranges[i], out _, out _))
            {
                errors.Invalid(path.Index(i), ranges[i], "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
            }
        }

        if (ranges.Count > 1 && (ranges.Count > 2 || ranges[0].Contains(':') == ranges[1].Contains(':')))
        {
            errors.Invalid(path, ranges, "may specify no more than one CIDR for each IP family");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1Node value, V1Node old)
    {
        var errors = new FieldErrors();
        ValidateResources(value, errors);
        if (old.Spec.PodCIDRs is { Count: > 0 } ranges && !SemanticEquality.Equal(value.Spec.PodCIDRs, ranges))
        {
            errors.Forbidden(FieldPath.Spec.Child("podCIDRs"), "node updates may not change podCIDR except from \"\" to valid");
        }

        if (!string.IsNullOrEmpty(old.Spec.ProviderID) && old.Spec.ProviderID != value.Spec.ProviderID)
        {
            errors.Forbidden(FieldPath.Spec.Child("providerID"), "node updates may not change providerID except from \"\" to valid");
        }

        ValidateTaints(value.Spec.Taints, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1Node value, V1Node old)
    {
        var errors = new FieldErrors();
        ValidateResources(value, errors);
        var seen = new HashSet<(string?, string?)>();
        for (var i = 0; i < (value.Status?.Addresses?.Count ?? 0); i++)
        {
            var address = value.Status!.Addresses![i];
            if (!seen.Add((address.Type, address.Address)))
            {
                errors.Duplicate(FieldPath.Status.Child("addresses").Index(i), address);
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1Node value, DateTimeOffset now)
    {
        var info = value.Status?.NodeInfo;
        return
        [
            value.Metadata.Name,
            Status(value),
            Roles(value),
            Age(value.Metadata, now),
            info?.KubeletVersion ?? "",
            Address(value, "InternalIP"),
            Address(value, "ExternalIP"),
            OrUnknown(info?.OsImage),
            OrUnknown(info?.KernelVersion),
            OrUnknown(info?.ContainerRuntimeVersion),
        ];
    }

    private static string Status(V1Node node)
    {
        var ready = node.Status?.Conditions?.FirstOrDefault(c => c.Type == "Ready");
        var status = ready is null ? "Unknown" : ready.Status == "True" ? "Ready" : "NotReady";
        return node.Spec?.Unschedulable is true ? status + ",SchedulingDisabled" : status;
    }

    private static string Roles(V1Node node)
    {
        var roles = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in node.Metadata.Labels ?? new Dictionary<string, string>())
        {
            if (key.StartsWith(RolePrefix, StringComparison.Ordinal) && key.Length > RolePrefix.Length)
            {
                roles.Add(key[RolePrefix.Length..]);
            }
            else if (key == RoleLabel && !string.IsNullOrEmpty(value))
            {
                roles.Add(value);
            }
        }

        return Tables.OrNone(string.Join(',', roles));
    }

    private static string Address(V1Node node, string type) => Tables.OrNone(node.Status?.Addresses?.FirstOrDefault(a => a.Type == type)?.Address);

    private static string OrUnknown(string? text) => string.IsNullOrEmpty(text) ? Tables.Unknown : text;

    private static void ValidateResources(V1Node node, FieldErrors errors)
    {
        foreach (var (field, list) in new[] { ("capacity", node.Status?.Capacity), ("allocatable", node.Status?.Allocatable) })
        {
            foreach (var (name, amount) in list ?? new Dictionary<string, ResourceQuantity>())
            {
                ResourceValidation.ValidateAmount(name, Quantity.From(amount), FieldPath.Status.Child(field).Child(name), errors);
            }
        }
    }

    // Kubernetes reports taints under metadata; kept so that messages are the same.
    private static void ValidateTaints(IList<V1Taint>? taints, FieldErrors errors)
    {
        var seen = new HashSet<(string?, string?)>();
        for (var i = 0; i < (taints?.Count ?? 0); i++)
        {
            var (taint, at) = (taints![i], FieldPath.Metadata.Child("taints").Index(i));
            errors.Invalid(at.Child("key"), taint.Key ?? "", NameRules.QualifiedName(taint.Key ?? ""));
            var wrong = NameRules.LabelValue(taint.Value ?? "");
            if (wrong.Count > 0)
            {
                errors.Invalid(at.Child("value"), taint.Value, string.Join(";", wrong));
            }

            TolerationValidation.ValidateEffect(taint.Effect, at.Child("effect"), errors);
            if (!seen.Add((taint.Key, taint.Effect)))
            {
                var error = FieldError.Duplicate(at.ToString(), taint);
                errors.Add(error with { Message = error.Message + ": taints must be unique by key and effect pair" });
            }
        }
    }
}
