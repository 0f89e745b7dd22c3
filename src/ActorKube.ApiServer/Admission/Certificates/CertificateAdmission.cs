using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.Registry.Certificates;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Only who may approve for a signer approves or denies requests to it.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#certificateapproval
/// </summary>
internal sealed class CertificateApproval(IAuthorizer authorizer) : IAdmissionPlugin
{
    /// <inheritdoc/>
    public string Name => "CertificateApproval";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => operation == "UPDATE" && kind.ClrType == typeof(V1CertificateSigningRequest);

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "approval", Old: V1CertificateSigningRequest old }
            && !await SignerAccess.IsAllowedAsync(authorizer, request.User, "approve", old.Spec.SignerName, cancellationToken).ConfigureAwait(false))
        {
            throw request.Forbidden($"user not permitted to approve requests with signerName \"{old.Spec.SignerName}\"");
        }
    }
}

/// <summary>
/// Only who may sign for a signer puts certificates into requests to it.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#certificatesigning
/// </summary>
internal sealed class CertificateSigning(IAuthorizer authorizer) : IAdmissionPlugin
{
    /// <inheritdoc/>
    public string Name => "CertificateSigning";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => operation == "UPDATE" && kind.ClrType == typeof(V1CertificateSigningRequest);

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "status", Object: V1CertificateSigningRequest value, Old: V1CertificateSigningRequest old }
            && Signs(value, old)
            && !await SignerAccess.IsAllowedAsync(authorizer, request.User, "sign", old.Spec.SignerName, cancellationToken).ConfigureAwait(false))
        {
            throw request.Forbidden($"user not permitted to sign requests with signerName \"{old.Spec.SignerName}\"");
        }
    }

    private static bool Signs(V1CertificateSigningRequest value, V1CertificateSigningRequest old) =>
        !(value.Status?.Certificate ?? []).AsSpan().SequenceEqual(old.Status?.Certificate ?? [])
        || !SemanticEquality.Equal(value.Status?.Conditions ?? [], old.Status?.Conditions ?? []);
}

/// <summary>
/// Nobody asks for a client certificate of the group that may do everything.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#certificatesubjectrestriction
/// </summary>
internal sealed class CertificateSubjectRestriction : IAdmissionPlugin
{
    /// <inheritdoc/>
    public string Name => "CertificateSubjectRestriction";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => operation == "CREATE" && kind.ClrType == typeof(V1CertificateSigningRequest);

    /// <inheritdoc/>
    public ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "", Object: V1CertificateSigningRequest { Spec: { SignerName: "kubernetes.io/kube-apiserver-client", Request: { } pem } } }
            && RequestPem.TryRead(pem, out var read, out _) && read.Organizations.Contains("system:masters"))
        {
            throw request.Forbidden("use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed");
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Who may do what with a signer: by its name, or by its whole domain.</summary>
internal static class SignerAccess
{
    private const string Group = "certificates.k8s.io";

    /// <summary>Whether the user may.</summary>
    public static async ValueTask<bool> IsAllowedAsync(IAuthorizer authorizer, UserInfo user, string verb, string signer, CancellationToken cancellationToken)
    {
        if (await authorizer.IsAllowedAsync(new AccessRequest(user, verb, Group, "*", "signers", "", "", signer), cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        var domain = signer.Split('/')[0] + "/*";
        return await authorizer.IsAllowedAsync(new AccessRequest(user, verb, Group, "*", "signers", "", "", domain), cancellationToken).ConfigureAwait(false);
    }
}
