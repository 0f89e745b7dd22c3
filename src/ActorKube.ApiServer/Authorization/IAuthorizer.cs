using ActorKube.Api.Meta;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization;

/// <summary>What somebody wants to do, as authorization sees it.</summary>
/// <param name="User">Who.</param>
/// <param name="Verb"><c>get</c>, <c>list</c>, <c>create</c>… and for paths outside the API <c>get</c>, <c>post</c>…</param>
/// <param name="Group">API group.</param>
/// <param name="Version">API version.</param>
/// <param name="Resource">Resource; empty for a path outside the API.</param>
/// <param name="Subresource">Subresource.</param>
/// <param name="Namespace">Namespace; empty for all and for cluster-scoped kinds. A Namespace is in itself.</param>
/// <param name="Name">Name; empty for collections.</param>
/// <param name="Path">The path of a request outside the API, such as <c>/metrics</c>; empty otherwise.</param>
/// <param name="FieldSelector">The field selector of a list or watch.</param>
public sealed record AccessRequest(
    UserInfo User, string Verb, string Group, string Version, string Resource, string Subresource, string Namespace, string Name, string Path = "", string FieldSelector = "");

/// <summary>What became of an <see cref="AccessRequest"/>.</summary>
/// <param name="Allowed">Whether it is allowed.</param>
/// <param name="Reason">Why, where there is something to say.</param>
public readonly record struct AccessDecision(bool Allowed, string Reason = "")
{
    /// <summary>Allowed, without a word.</summary>
    public static AccessDecision Yes => new(true);
}

/// <summary>Says who may do what.</summary>
public interface IAuthorizer
{
    /// <summary>Whether the request is allowed, and why.</summary>
    ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken);

    /// <summary>What the user may do in a namespace, for <c>kubectl auth can-i --list</c>. May be incomplete, and then says so.</summary>
    ValueTask<V1SubjectRulesReviewStatus> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken);

    /// <summary>Whether the request is allowed.</summary>
    async ValueTask<bool> IsAllowedAsync(AccessRequest request, CancellationToken cancellationToken) =>
        (await DecideAsync(request, cancellationToken).ConfigureAwait(false)).Allowed;
}
