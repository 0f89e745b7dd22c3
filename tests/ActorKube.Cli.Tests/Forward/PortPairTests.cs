using System.Text.Json.Nodes;
using ActorKube.Cli.Forward;

namespace ActorKube.Cli.Tests.Forward;

public sealed class PortPairTests
{
    private static readonly JsonObject Pod = JsonNode.Parse("""{"metadata":{"name":"p"},"spec":{"containers":[{},{"ports":[{"name":"http","containerPort":80}]}]}}""")!.AsObject();
    private static readonly JsonObject Service = JsonNode.Parse(
        """{"metadata":{"name":"s"},"spec":{"clusterIP":"10.0.0.1","ports":[{"name":"web","port":8000,"targetPort":"http"},{"name":"num","port":9000,"targetPort":90},{"port":7000}]}}""")!.AsObject();

    [Theory]
    [InlineData("80", 80, 80)]
    [InlineData("8080:80", 8080, 80)]
    [InlineData(":80", 0, 80)]
    [InlineData("8080:http", 8080, 80)]
    [InlineData("http", 80, 80)]
    public void Reads_ports_of_a_pod(string text, int local, int remote) => Assert.Equal(new PortPair(local, remote), PortPair.Parse(text, Pod, null));

    [Theory]
    [InlineData("8000", 8000, 80)]
    [InlineData("1234:web", 1234, 80)]
    [InlineData("9000", 9000, 90)]
    [InlineData("7000", 7000, 7000)]
    [InlineData(":num", 0, 90)]
    public void A_port_of_a_service_is_one_of_its_pods(string text, int local, int remote) => Assert.Equal(new PortPair(local, remote), PortPair.Parse(text, Pod, Service));

    [Theory]
    [InlineData("")]
    [InlineData("1:2:3")]
    [InlineData("80:")]
    [InlineData("70000")]
    [InlineData("x:80")]
    [InlineData("80:nope")]
    public void What_makes_no_sense_is_refused(string text)
    {
        Assert.Throws<CliException>(() => PortPair.Parse(text, Pod, null));
        Assert.Throws<CliException>(() => PortPair.Parse(text, Pod, Service));
    }
}
