using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Tests.Fakes;
using ActorKube.Kubelet.Volumes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Volumes;

public sealed class VolumeManagerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeApi _api = new();
    private readonly FakeMounter _mounter = new();
    private readonly VolumeManager _volumes;

    public VolumeManagerTests()
    {
        var resources = new ResourceFacts(new Dictionary<string, ResourceQuantity>());
        var time = TimeProvider.System;
        var objects = new ApiObjectSource(_api);
        _volumes = new VolumeManager(new PodDirectories(_directory.Path, _directory["logs"]), new VolumeContents(objects, resources, time), new PersistentVolumes(objects), _mounter, time);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task ConfigMaps_become_files_all_or_the_chosen_ones()
    {
        _api.Resource<V1ConfigMap>().Put(Some.ConfigMap("c", ("a", "1"), ("b", "2")));
        await SetUp(new V1Volume { Name = "all", ConfigMap = new V1ConfigMapVolumeSource { Name = "c" } });
        Assert.Equal(("1", "2"), (Read("configmap/all/a"), Read("configmap/all/b")));
        await SetUp(new V1Volume { Name = "some", ConfigMap = new V1ConfigMapVolumeSource { Name = "c", Items = [new V1KeyToPath { Key = "a", Path = "dir/x", Mode = 0b100_000_000 }] } });
        Assert.Equal("1", Read("configmap/some/dir/x"));
        Assert.True(Modes.Has(At("configmap/some/dir/x"), UnixFileMode.UserRead));
        Assert.False(File.Exists(At("configmap/some/b")));
    }

    [Fact]
    public async Task A_claim_is_where_its_volume_says_once_both_are_bound_and_the_data_stays_when_the_pod_goes()
    {
        var data = _directory["data"];
        Directory.CreateDirectory(data);
        File.WriteAllText(Path.Combine(data, "kept"), "1");
        var mounted = new V1Volume { Name = "v", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = "c" } };
        Assert.Equal("persistentvolumeclaim \"c\" not found", (await Assert.ThrowsAsync<VolumeException>(() => SetUp(mounted))).Message);
        var claim = new V1PersistentVolumeClaim { Metadata = new V1ObjectMeta { Name = "c", NamespaceProperty = "default", Uid = "uid-c" }, Spec = new V1PersistentVolumeClaimSpec() };
        _api.Resource<V1PersistentVolumeClaim>().Put(claim);
        Assert.Equal("persistentvolumeclaim \"c\" is not bound", (await Assert.ThrowsAsync<VolumeException>(() => SetUp(mounted))).Message);

        _api.Resource<V1PersistentVolumeClaim>().Put(claim with { Spec = new V1PersistentVolumeClaimSpec { VolumeName = "pv" }, Status = new V1PersistentVolumeClaimStatus { Phase = "Bound" } });
        _api.Resource<V1PersistentVolume>().Put(new V1PersistentVolume
        {
            Metadata = new V1ObjectMeta { Name = "pv" },
            Spec = new V1PersistentVolumeSpec { HostPath = new V1HostPathVolumeSource { Path = data }, ClaimRef = new V1ObjectReference { Uid = "uid-c" } },
        });
        await SetUp(mounted);
        Assert.Equal("1", Read("persistent-volume/v/kept"));

        _volumes.Remove("uid-web");
        Assert.True(File.Exists(Path.Combine(data, "kept")));
    }

    [Fact]
    public async Task A_missing_object_or_key_is_an_error_unless_optional()
    {
        var volume = new V1Volume { Name = "s", Secret = new V1SecretVolumeSource { SecretName = "k" } };
        Assert.Equal("MountVolume.SetUp failed for volume \"s\" : secret \"k\" not found", (await Assert.ThrowsAsync<VolumeException>(() => SetUp(volume))).EventMessage);
        volume.Secret.Optional = true;
        await SetUp(volume);
        Assert.Empty(Directory.EnumerateFiles(At("secret/s")));
        _api.Resource<V1Secret>().Put(Some.Secret("k", ("a", [1])));
        var keyed = new V1Volume { Name = "t", Secret = new V1SecretVolumeSource { SecretName = "k", Items = [new V1KeyToPath { Key = "z", Path = "z" }] } };
        Assert.Equal("references non-existent secret key: z", (await Assert.ThrowsAsync<VolumeException>(() => SetUp(keyed))).Message);
    }

    [Fact]
    public async Task Secrets_live_in_memory_and_everything_goes_when_removed()
    {
        _api.Resource<V1Secret>().Put(Some.Secret("k", ("a", [1])));
        await SetUp(new V1Volume { Name = "s", Secret = new V1SecretVolumeSource { SecretName = "k" } }, new V1Volume { Name = "m", EmptyDir = new V1EmptyDirVolumeSource { Medium = "Memory" } });
        Assert.Equal([At("empty-dir/m"), At("secret/s")], _mounter.Mounts.Order());
        _volumes.Remove("uid-web");
        Assert.Empty(_mounter.Mounts);
        Assert.False(Directory.Exists(_directory["pods/uid-web/volumes"]));
        _volumes.Remove("uid-web");
    }

    [Fact]
    public async Task An_emptyDir_keeps_its_content_when_set_up_again()
    {
        var volume = new V1Volume { Name = "e", EmptyDir = new V1EmptyDirVolumeSource() };
        await SetUp(volume);
        File.WriteAllText(At("empty-dir/e/x"), "kept");
        await SetUp(volume);
        Assert.Equal("kept", Read("empty-dir/e/x"));
        Assert.True(Modes.Has(At("empty-dir/e"), Modes.Everyone));
    }

    [Fact]
    public async Task Projections_are_merged_and_a_token_says_when_to_come_again()
    {
        _api.Resource<V1ConfigMap>().Put(Some.ConfigMap("c", ("a", "1")));
        var projected = new V1ProjectedVolumeSource
        {
            Sources =
            [
                new V1VolumeProjection { ServiceAccountToken = new V1ServiceAccountTokenProjection { Path = "token" } },
                new V1VolumeProjection { ConfigMap = new V1ConfigMapProjection { Name = "c", Items = [new V1KeyToPath { Key = "a", Path = "ca.crt" }] } },
                new V1VolumeProjection { DownwardAPI = new V1DownwardAPIProjection { Items = [new V1DownwardAPIVolumeFile { Path = "namespace", FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.namespace" } }] } },
            ],
        };
        var refreshAt = await SetUp(new V1Volume { Name = "p", Projected = projected });
        Assert.Equal(("token-1", "1", "default"), (Read("projected/p/token"), Read("projected/p/ca.crt"), Read("projected/p/namespace")));
        Assert.NotNull(refreshAt);
    }

    [Theory]
    [InlineData(null, null, 0b110_100_100)]
    [InlineData(1000L, null, 0b110_000_000)]
    [InlineData(null, 2000L, 0b110_100_000)]
    [InlineData(1000L, 2000L, 0b110_100_000)]
    public async Task A_token_is_for_the_user_or_group_of_the_pod_where_it_has_one(long? user, long? group, int mode)
    {
        var pod = Pod(new V1Volume { Name = "p", Projected = new V1ProjectedVolumeSource { Sources = [new V1VolumeProjection { ServiceAccountToken = new V1ServiceAccountTokenProjection { Path = "token" } }] } })
            .With(s => s.SecurityContext = new V1PodSecurityContext { RunAsUser = user, FsGroup = group });
        await _volumes.SetUpAsync(pod, default);
        Assert.True(Modes.Has(At("projected/p/token"), (UnixFileMode)mode));
        var owned = _mounter.Owners.Where(o => o.Path.EndsWith("/token", StringComparison.Ordinal)).ToList();
        Assert.Equal(user is null && group is null ? [] : [(user ?? -1, group ?? -1)], owned.Select(o => (o.User, o.Group)));
    }

    [Fact]
    public async Task Projections_that_no_cluster_of_ours_has_are_named()
    {
        var volume = new V1Volume { Name = "p", Projected = new V1ProjectedVolumeSource { Sources = [new V1VolumeProjection { ClusterTrustBundle = new V1ClusterTrustBundleProjection { Path = "ca", Name = "x" } }] } };
        var error = await Assert.ThrowsAsync<VolumeException>(() => SetUp(volume));
        Assert.Equal("MountVolume.SetUp failed for volume \"p\" : projected source clusterTrustBundle: this cluster has no ClusterTrustBundles", error.EventMessage);
    }

    [Fact]
    public async Task A_server_without_tokens_is_a_clear_error()
    {
        _api.Token = null;
        var volume = new V1Volume { Name = "p", Projected = new V1ProjectedVolumeSource { Sources = [new V1VolumeProjection { ServiceAccountToken = new V1ServiceAccountTokenProjection { Path = "token" } }] } };
        var error = await Assert.ThrowsAsync<VolumeException>(() => SetUp(volume));
        Assert.Equal("failed to fetch token for service account default/default: the server could not find the requested resource", error.Message);
    }

    [Fact]
    public async Task Labels_and_annotations_are_written_as_quoted_lines()
    {
        var item = new V1DownwardAPIVolumeFile { Path = "labels", FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.labels" } };
        var pod = Pod(new V1Volume { Name = "d", DownwardAPI = new V1DownwardAPIVolumeSource { Items = [item] } });
        pod.Metadata.Labels = new Dictionary<string, string> { ["b"] = "2\"x", ["a"] = "1" };
        await _volumes.SetUpAsync(pod, default);
        Assert.Equal("a=\"1\"\nb=\"2\\\"x\"", Read("downward-api/d/labels"));
    }

    [Fact]
    public async Task Only_volumes_that_a_container_mounts_are_set_up()
    {
        var pod = Pod(new V1Volume { Name = "used", EmptyDir = new V1EmptyDirVolumeSource() });
        pod.Spec.Volumes = [.. pod.Spec.Volumes, new V1Volume { Name = "unused", ConfigMap = new V1ConfigMapVolumeSource { Name = "missing" } }];
        await _volumes.SetUpAsync(pod, default);
        Assert.True(Directory.Exists(At("empty-dir/used")));
    }

    [Fact]
    public async Task A_group_owns_the_volumes_of_a_pod_with_fsGroup()
    {
        _api.Resource<V1Secret>().Put(Some.Secret("k", ("a", [1])));
        var volume = new V1Volume { Name = "s", Secret = new V1SecretVolumeSource { SecretName = "k", DefaultMode = 0b100_000_000 } };
        var pod = Pod(volume).With(s => s.SecurityContext = new V1PodSecurityContext { FsGroup = 2000 });
        await _volumes.SetUpAsync(pod, default);
        Assert.True(Modes.Has(At("secret/s/a"), UnixFileMode.UserRead | UnixFileMode.GroupRead));
        Assert.Contains(_mounter.Owners, o => o is { Group: 2000 } && o.Path.EndsWith("/a", StringComparison.Ordinal));
        Assert.Contains(_mounter.Owners, o => o is { Group: 2000 } && o.Path.EndsWith("/s", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Directory", "missing", "hostPath type check failed: {0} is not a directory")]
    [InlineData("File", "dir", "hostPath type check failed: {0} is not a file")]
    [InlineData("Socket", "file", "hostPath type check failed: {0} is not a socket file")]
    [InlineData("Directory", "dir", null)]
    [InlineData("File", "file", null)]
    [InlineData("DirectoryOrCreate", "new", null)]
    [InlineData("FileOrCreate", "newfile", null)]
    [InlineData("", "missing", null)]
    public async Task HostPaths_must_be_what_the_pod_says(string type, string name, string? error)
    {
        Directory.CreateDirectory(_directory["dir"]);
        File.WriteAllText(_directory["file"], "");
        var volume = new V1Volume { Name = "h", HostPath = new V1HostPathVolumeSource { Path = _directory[name], Type = type } };
        if (error is null)
            await SetUp(volume);
        else
            Assert.Equal(string.Format(System.Globalization.CultureInfo.InvariantCulture, error, _directory[name]), (await Assert.ThrowsAsync<VolumeException>(() => SetUp(volume))).Message);
    }

    [Fact]
    public void Devices_are_told_from_files() => Assert.Equal(FileKind.CharacterDevice, FileStatus.KindOf("/dev/null"));

    private static V1Pod Pod(params V1Volume[] volumes) => volumes.Aggregate(Some.Pod(), (pod, volume) => pod.WithVolume(volume, "/" + volume.Name));

    private Task<DateTimeOffset?> SetUp(params V1Volume[] volumes) => _volumes.SetUpAsync(Pod(volumes), default);

    private string At(string path) => _directory["pods/uid-web/volumes/kubernetes.io~" + path];

    private string Read(string path) => File.ReadAllText(At(path));
}
