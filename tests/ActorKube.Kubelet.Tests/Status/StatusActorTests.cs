using ActorKube.Api.Machinery;
using ActorKube.Kubelet.Status;
using ActorKube.Kubelet.Tests.Fakes;
using Akka.Actor;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Status;

public sealed class StatusActorTests : KubeletFixture
{
    private readonly IActorRef _status;
    private readonly V1Pod _pod;

    public StatusActorTests()
    {
        _pod = Api.Resource<V1Pod>().Put(Some.Pod());
        _status = Sys.ActorOf(Props.Create(() => new StatusActor(Api)));
    }

    [Fact]
    public void The_same_status_is_written_once()
    {
        Report("Running");
        Eventually(() => Status().Phase == "Running");
        Report("Running");
        Report("Failed");
        Eventually(() => Status().Phase == "Failed");
        Assert.Equal(["put web", "status web", "status web"], Api.Resource<V1Pod>().Writes);
    }

    [Fact]
    public void A_conflict_is_resolved_on_the_newest_object()
    {
        // Somebody else changed the pod after this kubelet's informer saw it.
        Api.Resource<V1Pod>().Put(Pod()! with { Metadata = Pod()!.Metadata with { Labels = new Dictionary<string, string> { ["new"] = "label" } } });
        Report("Running");
        Eventually(() => Status().Phase == "Running");
        Assert.Equal("label", Pod()!.Metadata.Labels["new"]);
    }

    [Fact]
    public void Another_pod_of_the_same_name_is_never_touched()
    {
        Api.Resource<V1Pod>().Remove("web");
        var other = Some.Pod();
        other.Metadata.Uid = "uid-other";
        Api.Resource<V1Pod>().Put(other);
        Report("Failed", delete: true);
        var second = Api.Resource<V1Pod>().Put(Some.Pod("second"));
        _status.Tell(new StatusActor.Report(second, new V1PodStatus { Phase = "Running" }));
        Eventually(() => Status("second").Phase == "Running");
        Assert.Equal(("uid-other", "Pending"), (Pod()!.Metadata.Uid, Status().Phase));
    }

    [Fact]
    public void The_last_status_is_written_before_the_deletion()
    {
        Report("Succeeded", delete: true);
        Eventually(() => Pod() is null);
        Assert.Equal(["put web", "status web", "delete web"], Api.Resource<V1Pod>().Writes);
    }

    [Fact]
    public void Failures_are_repeated_with_the_newest_status()
    {
        Api.Resource<V1Pod>().Failures.Enqueue(new ApiException(ApiError.Status(500, "InternalError", "boom")));
        Report("Running");
        Report("Failed");
        Pass(TimeSpan.FromMinutes(2), () => Status().Phase == "Failed");
    }

    [Fact]
    public void A_deletion_that_failed_halfway_is_finished_later()
    {
        Api.Resource<V1Pod>().Failures.Enqueue(new ActorKube.Client.ApiUnreachableException("away"));
        Report("Failed", delete: true);
        Pass(TimeSpan.FromMinutes(2), () => Pod() is null);
    }

    private void Report(string phase, bool delete = false) => _status.Tell(new StatusActor.Report(_pod, new V1PodStatus { Phase = phase }, delete));
}
