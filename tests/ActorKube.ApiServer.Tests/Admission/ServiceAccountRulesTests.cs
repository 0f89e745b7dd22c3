using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.Tests.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Admission;

public class ServiceAccountRulesTests
{
    private static V1PodSpec Spec(string spec) => Strategies.Yaml<V1Pod>($"metadata: {{name: p}}\nspec: {spec}").Spec;

    [Fact]
    public void Every_container_gets_the_token_unless_something_else_is_mounted_there()
    {
        var spec = Spec("{initContainers: [{name: i}], containers: [{name: a}, {name: b, volumeMounts: [{name: own, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}]}");
        TokenVolume.Mount(spec, () => "kube-api-access-xyz12");
        Assert.Equal("kube-api-access-xyz12", spec.InitContainers[0].VolumeMounts.Single().Name);
        Assert.True(spec.Containers[0].VolumeMounts.Single().ReadOnlyProperty);
        Assert.Equal("own", spec.Containers[1].VolumeMounts.Single().Name);
        var sources = spec.Volumes.Single().Projected;
        Assert.Equal(420, sources.DefaultMode);
        Assert.Equal(3607, sources.Sources[0].ServiceAccountToken.ExpirationSeconds);
        Assert.Equal("kube-root-ca.crt", sources.Sources[1].ConfigMap.Name);
        Assert.Equal("metadata.namespace", sources.Sources[2].DownwardAPI.Items[0].FieldRef.FieldPath);
    }

    [Fact]
    public void A_token_volume_that_is_there_is_used()
    {
        var spec = Spec("{volumes: [{name: kube-api-access-old11, emptyDir: {}}], containers: [{name: a}]}");
        TokenVolume.Mount(spec, () => throw new InvalidOperationException("no name is needed"));
        Assert.Equal("kube-api-access-old11", spec.Containers[0].VolumeMounts.Single().Name);
        Assert.Single(spec.Volumes);
    }

    [Theory]
    [InlineData("{volumes: [{name: v, secret: {secretName: s}}], containers: [{name: c}]}", "volume with secret.secretName=\"s\" is not allowed because service account sa does not reference that secret")]
    [InlineData("{containers: [{name: c, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}", "container c with envVar E referencing secret.secretName=\"s\" is not allowed because service account sa does not reference that secret")]
    [InlineData("{initContainers: [{name: i, envFrom: [{secretRef: {name: s}}]}], containers: [{name: c}]}", "init container i with envFrom referencing secret.secretName=\"s\" is not allowed because service account sa does not reference that secret")]
    [InlineData("{imagePullSecrets: [{name: s}], containers: [{name: c}]}", "imagePullSecrets[0].name=\"s\" is not allowed because service account sa does not reference that imagePullSecret")]
    [InlineData("{volumes: [{name: v, secret: {secretName: known}}], containers: [{name: c}]}", null)]
    public void Pods_use_only_the_secrets_that_their_account_lists(string spec, string? expected)
    {
        var account = new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = "sa" }, Secrets = [new V1ObjectReference { Name = "known" }] };
        Assert.Equal(expected, SecretReferences.Violation(account, Spec(spec), ephemeralOnly: false));
    }

    [Theory]
    [InlineData("{serviceAccountName: a, containers: []}", "a mirror pod may not reference service accounts")]
    [InlineData("{volumes: [{name: v, secret: {secretName: s}}], containers: []}", "a mirror pod may not reference secrets")]
    [InlineData("{volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}], containers: []}", "a mirror pod may not use ServiceAccountToken volume projections")]
    [InlineData("{containers: []}", null)]
    public void Mirror_pods_hang_on_nothing_in_the_API(string spec, string? expected) => Assert.Equal(expected, SecretReferences.MirrorPodViolation(Spec(spec)));
}
