using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authorization.Rbac;
using ActorKube.ApiServer.Services;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer;

/// <summary>Makes what every cluster has: the system's namespaces, the default roles and bindings, and the Service <c>kubernetes</c>.</summary>
internal sealed class Bootstrap(SystemObjects objects, ServerEndpoints endpoints, ApiServerSettings settings, DefaultPolicy policy, TimeProvider time, ILogger<Bootstrap> log)
{
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
            await objects.EnsureAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = name } }, (_, _) => false, _stopped.Token).ConfigureAwait(false);
        }

        // Before the policy is there, no component may do anything.
        await EnsurePolicyAsync().ConfigureAwait(false);
        _namespaces.TrySetResult();
        await objects.EnsureAsync(LegacyTokenTracking(), (_, _) => false, _stopped.Token).ConfigureAwait(false);
        var range = DefaultServiceCidr.Of(settings.ServiceClusterIpRange, time.GetUtcNow());
        await objects.EnsureAsync(range, (_, _) => false, _stopped.Token).ConfigureAwait(false);
        await objects.EnsureAsync(range, DefaultServiceCidr.BecomeReady, _stopped.Token, "status").ConfigureAwait(false);
        var port = await listening.WaitAsync(_stopped.Token).ConfigureAwait(false);
        await objects.EnsureAsync(KubernetesService(port), (_, _) => false, _stopped.Token).ConfigureAwait(false);
        await endpoints.StartAsync(port, _stopped.Token).ConfigureAwait(false);
    }

    private Task EnsurePolicyAsync() => Task.WhenAll(
    [
        .. policy.ClusterRoles.Select(r => objects.EnsureAsync(r, PolicyReconciler.Update, _stopped.Token)),
        .. policy.Roles.Select(r => objects.EnsureAsync(r, PolicyReconciler.Update, _stopped.Token)),
        .. policy.ClusterRoleBindings.Select(b => objects.EnsureAsync(b, PolicyReconciler.Update, _stopped.Token)),
        .. policy.RoleBindings.Select(b => objects.EnsureAsync(b, PolicyReconciler.Update, _stopped.Token)),
    ]);

    // From this day on a token of a secret that says no day of use was not used.
    private V1ConfigMap LegacyTokenTracking() => new()
    {
        Metadata = new V1ObjectMeta { Name = LegacyTokens.TrackingName, NamespaceProperty = "kube-system" },
        Data = new Dictionary<string, string> { ["since"] = LegacyTokens.Day(time.GetUtcNow()) },
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
}
