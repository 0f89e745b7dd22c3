using ActorKube.Host.Cluster;

namespace ActorKube.Host.Tests.Cluster;

public sealed class DowningPlanTests
{
    // Seeds have capital letters, nodes small ones; those after the bar cannot be reached.
    private static List<Peer> Peers(string members)
    {
        var parts = members.Split('|');
        return [.. parts.SelectMany((part, i) => part.Select(c => new Peer(c.ToString(), char.IsUpper(c), i == 0)))];
    }

    [Theory]
    [InlineData("AB", "A", "A", DowningStep.Wait)]
    [InlineData("AB|n", "A", "B", DowningStep.DownUnreachable)]
    [InlineData("AB|n", "B", "B", DowningStep.Wait)]
    [InlineData("A|B", "A", "A", DowningStep.DownUnreachable)]
    [InlineData("B|A", "B", "A", DowningStep.Stop)]
    [InlineData("B|A", "B", null, DowningStep.Wait)]
    [InlineData("B|A", "B", "Z", DowningStep.Wait)]
    [InlineData("B|A", "B", "B", DowningStep.DownUnreachable)]
    [InlineData("AC|B", "A", "C", DowningStep.Wait)]
    [InlineData("AC|B", "C", "C", DowningStep.DownUnreachable)]
    [InlineData("BC|A", "B", "C", DowningStep.Wait)]
    [InlineData("ABC", "C", "C", DowningStep.Wait)]
    [InlineData("AC|B", "C", "B", DowningStep.Stop)]
    [InlineData("B|AC", "B", "B", DowningStep.Yield)]
    [InlineData("B|AC", "B", "A", DowningStep.Stop)]
    [InlineData("An|Bm", "A", "A", DowningStep.DownUnreachable)]
    public void That_part_goes_on_which_has_the_store(string members, string self, string? owner, DowningStep step) =>
        Assert.Equal(step, DowningPlan.Decide(Peers(members), self, owner));

    [Fact]
    public void An_owner_that_gave_the_store_up_and_has_it_again_goes_on() =>
        Assert.Equal(DowningStep.DownUnreachable, DowningPlan.Decide(Peers("B|AC"), "B", "B", hasYielded: true));

    [Fact]
    public void In_whichever_parts_the_cluster_falls_only_the_part_with_the_store_takes_others_out_and_the_rest_of_the_control_plane_stops()
    {
        const string all = "ABCmn";
        foreach (var owner in all.Where(char.IsUpper))
        {
            for (var mask = 1; mask < (1 << all.Length) - 1; mask++)
            {
                var here = string.Concat(all.Where((_, i) => (mask & (1 << i)) != 0));
                var peers = Peers($"{here}|{string.Concat(all.Except(here))}");
                var steps = here.Where(char.IsUpper).Select(c => DowningPlan.Decide(peers, c.ToString(), owner.ToString(), hasYielded: true)).ToList();
                if (here.Contains(owner, StringComparison.Ordinal))
                    Assert.Equal(1, steps.Count(s => s == DowningStep.DownUnreachable));
                else
                    Assert.All(steps, s => Assert.Equal(DowningStep.Stop, s));
            }
        }
    }

    [Theory]
    [InlineData("An|B", false)]
    [InlineData("n|AB", true)]
    [InlineData("nm", true)]
    [InlineData("ABn|m", false)]
    public void A_node_is_lost_when_it_reaches_no_control_plane(string members, bool isLost) => Assert.Equal(isLost, DowningPlan.IsLost(Peers(members)));
}
