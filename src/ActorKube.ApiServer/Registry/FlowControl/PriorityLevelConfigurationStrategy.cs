using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.FlowControl;

/// <summary>The strategy of priority levels. Source: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/</summary>
internal sealed class PriorityLevelConfigurationStrategy : Strategy<V1PriorityLevelConfiguration>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("priorityLevelColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1PriorityLevelConfiguration value)
    {
        value.Spec ??= new V1PriorityLevelConfigurationSpec();
        value.Status ??= new V1PriorityLevelConfigurationStatus();
        if (value.Spec.Type == "Exempt")
        {
            value.Spec.Exempt ??= new V1ExemptPriorityLevelConfiguration();
            value.Spec.Exempt.NominalConcurrencyShares ??= 0;
            value.Spec.Exempt.LendablePercent ??= 0;
        }

        if (value.Spec.Limited is not { } limited)
        {
            return;
        }

        limited.NominalConcurrencyShares ??= 30;
        limited.LendablePercent ??= 0;
        if (limited.LimitResponse?.Queuing is { } queuing)
        {
            queuing.Queues = queuing.Queues is null or 0 ? 64 : queuing.Queues;
            queuing.HandSize = queuing.HandSize is null or 0 ? 8 : queuing.HandSize;
            queuing.QueueLengthLimit = queuing.QueueLengthLimit is null or 0 ? 50 : queuing.QueueLengthLimit;
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1PriorityLevelConfiguration value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1PriorityLevelConfigurationStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1PriorityLevelConfiguration value)
    {
        var errors = new FieldErrors();
        var (spec, path) = (value.Spec, FieldPath.Spec);
        if ((value.Metadata.Name == "exempt") != (spec.Type == "Exempt"))
        {
            errors.Invalid(path.Child("type"), spec.Type ?? "", "type must be 'Exempt' if and only if name is 'exempt'");
        }

        switch (spec.Type)
        {
            case "Exempt" when spec.Limited is not null:
                errors.Forbidden(path.Child("limited"), "must be nil if the type is not Limited");
                break;
            case "Exempt":
                break;
            case "Limited" when spec.Limited is null:
                errors.Required(path.Child("limited"), "must not be empty when type is Limited");
                break;
            case "Limited":
                ValidateLimited(spec.Limited, path.Child("limited"), errors);
                break;
            default:
                errors.NotSupported(path.Child("type"), spec.Type, "Exempt", "Limited");
                break;
        }

        return errors;
    }

    private static void ValidateLimited(V1LimitedPriorityLevelConfiguration limited, FieldPath path, FieldErrors errors)
    {
        errors.NonNegative(path.Child("nominalConcurrencyShares"), limited.NominalConcurrencyShares);
        if (limited.LendablePercent is < 0 or > 100)
        {
            errors.Invalid(path.Child("lendablePercent"), limited.LendablePercent, "must be between 0 and 100, inclusive");
        }

        errors.NonNegative(path.Child("borrowingLimitPercent"), limited.BorrowingLimitPercent);
        var (response, at) = (limited.LimitResponse, path.Child("limitResponse"));
        switch (response?.Type)
        {
            case "Reject" when response.Queuing is not null:
                errors.Forbidden(at.Child("queuing"), "must be nil if limited.limitResponse.type is not Limited");
                break;
            case "Reject":
                break;
            case "Queue" when response.Queuing is null:
                errors.Required(at.Child("queuing"), "must not be empty if limited.limitResponse.type is Limited");
                break;
            case "Queue":
                ValidateQueuing(response.Queuing, at.Child("queuing"), errors);
                break;
            default:
                errors.NotSupported(at.Child("type"), response?.Type ?? "", "Queue", "Reject");
                break;
        }
    }

    private static void ValidateQueuing(V1QueuingConfiguration queuing, FieldPath path, FieldErrors errors)
    {
        if (queuing.QueueLengthLimit <= 0)
        {
            errors.Invalid(path.Child("queueLengthLimit"), queuing.QueueLengthLimit, "must be positive");
        }

        if (queuing.Queues <= 0)
        {
            errors.Invalid(path.Child("queues"), queuing.Queues, "must be positive");
        }

        if (queuing.HandSize <= 0)
        {
            errors.Invalid(path.Child("handSize"), queuing.HandSize, "must be positive");
        }
        else if (queuing.HandSize > queuing.Queues)
        {
            errors.Invalid(path.Child("handSize"), queuing.HandSize, $"should not be greater than queues ({queuing.Queues})");
        }
    }

    private static string Number(int? number) => number?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? Tables.None;

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1PriorityLevelConfiguration value, DateTimeOffset now) =>
        [
            value.Metadata.Name,
            value.Spec?.Type ?? "",
            Number(value.Spec?.Limited?.NominalConcurrencyShares),
            Number(value.Spec?.Limited?.LimitResponse?.Queuing?.Queues),
            Number(value.Spec?.Limited?.LimitResponse?.Queuing?.HandSize),
            Number(value.Spec?.Limited?.LimitResponse?.Queuing?.QueueLengthLimit),
            Age(value.Metadata, now),
        ];
}
