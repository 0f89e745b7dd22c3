using System.Text;
using ActorKube.Kubelet.Images;
using ActorKube.Kubelet.Tests.Fakes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Images;

public class ImageReferenceTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("nginx", "docker.io/library/nginx:latest")]
    [InlineData("nginx:1.27", "docker.io/library/nginx:1.27")]
    [InlineData("user/app", "docker.io/user/app:latest")]
    [InlineData("localhost/app", "localhost/app:latest")]
    [InlineData("localhost:5000/app:v1", "localhost:5000/app:v1")]
    [InlineData("registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9")]
    [InlineData("127.0.0.1:5000/a/b_c/d-e:X.y", "127.0.0.1:5000/a/b_c/d-e:X.y")]
    [InlineData("app@" + Digest, "docker.io/library/app@" + Digest)]
    [InlineData("app:1@" + Digest, "docker.io/library/app:1@" + Digest)]
    public void Names_are_completed(string text, string expected)
    {
        Assert.True(ImageReference.TryParse(text, out var reference));
        Assert.Equal(expected, reference.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("Nginx")]
    [InlineData("a b")]
    [InlineData("app:")]
    [InlineData("app@sha256:12")]
    [InlineData("/app")]
    [InlineData("-app")]
    public void Malformed_names_are_refused(string text) => Assert.False(ImageReference.TryParse(text, out _));

    [Theory]
    [InlineData("app", null, "Always")]
    [InlineData("app:1", null, "IfNotPresent")]
    [InlineData("app@" + Digest, null, "IfNotPresent")]
    [InlineData("app", "Never", "Never")]
    public void The_pull_policy_follows_the_tag(string image, string? policy, string expected)
    {
        ImageReference.TryParse(image, out var reference);
        Assert.Equal(expected, ImagePuller.Policy(new V1Container { ImagePullPolicy = policy }, reference!));
    }

    [Theory]
    [InlineData("registry.example.com", "registry.example.com/app", true)]
    [InlineData("https://registry.example.com/v1/", "registry.example.com/app", true)]
    [InlineData("https://index.docker.io/v1/", "docker.io/library/nginx", true)]
    [InlineData("*.example.com", "registry.example.com/app", true)]
    [InlineData("*.example.com", "example.com/app", false)]
    [InlineData("registry.example.com/team", "registry.example.com/team/app", true)]
    [InlineData("registry.example.com/team", "registry.example.com/teams/app", false)]
    [InlineData("localhost:5000", "localhost:5000/app", true)]
    [InlineData("localhost:5000", "localhost:5001/app", false)]
    public void Credentials_match_by_host_and_path(string pattern, string image, bool matches) => Assert.Equal(matches, PullSecrets.Matches(pattern, image));

    [Fact]
    public void Credentials_come_out_of_dockerconfigjson_the_most_exact_first()
    {
        var auth = Convert.ToBase64String("u:p:w"u8);
        var json = """{"auths":{"r.example":{"auth":"AUTH"},"r.example/team":{"username":"t","password":"s"}}}""".Replace("AUTH", auth, StringComparison.Ordinal);
        var secret = Some.Secret("pull", (".dockerconfigjson", Encoding.UTF8.GetBytes(json)));
        secret.Type = "kubernetes.io/dockerconfigjson";
        ImageReference.TryParse("r.example/team/app:1", out var image);
        var found = PullSecrets.For(image!, [secret]);
        Assert.Equal([("t", "s"), ("u", "p:w")], found.Select(f => (f!.Username, f.Password)));
        ImageReference.TryParse("other.example/app:1", out var other);
        Assert.Equal([null], PullSecrets.For(other!, [secret]));
    }

    [Fact]
    public void An_unreadable_secret_is_passed_over()
    {
        var secret = Some.Secret("pull", (".dockerconfigjson", "not json"u8.ToArray()));
        secret.Type = "kubernetes.io/dockerconfigjson";
        ImageReference.TryParse("r.example/app:1", out var image);
        Assert.Equal([null], PullSecrets.For(image!, [secret]));
    }
}
