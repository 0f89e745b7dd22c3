using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>An object of a kind that has no model class: its metadata, and all the rest as a JSON tree.</summary>
public sealed class CustomObject : IKubernetesObject<V1ObjectMeta>
{
    /// <inheritdoc/>
    public string ApiVersion { get; set; } = "";

    /// <inheritdoc/>
    public string Kind { get; set; } = "";

    /// <inheritdoc/>
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <summary>Everything but apiVersion, kind and metadata.</summary>
    public JsonObject Content { get; set; } = [];

    /// <summary>The whole object as a tree of its own.</summary>
    public JsonObject ToTree() => (JsonObject)JsonTree.Parse(ApiJson.Serialize(this))!;
}
