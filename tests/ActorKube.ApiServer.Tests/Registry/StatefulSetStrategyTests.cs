using k8s.Models;

namespace ActorKube.ApiServer.Tests.Registry;

public sealed class StatefulSetStrategyTests
{
    private const string Set = """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: web}
        spec:
          serviceName: web
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - name: web
                image: web:1
                volumeMounts: [{name: MOUNT, mountPath: /data}]
          volumeClaimTemplates:
          - metadata: {name: data}
            spec:
              accessModes: [ReadWriteOnce]
              resources: {requests: {storage: 1Gi}}
        """;

    [Fact]
    public void A_container_may_mount_what_a_claim_template_will_bring() =>
        Assert.Empty(Strategies.ErrorsOf<V1StatefulSet>(Set.Replace("MOUNT", "data")));

    [Fact]
    public void A_container_may_not_mount_what_nothing_brings() =>
        Assert.Equal(["spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"other\""], Strategies.ErrorsOf<V1StatefulSet>(Set.Replace("MOUNT", "other")));
}
