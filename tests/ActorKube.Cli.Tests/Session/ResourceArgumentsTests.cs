using System.Text.Json.Nodes;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Tests.Session;

public sealed class ResourceArgumentsTests
{
    [Theory]
    [InlineData("po", "pod/")]
    [InlineData("pods", "pod/")]
    [InlineData("Pods", "pod/")]
    [InlineData("deploy/web", "deployment.apps/web")]
    [InlineData("deployments.apps/web", "deployment.apps/web")]
    [InlineData("deployments.v1.apps/web", "deployment.apps/web")]
    [InlineData("deployment web", "deployment.apps/web")]
    [InlineData("svc,po", "service/ pod/")]
    [InlineData("svc,po a", "service/a pod/a")]
    [InlineData("pod a b", "pod/a pod/b")]
    [InlineData("pod/a svc/b", "pod/a service/b")]
    [InlineData("ev", "event/")]
    public async Task A_word_on_the_command_line_means_a_kind_or_an_object(string words, string names) =>
        Assert.Equal(names, string.Join(' ', await ResolveAsync(words.Split(' '))));

    [Theory]
    [InlineData("pod/", "arguments in resource/name form must have a single resource and name")]
    [InlineData("pod/a/b", "arguments in resource/name form may not have more than one slash")]
    [InlineData("pod,svc/a", "arguments in resource/name form must have a single resource and name")]
    public void A_word_with_slashes_that_means_nothing_is_an_error(string word, string message) =>
        Assert.Equal(message, Assert.Throws<CliException>(() => ResourceArguments.Read([word], "get")).Message);

    [Fact]
    public void A_kind_and_a_name_apart_do_not_go_with_names_that_have_a_kind() =>
        Assert.StartsWith("there is no need to specify a resource type as a separate argument", Assert.Throws<CliException>(() => ResourceArguments.Read(["pod/a", "b"], "get")).Message);

    [Fact]
    public async Task A_kind_that_nobody_has_is_an_error() =>
        Assert.Equal("the server doesn't have a resource type \"foo\"", (await Assert.ThrowsAsync<CliException>(() => ResolveAsync(["foo"]))).Message);

    [Fact]
    public async Task A_custom_resource_is_known_from_the_server()
    {
        var kinds = new Kinds((path, _) => Task.FromResult(JsonNode.Parse(path == "/api" ? """{"items":[]}""" : """
            {"items":[{"metadata":{"name":"example.com"},"versions":[{"version":"v1","resources":[
              {"resource":"widgets","responseKind":{"kind":"Widget"},"scope":"Namespaced","singularResource":"widget","shortNames":["wg"],"verbs":["get","list"]}]}]}]}
            """)!));

        var name = Assert.Single(await kinds.ResolveAsync([new ResourceArgument("wg", "a")], default));

        Assert.Equal("widget.example.com/a", name.ToString());
        Assert.Equal("example.com/v1", name.Kind.ApiVersion);
        Assert.Same(name.Kind, await kinds.FindKindAsync("example.com/v1", "Widget", default));
    }

    [Fact]
    public async Task All_means_what_people_work_with() =>
        Assert.Superset(new HashSet<string> { "pods", "services", "deployments.apps", "replicasets.apps" }, (await ResolveAsync(["all"])).Select(n => n.Kind.GroupResource).ToHashSet());

    private static Task<IReadOnlyList<ResourceName>> ResolveAsync(string[] words) =>
        new Kinds((_, _) => Task.FromResult(JsonNode.Parse("""{"items":[]}""")!)).ResolveAsync(ResourceArguments.Read(words, "get"), default);
}
