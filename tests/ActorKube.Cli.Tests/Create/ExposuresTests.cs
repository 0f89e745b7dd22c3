using ActorKube.Api.Kinds;
using ActorKube.Cli.Create;
using ActorKube.Cli.Tests.Change;

namespace ActorKube.Cli.Tests.Create;

public sealed class ExposuresTests
{
    private static ResourceKind Kind(string group, string resource) => KindRegistry.BuiltIn.Find(group, "v1", resource)!;

    [Theory]
    [InlineData("apps", "deployments", """{"spec":{"selector":{"matchLabels":{"app":"web"}}}}""", """{"app":"web"}""")]
    [InlineData("", "replicationcontrollers", """{"spec":{"selector":{"app":"web"}}}""", """{"app":"web"}""")]
    [InlineData("", "pods", """{"metadata":{"labels":{"run":"x"}}}""", """{"run":"x"}""")]
    public void A_service_selects_what_the_object_selects(string group, string resource, string json, string selector) =>
        Assert.Equal(selector, Exposures.SelectorOf(Kind(group, resource), PodTemplatesTests.Json(json)).ToJsonString());

    [Theory]
    [InlineData("apps", "deployments", """{"spec":{}}""", "couldn't retrieve selectors via --selector flag or introspection: invalid deployment: no selectors, therefore cannot be exposed")]
    [InlineData("", "pods", """{"metadata":{}}""", "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed")]
    [InlineData("", "nodes", "{}", "cannot expose a Node")]
    public void What_has_no_pods_to_be_found_cannot_be_exposed(string group, string resource, string json, string error) =>
        Assert.Equal(error, Assert.Throws<CliException>(() => Exposures.SelectorOf(Kind(group, resource), PodTemplatesTests.Json(json))).Message);

    [Fact]
    public void The_ports_are_those_of_the_containers()
    {
        var deployment = PodTemplatesTests.Json("""{"spec":{"template":{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80},{"containerPort":53,"protocol":"UDP"}]}]}}}}""");
        Assert.Equal([(80, "TCP"), (53, "UDP")], Exposures.PortsOf(Kind("apps", "deployments"), deployment));
    }

    [Fact]
    public void One_port_needs_no_name_and_several_get_one()
    {
        Assert.Equal(
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"port":80,"protocol":"TCP","targetPort":"http"}],"selector":{"a":"b"},"type":"NodePort"}}""",
            Exposures.Service("web", PodTemplatesTests.Json("""{"a":"b"}"""), [(80, "TCP")], "http", "NodePort").ToJsonString());
        Assert.Equal(
            """[{"port":80,"protocol":"TCP","targetPort":80,"name":"port-1"},{"port":81,"protocol":"UDP","targetPort":81,"name":"port-2"}]""",
            Exposures.Service("web", [], [(80, "TCP"), (81, "UDP")], null, null)["spec"]!["ports"]!.ToJsonString());
    }

    [Fact]
    public void A_run_pod_is_labelled_after_itself_and_its_words_are_arguments_unless_said()
    {
        var options = new PodOptions("web", "web:1") { Arguments = ["-v", "x"], Environment = ["A=b=c"], Port = 80 };
        Assert.Equal(
            """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","labels":{"run":"web"}},"spec":{"containers":[{"image":"web:1","name":"web","resources":{},"args":["-v","x"],"env":[{"name":"A","value":"b=c"}],"ports":[{"containerPort":80}]}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always"}}""",
            options.ToPod().ToJsonString());
        var shell = (options with { IsCommand = true, Labels = ["team=a"], Stdin = true, StdinOnce = true, Tty = true, Environment = [], Port = null, Restart = "Never" }).ToPod();
        Assert.Equal("""{"image":"web:1","name":"web","resources":{},"command":["-v","x"],"stdin":true,"stdinOnce":true,"tty":true}""", shell["spec"]!["containers"]![0]!.ToJsonString());
        Assert.Equal("""{"team":"a"}""", shell["metadata"]!["labels"]!.ToJsonString());
    }

    [Theory]
    [InlineData("nginx", true)]
    [InlineData("nginx:1.25-alpine", true)]
    [InlineData("registry.example:5000/team/web_app:v1", true)]
    [InlineData("localhost/web", true)]
    [InlineData("localhost:5000/web", true)]
    [InlineData("registry:5000/web", true)]
    [InlineData("Registry.Example.com/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true)]
    [InlineData("InvalidImageName", false)]
    [InlineData("Bad Image", false)]
    [InlineData("web:", false)]
    [InlineData("a//b", false)]
    [InlineData("", false)]
    public void An_image_is_named_in_a_form_that_registries_know(string text, bool valid) => Assert.Equal(valid, PodOptions.IsImage(text));
}
