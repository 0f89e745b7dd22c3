using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Admission.PodSecurity;
using ActorKube.ApiServer.Tests.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Admission;

public class PodSecurityTests
{
    private const string Hardened = """
        metadata: {name: p, namespace: default}
        spec:
          securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
          containers:
          - {name: a, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}
        """;

    private static readonly Policy Nothing = new(default, default, default);

    private static string Broken(string level, string yaml)
    {
        var parts = level.Split(':');
        PolicyLevels.TryParse(parts[0], out var read);
        Assert.True(PolicyVersion.TryParse(parts.Length > 1 ? parts[1] : "latest", out var version));
        var pod = Strategies.Yaml<V1Pod>(yaml);
        return PolicyEvaluator.Text(PolicyEvaluator.Evaluate(new LevelVersion(read, version), new CheckedPod(pod.Metadata, pod.Spec)));
    }

    private static string Pod(string spec) => $"metadata: {{name: p}}\nspec: {spec}";

    [Fact]
    public void A_bare_pod_is_told_all_that_restricted_asks_for()
    {
        Assert.Equal(
            "allowPrivilegeEscalation != false (container \"a\" must set securityContext.allowPrivilegeEscalation=false), "
            + "unrestricted capabilities (container \"a\" must set securityContext.capabilities.drop=[\"ALL\"]), "
            + "runAsNonRoot != true (pod or container \"a\" must set securityContext.runAsNonRoot=true), "
            + "seccompProfile (pod or container \"a\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")",
            Broken("restricted", Pod("{containers: [{name: a, image: i}]}")));
        Assert.Equal("", Broken("baseline", Pod("{containers: [{name: a, image: i}]}")));
    }

    [Fact]
    public void A_hardened_pod_passes_every_level_in_every_release()
    {
        for (var minor = 0; minor < 40; minor++)
        {
            Assert.Equal("", Broken($"restricted:v1.{minor}", Hardened));
            Assert.Equal("", Broken($"baseline:v1.{minor}", Hardened));
        }
    }

    [Theory]
    [InlineData("baseline", "{hostNetwork: true, hostPID: true, containers: [{name: a}]}", "host namespaces (hostNetwork=true, hostPID=true)")]
    [InlineData("baseline", "{containers: [{name: a, securityContext: {privileged: true}}, {name: b, securityContext: {privileged: true}}]}", "privileged (containers \"a\", \"b\" must not set securityContext.privileged=true)")]
    [InlineData("baseline", "{containers: [{name: a, securityContext: {capabilities: {add: [NET_ADMIN, CHOWN, BPF]}}}]}", "non-default capabilities (container \"a\" must not include \"BPF\", \"NET_ADMIN\" in securityContext.capabilities.add)")]
    [InlineData("baseline", "{containers: [{name: a, ports: [{containerPort: 80, hostPort: 8080}]}]}", "hostPort (container \"a\" uses hostPort 8080)")]
    [InlineData("baseline", "{volumes: [{name: v, hostPath: {path: /}}], containers: [{name: a}]}", "hostPath volumes (volume \"v\")")]
    [InlineData("restricted", "{volumes: [{name: v, hostPath: {path: /}}, {name: w, nfs: {server: s, path: /}}, {name: x, emptyDir: {}}], securityContext: {runAsNonRoot: true, seccompProfile: {type: Localhost, localhostProfile: p}}, containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}", "restricted volume types (volumes \"v\", \"w\" use restricted volume types \"hostPath\", \"nfs\")")]
    [InlineData("baseline", "{securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}, {name: net.ipv4.tcp_rmem, value: '1'}]}, containers: [{name: a}]}", "forbidden sysctls (kernel.msgmax)")]
    [InlineData("baseline:v1.31", "{securityContext: {sysctls: [{name: net.ipv4.tcp_rmem, value: '1'}]}, containers: [{name: a}]}", "forbidden sysctls (net.ipv4.tcp_rmem)")]
    [InlineData("baseline", "{securityContext: {seLinuxOptions: {type: spc_t, user: u}}, containers: [{name: a, securityContext: {seLinuxOptions: {role: r}}}]}", "seLinuxOptions (pod and container \"a\" set forbidden securityContext.seLinuxOptions: type \"spc_t\"; user may not be set; role may not be set)")]
    [InlineData("baseline", "{containers: [{name: a, securityContext: {procMount: Unmasked}}]}", "procMount (container \"a\" must not set securityContext.procMount to \"Unmasked\")")]
    [InlineData("baseline", "{hostUsers: false, containers: [{name: a, securityContext: {procMount: Unmasked}}]}", "")]
    [InlineData("baseline", "{securityContext: {appArmorProfile: {type: Unconfined}}, containers: [{name: a}]}", "forbidden AppArmor profile (pod must not set AppArmor profile type to \"Unconfined\")")]
    [InlineData("baseline", "{containers: [{name: a, livenessProbe: {httpGet: {port: 80, host: example.org}}}]}", "probe or lifecycle host (container \"a\" uses probe or lifecycle host \"example.org\")")]
    [InlineData("baseline:v1.33", "{containers: [{name: a, livenessProbe: {httpGet: {port: 80, host: example.org}}}]}", "")]
    [InlineData("baseline", "{securityContext: {seccompProfile: {type: Unconfined}}, containers: [{name: a}]}", "seccompProfile (pod must not set securityContext.seccompProfile.type to \"Unconfined\")")]
    [InlineData("restricted", "{securityContext: {runAsNonRoot: false, runAsUser: 0, seccompProfile: {type: RuntimeDefault}}, containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [CHOWN]}}}]}", "unrestricted capabilities (container \"a\" must not include \"CHOWN\" in securityContext.capabilities.add), runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)")]
    public void Says_what_a_pod_breaks_as_Kubernetes_does(string level, string spec, string expected) => Assert.Equal(expected, Broken(level, Pod(spec)));

    [Theory]
    [InlineData("enforce=restricted", "restricted:latest privileged:latest restricted:latest")]
    [InlineData("enforce=baseline,enforce-version=v1.30", "baseline:v1.30 privileged:latest baseline:v1.30")]
    [InlineData("enforce=baseline,warn=restricted,audit=restricted,audit-version=v1.25", "baseline:latest restricted:v1.25 restricted:latest")]
    [InlineData("enforce=nonsense", "restricted:latest privileged:latest privileged:latest")]
    [InlineData("warn=nonsense,warn-version=v2", "privileged:latest privileged:latest privileged:latest")]
    public void A_namespace_s_labels_make_its_policy(string labels, string expected)
    {
        var read = labels.Split(',').Select(l => l.Split('=')).ToDictionary(l => "pod-security.kubernetes.io/" + l[0], l => l[1]);
        var errors = new List<FieldError>();
        var policy = Policy.Of(read, Nothing, errors);
        Assert.Equal(expected, $"{policy.Enforce} {policy.Audit} {policy.Warn}");
        Assert.Equal(labels.Contains("nonsense", StringComparison.Ordinal), errors.Count > 0);
    }

    [Theory]
    [InlineData("latest", true)]
    [InlineData("v1.0", true)]
    [InlineData("v1.36", true)]
    [InlineData("v1.01", false)]
    [InlineData("v1.", false)]
    [InlineData("v1.2.3", false)]
    [InlineData("1.2", false)]
    public void Versions_are_latest_or_a_minor_release(string text, bool good) => Assert.Equal(good, PolicyVersion.TryParse(text, out _));

    [Fact]
    public void Pods_that_are_there_already_are_told_of_by_what_they_break()
    {
        var pods = new[] { "c", "a", "b" }.Select(n => new V1Pod { Metadata = new V1ObjectMeta { Name = n }, Spec = new V1PodSpec { HostNetwork = true, Containers = [new V1Container { Name = "x" }] } })
            .Append(new V1Pod { Metadata = new V1ObjectMeta { Name = "fine" }, Spec = new V1PodSpec { Containers = [] } }).ToList();
        Assert.Equal(
            ["existing pods in namespace \"ns\" violate the new PodSecurity enforce level \"baseline:latest\"", "a (and 2 other pods): host namespaces"],
            ExistingPods.Warnings("ns", new LevelVersion(PolicyLevel.Baseline, default), pods, [], () => false));
    }
}
