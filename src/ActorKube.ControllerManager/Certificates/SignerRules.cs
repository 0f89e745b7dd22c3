namespace ActorKube.ControllerManager.Certificates;

/// <summary>
/// What the cluster's own signers sign. Pure.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers
/// </summary>
internal static class SignerRules
{
    /// <summary>Client certificates for anybody; an administrator approves them.</summary>
    public const string Client = "kubernetes.io/kube-apiserver-client";

    /// <summary>Client certificates of kubelets; approved by themselves where RBAC says so.</summary>
    public const string KubeletClient = "kubernetes.io/kube-apiserver-client-kubelet";

    /// <summary>Serving certificates of kubelets; an administrator approves them.</summary>
    public const string KubeletServing = "kubernetes.io/kubelet-serving";

    private const string ClientAuth = "client auth";
    private const string ServerAuth = "server auth";
    private const string DigitalSignature = "digital signature";
    private const string KeyEncipherment = "key encipherment";
    private const string NodePrefix = "system:node:";

    /// <summary>Whether the signer is one of the cluster's own that sign.</summary>
    public static bool IsOwn(string? signer) => signer is Client or KubeletClient or KubeletServing;

    /// <summary>Why the signer does not sign the request; null when it does.</summary>
    public static string? Refusal(string signer, RequestedCertificate request, IEnumerable<string>? usages) => signer switch
    {
        KubeletServing => ServingRefusal(request, [.. usages ?? []]),
        KubeletClient => KubeletRefusal(request, [.. usages ?? []]),
        _ => ClientRefusal([.. usages ?? []]),
    };

    private static string? ServingRefusal(RequestedCertificate request, HashSet<string> usages)
    {
        if (!IsOfNodes(request))
            return "subject organization is not system:nodes";
        if (request.Names is { DnsNames: 0, Addresses: 0 })
            return "DNS or IP subjectAltName is required";
        if (request.Names.Emails > 0)
            return "Email subjectAltNames are not allowed";
        if (request.Names.Uris > 0)
            return "URI subjectAltNames are not allowed";
        return UsageRefusal(usages, ServerAuth) ?? NodeNameRefusal(request);
    }

    private static string? KubeletRefusal(RequestedCertificate request, HashSet<string> usages)
    {
        if (!IsOfNodes(request))
            return "subject organization is not system:nodes";
        if (request.Names.DnsNames > 0)
            return "DNS subjectAltNames are not allowed";
        if (request.Names.Emails > 0)
            return "Email subjectAltNames are not allowed";
        if (request.Names.Addresses > 0)
            return "IP subjectAltNames are not allowed";
        if (request.Names.Uris > 0)
            return "URI subjectAltNames are not allowed";
        return NodeNameRefusal(request) ?? UsageRefusal(usages, ClientAuth);
    }

    private static string? ClientRefusal(List<string> usages)
    {
        if (usages.Find(u => u is not (DigitalSignature or KeyEncipherment or ClientAuth)) is { } other)
            return $"invalid usage for client certificate: {other}";
        return usages.Contains(ClientAuth) ? null : $"missing required usage for client certificate: {ClientAuth}";
    }

    private static bool IsOfNodes(RequestedCertificate request) => request.Organizations is ["system:nodes"];

    private static string? NodeNameRefusal(RequestedCertificate request) =>
        request.CommonName.StartsWith(NodePrefix, StringComparison.Ordinal) ? null : $"subject common name does not begin with {NodePrefix}";

    // Key encipherment is for RSA keys only, and so may be left out.
    private static string? UsageRefusal(HashSet<string> usages, string auth) =>
        usages.SetEquals([DigitalSignature, auth]) || usages.SetEquals([DigitalSignature, KeyEncipherment, auth])
            ? null
            : $"usages did not match [{string.Join(' ', new[] { DigitalSignature, KeyEncipherment, auth }.Order(StringComparer.Ordinal))}]";
}
