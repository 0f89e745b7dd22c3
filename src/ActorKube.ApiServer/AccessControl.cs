using ActorKube.ApiServer.Authentication;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.Authorization.Nodes;
using ActorKube.ApiServer.Authorization.Rbac;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;

namespace ActorKube.ApiServer;

/// <summary>Who is who and who may do what, put together.</summary>
/// <param name="Tokens">Bearer tokens.</param>
/// <param name="AccountTokens">Makes the tokens of service accounts.</param>
/// <param name="Authorizer">Who may do what.</param>
/// <param name="Escalation">Nobody hands on more than he has.</param>
/// <param name="Policy">The roles and bindings that every cluster has.</param>
internal sealed record AccessControl(
    BearerAuthenticator Tokens, ServiceAccountTokens AccountTokens, IAuthorizer Authorizer, EscalationCheck Escalation, DefaultPolicy Policy)
{
    /// <summary>Puts it together; makes the keys and the join token that are missing.</summary>
    public static AccessControl Open(ResourceRegistry registry, ObjectWriter writer, ApiServerSettings settings, TimeProvider time)
    {
        var policy = DefaultPolicy.Load();
        var rbac = new RbacAuthorizer(registry);
        var authorizer = new AuthorizerChain(new NodeAuthorizer(new NodeGraph(registry), policy.NodeRules), rbac);
        var accountTokens = new ServiceAccountTokens(ServiceAccountKeys.Open(settings.Authentication, settings.PkiDirectory));
        var tokens = new BearerAuthenticator(
            TokenAuthenticator.Open(settings.TokenFile, settings.Authentication.StaticTokens),
            new ServiceAccountAuthenticator(accountTokens, settings.Authentication, registry, new LegacyTokenUse(registry, writer, time), time),
            new BootstrapTokenAuthenticator(registry, time),
            settings.Authentication);
        return new AccessControl(tokens, accountTokens, authorizer, new EscalationCheck(authorizer, rbac), policy);
    }
}
