using ActorKube.ApiServer.WatchCache;
using CsCheck;

namespace ActorKube.ApiServer.Tests.WatchCache;

public sealed class SortedSnapshotTests
{
    private static readonly Gen<string> Key = Gen.Int[0, 400].Select(i => i % 3 == 0 ? $"ns-a/{i}" : i % 3 == 1 ? $"ns/{i}" : $"other/{i}");

    [Fact]
    public void Holds_what_a_sorted_dictionary_holds_after_any_changes() =>
        Gen.Select(Key, Gen.Int[0, 3]).Array[0, 1500].Sample(changes =>
        {
            var expected = new SortedDictionary<string, string>(StringComparer.Ordinal);
            var actual = SortedSnapshot<string>.Empty;
            foreach (var (key, kind) in changes)
            {
                if (kind == 0)
                {
                    expected.Remove(key);
                    actual = actual.Remove(key);
                }
                else
                {
                    expected[key] = key + kind;
                    actual = actual.Set(key, key + kind);
                }
            }

            return expected.Count == actual.Count
                && expected.Values.SequenceEqual(actual.Range(""))
                && expected.Where(e => e.Key.StartsWith("ns/", StringComparison.Ordinal)).Select(e => e.Value).SequenceEqual(actual.Range("ns/"))
                && expected.Where(e => string.CompareOrdinal(e.Key, "ns/2") >= 0 && e.Key.StartsWith("ns/", StringComparison.Ordinal)).Select(e => e.Value).SequenceEqual(actual.Range("ns/", "ns/2"))
                && expected.All(e => actual.Find(e.Key) == e.Value)
                && actual.Find("ns/none") is null;
        }, iter: 200);

    [Fact]
    public void Keeps_older_versions_as_they_were()
    {
        var first = SortedSnapshot<string>.From(Enumerable.Range(0, 1000).Select(i => ($"k{i:D4}", $"v{i}")));
        var second = first.Set("k0500", "changed").Remove("k0000").Set("new", "new");
        Assert.Equal("v500", first.Find("k0500"));
        Assert.Equal("v0", first.Find("k0000"));
        Assert.Null(first.Find("new"));
        Assert.Equal(1000, first.Count);
        Assert.Equal("changed", second.Find("k0500"));
        Assert.Equal(1000, second.Count);
    }
}
