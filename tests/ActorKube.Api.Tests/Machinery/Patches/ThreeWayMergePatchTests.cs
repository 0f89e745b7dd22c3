using System.Text.Json.Nodes;
using ActorKube.Api.Machinery.Patches;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery.Patches;

public sealed class ThreeWayMergePatchTests
{
    private const string Current = """
        {"metadata":{"name":"web","labels":{"app":"web","by-others":"yes"}},
         "spec":{"replicas":5,"paused":true,"template":{"spec":{"containers":[{"name":"web","image":"a:1","imagePullPolicy":"Always"},{"name":"side","image":"s:1"}],"restartPolicy":"Always"}}}}
        """;

    [Fact]
    public void Applying_what_is_there_already_is_no_change() =>
        AssertPatch("{}", null, """{"metadata":{"name":"web"},"spec":{"replicas":5}}""");

    [Fact]
    public void A_changed_container_is_found_by_its_name_and_defaults_of_the_server_stay() => AssertPatch(
        """{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"web"},{"name":"side"}],"containers":[{"image":"a:2","name":"web"}]}}}}""",
        null,
        """{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"a:2"},{"name":"side","image":"s:1"}]}}}}""");

    [Fact]
    public void A_field_that_was_applied_before_and_is_not_any_more_goes_while_fields_of_others_stay() => AssertPatch(
        """{"metadata":{"labels":{"app":null}},"spec":{"paused":null}}""",
        """{"metadata":{"labels":{"app":"web"}},"spec":{"paused":true}}""",
        """{"metadata":{"labels":{}},"spec":{}}""");

    [Fact]
    public void A_container_that_was_applied_before_and_is_not_any_more_is_deleted_by_name() => AssertPatch(
        """{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"web"}],"containers":[{"$patch":"delete","name":"side"}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"a:1"},{"name":"side","image":"s:1"}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"a:1"}]}}}}""");

    private static void AssertPatch(string expected, string? original, string modified)
    {
        var patch = ThreeWayMergePatch.Create(
            original is null ? null : JsonNode.Parse(original)!.AsObject(), JsonNode.Parse(modified)!.AsObject(), JsonNode.Parse(Current)!.AsObject(), typeof(V1Deployment));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), patch), patch.ToJsonString());
    }
}
