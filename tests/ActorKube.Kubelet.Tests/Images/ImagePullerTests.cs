using System.Text;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Images;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Tests.Fakes;
using ActorKube.Kubelet.Volumes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Images;

public sealed class ImagePullerTests : IDisposable
{
    private readonly FakeApi _api = new();
    private readonly FakeRuntime _runtime = new();
    private readonly FakeEvents _events = new();
    private readonly ImagePuller _puller;

    public ImagePullerTests() => _puller = new ImagePuller(_runtime, new ApiObjectSource(_api), _events, TimeProvider.System, 4);

    public void Dispose() => _puller.Dispose();

    [Fact]
    public async Task A_present_image_is_not_pulled_unless_always_is_asked()
    {
        _runtime.Images["registry.local/app:1"] = new Image { Id = "there" };
        Assert.Equal("there", (await Ensure()).Id);
        Assert.Empty(_runtime.Calls);
        await Ensure(policy: "Always");
        Assert.Equal(["pull registry.local/app:1"], _runtime.Calls);
    }

    [Fact]
    public async Task Never_means_never()
    {
        var error = await Assert.ThrowsAsync<ContainerStartException>(() => Ensure(policy: "Never"));
        Assert.Equal(("ErrImageNeverPull", "Container image \"registry.local/app:1\" is not present with pull policy of Never"), (error.Reason, error.Message));
        Assert.Empty(_runtime.Calls);
    }

    [Fact]
    public async Task A_bad_name_is_told_apart()
    {
        var error = await Assert.ThrowsAsync<ContainerStartException>(() => Ensure(image: "UPPER:case"));
        Assert.Equal("InvalidImageName", error.Reason);
    }

    [Fact]
    public async Task Pods_that_want_the_same_image_share_one_pull()
    {
        _runtime.Gates["pull"] = new TaskCompletionSource();
        var all = Enumerable.Range(0, 5).Select(_ => Ensure()).ToList();
        _runtime.Gates["pull"].SetResult();
        await Task.WhenAll(all);
        Assert.Single(_runtime.Calls);
    }

    [Fact]
    public async Task A_pod_that_goes_does_not_break_the_pull_of_another()
    {
        _runtime.Gates["pull"] = new TaskCompletionSource();
        using var goes = new CancellationTokenSource();
        var first = Ensure(cancellationToken: goes.Token);
        var second = Ensure();
        await goes.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _runtime.Gates["pull"].SetResult();
        Assert.NotNull(await second);
    }

    [Fact]
    public async Task Pull_secrets_are_used_and_a_missing_one_is_told()
    {
        var secret = Some.Secret("pull", (".dockerconfigjson", Encoding.UTF8.GetBytes("""{"auths":{"registry.local":{"username":"me","password":"x"}}}""")));
        secret.Type = "kubernetes.io/dockerconfigjson";
        _api.Resource<V1Secret>().Put(secret);
        await Ensure(secrets: ["pull", "missing"]);
        Assert.Equal(["pull registry.local/app:1 as me"], _runtime.Calls);
        Assert.Contains("FailedToRetrieveImagePullSecret", _events.Reasons);
    }

    private Task<Image> Ensure(string image = "registry.local/app:1", string? policy = null, string[]? secrets = null, CancellationToken cancellationToken = default)
    {
        var container = Some.Container(image: image);
        container.ImagePullPolicy = policy;
        var pod = Some.Pod("web", container).With(s => s.ImagePullSecrets = [.. (secrets ?? []).Select(n => new V1LocalObjectReference { Name = n })]);
        return _puller.EnsureAsync(pod, container, ContainerKind.Regular, new PodSandboxConfig(), pullAllowed: true, cancellationToken);
    }
}
