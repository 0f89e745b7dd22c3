using ActorKube.ApiServer.Admission;
using Akka.Configuration;

namespace ActorKube.ApiServer.Tests.Admission;

public class AdmissionSettingsTests
{
    private static AdmissionSettings Read(string hocon) => ApiServerSettings.From(ConfigurationFactory.ParseString($"actorkube.apiserver.admission {{ {hocon} }}")).Admission;

    [Fact]
    public void Plugins_are_on_unless_they_are_switched_off_and_some_only_when_they_are_switched_on()
    {
        Assert.True(Read("").IsOn("LimitRanger"));
        Assert.False(Read("disabled = [LimitRanger]").IsOn("LimitRanger"));
        Assert.False(Read("").IsOn("OwnerReferencesPermissionEnforcement"));
        Assert.True(Read("enabled = [OwnerReferencesPermissionEnforcement]").IsOn("OwnerReferencesPermissionEnforcement"));
    }

    [Fact]
    public void Resources_can_be_limited_to_where_a_quota_covers_them()
    {
        Assert.Empty(Read("").LimitedResources);
        var limited = Read("""
            resource-quota.limited-resources = [
              { resource = pods, match-scopes = [{ scope-name = PriorityClass, operator = In, values = [high] }] },
              { resource = deployments, api-group = apps, match-contains = ["count/"] }]
            """).LimitedResources;
        Assert.Equal(["pods", "deployments.apps"], limited.Select(l => l.GroupResource));
        var scope = Assert.Single(limited[0].MatchScopes);
        Assert.Equal(("PriorityClass", "In", "high"), (scope.ScopeName, scope.OperatorProperty, Assert.Single(scope.Values)));
        Assert.Equal(["count/"], limited[1].MatchContains);
    }

    [Theory]
    [InlineData("resource-quota.limited-resources = [{ api-group = apps }]", "limited-resources: an item has no resource")]
    [InlineData("disabled = [LimitRangr]", "actorkube.apiserver.admission.disabled: 'LimitRangr' is no admission plugin")]
    [InlineData("enabled = [Everything]", "actorkube.apiserver.admission.enabled: 'Everything' is no admission plugin")]
    [InlineData("enabled = [LimitRanger], disabled = [LimitRanger]", "LimitRanger is in enabled and in disabled")]
    [InlineData("pod-security.defaults.enforce = strict", "actorkube.apiserver.admission.pod-security.defaults.enforce: 'strict' must be one of privileged, baseline, restricted")]
    [InlineData("pod-security.defaults.warn-version = v2", "actorkube.apiserver.admission.pod-security.defaults.warn-version: 'v2' must be \"latest\" or \"v1.x\"")]
    public void What_is_not_known_is_an_error_that_says_where(string hocon, string expected) =>
        Assert.Contains(expected, Assert.Throws<ConfigurationException>(() => Read(hocon)).Message, StringComparison.Ordinal);
}
