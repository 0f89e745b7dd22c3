using ActorKube.Api.Kinds;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>The parameters of each sort of operation, with the words that the generated client's documentation has for them.</summary>
internal static class Parameters
{
    /// <summary>Of every operation on objects.</summary>
    public static readonly Parameter Pretty = Query("ListNamespacedPod", "pretty");

    /// <summary>Of a path within a namespace.</summary>
    public static readonly Parameter Namespace = new("path", "namespace", "string", ModelDefinitions.DescriptionOf("ListNamespacedPod", "namespace"));

    /// <summary>Of a list.</summary>
    public static readonly IReadOnlyList<Parameter> List =
    [
        Query("ListNamespacedPod", "allowWatchBookmarks", "boolean"), .. Selecting(), Query("ListNamespacedPod", "watch", "boolean"),
    ];

    /// <summary>Of a delete.</summary>
    public static readonly IReadOnlyList<Parameter> Delete =
    [
        Query("DeleteNamespacedPod", "dryRun"), Query("DeleteNamespacedPod", "gracePeriodSeconds", "integer"),
        Query("DeleteNamespacedPod", "ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"),
        Query("DeleteNamespacedPod", "orphanDependents", "boolean"), Query("DeleteNamespacedPod", "propagationPolicy"),
    ];

    /// <summary>Of the delete of a collection.</summary>
    public static readonly IReadOnlyList<Parameter> DeleteCollection = [.. Delete, .. Selecting()];

    /// <summary>Of a create or an update.</summary>
    public static readonly IReadOnlyList<Parameter> Write =
    [
        Query("ReplaceNamespacedPod", "dryRun"), Query("ReplaceNamespacedPod", "fieldManager"), Query("ReplaceNamespacedPod", "fieldValidation"),
    ];

    /// <summary>Of a patch.</summary>
    public static readonly IReadOnlyList<Parameter> Patch =
    [
        Query("PatchNamespacedPod", "dryRun"), Query("PatchNamespacedPod", "fieldManager"), Query("PatchNamespacedPod", "fieldValidation"), Query("PatchNamespacedPod", "force", "boolean"),
    ];

    /// <summary>Of a pod's log.</summary>
    public static readonly IReadOnlyList<Parameter> Log =
    [
        Query("ReadNamespacedPodLog", "container"), Query("ReadNamespacedPodLog", "follow", "boolean"), Query("ReadNamespacedPodLog", "insecureSkipTLSVerifyBackend", "boolean"),
        Query("ReadNamespacedPodLog", "limitBytes", "integer"), Query("ReadNamespacedPodLog", "previous", "boolean"), Query("ReadNamespacedPodLog", "sinceSeconds", "integer"),
        Query("ReadNamespacedPodLog", "stream"), Query("ReadNamespacedPodLog", "tailLines", "integer"), Query("ReadNamespacedPodLog", "timestamps", "boolean"),
    ];

    /// <summary>Of a connection to a pod, a service or a node.</summary>
    public static IReadOnlyList<Parameter> Connect(string subresource, string kind)
    {
        switch (subresource)
        {
            case "exec" or "attach":
                var call = subresource == "exec" ? "ConnectGetNamespacedPodExec" : "ConnectGetNamespacedPodAttach";
                IEnumerable<Parameter> streams = [Query(call, "container"), .. ((string[])["stderr", "stdin", "stdout", "tty"]).Select(s => Query(call, s, "boolean"))];
                return subresource == "exec" ? [Query(call, "command"), .. streams] : [.. streams];
            case "portforward":
                return [Query("ConnectGetNamespacedPodPortforward", "ports", "integer")];
            default:
                return [new Parameter("query", "path", "string", ModelDefinitions.DescriptionOf(kind == "Node" ? "ConnectGetNodeProxyWithPath" : $"ConnectGetNamespaced{kind}ProxyWithPath", "path1"))];
        }
    }

    /// <summary>The name in a path.</summary>
    public static Parameter Name(string kind) => new("path", "name", "string", $"name of the {kind}");

    private static IEnumerable<Parameter> Selecting() =>
    [
        Query("ListNamespacedPod", "continue"), Query("ListNamespacedPod", "fieldSelector"), Query("ListNamespacedPod", "labelSelector"), Query("ListNamespacedPod", "limit", "integer"),
        Query("ListNamespacedPod", "resourceVersion"), Query("ListNamespacedPod", "resourceVersionMatch"), Query("ListNamespacedPod", "sendInitialEvents", "boolean"),
        Query("ListNamespacedPod", "timeoutSeconds", "integer"),
    ];

    private static Parameter Query(string operation, string name, string type = "string") => new("query", name, type, ModelDefinitions.DescriptionOf(operation, name));
}
