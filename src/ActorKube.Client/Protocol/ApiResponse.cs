using ActorKube.Api.Machinery;

namespace ActorKube.Client.Protocol;

/// <summary>The answer to an <see cref="ApiRequest"/>: an object, a list, or a failure Status (an <see cref="ApiObject"/> of V1Status with <see cref="Code"/> ≥ 400).</summary>
/// <param name="Code">HTTP code.</param>
/// <param name="Object">The object or Status; null when <see cref="List"/> is set.</param>
/// <param name="List">The list's items; null otherwise.</param>
/// <param name="Warnings">Texts of <c>Warning</c> headers.</param>
public sealed record ApiResponse(int Code, ApiObject? Object, ApiList? List = null, IReadOnlyList<string>? Warnings = null);

/// <summary>One page of a list.</summary>
/// <param name="Items">Objects in the order of their keys. Shared: read only.</param>
/// <param name="ResourceVersion">The version the list shows; a watch goes on from here.</param>
/// <param name="Continue">Token for the next page; empty on the last.</param>
/// <param name="RemainingItemCount">How many objects come after this page, where known.</param>
public sealed record ApiList(IReadOnlyList<ApiObject> Items, string ResourceVersion, string Continue = "", long? RemainingItemCount = null);

/// <summary>One event of a watch.</summary>
/// <param name="Type"><c>ADDED</c>, <c>MODIFIED</c>, <c>DELETED</c>, <c>BOOKMARK</c> or <c>ERROR</c> (then the object is a V1Status).</param>
/// <param name="Object">The object as it is after the change, or as it last was when deleted.</param>
public sealed record ApiWatchEvent(string Type, ApiObject Object);
