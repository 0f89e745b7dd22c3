using ActorKube.Host.Cluster;

namespace ActorKube.Host.Tests.Cluster;

public sealed class DowningPlanTests
{
    // Seeds have capital letters, nodes small ones; those after the bar cannot be reached.
    private static DowningStep Decide(string members, string self)
    {
        var parts = members.Split('|');
        var peers = parts.SelectMany((part, i) => part.Select(c => new Peer(c.ToString(), char.IsUpper(c), i == 0))).ToList();
        return DowningPlan.Decide(peers, self);
    }

    [Theory]
    [InlineData("AB", "A", DowningStep.Wait)]
    [InlineData("AB|n", "A", DowningStep.DownUnreachable)]
    [InlineData("AB|n", "B", DowningStep.Wait)]
    [InlineData("A|B", "A", DowningStep.AskLease)]
    [InlineData("B|A", "B", DowningStep.AskLease)]
    [InlineData("AC|B", "A", DowningStep.AskLease)]
    [InlineData("AC|B", "C", DowningStep.Wait)]
    [InlineData("B|AC", "B", DowningStep.AskLeaseLater)]
    [InlineData("An|Bm", "A", DowningStep.AskLease)]
    [InlineData("n|AB", "n", DowningStep.Wait)]
    public void The_first_control_plane_process_of_each_part_acts(string members, string self, DowningStep step) => Assert.Equal(step, Decide(members, self));

    [Fact]
    public void In_whichever_parts_the_cluster_falls_exactly_one_process_of_each_part_with_a_control_plane_acts()
    {
        const string all = "ABCmn";
        for (var mask = 1; mask < 1 << all.Length; mask++)
        {
            var here = string.Concat(all.Where((_, i) => (mask & (1 << i)) != 0));
            var there = string.Concat(all.Except(here));
            if (there.Length == 0)
                continue;
            Assert.Equal(here.Any(char.IsUpper) ? 1 : 0, here.Count(c => Decide($"{here}|{there}", c.ToString()) != DowningStep.Wait));
        }
    }
}
