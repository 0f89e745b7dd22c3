using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Certificates;

/// <summary>Deletes requests that are done with: an hour after they were issued, denied or failed, a day after nothing came of them, or once the certificate expired.</summary>
internal sealed class CsrCleanerController : IController
{
    private static readonly TimeSpan Done = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pending = TimeSpan.FromHours(24);

    private readonly ILister<V1CertificateSigningRequest> _requests;

    public CsrCleanerController(IInformerFactory informers)
    {
        var requests = informers.Informer<V1CertificateSigningRequest>();
        _requests = requests.Lister;
        Sources = [Source.Own(requests)];
    }

    public string Name => "certificatesigningrequest-cleaner";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => _requests.Get(null, key.Name) is { } request ? Reconcile(request, context.Now) : Plan.Nothing;

    internal static Plan Reconcile(V1CertificateSigningRequest request, DateTimeOffset now)
    {
        if (request.Metadata.DeletionTimestamp is not null || DueAt(request) is not { } due)
            return Plan.Nothing;
        return due <= now ? Plan.Of(new Delete(request)) : new Plan([], due - now);
    }

    /// <summary>When the request has had its time; null when that cannot be told.</summary>
    internal static DateTimeOffset? DueAt(V1CertificateSigningRequest request)
    {
        if (request.Status?.Conditions is not { Count: > 0 } conditions)
            return request.Metadata.CreationTimestamp is { } created ? At(created) + Pending : null;
        var issued = CsrConditions.HasCertificate(request);
        DateTimeOffset? due = null;
        foreach (var condition in conditions)
        {
            if (condition.LastUpdateTime is { } updated && condition.Type is "Approved" or "Denied" or "Failed")
                due = Earlier(due, At(updated) + (condition.Type == "Approved" && !issued ? Pending : Done));
        }

        return issued && CsrConditions.Of(request, "Approved") is not null && Expiry(request.Status.Certificate) is { } expiry ? Earlier(due, expiry) : due;
    }

    private static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one is { } time && time < other ? time : other;

    private static DateTimeOffset At(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    private static DateTimeOffset? Expiry(byte[] pem)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(pem));
            return new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        }
        catch (CryptographicException)
        {
            // Another signer's certificate in a form that cannot be read here: then the hour after its approval decides.
            return null;
        }
    }
}
