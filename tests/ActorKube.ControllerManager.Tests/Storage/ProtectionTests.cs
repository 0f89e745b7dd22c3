using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Storage;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Storage;

public class ProtectionTests
{
    private const string OfClaims = "kubernetes.io/pvc-protection";

    [Fact]
    public void A_claim_gets_its_finalizer_and_keeps_it_while_it_stays()
    {
        Assert.Equal([OfClaims], Finalizers(ClaimProtectionController.Reconcile(Claim(), [])));
        Assert.Empty(ClaimProtectionController.Reconcile(Claim(OfClaims), []).Actions);
    }

    [Fact]
    public void A_deleted_claim_goes_once_no_pod_on_a_node_mounts_it()
    {
        var claim = Claim("other", OfClaims);
        claim.Metadata.DeletionTimestamp = Some.Now.UtcDateTime;

        Assert.Empty(ClaimProtectionController.Reconcile(claim, [Mounting("data").On("n1")]).Actions);
        Assert.Equal(["other"], Finalizers(ClaimProtectionController.Reconcile(claim, [Mounting("data"), Mounting("else").On("n1")])));
        Assert.Equal(["other"], Finalizers(ClaimProtectionController.Reconcile(claim, [])));
    }

    [Fact]
    public void A_claim_made_for_a_pod_is_used_by_that_pod_only()
    {
        var pod = Some.Pod("web").On("n1");
        pod.Spec.Volumes = [new V1Volume { Name = "scratch", Ephemeral = new V1EphemeralVolumeSource() }];
        var claim = Claim(OfClaims);
        (claim.Metadata.Name, claim.Metadata.DeletionTimestamp) = ("web-scratch", Some.Now.UtcDateTime);

        Assert.Single(ClaimProtectionController.Reconcile(claim, [pod]).Actions);
        claim.Metadata.OwnerReferences = [Ownership.Reference(pod)];
        Assert.Empty(ClaimProtectionController.Reconcile(claim, [pod]).Actions);
    }

    [Fact]
    public void A_deleted_volume_goes_once_it_is_not_bound()
    {
        var volume = new V1PersistentVolume { Metadata = Some.Meta("v"), Status = new V1PersistentVolumeStatus { Phase = "Bound" } };
        Assert.Equal(["kubernetes.io/pv-protection"], Finalizers(VolumeProtectionController.Reconcile(volume)));

        (volume.Metadata.Finalizers, volume.Metadata.DeletionTimestamp) = (["kubernetes.io/pv-protection"], Some.Now.UtcDateTime);
        Assert.Empty(VolumeProtectionController.Reconcile(volume).Actions);
        volume.Status.Phase = "Released";
        Assert.Empty(Finalizers(VolumeProtectionController.Reconcile(volume)));
    }

    private static List<string> Finalizers(Plan plan) => [.. Assert.Single(plan.Of<Update>()).Object.Metadata.Finalizers ?? []];

    private static V1PersistentVolumeClaim Claim(params string[] finalizers)
    {
        var claim = new V1PersistentVolumeClaim { Metadata = Some.Meta("data"), Spec = new V1PersistentVolumeClaimSpec() };
        claim.Metadata.Finalizers = finalizers;
        return claim;
    }

    private static V1Pod Mounting(string claim)
    {
        var pod = Some.Pod($"p-{claim}");
        pod.Spec.Volumes = [new V1Volume { Name = "v", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = claim } }];
        return pod;
    }
}
