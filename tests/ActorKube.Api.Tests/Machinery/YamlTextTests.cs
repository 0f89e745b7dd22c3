using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using CsCheck;

namespace ActorKube.Api.Tests.Machinery;

public sealed class YamlTextTests
{
    // Bits that mean something to YAML, so that random texts of them come near its edges.
    private static readonly string[] Bits =
    [
        "a", "word", " ", " ", "\n", "\t", ":", ": ", "#", " #", "- ", "'", "\"", "\\", "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "@", "`", "? ",
        "0", "12", "1e3", "0x1f", ".5", "true", "no", "null", "~", "2020-01-02", "10:20", "<<", "=", "é", "日本", "😀", "\u0001", "\u007f", "\u0085", "\u2028", "\ufeff",
        "---", "...", "\r", "_", "+", "a rather long stretch of words to reach the column where lines are folded",
    ];

    private static readonly Gen<string> Text = Gen.Int[0, Bits.Length - 1].Select(i => Bits[i]).Array[0, 12].Select(string.Concat);

    // A plain key with " *" or " &" in it is good YAML, but more than YamlDotNet can read.
    private static readonly Gen<string> Key = Text.Where(t => !t.Contains('*') && !t.Contains('&'));

    private static readonly Gen<JsonNode?> Leaf = Gen.OneOf<JsonNode?>(
        Text.Select(t => (JsonNode?)JsonValue.Create(t)),
        Gen.Long.Select(n => (JsonNode?)JsonValue.Create(n)),
        Gen.Double.Where(double.IsFinite).Select(n => (JsonNode?)JsonValue.Create(n)),
        Gen.Bool.Select(b => (JsonNode?)JsonValue.Create(b)),
        Gen.Const((JsonNode?)null));

    private static readonly Gen<JsonNode?> Tree = Gen.Recursive<JsonNode?>((depth, self) => depth > 3
        ? Leaf
        : Gen.OneOf(
            Leaf,
            self.Array[0, 4].Select(items => (JsonNode?)new JsonArray([.. items.Select(i => i?.DeepClone())])),
            Gen.Select(Key, self).Array[0, 4].Select(pairs => (JsonNode?)new JsonObject(
                pairs.DistinctBy(p => p.Item1).Select(p => KeyValuePair.Create(p.Item1, p.Item2?.DeepClone()))))));

    [Fact]
    public void Reads_back_as_what_was_written() => Tree.Sample(
        tree =>
        {
            var yaml = YamlText.Of(tree);
            var read = JsonNode.Parse(YamlJson.Convert(Encoding.UTF8.GetBytes(yaml)));
            return JsonNode.DeepEquals(tree, read);
        },
        iter: 20_000,
        print: tree => $"{tree?.ToJsonString()}\n{YamlText.Of(tree)}");

    [Fact]
    public void Looks_like_kubectls()
    {
        var json = JsonNode.Parse("""
            {
              "metadata": {"name": "web", "labels": {}, "annotations": {"a10": "x", "a2": "", "long": "The node was low on resource: memory. Container web was using 412Mi, which exceeds its request"}},
              "items": [{"b": 1, "a": [["x"], []]}, "- no list", "plain text", 1.50, 3000000.0, null, true],
              "data": {"script": "#!/bin/sh\necho hi\n", "end": "a\nb", "indented": "  a\nb\n", "tab": "a\tb", "quote": "it's: so", "port": "80", "yes": "yes", "time": "2026-11-24T07:31:35Z", "smile": "😀"}
            }
            """);

        Assert.Equal("""
            data:
              end: |-
                a
                b
              indented: |2
                  a
                b
              port: "80"
              quote: 'it''s: so'
              script: |
                #!/bin/sh
                echo hi
              smile: "\U0001F600"
              tab: "a\tb"
              time: "2026-11-24T07:31:35Z"
              "yes": "yes"
            items:
            - a:
              - - x
              - []
              b: 1
            - '- no list'
            - plain text
            - 1.5
            - 3e+06
            - null
            - true
            metadata:
              annotations:
                a2: ""
                a10: x
                long: 'The node was low on resource: memory. Container web was using 412Mi, which
                  exceeds its request'
              labels: {}
              name: web

            """, YamlText.Of(json));
    }

    [Theory]
    [InlineData("1:30", "\"1:30\"")]
    [InlineData("1e3", "\"1e3\"")]
    [InlineData("1e312", "1e312")]
    [InlineData(".5_", ".5_")]
    [InlineData("0x1f", "\"0x1f\"")]
    [InlineData("2020-02-30", "2020-02-30")]
    [InlineData("2020-2-3", "\"2020-2-3\"")]
    [InlineData("null", "\"null\"")]
    [InlineData("a: b", "'a: b'")]
    [InlineData("a:b", "a:b")]
    [InlineData("*", "'*'")]
    [InlineData(" x", "' x'")]
    [InlineData("", "\"\"")]
    [InlineData("<<", "<<")]
    public void Quotes_only_where_it_must(string text, string yaml) => Assert.Equal(yaml + "\n", YamlText.Of(JsonValue.Create(text)));

    [Fact]
    public void A_very_long_key_stands_alone()
    {
        var key = new string('k', 129);
        Assert.Equal($"? {key}\n: a: 1\n", YamlText.Of(new JsonObject { [key] = new JsonObject { ["a"] = 1 } }));
    }
}
