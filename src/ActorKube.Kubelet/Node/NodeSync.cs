using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using k8s.Models;

namespace ActorKube.Kubelet.Node;

/// <summary>One round of keeping the Node object: create or correct it, then its status when it changed or is due.</summary>
internal sealed class NodeSync(NodeStatusBuilder builder, IMachine machine, IContainerRuntime runtime, IResourceClient<V1Node> nodes, int port, TimeProvider time)
{
    private const int Attempts = 5;

    private DateTimeOffset _reportedAt;

    /// <summary>The pod ranges that the runtime knows; empty before it was told any.</summary>
    public string ToldRanges { get; private set; } = "";

    /// <summary>A node's pod ranges, comma-separated.</summary>
    public static string RangesOf(V1Node node) => node.Spec?.PodCIDRs is { Count: > 0 } many ? string.Join(',', many) : node.Spec?.PodCIDR ?? "";

    public async Task<V1Node> RunAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ApiException e) when (e.IsConflict && attempt < Attempts)
            {
                // Somebody else, who gives the node its pod ranges for example, was faster: once more on the newest object.
                continue;
            }
        }
    }

    private async Task<V1Node> TryAsync(CancellationToken cancellationToken)
    {
        var node = await RegisterAsync(cancellationToken).ConfigureAwait(false);
        var refusal = await TellRangesAsync(node, cancellationToken).ConfigureAwait(false);
        var now = time.GetUtcNow();
        var status = builder.Build(node.Status, await AskRuntimeAsync(refusal, cancellationToken).ConfigureAwait(false), machine.Use(), port, now);
        if (!NodeStatusBuilder.Differs(node.Status, status) && now - _reportedAt < builder.Settings.NodeStatusReportFrequency)
            return node;
        var update = ApiJson.Copy(node);
        update.Status = status;
        var written = await nodes.UpdateStatusAsync(update, cancellationToken).ConfigureAwait(false);
        _reportedAt = now;
        return written;
    }

    // Before the status is built: a kubelet that restarts is then ready at once.
    // Returns why the runtime did not take them, or null.
    private async Task<string?> TellRangesAsync(V1Node node, CancellationToken cancellationToken)
    {
        var ranges = RangesOf(node);
        if (ranges.Length == 0 || ranges == ToldRanges)
            return null;
        try
        {
            await runtime.UpdateRuntimeConfigAsync(ranges, cancellationToken).ConfigureAwait(false);
            ToldRanges = ranges;
            return null;
        }
        catch (ContainerRuntimeException e)
        {
            return e.Message;
        }
    }

    private async Task<V1Node> RegisterAsync(CancellationToken cancellationToken)
    {
        V1Node node;
        try
        {
            node = await nodes.GetAsync(null, builder.Settings.NodeName, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return await nodes.CreateAsync(NewNode(), cancellationToken).ConfigureAwait(false);
        }

        var labels = builder.Labels();
        if (labels.All(l => node.Metadata.Labels is { } own && own.TryGetValue(l.Key, out var value) && value == l.Value))
            return node;
        var corrected = ApiJson.Copy(node);
        corrected.Metadata.Labels ??= new Dictionary<string, string>();
        foreach (var (key, value) in labels)
            corrected.Metadata.Labels[key] = value;
        return await nodes.UpdateAsync(corrected, cancellationToken).ConfigureAwait(false);
    }

    private V1Node NewNode() => new()
    {
        ApiVersion = "v1",
        Kind = "Node",
        Metadata = new V1ObjectMeta { Name = builder.Settings.NodeName, Labels = new Dictionary<string, string>(builder.Labels()) },
        Spec = new V1NodeSpec { Taints = builder.Taints() is { Count: > 0 } taints ? [.. taints] : null },
    };

    private async Task<RuntimeReport> AskRuntimeAsync(string? rangesRefused, CancellationToken cancellationToken)
    {
        try
        {
            var version = await runtime.VersionAsync(cancellationToken).ConfigureAwait(false);
            var status = await runtime.StatusAsync(cancellationToken).ConfigureAwait(false);
            var images = await runtime.ListImagesAsync(cancellationToken).ConfigureAwait(false);
            return new RuntimeReport(version, status, images, null, rangesRefused);
        }
        catch (ContainerRuntimeException e)
        {
            return new RuntimeReport(null, null, [], e.Message);
        }
    }
}
