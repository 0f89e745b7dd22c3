namespace ActorKube.ApiServer.Tests.Api;

public sealed class KubectlTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Gets_the_namespaces()
    {
        var (code, output) = await server.KubectlAsync("get namespaces -v 3");
        Assert.True(code == 0, output);
        Assert.Contains("kube-system", output);
    }

    [Fact]
    public async Task Creates_reads_and_deletes_a_configmap()
    {
        var (code, output) = await server.KubectlAsync("create configmap a --from-literal=k=v");
        Assert.True(code == 0, output);
        (code, output) = await server.KubectlAsync("get configmap a -o jsonpath={.data.k}");
        Assert.Equal("v", output);
        (code, output) = await server.KubectlAsync("delete configmap a");
        Assert.True(code == 0, output);
        (code, output) = await server.KubectlAsync("get configmap a");
        Assert.Contains("(NotFound)", output);
    }
}
