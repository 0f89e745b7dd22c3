using System.Globalization;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Networking;

/// <summary>The strategy of ingress classes.</summary>
internal sealed class IngressClassStrategy : Strategy<V1IngressClass>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("ingressClassColumnDefinitions");

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1IngressClass value, DateTimeOffset now)
    {
        var parameters = value.Spec?.Parameters;
        var shown = parameters is null ? Tables.None
            : string.Create(CultureInfo.InvariantCulture, $"{parameters.Kind}{(string.IsNullOrEmpty(parameters.ApiGroup) ? "" : "." + parameters.ApiGroup)}/{parameters.Name}");
        return [value.Metadata.Name, value.Spec?.Controller ?? "", shown, Age(value.Metadata, now)];
    }
}
