namespace ActorKube.Scheduler.Plugins;

/// <summary>
/// Prefers nodes that already hold the pod's images, the more the larger they are. An image that few nodes have counts less, so that
/// its pods do not all crowd onto one node.
/// </summary>
public sealed class ImageLocality : SchedulerPlugin
{
    private const long Mebibyte = 1024 * 1024;
    private const long Little = 23 * Mebibyte;
    private const long MuchPerContainer = 1000 * Mebibyte;

    /// <inheritdoc/>
    public override string Name => "ImageLocality";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy => ClusterChange.None;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot) => new Check(pod, snapshot);

    private sealed class Check(PodInfo pod, Snapshot snapshot) : PodCheck
    {
        private readonly string[] _images =
            [.. (pod.Pod.Spec.InitContainers ?? []).Concat(pod.Pod.Spec.Containers ?? []).Select(c => Normal(c.Image ?? ""))];

        public override bool Scores => _images.Length > 0;

        public override void Score(ReadOnlySpan<NodeInfo> nodes, Span<long> scores)
        {
            foreach (var image in _images)
            {
                var holders = 0;
                foreach (var node in nodes)
                {
                    holders += node.Images.ContainsKey(image) ? 1 : 0;
                }

                for (var i = 0; holders > 0 && i < nodes.Length; i++)
                {
                    // Nodes beyond the fitting ones count as not holding it: a spread that is at most the true one.
                    scores[i] += nodes[i].Images.TryGetValue(image, out var size) ? (long)((double)size * holders / snapshot.Nodes.Length) : 0;
                }
            }

            var much = MuchPerContainer * _images.Length;
            foreach (ref var score in scores)
            {
                score = MaxScore * (Math.Clamp(score, Little, much) - Little) / (much - Little);
            }
        }

        /// <summary>An image without tag or digest means <c>:latest</c>, which is how nodes report it.</summary>
        private static string Normal(string image) =>
            image.LastIndexOf(':') <= image.LastIndexOf('/') && !image.Contains('@') ? image + ":latest" : image;
    }
}
