using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace ActorKube.Kubelet.Server;

/// <summary>Who may talk to the kubelet: the API server's kubelet client and members of <c>system:masters</c>.</summary>
internal static class ClientRule
{
    public const string ApiServer = "kube-apiserver-kubelet-client";
    public const string Administrators = "system:masters";

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string CommonName = "2.5.4.3";
    private const string Organization = "2.5.4.10";

    /// <summary>Whether one of the authorities signed the certificate, for use by clients, and it is valid now.</summary>
    public static bool IsSigned(X509Certificate2 client, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ClientAuthentication));
        return chain.Build(client);
    }

    /// <summary>Whether the certificate's subject may do everything here.</summary>
    public static bool IsAllowed(X509Certificate2? client) =>
        client is not null && Attributes(client).Any(a => a is (CommonName, ApiServer) or (Organization, Administrators));

    /// <summary>Refuses everybody else.</summary>
    public static Task Check(HttpContext context, RequestDelegate next)
    {
        if (IsAllowed(context.Connection.ClientCertificate))
            return next(context);
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        var name = context.Connection.ClientCertificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false) ?? "";
        return context.Response.WriteAsync($"Forbidden (user={name}, verb={context.Request.Method.ToLowerInvariant()}, resource=nodes, subresource=proxy)");
    }

    private static IEnumerable<(string Oid, string Value)> Attributes(X509Certificate2 certificate)
    {
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (!part.HasMultipleElements)
                yield return (part.GetSingleElementType().Value ?? "", part.GetSingleElementValue() ?? "");
        }
    }
}
