using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Registry;

public class WorkloadStrategyTests
{
    private const string Web = """
        metadata: {name: web, namespace: default}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: 'web:1'}]}
        """;

    [Fact]
    public void A_deployment_gets_the_defaults_that_kubectl_shows()
    {
        var (deployment, errors) = Strategies.Create<V1Deployment>(Web);
        Assert.Empty(errors);
        Assert.Equal(
            """
            {"metadata":{"generation":1,"name":"web","namespace":"default"},"spec":{"progressDeadlineSeconds":600,"replicas":1,"revisionHistoryLimit":10,"selector":{"matchLabels":{"app":"web"}},"strategy":{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"},"type":"RollingUpdate"},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"image":"web:1","imagePullPolicy":"IfNotPresent","name":"web","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}},"status":{}}
            """,
            ApiJson.SerializeToString(deployment));
    }

    [Theory]
    [InlineData("replicas: -1", "spec.replicas: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("selector: {matchLabels: {app: other}}", "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`")]
    [InlineData("selector: {}", "spec.selector: Invalid value: {}: empty selector is invalid for deployment")]
    [InlineData("selector: null", "spec.selector: Required value")]
    [InlineData("strategy: {type: Recreate, rollingUpdate: {}}", "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'")]
    [InlineData("strategy: {type: Slow}", "spec.strategy.type: Unsupported value: \"Slow\": supported values: \"Recreate\", \"RollingUpdate\"")]
    [InlineData("strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}", "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0")]
    [InlineData("strategy: {rollingUpdate: {maxUnavailable: '110%'}}", "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"110%\": must not be greater than 100%")]
    [InlineData("strategy: {rollingUpdate: {maxSurge: 'lots'}}", "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"lots\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")]
    [InlineData("minReadySeconds: 600", "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds")]
    public void A_deployment_says_what_is_wrong_as_Kubernetes_does(string field, string error)
    {
        var yaml = field.StartsWith("selector", StringComparison.Ordinal) ? Web.Replace("selector: {matchLabels: {app: web}}", field) : Web + "\n  " + field;
        Assert.Equal([error], Strategies.ErrorsOf<V1Deployment>(yaml));
    }

    [Fact]
    public void A_template_must_restart_its_containers_for_ever() => Assert.Equal(
        ["spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"", "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported"],
        Strategies.ErrorsOf<V1ReplicaSet>(Web.Replace("spec: {containers", "spec: {restartPolicy: Never, activeDeadlineSeconds: 5, containers")));

    [Fact]
    public void A_selector_may_not_change()
    {
        var (old, _) = Strategies.Create<V1Deployment>(Web);
        var (_, errors) = Strategies.Update(old, d =>
        {
            d.Spec.Selector.MatchLabels["app"] = "new";
            d.Spec.Template.Metadata.Labels["app"] = "new";
        });
        Assert.Equal(["spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"new\"}}: field is immutable"], errors);
    }

    [Fact]
    public void Status_writers_touch_only_the_status()
    {
        var (old, _) = Strategies.Create<V1Deployment>(Web);
        var changed = ApiJson.Copy(old);
        changed.Spec.Replicas = 7;
        changed.Status.Replicas = 1;
        changed.Status.ReadyReplicas = 2;
        var strategy = Strategies.Of<V1Deployment>();
        strategy.PrepareForStatusUpdate(changed, old);
        Assert.Equal(1, changed.Spec.Replicas);
        Assert.Equal(["status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"], strategy.ValidateStatusUpdate(changed, old).Select(e => e.ToString()));
    }

    [Fact]
    public void Rows_are_those_of_kubectl_get()
    {
        var (deployment, _) = Strategies.Create<V1Deployment>(Web);
        deployment.Metadata.CreationTimestamp = Strategies.Now.UtcDateTime.AddDays(-3);
        deployment.Status = new V1DeploymentStatus { ReadyReplicas = 1, UpdatedReplicas = 1, AvailableReplicas = 1 };
        Assert.Equal("web | 1/1 | 1 | 1 | 3d | web | web:1 | app=web", Strategies.Row(deployment, wide: true));
        var (set, _) = Strategies.Create<V1ReplicaSet>(Web);
        set.Metadata.CreationTimestamp = Strategies.Now.UtcDateTime.AddDays(-3);
        Assert.Equal("web | 1 | 0 | 0 | 3d", Strategies.Row(set));
    }
}
