using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Configuration;

/// <summary>The strategy of service accounts. Source: https://kubernetes.io/docs/concepts/security/service-accounts/</summary>
internal sealed class ServiceAccountStrategy : Strategy<V1ServiceAccount>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("serviceAccountColumnDefinitions");

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ServiceAccount value, DateTimeOffset now) => [value.Metadata.Name, Age(value.Metadata, now)];
}
