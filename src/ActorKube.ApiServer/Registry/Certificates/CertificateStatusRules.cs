using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Certificates;

/// <summary>What may happen to the status of a certificate signing request: decisions stay, and a certificate that was issued stays.</summary>
internal static class CertificateStatusRules
{
    private static readonly string[] Permanent = ["Approved", "Denied", "Failed"];

    /// <summary>Who asks is who made the request, whatever it says.</summary>
    public static void Stamp(V1CertificateSigningRequest value, UserInfo user)
    {
        value.Spec ??= new V1CertificateSigningRequestSpec();
        value.Spec.Username = user.Name;
        value.Spec.Uid = user.Uid.Length == 0 ? null : user.Uid;
        value.Spec.Groups = [.. user.Groups];
        value.Spec.Extra = user.Extra.Count == 0 ? null : user.Extra.ToDictionary(e => e.Key, e => (IList<string>)[.. e.Value]);
    }

    /// <summary>Fills the times that conditions lack: a condition that was there keeps its own.</summary>
    public static void Stamp(V1CertificateSigningRequest value, V1CertificateSigningRequest old, DateTime now)
    {
        foreach (var condition in value.Status?.Conditions ?? [])
        {
            var before = old.Status?.Conditions?.FirstOrDefault(c => c.Type == condition.Type && c.Status == condition.Status);
            condition.LastUpdateTime ??= now;
            condition.LastTransitionTime ??= before?.LastTransitionTime ?? now;
        }
    }

    /// <summary>What is wrong with a changed status.</summary>
    /// <param name="value">The request as it would be.</param>
    /// <param name="old">The request as it is.</param>
    /// <param name="isApproval">Whether it is written at the URL where people decide.</param>
    public static List<FieldError> Validate(V1CertificateSigningRequest value, V1CertificateSigningRequest old, bool isApproval)
    {
        var errors = new FieldErrors();
        ValidateConditions(value.Status?.Conditions ?? [], errors);
        var at = FieldPath.Status.Child("conditions");
        foreach (var type in Permanent)
        {
            var (before, after) = (Of(old, type), Of(value, type));
            if (before is not null && after is null)
            {
                errors.Forbidden(at, $"updates may not remove a condition of type \"{type}\"");
            }
            else if (!isApproval && type != "Failed" && before is null && after is not null)
            {
                errors.Forbidden(at, $"updates may not add a condition of type \"{type}\"");
            }
            else if (!isApproval && type != "Failed" && before is not null && !SemanticEquality.Equal(before, after))
            {
                errors.Forbidden(at, $"updates may not modify a condition of type \"{type}\"");
            }
        }

        ValidateCertificate(value.Status?.Certificate ?? [], old.Status?.Certificate ?? [], isApproval, errors);
        return errors;
    }

    private static void ValidateConditions(IList<V1CertificateSigningRequestCondition> conditions, FieldErrors errors)
    {
        var at = FieldPath.Status.Child("conditions");
        var types = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < conditions.Count; i++)
        {
            var (condition, path) = (conditions[i], at.Index(i));
            if (string.IsNullOrEmpty(condition.Type))
            {
                errors.Required(path.Child("type"));
            }

            if (string.IsNullOrEmpty(condition.Status))
            {
                errors.Required(path.Child("status"));
            }
            else if (Permanent.Contains(condition.Type))
            {
                errors.OneOf(path.Child("status"), condition.Status, "True");
            }
            else
            {
                errors.OneOf(path.Child("status"), condition.Status, "False", "True", "Unknown");
            }

            if ((condition.Type == "Approved" && types.Contains("Denied")) || (condition.Type == "Denied" && types.Contains("Approved")))
            {
                errors.Invalid(path.Child("type"), condition.Type, "Approved and Denied conditions are mutually exclusive");
            }

            if (!types.Add(condition.Type ?? ""))
            {
                errors.Duplicate(path.Child("type"), condition.Type);
            }
        }
    }

    private static void ValidateCertificate(byte[] certificate, byte[] before, bool isApproval, FieldErrors errors)
    {
        var path = FieldPath.Status.Child("certificate");
        if (certificate.AsSpan().SequenceEqual(before))
        {
            return;
        }

        if (before.Length > 0)
        {
            errors.Forbidden(path, "updates may not modify existing certificate content");
        }
        else if (isApproval)
        {
            errors.Forbidden(path, "updates may not set certificate content");
        }

        if (certificate.Length > 0 && WrongCertificate(Encoding.UTF8.GetString(certificate)) is { } wrong)
        {
            errors.Add(FieldError.Invalid(path.ToString(), "<certificate data>", wrong));
        }
    }

    private static string? WrongCertificate(string text)
    {
        var rest = text.AsSpan();
        var found = 0;
        while (PemEncoding.TryFind(rest, out var fields))
        {
            var label = rest[fields.Label].ToString();
            if (label != "CERTIFICATE")
            {
                return $"only CERTIFICATE PEM blocks are allowed, found \"{label}\"";
            }

            try
            {
                using var read = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(rest[fields.Base64Data].ToString()));
            }
            catch (CryptographicException e)
            {
                return e.Message;
            }

            found++;
            rest = rest[fields.Location.End..];
        }

        return found == 0 ? "must contain at least one CERTIFICATE PEM block" : null;
    }

    private static V1CertificateSigningRequestCondition? Of(V1CertificateSigningRequest request, string type) => request.Status?.Conditions?.FirstOrDefault(c => c.Type == type);
}
