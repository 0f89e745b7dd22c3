using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authentication;
using ActorKube.ApiServer.Authorization.Rbac;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Services;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer;

/// <summary>Makes what every cluster has: the system's namespaces, the default roles and bindings, and the Service <c>kubernetes</c> whose endpoint is this server.</summary>
internal sealed class Bootstrap(ApiPipeline pipeline, ApiServerSettings settings, string advertised, DefaultPolicy policy, TimeProvider time, ILogger<Bootstrap> log)
{
    private static readonly UserInfo User = new("system:apiserver", ["system:masters", "system:authenticated"]);
    private static readonly string[] Namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _namespaces = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopped = new();

    /// <summary>Completes when the namespaces and the default policy are there: before that, no component can write.</summary>
    public Task NamespacesDone => _namespaces.Task;

    /// <summary>Completes when everything is there.</summary>
    public Task Done => _done.Task;

    /// <summary>Begins; goes on trying until it is done.</summary>
    /// <param name="port">The port that the server listens on, once it does.</param>
    public void Start(Task<int> port) => _ = Task.Run(async () =>
    {
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                await EnsureAsync(port).ConfigureAwait(false);
                _done.TrySetResult();
                return;
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                return;
            }
            catch (ApiException e)
            {
                log.LogWarning("Could not make the system's objects yet: {Reason}", e.Message);
            }

            await Task.Delay(Retry, _stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    });

    /// <summary>Gives up.</summary>
    public void Stop() => _stopped.Cancel();

    private async Task EnsureAsync(Task<int> listening)
    {
        foreach (var name in Namespaces)
        {
            await EnsureAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = name } }, (_, _) => false).ConfigureAwait(false);
        }

        // Before the policy is there, no component may do anything.
        await EnsurePolicyAsync().ConfigureAwait(false);
        _namespaces.TrySetResult();
        await EnsureAsync(LegacyTokenTracking(), (_, _) => false).ConfigureAwait(false);
        var range = DefaultServiceCidr.Of(settings.ServiceClusterIpRange, time.GetUtcNow());
        await EnsureAsync(range, (_, _) => false).ConfigureAwait(false);
        await EnsureAsync(range, DefaultServiceCidr.BecomeReady, "status").ConfigureAwait(false);
        var port = await listening.WaitAsync(_stopped.Token).ConfigureAwait(false);
        await EnsureAsync(KubernetesService(port), (_, _) => false).ConfigureAwait(false);
        if (advertised.Length == 0)
        {
            log.LogWarning("This machine has no address but loopback: the Service kubernetes gets no endpoint");
            return;
        }

        await EnsureAsync(Endpoints(port), Update).ConfigureAwait(false);
        await EnsureAsync(EndpointSlice(port), Update).ConfigureAwait(false);
    }

    private Task EnsurePolicyAsync() => Task.WhenAll(
    [
        .. policy.ClusterRoles.Select(r => EnsureAsync(r, PolicyReconciler.Update)),
        .. policy.Roles.Select(r => EnsureAsync(r, PolicyReconciler.Update)),
        .. policy.ClusterRoleBindings.Select(b => EnsureAsync(b, PolicyReconciler.Update)),
        .. policy.RoleBindings.Select(b => EnsureAsync(b, PolicyReconciler.Update)),
    ]);

    // Creates the object; where there is one, lets a function bring it, or a part of it, up to date.
    private async Task EnsureAsync<T>(T wanted, Func<T, T, bool> update, string subresource = "") where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var kind = KindRegistry.BuiltIn.Of<T>();
        var request = new ApiRequest
        {
            Verb = "get",
            Group = kind.Group,
            Version = kind.Version,
            Resource = kind.Resource,
            Namespace = wanted.Metadata.NamespaceProperty ?? "",
            Name = wanted.Metadata.Name,
            UserAgent = "kube-apiserver",
        };
        var found = await pipeline.HandleAsync(request, User, _stopped.Token).ConfigureAwait(false);
        if (found.Code == 404)
        {
            var made = await pipeline.HandleAsync(request with { Verb = "create", Name = "", Object = ApiJson.Copy(wanted) }, User, _stopped.Token).ConfigureAwait(false);
            // Another server may have been faster.
            if (made.Code is >= 400 and not 409)
            {
                throw new ApiException(made.Object!.As<V1Status>());
            }

            return;
        }

        if (found.Code >= 400)
        {
            throw new ApiException(found.Object!.As<V1Status>());
        }

        var current = ApiJson.Copy(found.Object!.As<T>());
        if (update(current, wanted))
        {
            var written = await pipeline.HandleAsync(request with { Verb = "update", Subresource = subresource, Object = current }, User, _stopped.Token).ConfigureAwait(false);
            if (written.Code >= 400)
            {
                throw new ApiException(written.Object!.As<V1Status>());
            }
        }
    }

    // From this day on a token of a secret that says no day of use was not used.
    private V1ConfigMap LegacyTokenTracking() => new()
    {
        Metadata = new V1ObjectMeta { Name = LegacyTokenUse.TrackingName, NamespaceProperty = "kube-system" },
        Data = new Dictionary<string, string> { ["since"] = LegacyTokenUse.Day(time.GetUtcNow()) },
    };

    private V1Service KubernetesService(int port) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = "kubernetes",
            NamespaceProperty = "default",
            Labels = new Dictionary<string, string> { ["component"] = "apiserver", ["provider"] = "kubernetes" },
        },
        Spec = new V1ServiceSpec
        {
            Type = "ClusterIP",
            ClusterIP = new AddressRange(settings.ServiceClusterIpRange).Address(1),
            Ports = [new V1ServicePort { Name = "https", Port = 443, Protocol = "TCP", TargetPort = port }],
            SessionAffinity = "None",
        },
    };

    private V1Endpoints Endpoints(int port) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = "kubernetes",
            NamespaceProperty = "default",
            Labels = new Dictionary<string, string> { ["endpointslice.kubernetes.io/skip-mirror"] = "true" },
        },
        Subsets = [new V1EndpointSubset { Addresses = [new V1EndpointAddress { Ip = advertised }], Ports = [new Corev1EndpointPort { Name = "https", Port = port, Protocol = "TCP" }] }],
    };

    private V1EndpointSlice EndpointSlice(int port) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = "kubernetes",
            NamespaceProperty = "default",
            Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = "kubernetes" },
        },
        AddressType = advertised.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4",
        Endpoints = [new V1Endpoint { Addresses = [advertised], Conditions = new V1EndpointConditions { Ready = true } }],
        Ports = [new Discoveryv1EndpointPort { Name = "https", Port = port, Protocol = "TCP" }],
    };

    // With one server the endpoint is this one. Several servers each add themselves and leave the others.
    private bool Update(V1Endpoints current, V1Endpoints wanted)
    {
        var port = wanted.Subsets[0].Ports[0].Port;
        var subset = current.Subsets?.FirstOrDefault(s => s.Ports?.Any(p => p.Port == port) is true);
        if (subset?.Addresses?.Any(a => a.Ip == advertised) is true)
        {
            return false;
        }

        current.Subsets = [.. (current.Subsets ?? []).Where(s => s.Addresses?.Any(a => a.Ip == advertised) is not true && s != subset), wanted.Subsets[0]];
        if (subset is not null)
        {
            current.Subsets[^1].Addresses = [.. subset.Addresses ?? [], wanted.Subsets[0].Addresses[0]];
        }

        return true;
    }

    private bool Update(V1EndpointSlice current, V1EndpointSlice wanted)
    {
        var samePort = current.Ports?.Any(p => p.Port == wanted.Ports[0].Port) is true;
        if (samePort && current.Endpoints?.Any(e => e.Addresses.Contains(advertised)) is true)
        {
            return false;
        }

        current.Ports = wanted.Ports;
        current.Endpoints = samePort ? [.. current.Endpoints ?? [], wanted.Endpoints[0]] : wanted.Endpoints;
        return true;
    }
}
