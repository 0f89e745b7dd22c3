using ActorKube.Api.Machinery;
using ActorKube.Kubelet.Tests.Fakes;
using ActorKube.Kubelet.Volumes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Volumes;

public class PodTokensTests
{
    private readonly Clock _clock = new();
    private readonly Issuer _issuer;
    private readonly PodTokens _tokens;
    private readonly V1Pod _pod = new() { Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "default", Uid = "u" }, Spec = new V1PodSpec() };

    public PodTokensTests()
    {
        _issuer = new Issuer(_clock);
        _tokens = new PodTokens(_issuer, _clock);
    }

    [Fact]
    public async Task A_token_is_kept_for_four_fifths_of_its_life()
    {
        Assert.Equal(("token-1", Some.Noon.AddMinutes(48)), await Get(3600));
        _clock.Now = Some.Noon.AddMinutes(47.9);
        Assert.Equal("token-1", (await Get(3600)).Text);
        _clock.Now = Some.Noon.AddMinutes(48);
        Assert.Equal(("token-2", Some.Noon.AddMinutes(96)), await Get(3600));
    }

    [Fact]
    public async Task No_token_is_kept_longer_than_a_day() => Assert.Equal(Some.Noon.AddDays(1), (await Get(30 * 24 * 3600)).RefreshAt);

    [Fact]
    public async Task While_there_is_no_newer_one_the_old_will_do_until_it_expires()
    {
        await Get(3600);
        _issuer.Fails = true;
        _clock.Now = Some.Noon.AddMinutes(50);
        Assert.Equal(("token-1", _clock.Now.AddSeconds(10)), await Get(3600));
        _clock.Now = Some.Noon.AddMinutes(60);
        await Assert.ThrowsAsync<ApiException>(() => Get(3600));
    }

    [Fact]
    public async Task Each_pod_and_audience_has_its_own_and_a_gone_pod_none()
    {
        await Get(3600);
        Assert.Equal("token-2", (await _tokens.GetAsync(_pod, "vault", 3600, default)).Text);
        _tokens.Forget("u");
        Assert.Equal("token-3", (await Get(3600)).Text);
    }

    private async Task<(string Text, DateTimeOffset RefreshAt)> Get(long seconds)
    {
        var token = await _tokens.GetAsync(_pod, null, seconds, default);
        return (token.Text, token.RefreshAt);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = Some.Noon;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class Issuer(TimeProvider time) : IObjectSource
    {
        private int _issued;

        public bool Fails { get; set; }

        public Task<V1ConfigMap?> ConfigMapAsync(string ns, string name, CancellationToken cancellationToken) => Task.FromResult<V1ConfigMap?>(null);

        public Task<V1Secret?> SecretAsync(string ns, string name, CancellationToken cancellationToken) => Task.FromResult<V1Secret?>(null);

        public Task<V1PersistentVolumeClaim?> ClaimAsync(string ns, string name, CancellationToken cancellationToken) => Task.FromResult<V1PersistentVolumeClaim?>(null);

        public Task<V1PersistentVolume?> VolumeAsync(string name, CancellationToken cancellationToken) => Task.FromResult<V1PersistentVolume?>(null);

        public Task<string?> RuntimeHandlerAsync(string runtimeClass, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

        public Task<V1TokenRequestStatus> TokenAsync(V1Pod pod, string? audience, long expirationSeconds, CancellationToken cancellationToken) => Fails
            ? Task.FromException<V1TokenRequestStatus>(ApiError.Unavailable("down"))
            : Task.FromResult(new V1TokenRequestStatus { Token = $"token-{++_issued}", ExpirationTimestamp = time.GetUtcNow().AddSeconds(expirationSeconds).UtcDateTime });
    }
}
