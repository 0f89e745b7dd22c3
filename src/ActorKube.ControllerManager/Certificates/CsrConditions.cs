using k8s.Models;

namespace ActorKube.ControllerManager.Certificates;

/// <summary>Questions about the conditions of certificate signing requests.</summary>
internal static class CsrConditions
{
    /// <summary>The condition of the type, or null.</summary>
    public static V1CertificateSigningRequestCondition? Of(V1CertificateSigningRequest request, string type) => request.Status?.Conditions?.FirstOrDefault(c => c.Type == type);

    /// <summary>Whether somebody approved or denied it.</summary>
    public static bool IsDecided(V1CertificateSigningRequest request) => Of(request, "Approved") is not null || Of(request, "Denied") is not null;

    /// <summary>Whether it is to be signed: approved, not denied, not failed, without a certificate.</summary>
    public static bool IsToBeSigned(V1CertificateSigningRequest request) =>
        Of(request, "Approved") is not null && Of(request, "Denied") is null && Of(request, "Failed")?.Status != "True" && !HasCertificate(request);

    /// <summary>Whether a certificate was issued.</summary>
    public static bool HasCertificate(V1CertificateSigningRequest request) => request.Status?.Certificate is { Length: > 0 };
}
