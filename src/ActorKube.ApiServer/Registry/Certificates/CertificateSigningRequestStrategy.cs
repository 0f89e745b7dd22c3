using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Certificates;

/// <summary>
/// The strategy of certificate signing requests: what is asked stays as it was asked; approving and signing are separate.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
/// </summary>
internal sealed class CertificateSigningRequestStrategy : Strategy<V1CertificateSigningRequest>
{
    private const int MinExpirationSeconds = 600;
    private const int MaxSignerName = 571;

    private static readonly string[] Usages =
    [
        "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection",
        "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
        "server auth", "signing", "timestamping",
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("certificateSigningRequestColumnDefinitions");

    /// <inheritdoc/>
    public override IReadOnlyList<string> ValidateName(string name, bool prefix) => NameRules.PathSegment(name);

    /// <inheritdoc/>
    protected override void Default(V1CertificateSigningRequest value) => value.Spec ??= new V1CertificateSigningRequestSpec();

    /// <inheritdoc/>
    protected override void PrepareForUpdate(V1CertificateSigningRequest value, V1CertificateSigningRequest old)
    {
        value.Spec = old.Spec;
        value.Status = old.Status;
    }

    /// <inheritdoc/>
    protected override void PrepareForStatusUpdate(V1CertificateSigningRequest value, V1CertificateSigningRequest old)
    {
        base.PrepareForStatusUpdate(value, old);

        // Who signs does not decide: decisions stay as they were, wherever they stand.
        var decisions = (old.Status?.Conditions ?? []).Where(IsDecision).ToDictionary(c => c.Type, StringComparer.Ordinal);
        value.Status ??= new V1CertificateSigningRequestStatus();
        var conditions = new List<V1CertificateSigningRequestCondition>();
        foreach (var condition in value.Status.Conditions ?? [])
        {
            if (!IsDecision(condition))
            {
                conditions.Add(condition);
            }
            else if (decisions.Remove(condition.Type, out var decided))
            {
                conditions.Add(decided);
            }
        }

        conditions.AddRange(decisions.Values);
        value.Status.Conditions = conditions.Count == 0 ? null : conditions;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1CertificateSigningRequest value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        if (!RequestPem.TryRead(spec.Request ?? [], out _, out var wrong))
        {
            errors.Invalid(path.Child("request"), spec.Request is null ? null : Convert.ToBase64String(spec.Request), wrong);
        }

        if (spec.Usages is null or { Count: 0 })
        {
            errors.Required(path.Child("usages"));
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < spec.Usages?.Count; i++)
        {
            var usage = spec.Usages[i];
            if (!Usages.Contains(usage))
            {
                errors.NotSupported(path.Child("usages").Index(i), usage, Usages);
            }
            else if (!seen.Add(usage))
            {
                errors.Duplicate(path.Child("usages").Index(i), usage);
            }
        }

        if (spec.ExpirationSeconds < MinExpirationSeconds)
        {
            errors.Invalid(path.Child("expirationSeconds"), spec.ExpirationSeconds, "may not specify a duration less than 600 seconds (10 minutes)");
        }

        ValidateSigner(spec.SignerName ?? "", path.Child("signerName"), errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1CertificateSigningRequest value, V1CertificateSigningRequest old) => [];

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1CertificateSigningRequest value, V1CertificateSigningRequest old) => CertificateStatusRules.Validate(value, old, isApproval: false);

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1CertificateSigningRequest value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        Age(value.Metadata, now),
        string.IsNullOrEmpty(value.Spec?.SignerName) ? Tables.None : value.Spec.SignerName,
        value.Spec?.Username ?? "",
        value.Spec?.ExpirationSeconds is { } seconds ? HumanDuration.Format(TimeSpan.FromSeconds(seconds)) : Tables.None,
        State(value.Status),
    ];

    /// <summary>Whether a condition says that somebody approved or denied.</summary>
    public static bool IsDecision(V1CertificateSigningRequestCondition condition) => condition.Type is "Approved" or "Denied";

    private static string State(V1CertificateSigningRequestStatus? status)
    {
        bool Is(string type) => status?.Conditions?.Any(c => c.Type == type) is true;
        var words = new List<string> { Is("Denied") ? "Denied" : Is("Approved") ? "Approved" : "Pending" };
        if (Is("Failed"))
        {
            words.Add("Failed");
        }

        if (status?.Certificate is { Length: > 0 })
        {
            words.Add("Issued");
        }

        return string.Join(',', words);
    }

    private static void ValidateSigner(string name, FieldPath path, FieldErrors errors)
    {
        if (name.Length == 0)
        {
            errors.Required(path);
            return;
        }

        if (name == "kubernetes.io/legacy-unknown")
        {
            errors.Invalid(path, name, "the legacy signerName is not allowed via this API version");
            return;
        }

        var parts = name.Split('/');
        if (parts.Length != 2)
        {
            errors.Invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
            return;
        }

        errors.Invalid(path, parts[0], NameRules.Dns1123Subdomain(parts[0]));
        if (!parts[0].Contains('.', StringComparison.Ordinal))
        {
            errors.Invalid(path, parts[0], "should be a domain with at least two segments separated by dots");
        }

        errors.Invalid(path, parts[1], NameRules.Dns1123Subdomain(parts[1]));
        if (name.Length > MaxSignerName)
        {
            errors.TooLong(path, MaxSignerName);
        }
    }
}
