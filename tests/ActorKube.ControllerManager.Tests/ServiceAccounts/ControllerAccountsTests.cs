using ActorKube.ControllerManager.ServiceAccounts;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.ServiceAccounts;

public class ControllerAccountsTests
{
    private static readonly V1Namespace System = new() { Metadata = new V1ObjectMeta { Name = "kube-system" } };

    [Fact]
    public void Every_account_that_a_controller_is_and_that_is_not_there_is_made()
    {
        var made = ControllerAccountsController.Reconcile(System, ["deployment-controller", "job-controller"]).Of<Create>().Select(c => c.Object.Metadata);
        Assert.Equal([("kube-system", "deployment-controller"), ("kube-system", "job-controller")], made.Select(m => (m.NamespaceProperty, m.Name)));
        Assert.Empty(ControllerAccountsController.Reconcile(System, []).Actions);
    }

    [Fact]
    public void Nothing_is_made_in_a_namespace_that_is_not_there_or_goes()
    {
        Assert.Empty(ControllerAccountsController.Reconcile(null, ["job-controller"]).Actions);
        var going = new V1Namespace { Metadata = new V1ObjectMeta { Name = "kube-system", DeletionTimestamp = Some.Now.UtcDateTime } };
        Assert.Empty(ControllerAccountsController.Reconcile(going, ["job-controller"]).Actions);
    }

    [Theory]
    [InlineData("deployment", "deployment-controller")]
    [InlineData("daemonset", "daemonset-controller")]
    [InlineData("disruption", "controllermanager")]
    [InlineData("endpointslice", "endpoint-slice-controller")]
    [InlineData("node-lifecycle", "node-controller")]
    [InlineData("service-lb", "service-lb-controller")]
    public void Events_name_the_controller(string controller, string reporter) => Assert.Equal(reporter, ControllerIdentities.ReporterOf(controller));
}
