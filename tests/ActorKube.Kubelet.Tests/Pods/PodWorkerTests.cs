using ActorKube.Api.Machinery;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Probes;
using ActorKube.Kubelet.Tests.Fakes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Pods;

/// <summary>Pods on a fake runtime, from the API to the runtime and back.</summary>
public sealed class PodWorkerTests : KubeletFixture
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_pod_of_this_node_runs_and_its_status_says_so()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => IsReady());
        var status = Status();
        Assert.Equal("Running", status.Phase);
        Assert.Equal("10.0.0.7", status.PodIP);
        Assert.Equal("192.0.2.1", status.HostIP);
        Assert.StartsWith("fake://container-", ContainerStatus().ContainerID, StringComparison.Ordinal);
        Assert.Equal("registry.local/app:1", ContainerStatus().Image);
        Assert.True(ContainerStatus().Started);
        Assert.All(status.Conditions, c => Assert.Equal("True", c.Status));
        Assert.Equal(["Pulling", "Pulled", "Created", "Started"], Events.Reasons);
        Assert.All(Events.All, e => Assert.Equal("spec.containers{main}", e.FieldPath));
        Assert.Contains("127.0.0.1\tlocalhost", File.ReadAllText(_directory["pods/uid-web/etc-hosts"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_runtime_class_stands_for_its_handler()
    {
        StartKubelet();
        Api.Resource<V1RuntimeClass>().Put(new V1RuntimeClass { Metadata = new V1ObjectMeta { Name = "slow" }, Handler = "kata" });
        Api.Resource<V1Pod>().Put(Some.Pod().With(s => s.RuntimeClassName = "slow"));
        Eventually(() => IsReady());
        Assert.Equal(["kata"], Runtime.Handlers);
    }

    [Fact]
    public void A_running_container_gets_other_amounts_in_place()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Asking("100m", "200m", "64Mi"));
        Eventually(() => IsReady());
        Assert.Equal("200m", ContainerStatus().Resources.Limits["cpu"].ToString());

        Ask("150m", "300m", "128Mi");
        Eventually(() => ContainerStatus().Resources.Limits["cpu"].ToString() == "300m");
        Assert.Contains("resize main 153 30000 134217728", Runtime.Calls);
        Assert.Equal(("150m", 0), (ContainerStatus().AllocatedResources["cpu"].ToString(), ContainerStatus().RestartCount));
        Assert.Single(Runtime.Calls, c => c.StartsWith("resize", StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_node_does_not_have_is_not_given_and_the_pod_says_so()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Asking("100m", "200m", "64Mi"));
        Eventually(() => IsReady());

        Ask("9000", "9000", "128Mi");
        Eventually(() => Pod()!.Status.Conditions.Any(c => c is { Type: "PodResizePending", Status: "True", Reason: "Infeasible" }));
        Assert.StartsWith("Node didn't have enough capacity: cpu, requested: 9000000, capacity: ", Pod()!.Status.Conditions.Single(c => c.Type == "PodResizePending").Message, StringComparison.Ordinal);
        Assert.Equal(("200m", "100m"), (ContainerStatus().Resources.Limits["cpu"].ToString(), ContainerStatus().AllocatedResources["cpu"].ToString()));
        Assert.DoesNotContain(Runtime.Calls, c => c.StartsWith("resize", StringComparison.Ordinal));

        Ask("150m", "300m", "128Mi");
        Eventually(() => Pod()!.Status.Conditions.All(c => c.Type != "PodResizePending") && ContainerStatus().Resources.Limits["cpu"].ToString() == "300m");
    }

    [Fact]
    public void A_container_that_wants_a_restart_for_more_memory_gets_one()
    {
        StartKubelet();
        var pod = Asking("100m", "200m", "64Mi");
        pod.Spec.Containers[0].ResizePolicy = [new V1ContainerResizePolicy { ResourceName = "memory", RestartPolicy = "RestartContainer" }];
        Api.Resource<V1Pod>().Put(pod);
        Eventually(() => IsReady());

        Ask("100m", "200m", "128Mi");
        Eventually(() => ContainerStatus().RestartCount == 1 && IsReady());
        Assert.Equal("128Mi", ContainerStatus().Resources.Limits["memory"].ToString());
        Assert.DoesNotContain(Runtime.Calls, c => c.StartsWith("resize", StringComparison.Ordinal));
    }

    private static V1Pod Asking(string cpu, string cpuLimit, string memory)
    {
        var container = Some.Container();
        container.Resources = Amounts(cpu, cpuLimit, memory);
        return Some.Pod("web", container);
    }

    private void Ask(string cpu, string cpuLimit, string memory)
    {
        var changed = ApiJson.Copy(Pod()!);
        changed.Spec.Containers[0].Resources = Amounts(cpu, cpuLimit, memory);
        Api.Resource<V1Pod>().Put(changed);
    }

    private static V1ResourceRequirements Amounts(string cpu, string cpuLimit, string memory) => new()
    {
        Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu), ["memory"] = new("32Mi") },
        Limits = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpuLimit), ["memory"] = new(memory) },
    };

    [Fact]
    public void A_killed_process_is_replaced_and_the_status_tells_of_it()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => IsReady());
        Runtime.Exit("main", 137);
        Eventually(() => ContainerStatus().RestartCount == 1 && IsReady());
        Assert.Equal(137, ContainerStatus().LastState.Terminated.ExitCode);
        Assert.Equal("Error", ContainerStatus().LastState.Terminated.Reason);
    }

    [Fact]
    public void A_missed_event_is_made_up_for_by_the_next_list()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => IsReady());

        Runtime.SendEvents = false;
        Runtime.Exit("main", 1);
        Assert.Equal(0, ContainerStatus().RestartCount);
        Pass(TimeSpan.FromSeconds(10));
        Eventually(() => ContainerStatus().RestartCount == 1);
    }

    [Fact]
    public void A_crashing_container_waits_in_CrashLoopBackOff()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => IsReady());
        Runtime.Exit("main", 1);
        Eventually(() => ContainerStatus().RestartCount == 1);
        Runtime.Exit("main", 1);
        Eventually(() => ContainerStatus().State.Waiting?.Reason == "CrashLoopBackOff");
        Assert.False(IsReady());
        Assert.Equal(1, ContainerStatus().LastState.Terminated.ExitCode);
        Assert.Contains(Events.All, e => e is { Type: "Warning", Reason: "BackOff", Message: "Back-off restarting failed container main in pod web_default(uid-web)" });
        Pass(TimeSpan.FromSeconds(9));
        Assert.Equal(1, ContainerStatus().RestartCount);
        Pass(TimeSpan.FromSeconds(1));
        Eventually(() => ContainerStatus().RestartCount == 2);
    }

    [Fact]
    public void Deletion_runs_preStop_stops_the_container_and_removes_everything()
    {
        StartKubelet();
        var container = Some.Container();
        container.Lifecycle = new V1Lifecycle { PreStop = new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["drain"] } } };
        Api.Resource<V1Pod>().Put(Some.Pod("web", container).WithVolume(new V1Volume { Name = "tmp", EmptyDir = new V1EmptyDirVolumeSource() }));
        Eventually(() => IsReady());
        Delete();
        Eventually(() => Pod() is null);
        Eventually(() => !Directory.Exists(_directory["pods/uid-web"]));
        Assert.Equal(["exec main drain", "stop main 30", "stop-sandbox sandbox-0"], Runtime.Calls.Where(c => c.StartsWith("exec", StringComparison.Ordinal) || c.StartsWith("stop", StringComparison.Ordinal)).Take(3));
        Assert.Contains(Events.All, e => e is { Reason: "Killing", Message: "Stopping container main" });
        Eventually(() => !Directory.EnumerateDirectories(_directory["pod-logs"]).Any());
        Eventually(() => Runtime.Sandboxes.Count == 0);
    }

    [Fact]
    public void The_last_status_before_the_deletion_shows_all_containers_ended()
    {
        V1Pod? last = null;
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => IsReady());
        using var listening = Api.Resource<V1Pod>().Listen((type, _, pod) => last = type == "DELETED" ? pod : last);
        Delete();
        Eventually(() => last is not null);
        Assert.Equal(143, last!.Status.ContainerStatuses[0].State.Terminated.ExitCode);
        Assert.Equal("Failed", last.Status.Phase);
        Assert.Equal("False", last.Status.Conditions.Single(c => c.Type == "Ready").Status);
    }

    [Fact]
    public void A_shorter_grace_period_takes_effect_while_the_container_is_still_stopping()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => IsReady());
        Runtime.Gates["stop"] = new TaskCompletionSource();
        Delete();
        Eventually(() => Runtime.Calls.Contains("stop main 30"));
        Delete(grace: 1);
        Eventually(() => Runtime.Calls.Contains("stop main 1"));
        Runtime.Gates["stop"].SetResult();
        Eventually(() => Pod() is null);
    }

    [Fact]
    public void Deletion_does_not_wait_for_a_pull()
    {
        Runtime.Gates["pull"] = new TaskCompletionSource();
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => Runtime.Calls.Any(c => c.StartsWith("pull", StringComparison.Ordinal)));
        Delete();
        Eventually(() => Pod() is null);
        Runtime.Gates["pull"].SetResult();
    }

    [Fact]
    public void A_forced_deletion_still_stops_the_container()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => IsReady());
        Api.Resource<V1Pod>().Remove("web");
        Eventually(() => Runtime.Sandboxes.Count == 0);
        Assert.Contains(Runtime.Calls, c => c.StartsWith("stop main", StringComparison.Ordinal));
    }

    [Fact]
    public void A_restarted_kubelet_takes_running_pods_over_without_touching_them()
    {
        var container = Some.Container();
        container.ReadinessProbe = new V1Probe { Exec = new V1ExecAction { Command = ["ok"] } };
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod("web", container));
        Pass(Minute, () => IsReady());
        StopKubelet();
        Runtime.Calls.Clear();
        var unready = 0;
        using var listening = Api.Resource<V1Pod>().Listen((_, _, pod) => unready += pod.Status.Conditions.Any(c => c is { Type: "Ready", Status: "False" }) ? 1 : 0);
        Prober.Answer = (_, _) => ProbeResult.Success();
        var probes = Prober.Count;
        StartKubelet();
        Pass(Minute, () => Prober.Count > probes + 2);
        Assert.Empty(Runtime.Calls);
        Assert.Equal(0, unready);
        Assert.Equal(0, ContainerStatus().RestartCount);

        // And it leads them on.
        Runtime.Exit("main", 1);
        Pass(Minute, () => ContainerStatus().RestartCount == 1);
    }

    [Fact]
    public void Pods_deleted_while_the_kubelet_was_away_are_removed_as_orphans()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => IsReady());
        StopKubelet();
        Api.Resource<V1Pod>().Remove("web");
        StartKubelet();
        Eventually(() => Runtime.Sandboxes.Count == 0);
        Eventually(() => !Directory.Exists(_directory["pods/uid-web"]));
        Assert.Contains("stop main 30", Runtime.Calls);
    }

    [Fact]
    public async Task Another_kubelets_pods_on_the_same_runtime_are_left_alone()
    {
        var foreign = new PodSandboxConfig { Metadata = new PodSandboxMetadata { Name = "other", Uid = "uid-other", Namespace = "default" } };
        foreign.Labels["io.kubernetes.pod.uid"] = "uid-other";
        foreign.Labels["actorkube.io/node"] = "n2";
        await Runtime.RunPodSandboxAsync(foreign);
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => IsReady());
        Pass(TimeSpan.FromSeconds(61));
        Assert.Contains(Runtime.Sandboxes, s => s.Metadata.Name == "other");
    }

    [Fact]
    public void A_new_pod_of_the_same_name_does_not_wait_for_the_old_ones_end()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => IsReady());
        Runtime.Gates["stop"] = new TaskCompletionSource();
        Api.Resource<V1Pod>().Remove("web");
        var next = Some.Pod();
        next.Metadata.Uid = "uid-second";
        Api.Resource<V1Pod>().Put(next);
        Eventually(() => IsReady());
        Runtime.Gates["stop"].SetResult();
        Eventually(() => Runtime.Sandboxes.Count == 1);
        Assert.True(IsReady());
    }

    [Fact]
    public void A_missing_image_shows_ErrImagePull_then_ImagePullBackOff_and_starts_once_it_is_there()
    {
        Runtime.Registry.Clear();
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => Pod()!.Status.ContainerStatuses?[0].State.Waiting?.Reason == "ErrImagePull");
        Assert.Contains("not found", ContainerStatus().State.Waiting.Message, StringComparison.Ordinal);
        Assert.Equal("Pending", Status().Phase);
        Assert.Contains(Events.All, e => e is { Type: "Warning", Reason: "Failed", Message: "Error: ErrImagePull" });

        // The second pull comes after ten seconds, the third is held back.
        Pass(Minute, () => ContainerStatus().State.Waiting?.Reason == "ImagePullBackOff");
        Assert.Contains(Events.All, e => e is { Reason: "BackOff", Message: "Back-off pulling image \"registry.local/app:1\"" });
        Runtime.Images["registry.local/app:1"] = new Image { Id = "sha256:1" };
        Pass(Minute, () => IsReady());
    }

    [Fact]
    public void A_pod_waits_for_its_ConfigMap_and_starts_when_it_appears()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod().WithVolume(new V1Volume { Name = "cfg", ConfigMap = new V1ConfigMapVolumeSource { Name = "settings" } }));
        Eventually(() => Events.All.Any(e => e is { Reason: "FailedMount", Message: "MountVolume.SetUp failed for volume \"cfg\" : configmap \"settings\" not found" }));
        Eventually(() => ContainerStatus().State.Waiting?.Reason == "ContainerCreating");
        Api.Resource<V1ConfigMap>().Put(Some.ConfigMap("settings", ("a", "1")));
        Eventually(() => IsReady());
        var file = _directory["pods/uid-web/volumes/kubernetes.io~configmap/cfg/a"];
        Assert.Equal("1", File.ReadAllText(file));

        // A change reaches the running pod.
        Api.Resource<V1ConfigMap>().Put(Some.ConfigMap("settings", ("a", "2")));
        Eventually(() => File.ReadAllText(file) == "2");
        Assert.Equal(0, ContainerStatus().RestartCount);
    }

    [Fact]
    public void A_container_whose_environment_is_incomplete_waits_with_CreateContainerConfigError()
    {
        var container = Some.Container();
        container.EnvFrom = [new V1EnvFromSource { SecretRef = new V1SecretEnvSource { Name = "keys" } }];
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod("web", container));
        Eventually(() => Pod()!.Status.ContainerStatuses?[0].State.Waiting?.Reason == "CreateContainerConfigError");
        Assert.Equal("secret \"keys\" not found", ContainerStatus().State.Waiting.Message);
        Api.Resource<V1Secret>().Put(Some.Secret("keys", ("KEY", "v"u8.ToArray())));
        Eventually(() => IsReady());
        Assert.Contains(Runtime.Configs.Single().Envs, e => e.Key == "KEY" && e.Value.ToStringUtf8() == "v");
    }

    [Fact]
    public void A_claim_that_is_missing_is_waited_for_and_the_event_says_so()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod().WithVolume(new V1Volume { Name = "d", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = "c" } }));
        Eventually(() => Events.All.Any(e => e.Reason == "FailedMount" && e.Message.Contains("persistentvolumeclaim \"c\" not found", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_runtime_that_fails_is_asked_again()
    {
        Runtime.Failures["sandbox"] = new ContainerRuntimeException("no more addresses");
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => Events.All.Any(e => e is { Reason: "FailedCreatePodSandBox", Message: "Failed to create pod sandbox: no more addresses" }));
        Pass(Minute, () => IsReady());
    }

    [Fact]
    public void A_container_that_cannot_be_created_waits_and_is_tried_again()
    {
        Runtime.Failures["create"] = new ContainerRuntimeException("bad command");
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod());
        Eventually(() => Pod()!.Status.ContainerStatuses?[0].State.Waiting?.Reason == "CreateContainerError");
        Assert.Equal("bad command", ContainerStatus().State.Waiting.Message);
        Pass(Minute, () => IsReady());
    }

    [Fact]
    public void A_readiness_probe_decides_whether_the_pod_is_ready()
    {
        var container = Some.Container();
        container.ReadinessProbe = new V1Probe { PeriodSeconds = 5, FailureThreshold = 2, Exec = new V1ExecAction { Command = ["ok"] } };
        Prober.Answer = (_, _) => ProbeResult.Failure("not yet");
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod("web", container));
        Pass(Minute, () => Events.All.Any(e => e is { Reason: "Unhealthy", Message: "Readiness probe failed: not yet" }));
        // The status is written after the event, on a way of its own.
        Eventually(() => Pod()!.Status.Conditions?.SingleOrDefault(c => c.Type == "Ready")?.Message == "containers with unready status: [main]");
        Assert.False(IsReady());
        Prober.Answer = (_, _) => ProbeResult.Success();
        Pass(Minute, () => IsReady());
        Prober.Answer = (_, _) => ProbeResult.Failure("gone");
        Assert.True(Pass(Minute, () => !IsReady()) >= TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_failed_liveness_probe_kills_the_container_which_then_runs_anew()
    {
        var container = Some.Container();
        container.LivenessProbe = new V1Probe { PeriodSeconds = 1, FailureThreshold = 3, Exec = new V1ExecAction { Command = ["ok"] } };
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod("web", container));
        Pass(Minute, () => IsReady());
        Prober.Answer = (_, _) => ProbeResult.Failure("stuck");
        Pass(Minute, () =>
        {
            if (ContainerStatus().RestartCount == 1)
                Prober.Answer = (_, _) => ProbeResult.Success();
            return ContainerStatus().RestartCount == 1;
        });
        Assert.Contains(Events.All, e => e is { Reason: "Killing", Message: "Container main failed liveness probe, will be restarted" });
    }

    [Fact]
    public void Other_probes_wait_for_the_startup_probe()
    {
        var container = Some.Container();
        container.StartupProbe = new V1Probe { PeriodSeconds = 1, FailureThreshold = 30, Exec = new V1ExecAction { Command = ["started"] } };
        container.LivenessProbe = new V1Probe { PeriodSeconds = 1, FailureThreshold = 1, Exec = new V1ExecAction { Command = ["alive"] } };
        var asked = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var started = false;
        Prober.Answer = (probe, _) =>
        {
            asked.Enqueue(probe.Exec.Command[0]);
            return probe.Exec.Command[0] == "started" && !started ? ProbeResult.Failure("booting") : ProbeResult.Success();
        };
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod("web", container));
        Pass(Minute, () => asked.Count >= 5);
        Assert.DoesNotContain("alive", asked);
        Assert.False(ContainerStatus().Started);
        started = true;
        Pass(Minute, () => asked.Contains("alive"));
        Eventually(() => ContainerStatus().Started == true);
    }

    [Fact]
    public void A_failed_postStart_hook_kills_the_container()
    {
        var container = Some.Container();
        container.Lifecycle = new V1Lifecycle { PostStart = new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["setup"] } } };
        Runtime.OnExec = (_, _) => new ExecSyncResponse { ExitCode = 3 };
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod("web", container));
        Eventually(() => Events.All.Any(e => e is { Type: "Warning", Reason: "FailedPostStartHook" }));
        Eventually(() => Runtime.Calls.Contains("stop main 30"));
        Runtime.OnExec = (_, _) => new ExecSyncResponse();
        Pass(Minute, () => IsReady());
    }

    [Fact]
    public void A_finished_pod_reports_Succeeded_and_keeps_its_containers()
    {
        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod().Restarting("Never"));
        Eventually(() => IsReady());
        Runtime.Exit("main", 0);
        Eventually(() => Status().Phase == "Succeeded");
        Assert.Equal("Completed", ContainerStatus().State.Terminated.Reason);
        Assert.Equal("PodCompleted", Status().Conditions.Single(c => c.Type == "Ready").Reason);
        Assert.NotNull(Runtime.Find("main"));
    }

    [Fact]
    public void A_pod_that_does_not_fit_is_rejected_and_the_next_one_that_fits_runs()
    {
        static V1Container Asking(string memory)
        {
            var container = Some.Container();
            container.Resources = new V1ResourceRequirements { Requests = new Dictionary<string, ResourceQuantity> { ["memory"] = new(memory) } };
            return container;
        }

        StartKubelet();
        Api.Resource<V1Pod>().Put(Some.Pod("first", Asking("6Gi")));
        Api.Resource<V1Pod>().Put(Some.Pod("second", Asking("4Gi")));
        Api.Resource<V1Pod>().Put(Some.Pod("third", Asking("2Gi")));
        Eventually(() => IsReady("first") && IsReady("third"));
        Eventually(() => Status("second").Phase == "Failed");
        Assert.Equal(("OutOfmemory", "Pod was rejected: Node didn't have enough resource: memory, requested: 4294967296, used: 6442450944, capacity: 8589934592"), (Status("second").Reason, Status("second").Message));
        Assert.Contains(Events.All, e => e is { Type: "Warning", Reason: "OutOfmemory" });
        Assert.DoesNotContain(Runtime.Calls, c => c == "sandbox second");
    }

    [Fact]
    public void A_status_write_that_fails_is_repeated_and_others_conditions_are_kept()
    {
        StartKubelet();
        var pod = Some.Pod();
        pod.Status.Conditions = [new V1PodCondition { Type = "example.com/gate", Status = "True" }];
        Api.Resource<V1Pod>().Failures.Enqueue(new ApiException(ApiError.Status(503, "ServiceUnavailable", "away")));
        Api.Resource<V1Pod>().Put(pod);
        Pass(Minute, () => IsReady());
        Assert.Contains(Status().Conditions, c => c.Type == "example.com/gate");
    }
}
