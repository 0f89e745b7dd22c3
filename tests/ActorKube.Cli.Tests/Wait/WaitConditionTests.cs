using System.Text.Json.Nodes;
using ActorKube.Cli.Wait;

namespace ActorKube.Cli.Tests.Wait;

public sealed class WaitConditionTests
{
    private const string Ready = """{"metadata":{"generation":2},"status":{"observedGeneration":2,"ready":3,"conditions":[{"type":"Ready","status":"True"}]}}""";

    [Theory]
    [InlineData("condition=Ready", Ready, true)]
    [InlineData("condition=ready=TRUE", Ready, true)]
    [InlineData("condition=Ready=False", Ready, false)]
    [InlineData("condition=Other", Ready, false)]
    [InlineData("condition=Ready", """{"metadata":{"generation":3},"status":{"observedGeneration":2,"conditions":[{"type":"Ready","status":"True"}]}}""", false)]
    [InlineData("condition=Ready", """{"metadata":{"generation":3},"status":{"observedGeneration":2,"conditions":[{"type":"Ready","status":"True","observedGeneration":3}]}}""", true)]
    [InlineData("jsonpath={.status.ready}=3", Ready, true)]
    [InlineData("jsonpath={.status.ready}=4", Ready, false)]
    [InlineData("jsonpath=.status.ready=3", Ready, true)]
    [InlineData("jsonpath={.status.ready}", Ready, true)]
    [InlineData("jsonpath={.status.gone}", Ready, false)]
    [InlineData("jsonpath={.status.conditions[?(@.type==\"Ready\")].status}=True", Ready, true)]
    [InlineData("create", Ready, true)]
    [InlineData("delete", Ready, false)]
    public void Holds_for_objects_that_fulfil_it(string condition, string json, bool holds) =>
        Assert.Equal(holds, WaitCondition.Parse(condition).Holds(JsonNode.Parse(json)!.AsObject()));

    [Theory]
    [InlineData("")]
    [InlineData("ready")]
    [InlineData("jsonpath={.x}=")]
    [InlineData("jsonpath={.x}y")]
    public void What_makes_no_sense_is_refused(string condition) => Assert.Throws<CliException>(() => WaitCondition.Parse(condition));
}
