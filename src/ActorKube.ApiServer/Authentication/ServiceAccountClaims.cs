using System.Text;
using System.Text.Json;

namespace ActorKube.ApiServer.Authentication;

/// <summary>An object that a token is bound to.</summary>
internal sealed record BoundObject(string Name, string Uid);

/// <summary>
/// What a service account's token says. Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
/// </summary>
internal sealed record ServiceAccountClaims
{
    /// <summary>The issuer of tokens that lie in secrets.</summary>
    public const string LegacyIssuer = "kubernetes/serviceaccount";

    private const string LegacyPrefix = "kubernetes.io/serviceaccount/";

    /// <summary>Who issued it.</summary>
    public required string Issuer { get; init; }

    /// <summary>Whom it is for; empty for a token that lies in a secret.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>When it was issued, in Unix seconds; 0 where it does not say.</summary>
    public long IssuedAt { get; init; }

    /// <summary>From when on it is good; 0 where it does not say.</summary>
    public long NotBefore { get; init; }

    /// <summary>Until when it is good; 0 for ever.</summary>
    public long ExpiresAt { get; init; }

    /// <summary>Its own id; empty where it has none.</summary>
    public string Id { get; init; } = "";

    /// <summary>Namespace of the service account.</summary>
    public required string Namespace { get; init; }

    /// <summary>The service account.</summary>
    public required BoundObject ServiceAccount { get; init; }

    /// <summary>The pod it is bound to.</summary>
    public BoundObject? Pod { get; init; }

    /// <summary>The secret it is bound to, or lies in.</summary>
    public BoundObject? Secret { get; init; }

    /// <summary>The node it is bound to, or the node of its pod.</summary>
    public BoundObject? Node { get; init; }

    /// <summary>When a client should have asked for a newer one, for tokens that live longer than asked; 0 where it does not say.</summary>
    public long WarnAfter { get; init; }

    /// <summary>Whether it lies in a secret and is good for as long as the secret is there.</summary>
    public bool IsLegacy => Issuer == LegacyIssuer;

    /// <summary>The claims as the token's payload.</summary>
    public string ToPayload()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            if (IsLegacy)
            {
                WriteLegacy(json);
            }
            else
            {
                Write(json);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>Reads a payload; null when it is not a service account's.</summary>
    public static ServiceAccountClaims? Read(ReadOnlySpan<byte> payload)
    {
        try
        {
            var reader = new Utf8JsonReader(payload);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            var issuer = Text(root, "iss");
            return issuer == LegacyIssuer ? ReadLegacy(root) : Read(root, issuer);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray("aud");
        foreach (var audience in Audiences)
        {
            json.WriteStringValue(audience);
        }

        json.WriteEndArray();
        json.WriteNumber("exp", ExpiresAt);
        json.WriteNumber("iat", IssuedAt);
        json.WriteString("iss", Issuer);
        json.WriteString("jti", Id);
        json.WriteStartObject("kubernetes.io");
        json.WriteString("namespace", Namespace);
        Write(json, "node", Node);
        Write(json, "pod", Pod);
        Write(json, "secret", Secret);
        Write(json, "serviceaccount", ServiceAccount);
        if (WarnAfter > 0)
        {
            json.WriteNumber("warnafter", WarnAfter);
        }

        json.WriteEndObject();
        json.WriteNumber("nbf", NotBefore);
        json.WriteString("sub", $"system:serviceaccount:{Namespace}:{ServiceAccount.Name}");
    }

    private void WriteLegacy(Utf8JsonWriter json)
    {
        json.WriteString("iss", Issuer);
        json.WriteString(LegacyPrefix + "namespace", Namespace);
        json.WriteString(LegacyPrefix + "secret.name", Secret!.Name);
        json.WriteString(LegacyPrefix + "service-account.name", ServiceAccount.Name);
        json.WriteString(LegacyPrefix + "service-account.uid", ServiceAccount.Uid);
        json.WriteString("sub", $"system:serviceaccount:{Namespace}:{ServiceAccount.Name}");
    }

    private static void Write(Utf8JsonWriter json, string name, BoundObject? bound)
    {
        if (bound is null)
        {
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("name", bound.Name);
        json.WriteString("uid", bound.Uid);
        json.WriteEndObject();
    }

    private static ServiceAccountClaims? Read(JsonElement root, string issuer)
    {
        if (!root.TryGetProperty("kubernetes.io", out var own) || Bound(own, "serviceaccount") is not { } account || Text(own, "namespace") is not { Length: > 0 } ns
            || Text(root, "sub") != $"system:serviceaccount:{ns}:{account.Name}")
        {
            return null;
        }

        return new ServiceAccountClaims
        {
            Issuer = issuer,
            Audiences = !root.TryGetProperty("aud", out var audiences) ? []
                : audiences.ValueKind == JsonValueKind.Array ? [.. audiences.EnumerateArray().Select(a => a.GetString() ?? "")] : [audiences.GetString() ?? ""],
            IssuedAt = Number(root, "iat"),
            NotBefore = Number(root, "nbf"),
            ExpiresAt = Number(root, "exp"),
            Id = Text(root, "jti"),
            Namespace = ns,
            ServiceAccount = account,
            Pod = Bound(own, "pod"),
            Secret = Bound(own, "secret"),
            Node = Bound(own, "node"),
            WarnAfter = Number(own, "warnafter"),
        };
    }

    private static ServiceAccountClaims? ReadLegacy(JsonElement root)
    {
        var (ns, name, uid, secret) = (Text(root, LegacyPrefix + "namespace"), Text(root, LegacyPrefix + "service-account.name"),
            Text(root, LegacyPrefix + "service-account.uid"), Text(root, LegacyPrefix + "secret.name"));
        return ns.Length == 0 || name.Length == 0 || uid.Length == 0 || secret.Length == 0 || Text(root, "sub") != $"system:serviceaccount:{ns}:{name}"
            ? null
            : new ServiceAccountClaims { Issuer = LegacyIssuer, Namespace = ns, ServiceAccount = new BoundObject(name, uid), Secret = new BoundObject(secret, "") };
    }

    private static BoundObject? Bound(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var bound) && bound.ValueKind == JsonValueKind.Object ? new BoundObject(Text(bound, "name"), Text(bound, "uid")) : null;

    private static string Text(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static long Number(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? (long)value.GetDouble() : 0;
}
