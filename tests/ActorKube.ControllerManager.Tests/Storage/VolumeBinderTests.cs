using ActorKube.Api.Machinery;
using ActorKube.Api.Scheduling;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Storage;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Storage;

public class VolumeBinderTests
{
    [Fact]
    public void The_smallest_volume_that_has_all_a_claim_asks_for_is_its()
    {
        var claim = Claim("2Gi");
        V1PersistentVolume[] volumes = [Volume("big", "10Gi"), Volume("right", "3Gi"), Volume("small", "1Gi"), Volume("other-class", "2Gi", storageClass: "fast"), Volume("read-only", "2Gi", access: "ReadOnlyMany")];

        Assert.Equal("right", VolumeMatch.Find(claim, volumes)?.Metadata.Name);

        // Who reserved one for a claim is obeyed, though there are smaller ones.
        volumes[0].Spec.ClaimRef = new V1ObjectReference { Name = "c", NamespaceProperty = "default" };
        Assert.Equal("big", VolumeMatch.Find(claim, volumes)?.Metadata.Name);
        volumes[0].Spec.ClaimRef.Name = "somebody-else";
        volumes[1].Spec.ClaimRef = new V1ObjectReference { Name = "c", NamespaceProperty = "default", Uid = "an earlier one" };
        Assert.Null(VolumeMatch.Find(claim, volumes));
    }

    [Fact]
    public void Claim_and_volume_come_together_step_by_step_and_then_nothing_is_left_to_do()
    {
        var (claim, volume) = (Claim("1Gi"), Volume("pv", "5Gi"));
        for (var pass = 0; pass < 5; pass++)
        {
            var plan = ClaimBinding.Reconcile(claim, [volume], null, null);
            foreach (var action in plan.Actions)
            {
                // The API server keeps the status of an update and the spec of a status update.
                (claim, volume) = action switch
                {
                    Update { Object: V1PersistentVolume v } => (claim, v),
                    Update { Object: V1PersistentVolumeClaim c } => (c with { Status = claim.Status }, volume),
                    UpdateStatus { Object: V1PersistentVolume v } => (claim, volume with { Status = v.Status }),
                    UpdateStatus { Object: V1PersistentVolumeClaim c } => (claim with { Status = c.Status }, volume),
                    _ => throw new InvalidOperationException($"unexpected {action}"),
                };
            }
        }

        Assert.Equal(("pv", "Bound", "5Gi"), (claim.Spec.VolumeName, claim.Status.Phase, claim.Status.Capacity["storage"].ToString()));
        Assert.Equal(("Bound", "c", "uid-c"), (volume.Status.Phase, volume.Spec.ClaimRef.Name, volume.Spec.ClaimRef.Uid));
        Assert.Equal("yes", claim.Metadata.Annotations["pv.kubernetes.io/bind-completed"]);
        Assert.Empty(ClaimBinding.Reconcile(claim, [volume], null, null).Actions);
        Assert.Empty(VolumeBinderController.Reconcile(volume, claim).Actions);

        // The volume vanishes: the claim says that its data is gone.
        Assert.Equal("Lost", ((V1PersistentVolumeClaim)Assert.Single(ClaimBinding.Reconcile(claim, [], null, null).Actions.OfType<UpdateStatus>()).Object).Status.Phase);
    }

    [Fact]
    public void A_volume_without_its_claim_is_released_and_kept_unless_it_is_to_be_deleted()
    {
        var volume = Volume("pv", "1Gi");
        Assert.Equal("Available", Phase(volume));
        volume.Spec.ClaimRef = new V1ObjectReference { Name = "c", NamespaceProperty = "default", Uid = "uid-c" };
        Assert.Equal("Released", Phase(volume));
        volume.Spec.PersistentVolumeReclaimPolicy = "Delete";
        Assert.Equal("Failed", Phase(volume));
        Assert.Empty(VolumeBinderController.Reconcile(volume, Claim("1Gi")).Actions);

        static string Phase(V1PersistentVolume volume) => ((V1PersistentVolume)VolumeBinderController.Reconcile(volume, null).Actions.OfType<UpdateStatus>().Single().Object).Status.Phase;
    }

    [Fact]
    public void A_claim_that_waits_for_its_consumer_gets_a_volume_that_the_consumers_node_reaches()
    {
        var local = new V1StorageClass { Provisioner = "kubernetes.io/no-provisioner", VolumeBindingMode = "WaitForFirstConsumer" };
        var (here, there) = (Volume("a-there", "1Gi", "local"), Volume("b-here", "1Gi", "local"));
        here.Spec.NodeAffinity = On("n2");
        there.Spec.NodeAffinity = On("n1");
        var node = new V1Node { Metadata = new V1ObjectMeta { Name = "n1", Labels = new Dictionary<string, string>() } };

        var plan = ClaimBinding.Reconcile(Claim("1Gi", "local"), [here, there], local, node);

        Assert.Equal("b-here", ((V1PersistentVolume)Assert.Single(plan.Actions.OfType<Update>()).Object).Metadata.Name);

        static V1VolumeNodeAffinity On(string name) => new()
        {
            Required = new V1NodeSelector
            {
                NodeSelectorTerms = [new V1NodeSelectorTerm { MatchFields = [new V1NodeSelectorRequirement { Key = "metadata.name", OperatorProperty = "In", Values = [name] }] }],
            },
        };
    }

    [Fact]
    public void A_claim_says_what_it_waits_for()
    {
        Assert.Equal(("FailedBinding", "no persistent volumes available for this claim and no storage class is set"), Told(Claim("1Gi"), null));
        var classed = Claim("1Gi", "fast");
        Assert.Equal(("ProvisioningFailed", "storageclass.storage.k8s.io \"fast\" not found"), Told(classed, null));
        Assert.Equal("WaitForFirstConsumer", Told(classed, new V1StorageClass { Provisioner = "x", VolumeBindingMode = "WaitForFirstConsumer" }).Reason);
        var asked = (V1PersistentVolumeClaim)Assert.Single(ClaimBinding.Reconcile(classed, [], new V1StorageClass { Provisioner = "example.com/disks" }, null).Actions.OfType<Update>()).Object;
        Assert.Equal("example.com/disks", asked.Metadata.Annotations["volume.kubernetes.io/storage-provisioner"]);

        static (string Reason, string Message) Told(V1PersistentVolumeClaim claim, V1StorageClass? storageClass) =>
            Assert.Single(ClaimBinding.Reconcile(claim, [], storageClass, null).Actions.OfType<Tell>()).Announce is { } a ? (a.Reason, a.Message) : default;
    }

    private static V1PersistentVolumeClaim Claim(string size, string storageClass = "") => new()
    {
        Metadata = new V1ObjectMeta { Name = "c", NamespaceProperty = "default", Uid = "uid-c", ResourceVersion = "1" },
        Spec = new V1PersistentVolumeClaimSpec
        {
            AccessModes = ["ReadWriteOnce"],
            StorageClassName = storageClass,
            Resources = new V1VolumeResourceRequirements { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new(size) } },
        },
        Status = new V1PersistentVolumeClaimStatus { Phase = "Pending" },
    };

    private static V1PersistentVolume Volume(string name, string size, string storageClass = "", string access = "ReadWriteOnce") => new()
    {
        Metadata = new V1ObjectMeta { Name = name, Uid = "uid-" + name, ResourceVersion = "1" },
        Spec = new V1PersistentVolumeSpec
        {
            AccessModes = [access],
            StorageClassName = storageClass,
            PersistentVolumeReclaimPolicy = "Retain",
            Capacity = new Dictionary<string, ResourceQuantity> { ["storage"] = new(size) },
            HostPath = new V1HostPathVolumeSource { Path = "/data" },
        },
        Status = new V1PersistentVolumeStatus { Phase = "Pending" },
    };
}
