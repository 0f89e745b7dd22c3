using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Policy;

/// <summary>The strategy of revisions, which hold a controller's past templates.</summary>
internal sealed class ControllerRevisionStrategy : Strategy<V1ControllerRevision>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("controllerRevisionColumnDefinition");

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1ControllerRevision value, V1ControllerRevision old)
    {
        var errors = new FieldErrors();
        errors.Unchanged(FieldPath.Of("data"), value.Data, old.Data);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ControllerRevision value, DateTimeOffset now)
    {
        var owner = value.Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller is true);
        var group = owner?.ApiVersion?.Split('/') is { Length: 2 } parts ? "." + parts[0] : "";
        return
        [
            value.Metadata.Name,
            owner is null ? Tables.None : string.Create(CultureInfo.InvariantCulture, $"{owner.Kind.ToLowerInvariant()}{group}/{owner.Name}"),
            value.Revision ?? 0,
            Age(value.Metadata, now),
        ];
    }
}
