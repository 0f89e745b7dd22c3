using System.Collections.Immutable;

namespace ActorKube.Client.Protocol;

/// <summary>
/// One request to the API server, whether it travels as an actor message or by HTTPS. It says what the URL, the query
/// string, the content type and the body of the HTTP request would say.
/// </summary>
public sealed record ApiRequest
{
    /// <summary><c>get</c>, <c>list</c>, <c>watch</c>, <c>create</c>, <c>update</c>, <c>patch</c>, <c>delete</c> or <c>deletecollection</c>.</summary>
    public required string Verb { get; init; }

    /// <summary>API group; empty for the core group.</summary>
    public string Group { get; init; } = "";

    /// <summary>API version.</summary>
    public string Version { get; init; } = "v1";

    /// <summary>Plural resource name.</summary>
    public required string Resource { get; init; }

    /// <summary>Namespace; empty for cluster-scoped resources and for lists over all namespaces.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Object name; empty for collections.</summary>
    public string Name { get; init; } = "";

    /// <summary>Subresource, such as <c>status</c>; empty for the object itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>Query parameters by name, such as <c>labelSelector</c>, <c>resourceVersion</c>, <c>fieldManager</c>, <c>dryRun</c>.</summary>
    public ImmutableDictionary<string, string> Query { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Media type of the body; tells the patch type of a patch.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>The body as bytes.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>
    /// The body as an object that nobody else holds, in place of <see cref="Body"/> when client and server share a process.
    /// The server may keep and change it.
    /// </summary>
    public object? Object { get; init; }

    /// <summary>The client's name for itself: the default field manager.</summary>
    public string UserAgent { get; init; } = "";
}
