using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;

namespace ActorKube.Store.Tests.Resources;

public sealed class ResourceStoreStateTests
{
    private static readonly ResourceStoreState OnePod = ResourceStoreState.Empty.Apply(new StoreEvent(1, "ns/a", StoreEventType.Created, Some.Json("1"), Some.Cause));

    [Fact]
    public void The_first_write_has_revision_1() => Assert.Equal(1, ResourceStoreState.Empty.Decide(Some.Create("ns/a"))!.Revision);

    [Fact]
    public void An_object_keeps_the_bytes_and_revision_of_its_last_write()
    {
        var update = OnePod.Decide(Some.Update("ns/a", 1, "2"))!;
        Assert.Equal(StoreEventType.Updated, update.Type);
        Assert.Equal(Some.Json("2").ToArray(), OnePod.Apply(update).Objects["ns/a"].Value.ToArray());
        Assert.Equal(2, OnePod.Apply(update).RevisionOf("ns/a"));
    }

    [Fact]
    public void Refuses_to_create_what_exists() => Assert.Null(OnePod.Decide(Some.Create("ns/a")));

    [Fact]
    public void Refuses_an_update_from_another_revision() => Assert.Null(OnePod.Decide(Some.Update("ns/a", 7)));

    [Fact]
    public void Refuses_to_update_at_a_revision_what_does_not_exist() => Assert.Null(OnePod.Decide(Some.Update("ns/b", 1)));

    [Fact]
    public void Refuses_to_remove_what_does_not_exist() => Assert.Null(OnePod.Decide(Some.DeleteAny("ns/b")));

    [Fact]
    public void Removes_at_the_right_revision()
    {
        Assert.Null(OnePod.Decide(Some.Delete("ns/a", 2)));
        Assert.Empty(OnePod.Apply(OnePod.Decide(Some.Delete("ns/a", 1))!).Objects);
    }

    [Fact]
    public void Keys_differ_by_case() => Assert.NotNull(OnePod.Decide(Some.Create("ns/A")));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Does_not_replay_over_a_gap_or_a_repetition(long revision) =>
        Assert.Throws<InvalidDataException>(() => OnePod.Apply(new StoreEvent(revision, "ns/b", StoreEventType.Created, default, Some.Cause)));

    [Fact]
    public void Does_not_guess_at_an_unknown_event() =>
        Assert.Throws<InvalidDataException>(() => OnePod.Apply(new StoreEvent(2, "ns/b", (StoreEventType)9, default, Some.Cause)));
}
