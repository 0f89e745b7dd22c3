using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Monitoring;

namespace ActorKube.ApiServer.Admission;

/// <summary>A write that is about to happen.</summary>
/// <param name="Operation"><c>CREATE</c>, <c>UPDATE</c>, <c>DELETE</c> or <c>CONNECT</c>.</param>
/// <param name="Kind">The kind of the object.</param>
/// <param name="Subresource">Subresource; empty for the object itself.</param>
/// <param name="Namespace">Namespace; empty for cluster-scoped kinds.</param>
/// <param name="Name">Name; empty while a name is yet to be generated.</param>
/// <param name="Object">The object as it would be; null for a deletion. A mutating plugin may change it.</param>
/// <param name="Old">The object as it is; null on create. Shared: read only.</param>
/// <param name="User">Who writes.</param>
/// <param name="DryRun">Whether nothing will be written.</param>
public sealed record AdmissionRequest(
    string Operation, ResourceKind Kind, string Subresource, string Namespace, string Name, object? Object, object? Old, UserInfo User, bool DryRun)
{
    /// <summary>Takes a text for a <c>Warning</c> header; null where nobody would read it.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Takes what an audit should tell of the request beside who did what, as key and value; null where nothing is recorded. The request's span records it.</summary>
    public Action<string, string>? Audit { get; init; } = RequestTracing.Annotating();

    /// <summary>The 403 that refuses the write.</summary>
    public ApiException Forbidden(string why) => ApiError.Forbidden(Kind, Name, why);
}

/// <summary>
/// A rule of the cluster that a write passes before it happens, beyond what its kind asks for. A plugin refuses by throwing an
/// <see cref="ApiException"/>, usually a 403.
/// </summary>
public interface IAdmissionPlugin
{
    /// <summary>The plugin's name in the configuration, such as <c>NamespaceLifecycle</c>.</summary>
    string Name { get; }

    /// <summary>Whether the plugin looks at such writes at all. Asked once for each kind and operation.</summary>
    bool Handles(string operation, ResourceKind kind) => operation is "CREATE" or "UPDATE";

    /// <summary>Changes the object before it is validated.</summary>
    ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Refuses a write, after validation.</summary>
    ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
