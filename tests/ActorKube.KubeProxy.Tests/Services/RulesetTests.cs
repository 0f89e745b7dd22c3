using ActorKube.KubeProxy.Services;
using CsCheck;

namespace ActorKube.KubeProxy.Tests.Services;

public sealed class RulesetTests
{
    [Fact]
    public void Two_claims_on_one_key_go_to_the_first_by_name_and_pass_on_when_it_goes()
    {
        var ruleset = new Ruleset();
        ruleset.Put("b", [new Fact("m", "k", "of b")]);
        ruleset.Put("a", [new Fact("m", "k", "of a")]);
        Assert.True(ruleset.TryGet("m", "k", out var value) && value == "of a");
        ruleset.TakeChanges();

        ruleset.Put("a", []);

        Assert.Equal([new FactChange(new Fact("m", "k", "of a"), false), new FactChange(new Fact("m", "k", "of b"), true)], ruleset.TakeChanges());
    }

    [Fact]
    public void What_goes_and_comes_back_is_no_change()
    {
        var ruleset = new Ruleset();
        ruleset.Put("a", [new Fact("m", "k", "v")]);
        ruleset.TakeChanges();

        ruleset.Put("a", []);
        ruleset.Put("a", [new Fact("m", "k", "v")]);

        Assert.Empty(ruleset.TakeChanges());
    }

    [Fact]
    public void Following_the_changes_always_leads_to_what_holds()
    {
        var fact = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 4], Gen.Int[0, 2]).Select((c, k, v) => new Fact($"m{c}", $"k{k}", $"v{v}"));
        var step = Gen.Select(Gen.Int[0, 4], fact.Array[0, 5], Gen.Bool);
        step.Array[0, 40].Sample(steps =>
        {
            var ruleset = new Ruleset();
            var follower = new Dictionary<(string, string), string?>();
            var asked = new Dictionary<string, Fact[]>();
            foreach (var (owner, facts, take) in steps)
            {
                asked[$"o{owner}"] = [.. facts.DistinctBy(f => (f.Container, f.Key))];
                ruleset.Put($"o{owner}", asked[$"o{owner}"]);
                if (take)
                    Follow();
            }

            Follow();
            Assert.Empty(ruleset.TakeChanges());
            var expected = asked.OrderBy(a => a.Key, StringComparer.Ordinal).SelectMany(a => a.Value).DistinctBy(f => (f.Container, f.Key)).Select(f => ((f.Container, f.Key), f.Value));
            Assert.Equal(expected.Order(), follower.Select(f => (f.Key, f.Value)).Order());
            Assert.Equal(ruleset.Facts.Select(f => ((f.Container, f.Key), f.Value)).Order(), follower.Select(f => (f.Key, f.Value)).Order());

            void Follow()
            {
                foreach (var (change, added) in ruleset.TakeChanges())
                {
                    if (added)
                        follower.Add((change.Container, change.Key), change.Value);
                    else
                        Assert.True(follower.Remove((change.Container, change.Key), out var old) && old == change.Value);
                }
            }
        });
    }
}
