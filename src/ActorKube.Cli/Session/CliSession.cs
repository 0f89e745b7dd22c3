using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Client.Kubeconfigs;
using ActorKube.Client.Protocol;
using ActorKube.Client.Transport;
using k8s.Models;

namespace ActorKube.Cli.Session;

/// <summary>The cluster a command talks to, and the namespace it works in.</summary>
internal sealed class CliSession
{
    /// <summary>Asks for a table, and takes the object where there is none.</summary>
    public const string TableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

    private const string DiscoveryAccept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    private const string UserAgent = "akctl";

    private CliSession(HttpTransportOptions options, string ns, bool explicitNamespace)
    {
        Options = options;
        Transport = new HttpTransport(options);
        // One command is one or two requests: HTTP/2 costs more to set up than it saves.
        Transport.Http.DefaultRequestVersion = System.Net.HttpVersion.Version11;
        Namespace = ns;
        IsNamespaceExplicit = explicitNamespace;
        Kinds = new Kinds(async (path, cancellation) => JsonNode.Parse(await RawAsync(path, cancellation, DiscoveryAccept))!);
    }

    /// <summary>The server of the last session, for words about a failure to reach it.</summary>
    public static Uri? LastServer { get; private set; }

    /// <summary>How the server is reached.</summary>
    public HttpTransportOptions Options { get; }

    /// <summary>The way to the server.</summary>
    public HttpTransport Transport { get; }

    /// <summary>The namespace the user chose, or the context's.</summary>
    public string Namespace { get; }

    /// <summary>Whether the user said the namespace on the command line.</summary>
    public bool IsNamespaceExplicit { get; }

    /// <summary>The kinds the server has.</summary>
    public Kinds Kinds { get; }

    /// <summary>Reads the kubeconfig; connects to nothing yet.</summary>
    public static CliSession Open(ParseResult parsed)
    {
        var context = ContextOf(parsed);
        var options = context.ToTransportOptions();
        if (parsed.GetValue(GlobalOptions.Server) is { } server)
            options = options with { Server = Uri.TryCreate(server, UriKind.Absolute, out var uri) ? uri : throw new CliException($"invalid server \"{server}\": it must be a URL") };
        if (parsed.GetValue(GlobalOptions.RequestTimeout) is { } timeout)
            options = options with { RequestTimeout = timeout == TimeSpan.Zero ? System.Threading.Timeout.InfiniteTimeSpan : timeout };
        // A token that is said is who one is: a certificate beside it would speak for somebody else.
        if (parsed.GetValue(GlobalOptions.Token) is { Length: > 0 } token)
            options = options with { Token = () => token, BasicCredential = null, ClientCertificate = null };
        if (parsed.GetValue(GlobalOptions.Insecure))
            options = options with { InsecureSkipTlsVerify = true, CertificateAuthorities = [] };
        LastServer = options.Server;
        if (options.CertificateAuthorities.Count > 0)
            MachineTrust.Leave();
        var ns = parsed.GetValue(GlobalOptions.Namespace);
        var session = new CliSession(options, string.IsNullOrEmpty(ns) ? context.Namespace : ns, !string.IsNullOrEmpty(ns));
        session.ActAs(parsed.GetValue(GlobalOptions.As), parsed.GetValue(GlobalOptions.AsGroup) ?? []);
        return session;
    }

    /// <summary>A request about one object or a collection of a kind.</summary>
    public ApiRequest Request(string verb, ResourceKind kind, string name = "", string subresource = "", string? ns = null, params (string Key, string? Value)[] query) => new()
    {
        Verb = verb,
        Group = kind.Group,
        Version = kind.Version,
        Resource = kind.Resource,
        Namespace = kind.Namespaced ? ns ?? Namespace : "",
        Name = name,
        Subresource = subresource,
        UserAgent = UserAgent,
        Query = query.Where(q => !string.IsNullOrEmpty(q.Value)).ToImmutableDictionary(q => q.Key, q => q.Value!),
    };

    /// <summary>Sends and returns the body as JSON; a failure throws <see cref="ApiException"/>, warnings go to standard error.</summary>
    public async Task<JsonObject> SendAsync(ApiRequest request, CancellationToken cancellation, string accept = "application/json")
    {
        var answer = await Transport.SendRawAsync(request, accept, cancellation);
        foreach (var warning in answer.Warnings ?? [])
            await Console.Error.WriteLineAsync($"Warning: {warning}");
        if (answer.Code >= 400)
            throw ErrorOf(answer.Code, answer.Body.Span);
        return JsonNode.Parse(answer.Body.Span)!.AsObject();
    }

    /// <summary>Lists objects; where a selector is refused, the error tells which.</summary>
    public async Task<JsonObject> ListAsync(
        ResourceKind kind, string? ns, string? labels, string? fields, CancellationToken cancellation, string accept = "application/json", params (string Key, string? Value)[] query)
    {
        try
        {
            return await SendAsync(Request("list", kind, ns: ns, query: [("labelSelector", labels), ("fieldSelector", fields), .. query]), cancellation, accept);
        }
        catch (ApiException e) when (e.Reason == "BadRequest" && (labels ?? fields) is not null)
        {
            throw ErrorText.With($"Unable to find \"{kind.Group}/{kind.Version}, Resource={kind.Resource}\" that match label selector \"{labels}\", field selector \"{fields}\": ", e);
        }
    }

    /// <summary>Like <see cref="SendAsync"/>, but null where there is no such object.</summary>
    public async Task<JsonObject?> FindAsync(ApiRequest request, CancellationToken cancellation)
    {
        try
        {
            return await SendAsync(request, cancellation);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Sends and returns the answer as soon as its head is there, for bodies that are streams. A failure throws <see cref="ApiException"/>.</summary>
    public async Task<HttpResponseMessage> StreamAsync(ApiRequest request, string accept, CancellationToken cancellation)
    {
        using var message = Transport.CreateMessage(request, accept);
        var response = await Transport.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw ErrorOf((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    /// <summary>What the server answers to GET at a path that is no object's.</summary>
    public async Task<string> RawAsync(string path, CancellationToken cancellation, string accept = "*/*")
    {
        using var message = Get(path, accept);
        using var response = await Transport.Http.SendAsync(message, cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        return response.IsSuccessStatusCode ? Encoding.UTF8.GetString(body) : throw ErrorOf((int)response.StatusCode, body);
    }

    /// <summary>The same, as soon as the answer's head is there. A failure throws <see cref="ApiException"/>.</summary>
    public async Task<HttpResponseMessage> StreamAsync(string path, CancellationToken cancellation)
    {
        using var message = Get(path, "*/*");
        var response = await Transport.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw ErrorOf((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    /// <summary>The failure that a body tells of; its own words where it is no Status.</summary>
    public static ApiException ErrorOf(int code, ReadOnlySpan<byte> body)
    {
        try
        {
            var status = ApiJson.Deserialize<V1Status>(body);
            if (status.Kind == "Status")
                return ApiError.From(status);
        }
        catch (JsonException)
        {
            // Something between us and the API server answered in words of its own; they go into the message below.
        }

        var text = Encoding.UTF8.GetString(body).Trim();
        return ApiError.From(ApiError.Status(code, ((System.Net.HttpStatusCode)code).ToString(), text.Length > 0 ? text : $"HTTP {code}"));
    }

    private HttpRequestMessage Get(string path, string accept)
    {
        var message = new HttpRequestMessage(HttpMethod.Get, Options.Server.AbsolutePath.TrimEnd('/') + path);
        message.Headers.TryAddWithoutValidation("Accept", accept);
        message.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        Transport.Authorize(message);
        return message;
    }

    private void ActAs(string? user, string[] groups)
    {
        if (string.IsNullOrEmpty(user) && groups.Length > 0)
            throw new CliException("--as-group needs --as: a group alone is nobody to act as");
        if (string.IsNullOrEmpty(user))
            return;
        Transport.Http.DefaultRequestHeaders.TryAddWithoutValidation("Impersonate-User", user);
        // The HTTP client writes several values of one header on one line, which the server takes for one group.
        if (groups.Length > 1)
            throw new CliException("only one --as-group can be sent");
        Transport.Http.DefaultRequestHeaders.TryAddWithoutValidation("Impersonate-Group", groups);
    }

    private static KubeConfigContext ContextOf(ParseResult parsed)
    {
        var file = parsed.GetValue(GlobalOptions.KubeConfig);
        if (!string.IsNullOrEmpty(file) && !File.Exists(file))
            throw new CliException($"stat {file}: no such file or directory");
        var config = KubeConfigLoader.LoadDefault(file);
        var (context, cluster, user) = (parsed.GetValue(GlobalOptions.Context), parsed.GetValue(GlobalOptions.Cluster), parsed.GetValue(GlobalOptions.User));
        // With no configuration at all kubectl tries this machine; most often that tells the user best what is missing.
        if (config.Clusters.Count == 0 && config.Contexts.Count == 0 && context is null && cluster is null)
            return new KubeConfigContext("", new ClusterEntry { Server = "http://localhost:8080" }, new UserEntry(), "default");
        return KubeConfigContext.Of(config, context, cluster, user);
    }
}
