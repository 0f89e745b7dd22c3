using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Tests.Images;

public class ImageReferenceTests
{
    private const string Digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox:latest")]
    [InlineData("busybox:1.36", "docker.io/library/busybox:1.36")]
    [InlineData("user/app", "docker.io/user/app:latest")]
    [InlineData("index.docker.io/busybox", "docker.io/library/busybox:latest")]
    [InlineData("localhost/app", "localhost/app:latest")]
    [InlineData("localhost:5000/team/app:v1", "localhost:5000/team/app:v1")]
    [InlineData("registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9")]
    [InlineData("[::1]:5000/app", "[::1]:5000/app:latest")]
    [InlineData("busybox@" + Digest, "docker.io/library/busybox@" + Digest)]
    [InlineData("busybox:1@" + Digest, "docker.io/library/busybox@" + Digest)]
    public void Completes_names_as_users_expect(string given, string full) => Assert.Equal(full, ImageReference.Parse(given).ToString());

    [Theory]
    [InlineData("", "invalid reference format")]
    [InlineData("Busybox", "invalid reference format: repository name (library/Busybox) must be lowercase")]
    [InlineData("busybox:", "invalid reference format")]
    [InlineData("busybox:a b", "invalid reference format")]
    [InlineData("busybox@sha256:12", "invalid reference format")]
    [InlineData("-x/y//z", "invalid reference format")]
    [InlineData("busybox\n", "invalid reference format")]
    public void Says_what_is_wrong_with_a_name(string given, string expected)
    {
        Assert.False(ImageReference.TryParse(given, out _, out var error));
        Assert.Equal(expected, error);
    }

    [Fact]
    public void Asks_docker_hub_at_its_own_host() => Assert.Equal("registry-1.docker.io", ImageReference.Parse("busybox").RegistryHost);
}
