using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Registry;

public class PodStrategyTests
{
    private const string Simple = """
        metadata: {name: web, namespace: default}
        spec:
          containers:
          - name: web
            image: nginx
            ports: [{containerPort: 80}]
            resources: {limits: {cpu: 500m, memory: 64Mi}}
            livenessProbe: {httpGet: {port: 80}}
          volumes:
          - name: cache
          - name: conf
            configMap: {name: c}
        """;

    [Fact]
    public void Gets_the_defaults_that_kubectl_shows()
    {
        var (pod, errors) = Strategies.Create<V1Pod>(Simple);
        Assert.Empty(errors);
        Assert.Equal(
            """
            {"metadata":{"generation":1,"name":"web","namespace":"default"},"spec":{"containers":[{"image":"nginx","imagePullPolicy":"Always","livenessProbe":{"failureThreshold":3,"httpGet":{"path":"/","port":80,"scheme":"HTTP"},"periodSeconds":10,"successThreshold":1,"timeoutSeconds":1},"name":"web","ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{"limits":{"cpu":"500m","memory":"64Mi"},"requests":{"cpu":"500m","memory":"64Mi"}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","enableServiceLinks":true,"restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30,"volumes":[{"emptyDir":{},"name":"cache"},{"configMap":{"defaultMode":420,"name":"c"},"name":"conf"}]},"status":{"phase":"Pending","qosClass":"Guaranteed"}}
            """,
            ApiJson.SerializeToString(pod));
    }

    [Fact]
    public void Defaults_leave_set_fields_alone_and_change_nothing_the_second_time()
    {
        var (pod, _) = Strategies.Create<V1Pod>(Simple);
        var again = ApiJson.Copy(pod);
        Strategies.Of<V1Pod>().Default(again);
        Assert.Equal(ApiJson.SerializeToString(pod), ApiJson.SerializeToString(again));
    }

    [Theory]
    [InlineData("nginx", "Always")]
    [InlineData("nginx:latest", "Always")]
    [InlineData("nginx:1.25", "IfNotPresent")]
    [InlineData("localhost:5000/nginx", "Always")]
    [InlineData("localhost:5000/nginx:v1", "IfNotPresent")]
    [InlineData("nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000", "IfNotPresent")]
    public void Pulls_by_the_images_tag(string image, string policy) => Assert.Equal(policy, ContainerDefaults.PullPolicy(image));

    [Theory]
    [InlineData("{limits: {cpu: 1, memory: 1Gi}}", "Guaranteed")]
    [InlineData("{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1000m, memory: 1024Mi}}", "Guaranteed")]
    [InlineData("{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m}}", "Burstable")]
    [InlineData("{requests: {memory: 1Gi}}", "Burstable")]
    [InlineData("{limits: {cpu: 1}}", "Burstable")]
    [InlineData("{}", "BestEffort")]
    public void Knows_the_quality_of_service(string resources, string qos)
    {
        var (pod, _) = Strategies.Create<V1Pod>($"metadata: {{name: a}}\nspec: {{containers: [{{name: c, image: i, resources: {resources}}}]}}");
        Assert.Equal(qos, pod.Status.QosClass);
    }

    [Theory]
    [InlineData("spec: {}", "spec.containers: Required value")]
    [InlineData("spec: {containers: [{image: i}]}", "spec.containers[0].name: Required value")]
    [InlineData("spec: {containers: [{name: a}]}", "spec.containers[0].image: Required value")]
    [InlineData("spec: {containers: [{name: a, image: i}, {name: a, image: i}]}", "spec.containers[1].name: Duplicate value: \"a\"")]
    [InlineData("spec: {containers: [{name: a, image: ' i'}]}", "spec.containers[0].image: Invalid value: \" i\": must not have leading or trailing whitespace")]
    [InlineData("spec: {restartPolicy: Sometimes, containers: [{name: a, image: i}]}", "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"")]
    [InlineData("spec: {containers: [{name: a, image: i, ports: [{containerPort: 70000}]}]}", "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive")]
    [InlineData("spec: {containers: [{name: a, image: i, volumeMounts: [{name: gone, mountPath: /x}]}]}", "spec.containers[0].volumeMounts[0].name: Not found: \"gone\"")]
    [InlineData("spec: {containers: [{name: a, image: i, resources: {limits: {cpu: 1}, requests: {cpu: 2}}}]}", "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1")]
    [InlineData("spec: {containers: [{name: a, image: i, resources: {requests: {pears: 1}}}]}", "spec.containers[0].resources.requests[pears]: Invalid value: \"pears\": must be a standard resource type or fully qualified;spec.containers[0].resources.requests[pears]: Invalid value: \"pears\": must be a standard resource for containers")]
    [InlineData("spec: {containers: [{name: a, image: i, resources: {requests: {memory: -1}}}]}", "spec.containers[0].resources.requests[memory]: Invalid value: \"-1\": must be greater than or equal to 0")]
    [InlineData("spec: {containers: [{name: a, image: i, livenessProbe: {}}]}", "spec.containers[0].livenessProbe: Required value: must specify a handler type")]
    [InlineData("spec: {containers: [{name: a, image: i, livenessProbe: {exec: {command: [x]}, tcpSocket: {port: 1}}}]}", "spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type")]
    [InlineData("spec: {containers: [{name: a, image: i, env: [{name: A, value: x, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}]}", "spec.containers[0].env[0].valueFrom: Invalid value: \"\": may not be specified when `value` is not empty")]
    [InlineData("spec: {containers: [{name: a, image: i, env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.pears}}}]}]}", "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"spec.pears\": error converting fieldPath: field label not supported: spec.pears")]
    [InlineData("spec: {containers: [{name: a, image: i}], volumes: [{name: v, emptyDir: {}, hostPath: {path: /}}]}", "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type")]
    [InlineData("spec: {containers: [{name: a, image: i}], initContainers: [{name: b, image: i, livenessProbe: {exec: {command: [x]}}}]}", "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always")]
    [InlineData("spec: {containers: [{name: a, image: i}], tolerations: [{operator: Equal}]}", "spec.tolerations[0].operator: Invalid value: \"Equal\": operator must be Exists when `key` is empty, which means \"match all values and all keys\"")]
    [InlineData("spec: {dnsPolicy: None, containers: [{name: a, image: i}]}", "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None")]
    [InlineData("spec: {hostNetwork: true, containers: [{name: a, image: i, ports: [{containerPort: 80, hostPort: 81}]}]}", "spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true")]
    [InlineData("spec: {containers: [{name: a, image: i, securityContext: {privileged: true, allowPrivilegeEscalation: false}}]}", "spec.containers[0].securityContext: Invalid value: {\"allowPrivilegeEscalation\":false,\"privileged\":true}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true")]
    [InlineData("spec: {containers: [{name: a, image: i}], topologySpreadConstraints: [{maxSkew: 0, topologyKey: z, whenUnsatisfiable: DoNotSchedule}]}", "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero")]
    [InlineData("spec: {containers: [{name: a, image: i}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}}", "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term")]
    public void Says_what_is_wrong_as_Kubernetes_does(string spec, string errors) => Assert.Equal(errors.Split(';'), Strategies.ErrorsOf<V1Pod>("metadata: {name: a}\n" + spec));

    [Fact]
    public void Images_may_change_and_little_else()
    {
        var (old, _) = Strategies.Create<V1Pod>(Simple);
        Assert.Empty(Strategies.Update(old, p => p.Spec.Containers[0].Image = "nginx:2").Errors);
        Assert.Empty(Strategies.Update(old, p => p.Spec.ActiveDeadlineSeconds = 60).Errors);
        Assert.Empty(Strategies.Update(old, p => p.Spec.Tolerations = [new V1Toleration { Key = "k", OperatorProperty = "Exists" }]).Errors);
        var error = Assert.Single(Strategies.Update(old, p => p.Spec.Containers[0].Command = ["sh"]).Errors);
        Assert.StartsWith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)", error);
        Assert.Contains("+ containers[0].command: [\"sh\"]", error);
        Assert.Equal(
            ["spec.containers: Forbidden: pod updates may not add or remove containers"],
            Strategies.Update(old, p => p.Spec.Containers.Add(new V1Container { Name = "x", Image = "y" })).Errors);
    }

    [Fact]
    public void Spec_writers_keep_the_status_and_count_the_generation()
    {
        var (old, _) = Strategies.Create<V1Pod>(Simple);
        var (pod, _) = Strategies.Update(old, p =>
        {
            p.Status.Phase = "Running";
            p.Spec.Containers[0].Image = "nginx:2";
        });
        Assert.Equal("Pending", pod.Status.Phase);
        Assert.Equal(2, pod.Metadata.Generation);
        Assert.Equal(1, Strategies.Update(old, p => p.Metadata.Labels = new Dictionary<string, string> { ["a"] = "b" }).Value.Metadata.Generation);
    }

    [Theory]
    [InlineData("{phase: Pending}", "web | 0/1 | Pending | 0 | 5m30s")]
    [InlineData("{phase: Pending, containerStatuses: [{name: web, state: {waiting: {reason: ContainerCreating}}, image: i, imageID: '', ready: false, restartCount: 0}]}", "web | 0/1 | ContainerCreating | 0 | 5m30s")]
    [InlineData("{phase: Running, containerStatuses: [{name: web, state: {running: {}}, image: i, imageID: '', ready: true, restartCount: 2, lastState: {terminated: {exitCode: 1, finishedAt: '2024-05-01T11:55:00Z'}}}]}", "web | 1/1 | Running | 2 (5m ago) | 5m30s")]
    [InlineData("{phase: Running, containerStatuses: [{name: web, state: {waiting: {reason: CrashLoopBackOff}}, image: i, imageID: '', ready: false, restartCount: 3}]}", "web | 0/1 | CrashLoopBackOff | 3 | 5m30s")]
    [InlineData("{phase: Succeeded, containerStatuses: [{name: web, state: {terminated: {exitCode: 0, reason: Completed}}, image: i, imageID: '', ready: false, restartCount: 0}]}", "web | 0/1 | Completed | 0 | 5m30s")]
    [InlineData("{phase: Failed, containerStatuses: [{name: web, state: {terminated: {exitCode: 7}}, image: i, imageID: '', ready: false, restartCount: 0}]}", "web | 0/1 | ExitCode:7 | 0 | 5m30s")]
    [InlineData("{phase: Failed, reason: Evicted}", "web | 0/1 | Evicted | 0 | 5m30s")]
    [InlineData("{phase: Pending, initContainerStatuses: [{name: i1, state: {terminated: {exitCode: 0}}, image: i, imageID: '', ready: true, restartCount: 0}, {name: i2, state: {running: {}}, image: i, imageID: '', ready: false, restartCount: 0}]}", "web | 0/1 | Init:1/2 | 0 | 5m30s")]
    [InlineData("{phase: Pending, initContainerStatuses: [{name: i1, state: {waiting: {reason: ErrImagePull}}, image: i, imageID: '', ready: false, restartCount: 0}]}", "web | 0/1 | Init:ErrImagePull | 0 | 5m30s")]
    public void Prints_what_kubectl_get_prints(string status, string row)
    {
        var pod = Strategies.Yaml<V1Pod>($$"""
            metadata: {name: web, creationTimestamp: '2024-05-01T11:54:30Z'}
            spec: {containers: [{name: web, image: i}], initContainers: [{name: i1, image: i}, {name: i2, image: i}]}
            status: {{status}}
            """);
        Assert.Equal(row, Strategies.Row(pod));
    }

    [Fact]
    public void A_pod_on_its_way_out_is_terminating()
    {
        var (pod, _) = Strategies.Create<V1Pod>(Simple);
        pod.Metadata.CreationTimestamp = Strategies.Now.UtcDateTime.AddSeconds(-10);
        pod.Metadata.DeletionTimestamp = Strategies.Now.UtcDateTime;
        pod.Spec.NodeName = "n1";
        pod.Status.PodIPs = [new V1PodIP { Ip = "10.1.2.3" }];
        Assert.Equal("web | 0/1 | Terminating | 0 | 10s | 10.1.2.3 | n1 | <none> | <none>", Strategies.Row(pod, wide: true));
    }

    [Fact]
    public void A_status_cannot_bring_an_ended_container_back()
    {
        var (old, _) = Strategies.Create<V1Pod>("metadata: {name: a}\nspec: {restartPolicy: Never, containers: [{name: c, image: i}]}");
        old.Status.ContainerStatuses = [new V1ContainerStatus { Name = "c", Image = "i", ImageID = "", State = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 0 } } }];
        var back = ApiJson.Copy(old);
        back.Status.ContainerStatuses[0].State = new V1ContainerState { Running = new V1ContainerStateRunning() };
        var strategy = Strategies.Of<V1Pod>();
        strategy.PrepareForStatusUpdate(back, old);
        Assert.Equal(["status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"], strategy.ValidateStatusUpdate(back, old).Select(e => e.ToString()));
    }
}
