using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Containers;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Tests.Fakes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Containers;

public sealed class ContainerConfigBuilderTests : IDisposable
{
    private static readonly ContainerSources Sources = new(
        new Dictionary<string, V1ConfigMap?>(), new Dictionary<string, V1Secret?>(), [], ["10.0.0.7"], ["192.0.2.1"], new ResourceFacts(new Dictionary<string, ResourceQuantity>()));

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Command_arguments_mounts_and_labels_are_there()
    {
        var container = Some.Container();
        container.Command = ["run", "$(MODE)"];
        container.Args = ["--x"];
        container.Env = [new V1EnvVar { Name = "MODE", Value = "fast" }];
        var pod = Some.Pod("web", container).WithVolume(new V1Volume { Name = "cfg", ConfigMap = new V1ConfigMapVolumeSource { Name = "c" } }, "/etc/cfg");
        var config = Build(pod, restartCount: 2);
        Assert.Equal(["run", "fast"], config.Command);
        Assert.Equal("main/2.log", config.LogPath);
        Assert.Contains(config.Mounts, m => m is { ContainerPath: "/etc/cfg", Readonly: true } && m.HostPath.EndsWith("kubernetes.io~configmap/cfg", StringComparison.Ordinal));
        Assert.Contains(config.Mounts, m => m.ContainerPath == "/etc/hosts");
        Assert.Contains(config.Mounts, m => m.ContainerPath == "/dev/termination-log");
        Assert.Equal("2", config.Annotations["io.kubernetes.container.restartCount"]);
        Assert.Equal(("web", "default", "uid-web", "main", "n1"), (config.Labels["io.kubernetes.pod.name"], config.Labels["io.kubernetes.pod.namespace"],
            config.Labels["io.kubernetes.pod.uid"], config.Labels["io.kubernetes.container.name"], config.Labels["actorkube.io/node"]));
    }

    [Fact]
    public void A_containers_security_settings_win_over_the_pods()
    {
        var container = Some.Container();
        container.SecurityContext = new V1SecurityContext
        {
            RunAsUser = 1000, AllowPrivilegeEscalation = false, ReadOnlyRootFilesystem = true, Capabilities = new V1Capabilities { Add = ["NET_ADMIN"], Drop = ["ALL"] },
        };
        var pod = Some.Pod("web", container).With(s => s.SecurityContext = new V1PodSecurityContext { RunAsUser = 1, RunAsGroup = 2, FsGroup = 3, SupplementalGroups = [4] });
        var context = Build(pod).Linux.SecurityContext;
        Assert.Equal((1000, 2), (context.RunAsUser.Value, context.RunAsGroup.Value));
        Assert.Equal([4, 3], context.SupplementalGroups);
        Assert.True(context is { NoNewPrivs: true, ReadonlyRootfs: true, Privileged: false });
        Assert.Equal(["NET_ADMIN"], context.Capabilities.AddCapabilities);
        Assert.Equal(["ALL"], context.Capabilities.DropCapabilities);
        Assert.Contains("/proc/kcore", context.MaskedPaths);
    }

    [Fact]
    public void Privileged_containers_see_everything()
    {
        var container = Some.Container();
        container.SecurityContext = new V1SecurityContext { Privileged = true };
        var context = Build(Some.Pod("web", container)).Linux.SecurityContext;
        Assert.True(context.Privileged);
        Assert.Empty(context.MaskedPaths);
    }

    [Fact]
    public void Namespaces_follow_the_pod()
    {
        var options = Build(Some.Pod().With(s => (s.HostNetwork, s.HostIPC, s.ShareProcessNamespace) = (true, true, true))).Linux.SecurityContext.NamespaceOptions;
        Assert.Equal((NamespaceMode.Node, NamespaceMode.Node, NamespaceMode.Pod), (options.Network, options.Ipc, options.Pid));
        Assert.Equal(NamespaceMode.Container, Build(Some.Pod()).Linux.SecurityContext.NamespaceOptions.Pid);
    }

    [Theory]
    [InlineData(0L, null, "", "breaks non-root policy")]
    [InlineData(null, 0L, "", "image will run as root")]
    [InlineData(null, null, "www", "non-numeric user (www)")]
    [InlineData(5L, 0L, "", null)]
    [InlineData(null, 5L, "", null)]
    public void RunAsNonRoot_refuses_root(long? user, long? imageUser, string imageName, string? refusal)
    {
        var pod = Some.Pod().With(s => s.SecurityContext = new V1PodSecurityContext { RunAsNonRoot = true, RunAsUser = user });
        var image = new Image { Id = "i", Uid = imageUser is { } uid ? new Int64Value { Value = uid } : null, Username = imageName };
        if (refusal is null)
            Build(pod, image: image);
        else
            Assert.Contains(refusal, Assert.Throws<ContainerConfigException>(() => Build(pod, image: image)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SubPaths_lead_into_the_volume_and_may_use_variables()
    {
        var pod = Some.Pod().WithVolume(new V1Volume { Name = "d", HostPath = new V1HostPathVolumeSource { Path = _directory.Path } });
        pod.Spec.Containers[0].VolumeMounts[0].SubPathExpr = "logs/$(POD)";
        pod.Spec.Containers[0].Env = [new V1EnvVar { Name = "POD", Value = "web" }];
        Assert.Contains(Build(pod).Mounts, m => m.HostPath == _directory["logs/web"]);
        Assert.True(Directory.Exists(_directory["logs/web"]));
        pod.Spec.Containers[0].VolumeMounts[0].SubPathExpr = "$(MISSING)/$(EMPTY)";
        pod.Spec.Containers[0].Env = [new V1EnvVar { Name = "EMPTY", Value = "" }];
        Assert.Equal("missing value for EMPTY, MISSING", Assert.Throws<ContainerConfigException>(() => Build(pod)).Message);
    }

    private ContainerConfig Build(V1Pod pod, int restartCount = 0, Image? image = null) =>
        new ContainerConfigBuilder(new PodDirectories(_directory.Path, _directory["logs"]), "n1")
            .Build(pod, pod.Spec.Containers[0], restartCount, image ?? new Image { Id = "sha256:1", Uid = new Int64Value() }, Sources, null);
}
