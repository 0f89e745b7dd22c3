using ActorKube.Client;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Shell;

public class UnseenWritesTests
{
    private static readonly ObjectKey Key = new("default", "web");
    private readonly UnseenWrites _unseen = new();

    [Fact]
    public void A_key_waits_until_all_its_writes_are_seen()
    {
        _unseen.Add(Key, [Write("a", 5), Write("b", 6)], _ => null, Some.Now);
        Assert.NotEqual(TimeSpan.Zero, _unseen.WaitOf(Key, Some.Now));

        Assert.Empty(_unseen.See(Pod("a", 5), false));
        Assert.Empty(_unseen.See(Pod("b", 4), false));
        Assert.Equal([Key], _unseen.See(Pod("b", 7), false));
        Assert.Equal(TimeSpan.Zero, _unseen.WaitOf(Key, Some.Now));
    }

    [Fact]
    public void What_the_cache_shows_already_is_not_waited_for()
    {
        _unseen.Add(Key, [Write("a", 5), Write("gone", 0)], w => w.Key.Name == "a" ? Pod("a", 5) : null, Some.Now);

        Assert.Equal(TimeSpan.Zero, _unseen.WaitOf(Key, Some.Now));
    }

    [Fact]
    public void An_object_created_and_gone_before_the_answer_came_is_not_waited_for()
    {
        _unseen.See(Pod("a", 9), deleted: true);

        _unseen.Add(Key, [Write("a", 5)], _ => null, Some.Now);

        Assert.Equal(TimeSpan.Zero, _unseen.WaitOf(Key, Some.Now));
    }

    [Fact]
    public void A_deletion_is_seen_when_the_object_is_marked()
    {
        _unseen.Add(Key, [Write("a", 0)], _ => Pod("a", 3), Some.Now);
        Assert.Empty(_unseen.See(Pod("a", 4), false));

        Assert.Equal([Key], _unseen.See(Pod("a", 5).Deleting(), false));
    }

    [Fact]
    public void After_half_a_minute_it_is_given_up()
    {
        _unseen.Add(Key, [Write("a", 5)], _ => null, Some.Now);

        Assert.Equal(TimeSpan.FromSeconds(30), _unseen.WaitOf(Key, Some.Now));
        Assert.Equal(TimeSpan.Zero, _unseen.WaitOf(Key, Some.Now.AddSeconds(30)));
        Assert.Empty(_unseen.See(Pod("a", 5), false));
    }

    private static Write Write(string name, long version) => new(typeof(V1Pod), new ObjectKey("default", name), $"uid-{name}", version);

    private static V1Pod Pod(string name, long version)
    {
        var pod = Some.Pod(name);
        pod.Metadata.ResourceVersion = $"{version}";
        return pod;
    }
}
