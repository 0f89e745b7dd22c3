using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.Api.Tests.Kinds;

public sealed class ListSemanticsTests
{
    [Fact]
    public void Containers_merge_by_name()
    {
        var containers = ListSemantics.Of(ModelDefinitions.NameOf(typeof(V1PodSpec))!, "containers")!;
        Assert.Equal("merge", containers.PatchStrategy);
        Assert.Equal("name", containers.PatchMergeKey);
        Assert.Equal(["name"], containers.MapKeys);
    }

    [Fact]
    public void Ports_of_a_service_are_told_apart_by_two_keys() =>
        Assert.Equal(["port", "protocol"], ListSemantics.Of(ModelDefinitions.NameOf(typeof(V1ServiceSpec))!, "ports")!.MapKeys);

    [Fact]
    public void Owner_references_are_a_property_of_the_metadata() =>
        Assert.Equal("uid", ListSemantics.Of(ModelDefinitions.NameOf(typeof(V1ObjectMeta))!, "ownerReferences")!.PatchMergeKey);
}
