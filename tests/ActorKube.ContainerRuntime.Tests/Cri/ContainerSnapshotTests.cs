using ActorKube.ContainerRuntime.Cri;
using CsCheck;

namespace ActorKube.ContainerRuntime.Tests.Cri;

public sealed class ContainerSnapshotTests
{
    [Fact]
    public void A_container_that_came_and_went_between_two_looks_still_has_its_events()
    {
        var after = Snapshot(("c", ContainerState.ContainerExited));
        Assert.Equal(
            [ContainerEventType.ContainerCreatedEvent, ContainerEventType.ContainerStartedEvent, ContainerEventType.ContainerStoppedEvent],
            after.Since(ContainerSnapshot.Empty).Select(c => c.Type));
    }

    [Fact]
    public void A_sandbox_is_a_container_of_its_own()
    {
        var before = ContainerSnapshot.Of([new PodSandbox { Id = "s", State = PodSandboxState.SandboxReady }], []);
        var after = ContainerSnapshot.Of([new PodSandbox { Id = "s", State = PodSandboxState.SandboxNotready }], []);
        Assert.Equal([new ContainerSnapshot.Change("s", "s", ContainerEventType.ContainerStoppedEvent)], after.Since(before));
    }

    [Fact]
    public void However_often_one_looks_each_container_has_each_event_at_most_once_and_in_order()
    {
        // A history is a list of looks; each says how far each of three containers has got: 0 not there, 4 removed again.
        var history = Gen.Int[0, 4].Array[3].List[1, 8].Select(looks =>
        {
            var reached = new int[3];
            return looks.Select(look => reached = [.. reached.Zip(look, Math.Max)]).ToList();
        });
        history.Sample(looks =>
        {
            var seen = Enumerable.Range(0, 3).Select(_ => new List<ContainerEventType>()).ToArray();
            var before = ContainerSnapshot.Empty;
            foreach (var look in looks)
            {
                var now = Snapshot([.. look.Select((rank, i) => (Id: i, Rank: rank)).Where(c => c.Rank is > 0 and < 4)
                    .Select(c => (c.Id.ToString(), (ContainerState)(c.Rank - 1)))]);
                foreach (var change in now.Since(before))
                {
                    seen[int.Parse(change.ContainerId)].Add(change.Type);
                }

                Assert.Empty(now.Since(now));
                before = now;
            }

            Assert.All(seen, events => Assert.Equal(events.Distinct().Order(), events));

            // Whoever was seen at all and is gone has been reported stopped and deleted.
            for (var i = 0; i < 3; i++)
            {
                if (looks[^1][i] == 4 && seen[i].Count > 0)
                {
                    Assert.Equal([ContainerEventType.ContainerStoppedEvent, ContainerEventType.ContainerDeletedEvent], seen[i].TakeLast(2));
                }
            }
        });
    }

    private static ContainerSnapshot Snapshot(params (string Id, ContainerState State)[] containers) =>
        ContainerSnapshot.Of([], containers.Select(c => new Container { Id = c.Id, PodSandboxId = "p", State = c.State }));
}
