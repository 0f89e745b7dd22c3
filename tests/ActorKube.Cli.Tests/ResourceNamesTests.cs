namespace ActorKube.Cli.Tests;

public sealed class ResourceNamesTests
{
    [Theory]
    [InlineData("po", "pod/")]
    [InlineData("pods", "pod/")]
    [InlineData("deploy/web", "deployment.apps/web")]
    [InlineData("deployments.apps/web", "deployment.apps/web")]
    [InlineData("deployment web", "deployment.apps/web")]
    [InlineData("svc,po", "service/ pod/")]
    [InlineData("pod a b", "pod/a pod/b")]
    [InlineData("pod/a svc/b", "pod/a service/b")]
    public void A_word_on_the_command_line_means_a_kind_or_an_object(string arguments, string names) =>
        Assert.Equal(names, string.Join(' ', ResourceNames.Parse(arguments.Split(' '))));

    [Theory]
    [InlineData("foo", "the server doesn't have a resource type \"foo\"")]
    [InlineData("pod/", "arguments in resource/name form must have a single resource and name: 'pod/'")]
    public void A_word_that_means_nothing_is_an_error(string argument, string message) =>
        Assert.Equal(message, Assert.Throws<CliException>(() => ResourceNames.Parse([argument])).Message);

    [Fact]
    public void All_means_what_people_work_with() =>
        Assert.Superset(new HashSet<string> { "pods", "services", "deployments.apps", "replicasets.apps" }, ResourceNames.Parse(["all"]).Select(n => n.Kind.GroupResource).ToHashSet());
}
