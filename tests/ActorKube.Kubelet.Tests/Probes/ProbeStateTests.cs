using ActorKube.Kubelet.Probes;
using CsCheck;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Probes;

public class ProbeStateTests
{
    [Fact]
    public void Before_the_first_probe_a_container_is_alive_but_neither_ready_nor_started()
    {
        Assert.True(ProbeState.Initial(ProbeKind.Liveness).Passed);
        Assert.Null(ProbeState.Initial(ProbeKind.Readiness).Passed);
        Assert.Null(ProbeState.Initial(ProbeKind.Startup).Passed);
    }

    [Fact]
    public void The_verdict_is_the_last_outcome_that_came_often_enough_in_a_row() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[0, 2].Array[0, 40]).Sample((success, failure, outcomes) =>
        {
            var probe = new V1Probe { SuccessThreshold = success, FailureThreshold = failure };
            var state = ProbeState.Initial(ProbeKind.Readiness);
            foreach (var outcome in outcomes)
                state = state.Next((ProbeOutcome)outcome, probe);
            Assert.Equal(Expected(outcomes.Where(o => o != (int)ProbeOutcome.Unknown).Select(o => o == 0).ToList(), success, failure), state.Passed);
        });

    [Fact]
    public void Startup_probes_end_with_their_verdict_and_liveness_probes_with_a_bad_one()
    {
        Assert.True(new ProbeState(true, null, 0).IsDecided(ProbeKind.Startup));
        Assert.True(new ProbeState(false, null, 0).IsDecided(ProbeKind.Liveness));
        Assert.False(new ProbeState(true, null, 0).IsDecided(ProbeKind.Liveness));
        Assert.False(new ProbeState(false, null, 0).IsDecided(ProbeKind.Readiness));
    }

    // The same rule written from the end: the last run that was long enough.
    private static bool? Expected(List<bool> outcomes, int success, int failure)
    {
        bool? verdict = null;
        var run = 0;
        for (var i = 0; i < outcomes.Count; i++)
        {
            run = i > 0 && outcomes[i] == outcomes[i - 1] ? run + 1 : 1;
            if (run >= (outcomes[i] ? success : failure))
                verdict = outcomes[i];
        }

        return verdict;
    }
}
