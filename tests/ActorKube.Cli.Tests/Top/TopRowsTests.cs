using System.Text.Json.Nodes;
using ActorKube.Cli.Top;

namespace ActorKube.Cli.Tests.Top;

public sealed class TopRowsTests
{
    private static readonly JsonNode[] Pods =
    [
        Parse("""{"metadata":{"name":"b","namespace":"x"},"containers":[{"name":"two","usage":{"cpu":"1500000n","memory":"1536Ki"}},{"name":"one","usage":{"cpu":"250m","memory":"10Mi"}}]}"""),
        Parse("""{"metadata":{"name":"a","namespace":"x"},"containers":[{"name":"main","usage":{"cpu":"1","memory":"1Mi"}}]}"""),
    ];

    [Fact]
    public void Pods_use_what_their_containers_do() =>
        Assert.Equal(["a 1000m 1Mi", "b 252m 11Mi"], Lines(TopRows.Pods(Pods, false, false, null)));

    [Fact]
    public void Containers_have_rows_of_their_own() =>
        Assert.Equal(["x a main 1000m 1Mi", "x b one 250m 10Mi", "x b two 2m 1Mi"], Lines(TopRows.Pods(Pods, true, true, null)));

    [Fact]
    public void Those_that_use_most_come_first() =>
        Assert.Equal(["b 252m 11Mi", "a 1000m 1Mi"], Lines(TopRows.Pods(Pods, false, false, "memory")));

    [Fact]
    public void Nodes_have_parts_of_what_they_have_and_may_be_unknown()
    {
        JsonNode[] nodes = [Node("n1"), Node("n2")];
        JsonNode[] metrics = [Parse("""{"metadata":{"name":"n1"},"usage":{"cpu":"500m","memory":"1Gi"}}"""), Parse("""{"metadata":{"name":"gone"},"usage":{"cpu":"1","memory":"1Gi"}}""")];
        Assert.Equal(["n1 500m 25% 1024Mi 50%", "n2 <unknown> <unknown> <unknown> <unknown>"], Lines(TopRows.Nodes(nodes, metrics, "allocatable", null)));
        Assert.Equal("n1 500m 12% 1024Mi 25%", Lines(TopRows.Nodes(nodes, metrics, "capacity", "cpu"))[0]);
    }

    private static JsonNode Node(string name) =>
        Parse("""{"metadata":{"name":"NAME"},"status":{"allocatable":{"cpu":"2","memory":"2Gi"},"capacity":{"cpu":"4","memory":"4Gi"}}}""".Replace("NAME", name, StringComparison.Ordinal));

    private static List<string> Lines(IReadOnlyList<IReadOnlyList<string>> rows) => [.. rows.Select(r => string.Join(' ', r))];

    private static JsonNode Parse(string json) => JsonNode.Parse(json)!;
}
