using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>The official C# client against a whole server.</summary>
public sealed class ClientTests(TestServer server) : IClassFixture<TestServer>
{
    private ICoreV1Operations Core => server.Admin.CoreV1;

    private static V1ConfigMap ConfigMap(string name, params (string Key, string Value)[] labels) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, Labels = labels.ToDictionary(l => l.Key, l => l.Value) },
        Data = new Dictionary<string, string> { ["k"] = "v" },
    };

    private static V1Pod Pod(string name, string? node = null) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, Labels = new Dictionary<string, string> { ["app"] = "x" } },
        Spec = new V1PodSpec { NodeName = node, Containers = [new V1Container { Name = "c", Image = "i" }] },
    };

    private static async Task<V1Status> FailsAsync(HttpStatusCode code, Func<Task> action)
    {
        var failed = await Assert.ThrowsAsync<HttpOperationException>(action);
        Assert.Equal(code, failed.Response.StatusCode);
        return KubernetesJson.Deserialize<V1Status>(failed.Response.Content);
    }

    [Fact]
    public async Task A_stale_update_is_a_conflict()
    {
        var ns = await server.NamespaceAsync();
        var made = await Core.CreateNamespacedConfigMapAsync(ConfigMap("a"), ns);
        made.Data["k"] = "2";
        var second = await Core.ReplaceNamespacedConfigMapAsync(made, "a", ns);
        Assert.NotEqual(made.Metadata.ResourceVersion, second.Metadata.ResourceVersion);
        var status = await FailsAsync(HttpStatusCode.Conflict, () => Core.ReplaceNamespacedConfigMapAsync(made, "a", ns));
        Assert.Equal("Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again", status.Message);
    }

    [Fact]
    public async Task An_update_that_changes_nothing_keeps_the_version()
    {
        var ns = await server.NamespaceAsync();
        var made = await Core.CreateNamespacedConfigMapAsync(ConfigMap("a"), ns);
        Assert.Equal(made.Metadata.ResourceVersion, (await Core.ReplaceNamespacedConfigMapAsync(made, "a", ns)).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task Pages_of_a_list_show_one_moment()
    {
        var ns = await server.NamespaceAsync();
        for (var i = 0; i < 7; i++)
        {
            await Core.CreateNamespacedConfigMapAsync(ConfigMap($"c{i}"), ns);
        }

        var first = await Core.ListNamespacedConfigMapAsync(ns, limit: 3);
        Assert.Equal(4, first.Metadata.RemainingItemCount);
        await Core.DeleteNamespacedConfigMapAsync("c4", ns);
        await Core.CreateNamespacedConfigMapAsync(ConfigMap("c55"), ns);
        var second = await Core.ListNamespacedConfigMapAsync(ns, limit: 3, continueParameter: first.Metadata.ContinueProperty);
        var third = await Core.ListNamespacedConfigMapAsync(ns, limit: 3, continueParameter: second.Metadata.ContinueProperty);
        Assert.Equal(["c0", "c1", "c2", "c3", "c4", "c5", "c6"], first.Items.Concat(second.Items).Concat(third.Items).Select(c => c.Metadata.Name));
        Assert.Equal(first.Metadata.ResourceVersion, third.Metadata.ResourceVersion);
        Assert.Null(third.Metadata.ContinueProperty);
    }

    [Fact]
    public async Task A_watch_tells_what_a_selector_sees()
    {
        var ns = await server.NamespaceAsync();
        var list = await Core.ListNamespacedConfigMapAsync(ns, labelSelector: "a=1");
        var seen = new List<string>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var watching = Task.Run(async () =>
        {
            await foreach (var (type, item) in Core.WatchListNamespacedConfigMapAsync(ns, labelSelector: "a=1", resourceVersion: list.Metadata.ResourceVersion, cancellationToken: limit.Token))
            {
                seen.Add($"{type} {item.Metadata.Name}");
                if (seen.Count == 4)
                {
                    return;
                }
            }
        }, limit.Token);
        var x = await Core.CreateNamespacedConfigMapAsync(ConfigMap("x", ("a", "1")), ns);
        await Core.CreateNamespacedConfigMapAsync(ConfigMap("y", ("a", "2")), ns);
        x.Metadata.Labels["b"] = "1";
        x = await Core.ReplaceNamespacedConfigMapAsync(x, "x", ns);
        x.Metadata.Labels["a"] = "2";
        x = await Core.ReplaceNamespacedConfigMapAsync(x, "x", ns);
        x.Metadata.Labels["a"] = "1";
        await Core.ReplaceNamespacedConfigMapAsync(x, "x", ns);
        await watching;
        Assert.Equal(["Added x", "Modified x", "Deleted x", "Added x"], seen);
    }

    [Fact]
    public async Task A_generated_name_is_short_and_new()
    {
        var ns = await server.NamespaceAsync();
        var names = new HashSet<string>();
        for (var i = 0; i < 5; i++)
        {
            names.Add((await Core.CreateNamespacedConfigMapAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { GenerateName = "gen-" } }, ns)).Metadata.Name);
        }

        Assert.Equal(5, names.Count);
        Assert.All(names, n => Assert.Matches("^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$", n));
    }

    [Fact]
    public async Task A_dry_run_leaves_nothing()
    {
        var ns = await server.NamespaceAsync();
        var made = await Core.CreateNamespacedConfigMapAsync(ConfigMap("a"), ns, dryRun: "All");
        Assert.NotNull(made.Metadata.Uid);
        await FailsAsync(HttpStatusCode.NotFound, () => Core.ReadNamespacedConfigMapAsync("a", ns));
        await FailsAsync(HttpStatusCode.UnprocessableEntity, () => Core.CreateNamespacedConfigMapAsync(ConfigMap("a"), ns, dryRun: "Some"));
    }

    [Fact]
    public async Task A_pod_on_a_node_is_deleted_in_two_steps()
    {
        var ns = await server.NamespaceAsync();
        await Core.CreateNamespacedPodAsync(Pod("p"), ns);
        await Core.CreateNamespacedPodBindingAsync(new V1Binding { Metadata = new V1ObjectMeta { Name = "p" }, Target = new V1ObjectReference { Kind = "Node", Name = "n1" } }, "p", ns);
        var bound = await Core.ReadNamespacedPodAsync("p", ns);
        Assert.Equal("n1", bound.Spec.NodeName);
        Assert.Equal("True", bound.Status.Conditions.Single(c => c.Type == "PodScheduled").Status);
        var again = await FailsAsync(HttpStatusCode.Conflict, () => Core.CreateNamespacedPodBindingAsync(
            new V1Binding { Metadata = new V1ObjectMeta { Name = "p" }, Target = new V1ObjectReference { Kind = "Node", Name = "n2" } }, "p", ns));
        Assert.Contains("pod p is already assigned to node \"n1\"", again.Message);
        Assert.Single((await Core.ListPodForAllNamespacesAsync(fieldSelector: $"spec.nodeName=n1,metadata.namespace={ns}")).Items);

        await Core.DeleteNamespacedPodAsync("p", ns);
        var ending = await Core.ReadNamespacedPodAsync("p", ns);
        Assert.Equal(30, ending.Metadata.DeletionGracePeriodSeconds);
        await Core.DeleteNamespacedPodAsync("p", ns, new V1DeleteOptions { GracePeriodSeconds = 0, Preconditions = new V1Preconditions { Uid = ending.Metadata.Uid } });
        await FailsAsync(HttpStatusCode.NotFound, () => Core.ReadNamespacedPodAsync("p", ns));
    }

    [Fact]
    public async Task A_pod_without_a_node_goes_at_once()
    {
        var ns = await server.NamespaceAsync();
        await Core.CreateNamespacedPodAsync(Pod("p"), ns);
        await Core.DeleteNamespacedPodAsync("p", ns);
        await FailsAsync(HttpStatusCode.NotFound, () => Core.ReadNamespacedPodAsync("p", ns));
    }

    [Fact]
    public async Task Status_and_spec_have_separate_writers()
    {
        var ns = await server.NamespaceAsync();
        var made = await Core.CreateNamespacedPodAsync(Pod("p"), ns);
        made.Status.Phase = "Running";
        made.Metadata.Labels["app"] = "y";
        var updated = await Core.ReplaceNamespacedPodAsync(made, "p", ns);
        Assert.Equal(("Pending", "y"), (updated.Status.Phase, updated.Metadata.Labels["app"]));
        updated.Status.Phase = "Running";
        updated.Spec.Containers[0].Image = "other";
        var status = await Core.ReplaceNamespacedPodStatusAsync(updated, "p", ns);
        Assert.Equal(("Running", "i"), (status.Status.Phase, status.Spec.Containers[0].Image));
    }

    [Fact]
    public async Task Wrong_preconditions_are_a_conflict()
    {
        var ns = await server.NamespaceAsync();
        await Core.CreateNamespacedConfigMapAsync(ConfigMap("a"), ns);
        var status = await FailsAsync(HttpStatusCode.Conflict, () => Core.DeleteNamespacedConfigMapAsync("a", ns, new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = "no" } }));
        Assert.StartsWith("Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (no) does not match the UID in record (", status.Message);
    }

    [Fact]
    public async Task A_collection_is_deleted_by_selector()
    {
        var ns = await server.NamespaceAsync();
        await Core.CreateNamespacedConfigMapAsync(ConfigMap("a", ("x", "1")), ns);
        await Core.CreateNamespacedConfigMapAsync(ConfigMap("b", ("x", "1")), ns);
        await Core.CreateNamespacedConfigMapAsync(ConfigMap("c", ("x", "2")), ns);
        await Core.DeleteCollectionNamespacedConfigMapAsync(ns, labelSelector: "x=1");
        Assert.Equal(["c"], (await Core.ListNamespacedConfigMapAsync(ns)).Items.Select(i => i.Metadata.Name));
    }

    [Fact]
    public async Task Services_get_addresses_and_node_ports_of_their_own()
    {
        var ns = await server.NamespaceAsync();
        V1Service Service(string name, string? address, int? nodePort = null) => new()
        {
            Metadata = new V1ObjectMeta { Name = name },
            Spec = new V1ServiceSpec { ClusterIP = address, Type = nodePort is null ? "ClusterIP" : "NodePort", Ports = [new V1ServicePort { Port = 80, NodePort = nodePort > 0 ? nodePort : null }] },
        };
        var many = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Core.CreateNamespacedServiceAsync(Service($"s{i}", null, 0), ns)));
        Assert.Equal(20, many.Select(s => s.Spec.ClusterIP).Distinct().Count());
        Assert.Equal(20, many.Select(s => s.Spec.Ports[0].NodePort).Distinct().Count());
        Assert.Equal("None", (await Core.CreateNamespacedServiceAsync(Service("headless", "None"), ns)).Spec.ClusterIP);

        var taken = await FailsAsync(HttpStatusCode.UnprocessableEntity, () => Core.CreateNamespacedServiceAsync(Service("taken", many[0].Spec.ClusterIP), ns));
        Assert.Contains("provided IP is already allocated", taken.Message);
        var port = await FailsAsync(HttpStatusCode.UnprocessableEntity, () => Core.CreateNamespacedServiceAsync(Service("port", null, many[0].Spec.Ports[0].NodePort), ns));
        Assert.Contains("spec.ports[0].nodePort: Invalid value: ", port.Message);
        Assert.Contains("provided port is already allocated", port.Message);
        var outside = await FailsAsync(HttpStatusCode.UnprocessableEntity, () => Core.CreateNamespacedServiceAsync(Service("outside", "10.1.2.3"), ns));
        Assert.Contains("is not in the valid range. The range of valid IPs is 10.96.0.0/16", outside.Message);

        // What a deleted Service had is free again.
        await Core.DeleteNamespacedServiceAsync("s0", ns);
        Assert.Equal(many[0].Spec.ClusterIP, (await Core.CreateNamespacedServiceAsync(Service("again", many[0].Spec.ClusterIP, many[0].Spec.Ports[0].NodePort), ns)).Spec.ClusterIP);
    }

    [Fact]
    public async Task A_namespace_takes_nothing_new_while_it_ends()
    {
        var ns = await server.NamespaceAsync();
        await Core.DeleteNamespaceAsync(ns);
        Assert.Equal("Terminating", (await Core.ReadNamespaceAsync(ns)).Status.Phase);
        var refused = await FailsAsync(HttpStatusCode.Forbidden, () => Core.CreateNamespacedConfigMapAsync(ConfigMap("late"), ns));
        Assert.Equal($"configmaps \"late\" is forbidden: unable to create new content in namespace {ns} because it is being terminated", refused.Message);
        var ending = await Core.ReadNamespaceAsync(ns);
        ending.Spec.Finalizers = [];
        await Core.ReplaceNamespaceFinalizeAsync(ending, ns);
        await FailsAsync(HttpStatusCode.NotFound, () => Core.ReadNamespaceAsync(ns));
    }

    [Fact]
    public async Task Scale_is_a_view_of_the_workload()
    {
        var ns = await server.NamespaceAsync();
        var labels = new Dictionary<string, string> { ["app"] = "x" };
        await server.Admin.AppsV1.CreateNamespacedDeploymentAsync(new V1Deployment
        {
            Metadata = new V1ObjectMeta { Name = "d" },
            Spec = new V1DeploymentSpec
            {
                Replicas = 2,
                Selector = new V1LabelSelector { MatchLabels = labels },
                Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = labels }, Spec = Pod("p").Spec },
            },
        }, ns);
        var scale = await server.Admin.AppsV1.ReadNamespacedDeploymentScaleAsync("d", ns);
        Assert.Equal((2, "app=x"), (scale.Spec.Replicas, scale.Status.Selector));
        scale.Spec.Replicas = 7;
        Assert.Equal(7, (await server.Admin.AppsV1.ReplaceNamespacedDeploymentScaleAsync(scale, "d", ns)).Spec.Replicas);
        var deployment = await server.Admin.AppsV1.ReadNamespacedDeploymentAsync("d", ns);
        Assert.Equal((7, 2), (deployment.Spec.Replicas, deployment.Metadata.Generation));
        scale.Metadata.ResourceVersion = null;
        scale.Spec.Replicas = -1;
        var wrong = await FailsAsync(HttpStatusCode.UnprocessableEntity, () => server.Admin.AppsV1.ReplaceNamespacedDeploymentScaleAsync(scale, "d", ns));
        Assert.Contains("spec.replicas: Invalid value: -1: must be greater than or equal to 0", wrong.Message);
    }

    [Fact]
    public async Task Both_groups_show_the_same_events()
    {
        var ns = await server.NamespaceAsync();
        await Core.CreateNamespacedEventAsync(new Corev1Event
        {
            Metadata = new V1ObjectMeta { Name = "e" },
            InvolvedObject = new V1ObjectReference { Kind = "Pod", Name = "p", NamespaceProperty = ns },
            Reason = "Started",
            Message = "Started container",
            Type = "Normal",
            Count = 1,
            Source = new V1EventSource { Component = "kubelet" },
        }, ns);
        var other = await server.Admin.EventsV1.ReadNamespacedEventAsync("e", ns);
        Assert.Equal(("Started container", "p"), (other.Note, other.Regarding.Name));
        Assert.Single((await Core.ListNamespacedEventAsync(ns, fieldSelector: "involvedObject.name=p")).Items);
        Assert.Empty((await server.Admin.EventsV1.ListNamespacedEventAsync(ns, fieldSelector: "regarding.name=q")).Items);
    }
}
