using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.Tests.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Admission;

public class LimitRulesTests
{
    private static V1LimitRange Range(string limits) => Strategies.Create<V1LimitRange>($"metadata: {{name: l, namespace: default}}\nspec: {{limits: [{limits}]}}").Value;

    private static V1Pod Pod(string resources, string more = "") => Strategies.Create<V1Pod>($"metadata: {{name: p, namespace: default}}\nspec: {{containers: [{{name: c, image: i, resources: {resources}}}{more}]}}").Value;

    [Fact]
    public void Containers_get_what_they_leave_open_and_the_pod_says_so()
    {
        var pod = Pod("{requests: {cpu: 50m}}", ", {name: d, image: i}");
        LimitRules.Default(Range("{type: Container, default: {cpu: 500m, memory: 64Mi}, defaultRequest: {cpu: 100m}}"), pod);
        Assert.Equal(
            "LimitRanger plugin set: memory request for container c; cpu, memory limit for container c; cpu, memory request for container d; cpu, memory limit for container d",
            pod.Metadata.Annotations["kubernetes.io/limit-ranger"]);
        Assert.Equal("50m", pod.Spec.Containers[0].Resources.Requests["cpu"].ToString());
        Assert.Equal("500m", pod.Spec.Containers[0].Resources.Limits["cpu"].ToString());
        Assert.Equal("100m", pod.Spec.Containers[1].Resources.Requests["cpu"].ToString());
    }

    [Theory]
    [InlineData("{type: Container, min: {cpu: 100m}}", "{requests: {cpu: 50m}}", "minimum cpu usage per Container is 100m, but request is 50m")]
    [InlineData("{type: Container, min: {memory: 1Gi}}", "{}", "minimum memory usage per Container is 1Gi.  No request is specified")]
    [InlineData("{type: Container, max: {cpu: 1}}", "{limits: {cpu: 1500m}}", "maximum cpu usage per Container is 1, but limit is 1500m")]
    [InlineData("{type: Container, max: {cpu: 1}}", "{requests: {cpu: 10m}}", "maximum cpu usage per Container is 1.  No limit is specified")]
    [InlineData("{type: Container, maxLimitRequestRatio: {cpu: 2}}", "{requests: {cpu: 100m}, limits: {cpu: 300m}}", "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000")]
    [InlineData("{type: Container, maxLimitRequestRatio: {cpu: 2}}", "{}", "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0")]
    [InlineData("{type: Pod, max: {memory: 1Gi}}", "{limits: {memory: 2Gi}}", "maximum memory usage per Pod is 1Gi, but limit is 2Gi")]
    [InlineData("{type: Pod, max: {memory: 2Gi}}", "{limits: {memory: 2Gi}}", null)]
    public void Says_what_is_too_little_or_too_much_as_Kubernetes_does(string limits, string resources, string? expected) =>
        Assert.Equal(expected is null ? [] : [expected], LimitRules.Violations(Range(limits), Pod(resources)));

    [Theory]
    [InlineData("{min: {storage: 2Gi}}", "minimum storage usage per PersistentVolumeClaim is 2Gi, but request is 1Gi")]
    [InlineData("{max: {storage: 500Mi}}", "maximum storage usage per PersistentVolumeClaim is 500Mi, but request is 1Gi")]
    public void Claims_have_a_size_to_keep_to(string limits, string expected)
    {
        var claim = Strategies.Yaml<V1PersistentVolumeClaim>("metadata: {name: c}\nspec: {resources: {requests: {storage: 1Gi}}}");
        Assert.Equal([expected], LimitRules.Violations(Range(limits.Replace("{min", "{type: PersistentVolumeClaim, min", StringComparison.Ordinal).Replace("{max", "{type: PersistentVolumeClaim, max", StringComparison.Ordinal)), claim));
    }

    [Theory]
    [InlineData("{type: Container, min: {cpu: 2}, max: {cpu: 1}}", "spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1")]
    [InlineData("{type: Pod, default: {cpu: 1}}", "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'")]
    [InlineData("{type: PersistentVolumeClaim, max: {cpu: 1}}", "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided")]
    [InlineData("{type: Pod, maxLimitRequestRatio: {cpu: 800m}}", "spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: \"800m\": ratio 800m is less than 1")]
    public void A_limit_range_that_contradicts_itself_is_refused(string limits, string expected) =>
        Assert.Contains(expected, Strategies.ErrorsOf<V1LimitRange>($"metadata: {{name: l, namespace: default}}\nspec: {{limits: [{limits}]}}"));

    [Fact]
    public void What_is_at_most_is_what_there_is_by_default()
    {
        var item = Range("{type: Container, max: {cpu: 1}, min: {memory: 1Mi}}").Spec.Limits[0];
        Assert.Equal("1", item.DefaultProperty["cpu"].ToString());
        Assert.Equal("1", item.DefaultRequest["cpu"].ToString());
        Assert.Equal("1Mi", item.DefaultRequest["memory"].ToString());
    }
}
