using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>What <see cref="DefinitionsActor"/> writes: the status of definitions, and the end of their objects.</summary>
internal sealed class DefinitionWrites(ApiPipeline pipeline, ResourceRegistry registry, Deletes deletes, TimeProvider time)
{
    /// <summary>Keeps a deleted definition until its objects are gone.</summary>
    public const string Finalizer = "customresourcecleanup.apiextensions.k8s.io";

    private static readonly ResourceKind Kind = KindRegistry.BuiltIn.Of<V1CustomResourceDefinition>();
    private static readonly UserInfo User = new("system:apiserver", ["system:masters", "system:authenticated"]);

    /// <summary>Sets the status of a definition.</summary>
    public Task SetStatusAsync(V1CustomResourceDefinition definition, V1CustomResourceDefinitionStatus status)
    {
        var changed = ApiJson.Copy(definition);
        changed.Status = status;
        return UpdateAsync(changed, "status");
    }

    /// <summary>Deletes the objects of a definition. True when that was a step forward; false when objects are left that others hold.</summary>
    public async Task<bool> EmptyAsync(V1CustomResourceDefinition definition)
    {
        var version = definition.Spec.Versions.First(v => v.Storage is true);
        var kind = registry.Kinds.Find(definition.Spec.Group, version.Name, definition.Spec.Names.Plural) as CustomResourceKind ?? new CustomResourceKind(definition, version);
        if (CustomKinds.IsTrue(definition, "Terminating") is false || Reason(definition) == "InstanceDeletionPending")
        {
            var status = ApiJson.Copy(definition.Status);
            DefinitionConditions.Set(status, new V1CustomResourceDefinitionCondition { Type = "Terminating", Status = "True", Reason = "InstanceDeletionInProgress", Message = "CustomResource deletion is in progress" }, Now());
            await SetStatusAsync(definition, status).ConfigureAwait(false);
            return true;
        }

        var served = registry.Of(kind);
        var state = await Freshness.ConsistentAsync(served, CancellationToken.None).ConfigureAwait(false);
        if (state.Objects.Range("").Any())
        {
            await DeleteAllAsync(kind, served).ConfigureAwait(false);
            state = await Freshness.ConsistentAsync(served, CancellationToken.None).ConfigureAwait(false);
            if (state.Objects.Range("").Any())
            {
                return false;
            }
        }

        var finalized = ApiJson.Copy(definition);
        DefinitionConditions.Set(finalized.Status, new V1CustomResourceDefinitionCondition { Type = "Terminating", Status = "False", Reason = "InstanceDeletionCompleted", Message = "removed all instances" }, Now());
        finalized.Metadata.Finalizers = [.. finalized.Metadata.Finalizers.Where(f => f != Finalizer)];
        await UpdateAsync(finalized, "").ConfigureAwait(false);
        return true;
    }

    private static string? Reason(V1CustomResourceDefinition definition) => definition.Status?.Conditions?.FirstOrDefault(c => c.Type == "Terminating")?.Reason;

    private async Task DeleteAllAsync(CustomResourceKind kind, ServedResource served)
    {
        using var context = new RequestContext
        {
            Request = new ApiRequest { Verb = "deletecollection", Group = kind.Group, Version = kind.Version, Resource = kind.Resource, UserAgent = "kube-apiserver" },
            User = User,
            Kind = kind,
            Served = served,
            Now = time.GetUtcNow(),
            Cancelled = CancellationToken.None,
        };
        await deletes.DeleteCollectionAsync(context).ConfigureAwait(false);
    }

    private async Task UpdateAsync(V1CustomResourceDefinition value, string subresource)
    {
        var request = new ApiRequest
        {
            Verb = "update",
            Group = Kind.Group,
            Version = Kind.Version,
            Resource = Kind.Resource,
            Name = value.Metadata.Name,
            Subresource = subresource,
            Object = value,
            UserAgent = "kube-apiserver",
        };
        var response = await pipeline.HandleAsync(request, User, CancellationToken.None).ConfigureAwait(false);
        if (response.Code >= 400)
        {
            throw new ApiException(response.Object!.As<V1Status>());
        }
    }

    private DateTime Now()
    {
        var now = time.GetUtcNow();
        return new DateTime(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
    }
}
