using System.Collections.Immutable;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Pipeline;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer;

/// <summary>The objects that the API server itself writes, through the pipeline as everybody.</summary>
internal sealed class SystemObjects(ApiPipeline pipeline)
{
    private static readonly UserInfo User = new("system:apiserver", ["system:masters", UserInfo.Authenticated]);

    /// <summary>Creates the object; where there is one, lets a function bring it, or a part of it, up to date, which says whether it changed anything.</summary>
    public async Task EnsureAsync<T>(T wanted, Func<T, T, bool> update, CancellationToken cancellation, string subresource = "") where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var request = Request<T>("get", wanted.Metadata.NamespaceProperty ?? "", wanted.Metadata.Name);
        var found = await pipeline.HandleAsync(request, User, cancellation).ConfigureAwait(false);
        if (found.Code == 404)
        {
            var made = await pipeline.HandleAsync(request with { Verb = "create", Name = "", Object = ApiJson.Copy(wanted) }, User, cancellation).ConfigureAwait(false);
            // Another server may have been faster.
            if (made.Code is >= 400 and not 409)
            {
                throw new ApiException(made.Object!.As<V1Status>());
            }

            return;
        }

        Must(found);
        var current = ApiJson.Copy(found.Object!.As<T>());
        if (update(current, wanted))
        {
            Must(await pipeline.HandleAsync(request with { Verb = "update", Subresource = subresource, Object = current }, User, cancellation).ConfigureAwait(false));
        }
    }

    /// <summary>The objects with a label, as this server knows them: no question to the store.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(string @namespace, string labelSelector, CancellationToken cancellation) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var query = ImmutableDictionary<string, string>.Empty.Add("labelSelector", labelSelector).Add("resourceVersion", "0");
        var found = await pipeline.HandleAsync(Request<T>("list", @namespace, "") with { Query = query }, User, cancellation).ConfigureAwait(false);
        Must(found);
        return [.. found.List!.Items.Select(i => i.As<T>())];
    }

    /// <summary>One object as this server knows it, or null.</summary>
    public async Task<T?> FindAsync<T>(string @namespace, string name, CancellationToken cancellation) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var query = ImmutableDictionary<string, string>.Empty.Add("resourceVersion", "0");
        var found = await pipeline.HandleAsync(Request<T>("get", @namespace, name) with { Query = query }, User, cancellation).ConfigureAwait(false);
        return found.Code == 200 ? found.Object!.As<T>() : null;
    }

    /// <summary>Deletes an object, if there is one.</summary>
    public async Task DeleteAsync<T>(string @namespace, string name, CancellationToken cancellation) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var gone = await pipeline.HandleAsync(Request<T>("delete", @namespace, name), User, cancellation).ConfigureAwait(false);
        if (gone.Code != 404)
        {
            Must(gone);
        }
    }

    private static ApiRequest Request<T>(string verb, string @namespace, string name) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var kind = KindRegistry.BuiltIn.Of<T>();
        return new ApiRequest
        {
            Verb = verb,
            Group = kind.Group,
            Version = kind.Version,
            Resource = kind.Resource,
            Namespace = @namespace,
            Name = name,
            UserAgent = "kube-apiserver",
        };
    }

    private static void Must(ApiResponse response)
    {
        if (response.Code >= 400)
        {
            throw new ApiException(response.Object!.As<V1Status>());
        }
    }
}
