using ActorKube.ControllerManager.Quotas;
using Akka.TestKit.Xunit2;

namespace ActorKube.ControllerManager.Tests.Quotas;

public class CustomObjectsTests : TestKit
{
    private readonly CustomObjects _objects = new();

    [Fact]
    public void Nothing_is_counted_before_all_objects_of_a_kind_are_known()
    {
        _objects.Seen("widgets.example.com", "u1", "a");
        Assert.Null(_objects.In("widgets.example.com", "a"));
        _objects.Listed("widgets.example.com");
        Assert.Single(_objects.In("widgets.example.com", "a")!);
        Assert.Empty(_objects.In("widgets.example.com", "b")!);
    }

    [Fact]
    public void Who_counts_is_told_of_what_is_gone()
    {
        _objects.Source((type, ns) => []).Subscribe(TestActor);
        _objects.Seen("widgets.example.com", "u1", "a");
        _objects.Listed("widgets.example.com");
        ExpectMsg<CustomObjects.Less>(less => less.Namespace == "a");
        _objects.Gone("widgets.example.com", "u1");
        ExpectMsg<CustomObjects.Less>(less => less is { GroupResource: "widgets.example.com", Namespace: "a" });
        Assert.Empty(_objects.In("widgets.example.com", "a")!);
        _objects.Gone("widgets.example.com", "never seen");
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void With_its_definition_a_kinds_objects_are_gone()
    {
        _objects.Source((type, ns) => []).Subscribe(TestActor);
        _objects.Seen("widgets.example.com", "u1", "a");
        _objects.Listed("widgets.example.com");
        ExpectMsg<CustomObjects.Less>();
        _objects.Forget("widgets.example.com");
        Assert.Null(_objects.In("widgets.example.com", "a"));
        _objects.Listed("widgets.example.com");
        ExpectMsg<CustomObjects.Less>(less => less.Namespace == "a");
        Assert.Empty(_objects.In("widgets.example.com", "a")!);
    }
}
