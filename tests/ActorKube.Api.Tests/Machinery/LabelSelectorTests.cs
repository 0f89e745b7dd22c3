using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery;

public class LabelSelectorTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "web", ["tier"] = "", ["n"] = "5" };

    [Theory]
    [InlineData("", true)]
    [InlineData("app=web", true)]
    [InlineData("app==web", true)]
    [InlineData("app = web , n", true)]
    [InlineData("app!=web", false)]
    [InlineData("missing!=web", true)]
    [InlineData("app in (web,db)", true)]
    [InlineData("app in (db)", false)]
    [InlineData("app notin (db)", true)]
    [InlineData("missing notin (db)", true)]
    [InlineData("app", true)]
    [InlineData("!app", false)]
    [InlineData("! missing", true)]
    [InlineData("tier=", true)]
    [InlineData("tier", true)]
    [InlineData("tier in ()", true)]
    [InlineData("tier in (,x)", true)]
    [InlineData("n>4", true)]
    [InlineData("n>5", false)]
    [InlineData("n<6,app=web", true)]
    [InlineData("app=web,n=6", false)]
    [InlineData("in in (in)", false)]
    public void Matches_as_kubectl_users_expect(string selector, bool matches) => Assert.Equal(matches, LabelSelector.Parse(selector).Matches(Labels));

    [Theory]
    [InlineData("x in (foo,,baz),y,z notin ()", "x in (,baz,foo),y,z notin ()")]
    [InlineData("b=1,a=2", "a=2,b=1")]
    [InlineData("a==b,!c", "a==b,!c")]
    public void Is_written_ordered_by_key(string selector, string text) => Assert.Equal(text, LabelSelector.Parse(selector).ToString());

    [Theory]
    [InlineData("a=b=c", "found '=', expected: ',' or 'end of string'")]
    [InlineData("a,", "found '', expected: identifier after ','")]
    [InlineData("=a", "found '=', expected: !, identifier, or 'end of string'")]
    [InlineData("a in b", "unable to parse requirement: found 'b' expected: '('")]
    [InlineData("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData("a>b", "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer")]
    [InlineData("-a=b", "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")]
    [InlineData("a=b/c", "unable to parse requirement: values[0][a]: Invalid value: \"b/c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')")]
    public void Says_what_is_wrong_as_Kubernetes_does(string selector, string message)
    {
        Assert.False(LabelSelector.TryParse(selector, out _, out var error));
        Assert.Equal(message, error);
    }

    [Fact]
    public void No_selector_matches_nothing_and_an_empty_one_everything()
    {
        Assert.False(LabelSelector.From(null).Matches(Labels));
        Assert.True(LabelSelector.From(new V1LabelSelector()).Matches(Labels));
        Assert.True(LabelSelector.From(new V1LabelSelector()).IsEmpty);
    }

    [Fact]
    public void Labels_and_expressions_must_all_hold()
    {
        var selector = LabelSelector.From(new V1LabelSelector
        {
            MatchLabels = new Dictionary<string, string> { ["app"] = "web" },
            MatchExpressions = [new V1LabelSelectorRequirement { Key = "n", OperatorProperty = "In", Values = ["5", "6"] }],
        });
        Assert.True(selector.Matches(Labels));
        Assert.False(selector.Matches(new Dictionary<string, string> { ["app"] = "web" }));
        Assert.Equal("app=web,n in (5,6)", selector.ToString());
        Assert.True(selector.RequiresExactMatch("app", out var value) && value == "web");
        Assert.False(selector.RequiresExactMatch("n", out _));
    }

    [Fact]
    public void An_unknown_operator_is_refused()
    {
        var wrong = new V1LabelSelector { MatchExpressions = [new V1LabelSelectorRequirement { Key = "n", OperatorProperty = "Gt", Values = ["5"] }] };
        Assert.False(LabelSelector.TryFrom(wrong, out _, out var error));
        Assert.Equal("\"Gt\" is not a valid label selector operator", error);
        Assert.Equal("<error>", LabelSelector.Format(wrong));
    }

    [Theory]
    [InlineData("metadata.name=x", true)]
    [InlineData("metadata.name==x,status.phase!=Running", true)]
    [InlineData("status.phase=Running", false)]
    [InlineData("spec.nodeName=", true)]
    [InlineData("spec.nodeName!=", false)]
    [InlineData("", true)]
    public void Field_selectors_compare_text(string selector, bool matches)
    {
        string? Value(string field) => field switch { "metadata.name" => "x", "status.phase" => "Pending", _ => null };
        Assert.Equal(matches, FieldSelector.Parse(selector).Matches(Value));
    }

    [Theory]
    [InlineData("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'")]
    [InlineData(@"a=b\c", @"invalid field selector: invalid escape sequence: \c")]
    [InlineData("a=b=c", "invalid field selector: unescaped character in value: =")]
    public void Field_selectors_say_what_is_wrong(string selector, string message)
    {
        Assert.False(FieldSelector.TryParse(selector, out _, out var error));
        Assert.Equal(message, error);
    }

    [Fact]
    public void Escapes_survive_a_round_trip()
    {
        var selector = FieldSelector.Parse(@"a=x\,y\=z\\");
        Assert.Equal(@"x,y=z\", selector.Requirements[0].Value);
        Assert.Equal(@"a=x\,y\=z\\", selector.ToString());
    }
}
