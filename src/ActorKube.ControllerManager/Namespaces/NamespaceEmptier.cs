using System.Collections.Immutable;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Namespaces;

/// <summary>
/// Empties a namespace that is being deleted, and lets it go once it is empty. Pods go first: what guards them (network policies, quotas) must not go before them.
/// </summary>
internal sealed class NamespaceEmptier(IApiTransport transport, V1Namespace ns, DateTimeOffset now)
{
    private const string Finalizer = "kubernetes";

    private static readonly ImmutableArray<ResourceKind> Kinds =
    [
        .. KindRegistry.BuiltIn.All
            .Where(k => k.Namespaced && k.IsStored && k.Allows("deletecollection") && k.Allows("list"))
            // Events have a second name, in events.k8s.io, and are the same objects.
            .Where(k => k.GroupResource != "events.events.k8s.io")
            .DistinctBy(k => k.GroupResource),
    ];

    /// <summary>Takes one step. Throws what requests throw.</summary>
    public async Task RunAsync()
    {
        var pods = Kinds.Where(k => k.GroupResource == "pods").ToList();
        var content = await DeleteAsync(pods);
        if (content.IsEmpty)
            content = await DeleteAsync([.. Kinds.Except(pods), .. await CustomKindsAsync()]);
        var conditions = NamespaceConditions.Of(ns.Status?.Conditions, content, now);
        if (!content.IsEmpty)
        {
            await SetStatusAsync(conditions);
            return;
        }

        var finalized = ApiJson.Copy(ns);
        finalized.Spec ??= new V1NamespaceSpec();
        finalized.Spec.Finalizers = [.. (finalized.Spec.Finalizers ?? []).Where(f => f != Finalizer)];
        await SendAsync(Request("update", KindRegistry.BuiltIn.Of<V1Namespace>()) with { Name = ns.Metadata.Name, Subresource = "finalize", Object = finalized });
    }

    private async Task<NamespaceContent> DeleteAsync(IReadOnlyList<ResourceKind> kinds)
    {
        var counts = new Dictionary<string, int>();
        var finalizers = new Dictionary<string, int>();
        string? error = null;
        foreach (var kind in kinds)
        {
            try
            {
                var left = await ListAsync(kind);
                if (left.Any(o => MetadataOf(o).DeletionTimestamp is null))
                {
                    await SendAsync(Request("deletecollection", kind) with { Namespace = ns.Metadata.Name });
                    left = await ListAsync(kind);
                }

                if (left.Count == 0)
                    continue;
                counts[kind.Group.Length == 0 ? $"{kind.Resource}." : kind.GroupResource] = left.Count;
                foreach (var finalizer in left.SelectMany(o => MetadataOf(o).Finalizers ?? []))
                    finalizers[finalizer] = finalizers.GetValueOrDefault(finalizer) + 1;
            }
            catch (ApiException e) when (e.Code is 404 or 405)
            {
                // A kind that this API server does not serve holds nothing.
            }
            catch (ApiException e)
            {
                // The other kinds are emptied all the same; the condition says what failed.
                error = e.Message;
            }
        }

        return new NamespaceContent(counts, finalizers, error);
    }

    // One version of each custom kind that lives in namespaces: the objects are the same at all of them.
    private async Task<IReadOnlyList<ResourceKind>> CustomKindsAsync() =>
    [
        .. (await ListAsync(KindRegistry.BuiltIn.Of<V1CustomResourceDefinition>(), ""))
            .Select(d => CustomKinds.Served(d.As<V1CustomResourceDefinition>()).FirstOrDefault())
            .OfType<ResourceKind>()
            .Where(k => k.Namespaced),
    ];

    private Task<IReadOnlyList<ApiObject>> ListAsync(ResourceKind kind) => ListAsync(kind, ns.Metadata.Name);

    private async Task<IReadOnlyList<ApiObject>> ListAsync(ResourceKind kind, string within)
    {
        var items = new List<ApiObject>();
        var query = ImmutableDictionary<string, string>.Empty.Add("limit", "500");
        while (true)
        {
            var list = (await SendAsync(Request("list", kind) with { Namespace = within, Query = query })).List!;
            items.AddRange(list.Items);
            if (list.Continue.Length == 0)
                return items;
            query = query.SetItem("continue", list.Continue);
        }
    }

    private static V1ObjectMeta MetadataOf(ApiObject value) =>
        value.Value is IMetadata<V1ObjectMeta> model ? model.Metadata : ApiJson.Deserialize<CustomObject>(value.Json.Span).Metadata;

    private async Task SetStatusAsync(List<V1NamespaceCondition> conditions)
    {
        if (ns.Status?.Phase == "Terminating" && SemanticEquality.Equal(conditions, ns.Status.Conditions))
            return;
        var changed = ApiJson.Copy(ns);
        changed.Status ??= new V1NamespaceStatus();
        (changed.Status.Phase, changed.Status.Conditions) = ("Terminating", conditions);
        await SendAsync(Request("update", KindRegistry.BuiltIn.Of<V1Namespace>()) with { Name = ns.Metadata.Name, Subresource = "status", Object = changed });
    }

    private async Task<ApiResponse> SendAsync(ApiRequest request)
    {
        var response = await transport.SendAsync(request);
        return response.Code < 400 ? response : throw ApiError.From(response.Object!.As<V1Status>());
    }

    private static ApiRequest Request(string verb, ResourceKind kind) => new()
    {
        Verb = verb,
        Group = kind.Group,
        Version = kind.Version,
        Resource = kind.Resource,
        UserAgent = ControllerManagerServices.UserAgent,
    };
}
