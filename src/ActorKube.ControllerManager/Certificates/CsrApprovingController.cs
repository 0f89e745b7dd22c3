using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.Client.Protocol;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Certificates;

/// <summary>Approves kubelets' requests for client certificates where the one who asks is allowed to have them approved.</summary>
internal sealed class CsrApprovingController : IController
{
    private const string Group = "certificates.k8s.io";
    private const string Resource = "certificatesigningrequests";

    private readonly ILister<V1CertificateSigningRequest> _requests;

    public CsrApprovingController(IInformerFactory informers)
    {
        var requests = informers.Informer<V1CertificateSigningRequest>();
        _requests = requests.Lister;
        Sources = [Source.Own(requests)];
    }

    public string Name => "certificatesigningrequest-approving";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) =>
        _requests.Get(null, key.Name) is { } request && Recognize(request) is { Count: > 0 } ways
            ? Plan.Of(new Procedure(transport => DecideAsync(transport, request, ways)))
            : Plan.Nothing;

    /// <summary>A way in which a request may be approved by itself.</summary>
    /// <param name="Subresource">What the one who asks must be allowed to create, below certificatesigningrequests.</param>
    /// <param name="Message">What the approval says.</param>
    internal sealed record Way(string Subresource, string Message);

    /// <summary>The ways that a request qualifies for, the more special one first.</summary>
    internal static IReadOnlyList<Way> Recognize(V1CertificateSigningRequest request)
    {
        if (CsrConditions.HasCertificate(request) || CsrConditions.IsDecided(request) || request.Spec.SignerName != SignerRules.KubeletClient
            || RequestedCertificate.Read(request.Spec.Request) is not { } asked || SignerRules.Refusal(SignerRules.KubeletClient, asked, request.Spec.Usages) is not null)
            return [];
        var any = new Way("nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.");
        return asked.CommonName == request.Spec.Username
            ? [new Way("selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview."), any]
            : [any];
    }

    internal static async Task DecideAsync(IApiTransport transport, V1CertificateSigningRequest request, IReadOnlyList<Way> ways)
    {
        foreach (var way in ways)
        {
            if (await IsAllowedAsync(transport, request, way).ConfigureAwait(false))
            {
                await ApproveAsync(transport, request, way).ConfigureAwait(false);
                return;
            }
        }

        // Thrown so that it is tried again: the permission may be on its way.
        throw new ApiException(ApiError.Status(403, "Forbidden",
            $"recognized csr \"{request.Metadata.Name}\" as [{string.Join(' ', ways.Select(w => w.Subresource))}] but subject access review was not approved"));
    }

    private static async Task<bool> IsAllowedAsync(IApiTransport transport, V1CertificateSigningRequest request, Way way)
    {
        var review = new V1SubjectAccessReview
        {
            ApiVersion = "authorization.k8s.io/v1",
            Kind = "SubjectAccessReview",
            Metadata = new V1ObjectMeta(),
            Spec = new V1SubjectAccessReviewSpec
            {
                User = request.Spec.Username,
                Uid = request.Spec.Uid,
                Groups = request.Spec.Groups,
                Extra = request.Spec.Extra,
                ResourceAttributes = new V1ResourceAttributes { Group = Group, Version = "*", Resource = Resource, Subresource = way.Subresource, Verb = "create" },
            },
        };
        var answer = await SendAsync(transport, new ApiRequest
        {
            Verb = "create",
            Group = "authorization.k8s.io",
            Resource = "subjectaccessreviews",
            Object = review,
            UserAgent = ControllerManagerServices.UserAgent,
        }).ConfigureAwait(false);
        return answer.Object!.As<V1SubjectAccessReview>().Status?.Allowed == true;
    }

    private static Task<ApiResponse> ApproveAsync(IApiTransport transport, V1CertificateSigningRequest request, Way way)
    {
        var approved = ApiJson.Copy(request);
        approved.Status ??= new V1CertificateSigningRequestStatus();
        approved.Status.Conditions =
        [
            .. approved.Status.Conditions ?? [],
            new V1CertificateSigningRequestCondition { Type = "Approved", Status = "True", Reason = "AutoApproved", Message = way.Message },
        ];
        return SendAsync(transport, new ApiRequest
        {
            Verb = "update",
            Group = Group,
            Resource = Resource,
            Name = request.Metadata.Name,
            Subresource = "approval",
            Object = approved,
            UserAgent = ControllerManagerServices.UserAgent,
        });
    }

    private static async Task<ApiResponse> SendAsync(IApiTransport transport, ApiRequest request)
    {
        var response = await transport.SendAsync(request).ConfigureAwait(false);
        return response.Code < 400 ? response : throw ApiError.From(response.Object!.As<V1Status>());
    }
}
