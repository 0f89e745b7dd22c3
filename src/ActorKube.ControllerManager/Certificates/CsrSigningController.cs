using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Certificates;

/// <summary>Signs approved requests to the cluster's own signers, or says for good why not.</summary>
internal sealed class CsrSigningController : IController
{
    private readonly ILister<V1CertificateSigningRequest> _requests;
    private readonly CertificateSigner _signer;

    public CsrSigningController(IInformerFactory informers, CertificateSigner signer)
    {
        var requests = informers.Informer<V1CertificateSigningRequest>();
        (_requests, _signer) = (requests.Lister, signer);
        Sources = [Source.Own(requests)];
    }

    public string Name => "certificatesigningrequest-signing";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) =>
        _requests.Get(null, key.Name) is { } request ? Reconcile(request, _signer, context.Now) : Plan.Nothing;

    internal static Plan Reconcile(V1CertificateSigningRequest request, CertificateSigner signer, DateTimeOffset now)
    {
        if (!CsrConditions.IsToBeSigned(request) || !SignerRules.IsOwn(request.Spec.SignerName) || RequestedCertificate.Read(request.Spec.Request) is not { } asked)
            return Plan.Nothing;
        var changed = ApiJson.Copy(request);
        if (SignerRules.Refusal(request.Spec.SignerName, asked, request.Spec.Usages) is { } refusal)
        {
            var failed = new V1CertificateSigningRequestCondition
            {
                Type = "Failed",
                Status = "True",
                Reason = "SignerValidationFailure",
                Message = refusal,
                LastUpdateTime = now.UtcDateTime,
            };
            changed.Status.Conditions = [.. changed.Status.Conditions ?? [], failed];
            return Plan.Of(new UpdateStatus(changed));
        }

        // An authority that has expired signs nothing until it is replaced, and then this process starts anew.
        if (signer.Sign(asked, request.Spec.Usages ?? [], request.Spec.ExpirationSeconds, now) is not { } pem)
            return Plan.Of(new Tell(request, "Warning", "SignerExpired", "the signer has expired"));
        changed.Status.Certificate = Encoding.ASCII.GetBytes(pem);
        return Plan.Of(new UpdateStatus(changed));
    }
}
