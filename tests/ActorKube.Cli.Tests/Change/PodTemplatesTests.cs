using System.Text.Json.Nodes;
using ActorKube.Cli.Change;

namespace ActorKube.Cli.Tests.Change;

public sealed class PodTemplatesTests
{
    /// <summary>A Deployment with two containers and an init container.</summary>
    internal static JsonObject Deployment() => Json("""
        {"kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":{
          "containers":[{"name":"server","image":"web:1","env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}],"resources":{"limits":{"cpu":"100m"}}},{"name":"side","image":"log:1"}],
          "initContainers":[{"name":"prepare","image":"prep:1"}]}}}}
        """);

    internal static JsonObject Json(string json) => JsonNode.Parse(json)!.AsObject();

    [Theory]
    [InlineData("""{"spec":{"containers":[]}}""", "spec")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":[]}}}}""", "spec.template.spec")]
    [InlineData("""{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[]}}}}}}""", "spec.jobTemplate.spec.template.spec")]
    [InlineData("""{"data":{}}""", null)]
    public void The_pod_is_found_where_the_kind_keeps_it(string json, string? path)
    {
        var found = PodTemplates.PathOf(Json(json));
        Assert.Equal(path, found is null ? null : string.Join('.', found));
    }

    [Theory]
    [InlineData("web", "web", true)]
    [InlineData("web", "web-1", false)]
    [InlineData("*", "anything", true)]
    [InlineData("web-*", "web-1", true)]
    [InlineData("web-*", "api-1", false)]
    [InlineData("*-log", "web-log", true)]
    [InlineData("a*b*c", "a-b-c", true)]
    [InlineData("a*b*c", "a-c-b", false)]
    [InlineData("ab*ba", "aba", false)]
    public void A_pattern_means_containers_by_their_names(string pattern, string name, bool matches) => Assert.Equal(matches, PodTemplates.Matches(pattern, name));

    [Theory]
    [InlineData("server=web:2", """{"spec":{"template":{"spec":{"containers":[{"name":"server","image":"web:2"}]}}}}""")]
    [InlineData("prepare=prep:2", """{"spec":{"template":{"spec":{"initContainers":[{"name":"prepare","image":"prep:2"}]}}}}""")]
    [InlineData("*=log:1", """{"spec":{"template":{"spec":{"containers":[{"name":"server","image":"log:1"}],"initContainers":[{"name":"prepare","image":"log:1"}]}}}}""")]
    [InlineData("side=log:1", null)]
    public void Images_are_patched_by_container_and_only_where_they_differ(string change, string? patch) =>
        Assert.Equal(patch, ImageChanges.Read(["deployment/web", change]).PatchOf(Deployment())?.ToJsonString());

    [Fact]
    public void Wrong_images_are_told_as_kubectl_tells_them()
    {
        Assert.Equal("at least one image update is required", Error(() => ImageChanges.Read(["deployment", "web"])));
        Assert.Equal("unable to find container named \"redis\"", Error(() => ImageChanges.Read(["deploy/web", "redis=redis"]).PatchOf(Deployment())));
        Assert.Equal("all resources must be specified before image changes: pod/x", Error(() => ImageChanges.Read(["deploy/web", "a=b", "pod/x"])));
        Assert.Equal("ConfigMap a is not a pod or does not have a pod template", Error(() => ImageChanges.Read(["cm/a", "a=b"]).PatchOf(Json("""{"kind":"ConfigMap","metadata":{"name":"a"}}"""))));
        Assert.Equal(["deploy/web"], ImageChanges.Read(["deploy/web", "a=b=c"]).Resources);
    }

    [Theory]
    [InlineData("*", "A=2", """{"spec":{"template":{"spec":{"containers":[{"name":"server","env":[{"name":"A","value":"2","valueFrom":null}]},{"name":"side","env":[{"name":"A","value":"2"}]}],"initContainers":[{"name":"prepare","env":[{"name":"A","value":"2"}]}]}}}}""")]
    [InlineData("server", "A-", """{"spec":{"template":{"spec":{"containers":[{"name":"server","env":[{"$patch":"delete","name":"A"}]}]}}}}""")]
    [InlineData("server", "B=x", """{"spec":{"template":{"spec":{"containers":[{"name":"server","env":[{"name":"B","value":"x","valueFrom":null}]}]}}}}""")]
    [InlineData("s*", "A=1", """{"spec":{"template":{"spec":{"containers":[{"name":"side","env":[{"name":"A","value":"1"}]}]}}}}""")]
    [InlineData("server", "A=1", null)]
    [InlineData("server", "NONE-", null)]
    public void Variables_are_set_and_removed_in_the_containers_that_are_meant(string containers, string change, string? patch) =>
        Assert.Equal(patch, EnvironmentChanges.Read(["deployment/web", change]).PatchOf(Deployment(), containers, overwrite: true)?.ToJsonString());

    [Fact]
    public void Wrong_variables_are_told_as_kubectl_tells_them()
    {
        Assert.Equal("'A' already has a value (1), and --overwrite is false", Error(() => EnvironmentChanges.Read(["deploy/web", "A=2"]).PatchOf(Deployment(), "server", overwrite: false)));
        Assert.Equal("unable to find container named \"none\"", Error(() => EnvironmentChanges.Read(["deploy/web", "A=2"]).PatchOf(Deployment(), "none", overwrite: true)));
        Assert.Equal("can not both modify and remove the environment variable in the same command", Error(() => EnvironmentChanges.Read(["deploy/web", "A=2", "A-"])));
        Assert.StartsWith("\"1A\" is not a valid key name", Error(() => EnvironmentChanges.Read(["deploy/web", "1A=2"])), StringComparison.Ordinal);
    }

    [Fact]
    public void The_keys_of_a_map_become_variables_with_names_that_shells_take()
    {
        var made = EnvironmentChanges.From("Secret", "login", ["user.name", "b"], "APP_").Select(v => v.ToJsonString());
        Assert.Equal(
            [
                """{"name":"APP_B","valueFrom":{"secretKeyRef":{"key":"b","name":"login"}}}""",
                """{"name":"APP_USER_NAME","valueFrom":{"secretKeyRef":{"key":"user.name","name":"login"}}}""",
            ],
            made);
    }

    [Fact]
    public void A_list_says_where_each_variable_comes_from() => Assert.Equal(
        ["# Deployment web, container server", "A=1", "# B from field path metadata.name"], EnvironmentChanges.List(Deployment(), "server"));

    [Theory]
    [InlineData("cpu=100m", null)]
    [InlineData("cpu=0.1", null)]
    [InlineData("cpu=200m,memory=1Gi", """{"spec":{"template":{"spec":{"containers":[{"name":"server","resources":{"limits":{"cpu":"200m","memory":"1Gi"}}}]}}}}""")]
    public void Limits_change_only_where_they_differ(string limits, string? patch) =>
        Assert.Equal(patch, ResourceChanges.Read(limits.Split(','), null).PatchOf(Deployment(), "server")?.ToJsonString());

    [Fact]
    public void Wrong_resources_are_told_as_kubectl_tells_them()
    {
        Assert.Equal("you must specify an update to requests or limits (in the form of --requests/--limits)", Error(() => ResourceChanges.Read(null, [])));
        Assert.Equal("unable to find container named redis", Error(() => ResourceChanges.Read(["cpu=1"], null).PatchOf(Deployment(), "redis")));
        Assert.StartsWith("quantities must match", Error(() => ResourceChanges.Read(["cpu=much"], null)), StringComparison.Ordinal);
    }

    private static string Error(Func<object?> action) => Assert.Throws<CliException>(action).Message;
}
