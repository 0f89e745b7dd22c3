using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authentication;
using ActorKube.ApiServer.Authorization;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>Kinds that are questions and not objects: who am I, may I, is this token good. The answer is in the status; nothing is stored.</summary>
internal sealed class Reviews(IAuthorizer authorizer, TokenAuthenticator tokens)
{
    /// <summary>Answers a review.</summary>
    public async Task<ApiResponse> CreateAsync(RequestContext context)
    {
        var value = BodyDecoder.Decode(context);
        value.Metadata.CreationTimestamp = null;
        switch (value)
        {
            case V1SelfSubjectReview review:
                review.Metadata.CreationTimestamp = context.Timestamp;
                review.Status = new V1SelfSubjectReviewStatus { UserInfo = Show(context.User) };
                break;
            case V1SelfSubjectAccessReview review:
                review.Status = await DecideAsync(context, context.User, review.Spec?.ResourceAttributes, review.Spec?.NonResourceAttributes).ConfigureAwait(false);
                break;
            case V1SubjectAccessReview review:
                review.Status = await DecideAsync(context, UserOf(review.Spec), review.Spec?.ResourceAttributes, review.Spec?.NonResourceAttributes).ConfigureAwait(false);
                break;
            case V1LocalSubjectAccessReview review:
                review.Status = await DecideAsync(context, UserOf(review.Spec), review.Spec?.ResourceAttributes, review.Spec?.NonResourceAttributes).ConfigureAwait(false);
                break;
            case V1SelfSubjectRulesReview review:
                review.Status = await authorizer.RulesAsync(context.User, review.Spec?.NamespaceProperty ?? "", context.Cancelled).ConfigureAwait(false);
                break;
            case V1TokenReview review:
                var user = tokens.Authenticate(review.Spec?.Token ?? "");
                review.Status = user is null
                    ? new V1TokenReviewStatus { Authenticated = false, Error = "invalid bearer token" }
                    : new V1TokenReviewStatus { Authenticated = true, User = Show(user) };
                break;
            default:
                throw ApiError.MethodNotAllowed(context.Kind, "create");
        }

        return new ApiResponse(201, new ApiObject(value), null, context.Warnings);
    }

    private async ValueTask<V1SubjectAccessReviewStatus> DecideAsync(
        RequestContext context, UserInfo user, V1ResourceAttributes? resource, V1NonResourceAttributes? path)
    {
        if (resource is null == path is null)
        {
            throw ApiError.Invalid(context.Kind, "", [FieldError.Invalid("spec.resourceAttributes", null, "exactly one of nonResourceAttributes or resourceAttributes must be specified")]);
        }

        var request = resource is not null
            ? new AccessRequest(user, resource.Verb ?? "", resource.Group ?? "", resource.Version ?? "", resource.Resource ?? "", resource.Subresource ?? "", resource.NamespaceProperty ?? "", resource.Name ?? "")
            : new AccessRequest(user, path!.Verb ?? "", "", "", "", "", "", "", path.Path ?? "");
        return new V1SubjectAccessReviewStatus { Allowed = await authorizer.IsAllowedAsync(request, context.Cancelled).ConfigureAwait(false) };
    }

    private static UserInfo UserOf(V1SubjectAccessReviewSpec? spec) => new(spec?.User ?? "", [.. spec?.Groups ?? []], spec?.Uid ?? "");

    private static V1UserInfo Show(UserInfo user) => new() { Username = user.Name, Groups = [.. user.Groups], Uid = user.Uid.Length == 0 ? null : user.Uid };
}
