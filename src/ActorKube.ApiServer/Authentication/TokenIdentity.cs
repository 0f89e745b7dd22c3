using ActorKube.Api.Meta;

namespace ActorKube.ApiServer.Authentication;

/// <summary>Whose a token is.</summary>
/// <param name="User">The user.</param>
/// <param name="Audiences">For which of the wanted audiences the token is good.</param>
/// <param name="Warning">A text for the client that uses the token; null for none.</param>
internal sealed record TokenIdentity(UserInfo User, IReadOnlyList<string> Audiences, string? Warning = null);
