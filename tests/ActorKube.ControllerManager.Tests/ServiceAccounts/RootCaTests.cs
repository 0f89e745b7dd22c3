using ActorKube.ControllerManager.ServiceAccounts;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.ServiceAccounts;

public class RootCaTests
{
    private static readonly V1Namespace Default = new() { Metadata = new V1ObjectMeta { Name = "default" } };

    [Fact]
    public void Every_namespace_has_the_root_and_what_else_is_written_there_goes()
    {
        var map = (V1ConfigMap)Assert.Single(RootCaController.Reconcile(Default, null, "root").Of<Create>()).Object;
        Assert.Equal(("kube-root-ca.crt", "default", "root"), (map.Metadata.Name, map.Metadata.NamespaceProperty, map.Data["ca.crt"]));
        Assert.Empty(RootCaController.Reconcile(Default, map, "root").Actions);

        map.Data["more"] = "x";
        var mended = (V1ConfigMap)Assert.Single(RootCaController.Reconcile(Default, map, "new").Of<Update>()).Object;
        Assert.Equal([new("ca.crt", "new")], mended.Data);
    }

    [Fact]
    public void A_namespace_that_goes_gets_nothing() =>
        Assert.Empty(RootCaController.Reconcile(new V1Namespace { Metadata = new V1ObjectMeta { Name = "n", DeletionTimestamp = Some.Now.UtcDateTime } }, null, "root").Actions);
}
