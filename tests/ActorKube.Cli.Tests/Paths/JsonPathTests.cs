using System.Text.Json.Nodes;
using ActorKube.Cli.Paths;

namespace ActorKube.Cli.Tests.Paths;

public sealed class JsonPathTests
{
    private static readonly JsonNode List = JsonNode.Parse("""
        {"kind":"List","items":[
          {"metadata":{"name":"a","labels":{"app.io/name":"x"}},"spec":{"n":1,"c":[{"image":"i1"},{"image":"i2"}]}},
          {"metadata":{"name":"b"},"spec":{"n":12,"c":[{"image":"i3"}],"on":true}}]}
        """)!;

    [Theory]
    [InlineData("{.items[*].metadata.name}", "a b")]
    [InlineData("{$.items[0].metadata.name}", "a")]
    [InlineData("{.items[-1].metadata.name}", "b")]
    [InlineData("{.items[0:1].metadata.name}", "a")]
    [InlineData("{.items[::2].metadata.name}", "a")]
    [InlineData("{.items[0,1].metadata.name}", "a b")]
    [InlineData("{.items[*]['metadata','spec'].name}", "a b")]
    [InlineData("{..image}", "i1 i2 i3")]
    [InlineData("{.items[*].metadata.labels.app\\.io/name}", "x")]
    [InlineData("{.items[*].metadata.labels['app.io/name']}", "x")]
    [InlineData("{.items[?(@.metadata.name==\"b\")].spec.n}", "12")]
    [InlineData("{.items[?(@.spec.n > 2)].metadata.name}", "b")]
    [InlineData("{.items[?(@.spec.n<=1)].metadata.name}", "a")]
    [InlineData("{.items[?(@.spec.on)].metadata.name}", "b")]
    [InlineData("{.items[?(@.spec.on==true)].metadata.name}", "b")]
    [InlineData("{.items[?(@.metadata.name!='b')].metadata.name}", "a")]
    [InlineData("{range .items[*]}{.metadata.name}={.spec.n}{\"\\n\"}{end}", "a=1\nb=12\n")]
    [InlineData("{range .items[*]}{range .spec.c[*]}{.image};{end}|{end}", "i1;i2;|i3;|")]
    [InlineData("names: {.items[*].metadata.name}!", "names: a b!")]
    [InlineData("{.items[0].spec.c}", "[{\"image\":\"i1\"},{\"image\":\"i2\"}]")]
    [InlineData("{.items[0].metadata.*}", "{\"app.io/name\":\"x\"} a")]
    [InlineData("{.nothing.at.all}", "")]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    public void Makes_text_of_an_object(string template, string text) => Assert.Equal(text, JsonPath.Parse(template).Text(List));

    [Theory]
    [InlineData("{.items[*]", "unclosed action")]
    [InlineData("{.items[", "invalid array index")]
    [InlineData("{range .items[*]}{.x}", "unterminated range")]
    [InlineData("{end}", "not in range, nothing to end")]
    [InlineData("{(.items)}", "unrecognized character in action: U+0028 '('")]
    [InlineData("{.items[?(@.x==)]}", "unrecognized character in action: U+0029 ')'")]
    [InlineData("{'abc}", "unterminated quoted string")]
    public void A_template_that_makes_no_sense_is_refused(string template, string why) =>
        Assert.Equal($"error parsing jsonpath {template}, {why}", Assert.Throws<CliException>(() => JsonPath.Parse(template)).Message);

    [Fact]
    public void An_item_that_is_not_there_is_an_error() =>
        Assert.Equal("array index out of bounds: index 5, length 2", Assert.Throws<CliException>(() => JsonPath.Parse("{.items[5]}").Text(List)).Message);

    [Theory]
    [InlineData("{.items[0].metadata.name}")]
    [InlineData(".items[0].metadata.name")]
    [InlineData("items[0].metadata.name")]
    public void Columns_and_conditions_write_paths_shorter(string path) => Assert.Equal("a", JsonPath.ParseRelaxed(path).Text(List));
}
