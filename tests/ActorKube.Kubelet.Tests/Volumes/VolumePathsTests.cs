using ActorKube.Kubelet.Tests.Fakes;
using ActorKube.Kubelet.Volumes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Volumes;

public sealed class VolumePathsTests
{
    [Fact]
    public void Changed_labels_are_shown_where_a_volume_holds_them()
    {
        var about = Some.Pod().WithVolume(new V1Volume { Name = "about", DownwardAPI = new V1DownwardAPIVolumeSource() });
        var projected = Some.Pod().WithVolume(new V1Volume { Name = "all", Projected = new V1ProjectedVolumeSource { Sources = [new V1VolumeProjection { DownwardAPI = new V1DownwardAPIProjection() }] } });
        Assert.True(VolumePaths.ShowChange(about, Labelled(about)));
        Assert.True(VolumePaths.ShowChange(projected, Labelled(projected)));
        Assert.False(VolumePaths.ShowChange(about, about));
        Assert.False(VolumePaths.ShowChange(Labelled(about), Labelled(about)));
        Assert.False(VolumePaths.ShowChange(Some.Pod(), Labelled(Some.Pod())));
    }

    private static V1Pod Labelled(V1Pod pod) => pod with { Metadata = pod.Metadata with { Labels = new Dictionary<string, string> { ["tier"] = "front" } } };
}
