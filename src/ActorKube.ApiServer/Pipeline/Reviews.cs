using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authentication;
using ActorKube.ApiServer.Authorization;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>Kinds that are questions and not objects: who am I, may I, is this token good. The answer is in the status; nothing is stored.</summary>
internal sealed class Reviews(IAuthorizer authorizer, BearerAuthenticator tokens)
{
    /// <summary>Answers a review.</summary>
    public async Task<ApiResponse> CreateAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var value = BodyDecoder.Decode(context);
        value.Metadata.CreationTimestamp = null;
        switch (value)
        {
            case V1SelfSubjectReview review:
                review.Metadata.CreationTimestamp = context.Timestamp;
                review.Status = new V1SelfSubjectReviewStatus { UserInfo = Show(context.User) };
                break;
            case V1SelfSubjectAccessReview review:
                Check(context, review.Spec?.ResourceAttributes, review.Spec?.NonResourceAttributes, []);
                review.Status = await DecideAsync(context, context.User, review.Spec!.ResourceAttributes, review.Spec.NonResourceAttributes).ConfigureAwait(false);
                break;
            case V1SubjectAccessReview review:
                Check(context, review.Spec?.ResourceAttributes, review.Spec?.NonResourceAttributes, SomebodyIn(review.Spec));
                review.Status = await DecideAsync(context, UserOf(review.Spec!), review.Spec!.ResourceAttributes, review.Spec.NonResourceAttributes).ConfigureAwait(false);
                break;
            case V1LocalSubjectAccessReview review:
                CheckLocal(context, review);
                review.Status = await DecideAsync(context, UserOf(review.Spec), review.Spec.ResourceAttributes, review.Spec.NonResourceAttributes).ConfigureAwait(false);
                break;
            case V1SelfSubjectRulesReview review:
                var ns = review.Spec?.NamespaceProperty is { Length: > 0 } named ? named : throw ApiError.BadRequest("no namespace on request");
                review.Status = await authorizer.RulesAsync(context.User, ns, context.Cancelled).ConfigureAwait(false);
                review.Spec = new V1SelfSubjectRulesReviewSpec();
                break;
            case V1TokenReview review:
                review.Status = await ReviewAsync(context, review.Spec).ConfigureAwait(false);
                break;
            default:
                throw ApiError.MethodNotAllowed(context.Kind, "create");
        }

        return new ApiResponse(201, new ApiObject(value), null, context.Warnings);
    }

    private async ValueTask<V1TokenReviewStatus> ReviewAsync(RequestContext context, V1TokenReviewSpec? spec)
    {
        if (string.IsNullOrEmpty(spec?.Token))
        {
            throw ApiError.BadRequest("token is required for TokenReview in authentication");
        }

        var audiences = spec.Audiences is { Count: > 0 } wanted ? [.. wanted] : tokens.ApiAudiences;
        return await tokens.ReviewAsync(spec.Token, audiences, context.Cancelled).ConfigureAwait(false) is { } identity
            ? new V1TokenReviewStatus { Authenticated = true, User = Show(identity.User), Audiences = [.. identity.Audiences] }
            : new V1TokenReviewStatus { User = new V1UserInfo(), Error = "[invalid bearer token, token lookup failed]" };
    }

    private async ValueTask<V1SubjectAccessReviewStatus> DecideAsync(
        RequestContext context, UserInfo user, V1ResourceAttributes? resource, V1NonResourceAttributes? path)
    {
        var request = resource is not null
            ? new AccessRequest(user, resource.Verb ?? "", resource.Group ?? "", resource.Version ?? "", resource.Resource ?? "", resource.Subresource ?? "", resource.NamespaceProperty ?? "", resource.Name ?? "",
                "", Selector(resource.FieldSelector))
            : new AccessRequest(user, path!.Verb ?? "", "", "", "", "", "", "", path.Path is { Length: > 0 } named ? named : "/");
        var decision = await authorizer.DecideAsync(request, context.Cancelled).ConfigureAwait(false);
        return new V1SubjectAccessReviewStatus { Allowed = decision.Allowed, Reason = decision.Reason.Length == 0 ? null : decision.Reason };
    }

    private static string Selector(V1FieldSelectorAttributes? selector) => !string.IsNullOrEmpty(selector?.RawSelector)
        ? selector.RawSelector
        : string.Join(',', (selector?.Requirements ?? []).Where(r => r.OperatorProperty == "In" && r.Values is { Count: 1 }).Select(r => $"{r.Key}={r.Values[0]}"));

    private static void CheckLocal(RequestContext context, V1LocalSubjectAccessReview review)
    {
        if (!string.IsNullOrEmpty(review.Metadata.NamespaceProperty) && review.Metadata.NamespaceProperty != context.Request.Namespace)
        {
            throw ApiError.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        review.Metadata.NamespaceProperty = context.Request.Namespace;
        var errors = SomebodyIn(review.Spec);
        var path = FieldPath.Of("spec").Child("resourceAttributes");
        if (review.Spec?.ResourceAttributes is { } resource && (resource.NamespaceProperty ?? "") != context.Request.Namespace)
        {
            errors.Invalid(path.Child("namespace"), resource.NamespaceProperty ?? "", "must match metadata.namespace");
        }

        if (review.Spec?.NonResourceAttributes is { } other)
        {
            errors.Invalid(FieldPath.Of("spec").Child("nonResourceAttributes"), other, "disallowed on this kind of request");
        }

        Check(context, review.Spec?.ResourceAttributes, review.Spec?.NonResourceAttributes, errors);
    }

    private static FieldErrors SomebodyIn(V1SubjectAccessReviewSpec? spec)
    {
        var errors = new FieldErrors();
        if (string.IsNullOrEmpty(spec?.User) && spec?.Groups is null or { Count: 0 })
        {
            errors.Invalid(FieldPath.Of("spec").Child("user"), spec?.User ?? "", "at least one of user or group must be specified");
        }

        return errors;
    }

    private static void Check(RequestContext context, V1ResourceAttributes? resource, V1NonResourceAttributes? path, IEnumerable<FieldError> before)
    {
        var errors = new FieldErrors();
        if (resource is not null && path is not null)
        {
            errors.Invalid(FieldPath.Of("spec").Child("nonResourceAttributes"), path, "cannot be specified in combination with resourceAttributes");
        }
        else if (resource is null && path is null)
        {
            errors.Invalid(FieldPath.Of("spec").Child("resourceAttributes"), null, "exactly one of nonResourceAttributes or resourceAttributes must be specified");
        }

        if (before.Concat(errors).ToList() is { Count: > 0 } all)
        {
            throw ApiError.Invalid(context.Kind, "", all);
        }
    }

    private static UserInfo UserOf(V1SubjectAccessReviewSpec spec) => new(spec.User ?? "", [.. spec.Groups ?? []], spec.Uid ?? "")
    {
        Extra = (spec.Extra ?? new Dictionary<string, IList<string>>()).ToDictionary(e => e.Key, e => (IReadOnlyList<string>)[.. e.Value]),
    };

    private static V1UserInfo Show(UserInfo user) => new()
    {
        Username = user.Name,
        Groups = [.. user.Groups],
        Uid = user.Uid.Length == 0 ? null : user.Uid,
        Extra = user.Extra.Count == 0 ? null : user.Extra.ToDictionary(e => e.Key, e => (IList<string>)[.. e.Value]),
    };
}
