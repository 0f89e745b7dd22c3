using System.CommandLine;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client.Kubeconfigs;
using ActorKube.Client.Protocol;
using ActorKube.Client.Transport;
using k8s.Models;

namespace ActorKube.Cli;

/// <summary>The cluster a command talks to, and the namespace it works in.</summary>
internal sealed class CliSession
{
    public const string TableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    private const string UserAgent = "akctl";

    private CliSession(HttpTransportOptions options, string ns)
    {
        Options = options;
        Transport = new HttpTransport(options);
        Namespace = ns;
    }

    public HttpTransportOptions Options { get; }

    public HttpTransport Transport { get; }

    public string Namespace { get; }

    public static CliSession Open(ParseResult parsed)
    {
        var config = KubeConfigLoader.LoadDefault(parsed.GetValue(GlobalOptions.KubeConfig));
        var context = KubeConfigContext.Of(config, parsed.GetValue(GlobalOptions.Context));
        var options = context.ToTransportOptions();
        if (parsed.GetValue(GlobalOptions.Server) is { } server)
            options = options with { Server = Uri.TryCreate(server, UriKind.Absolute, out var uri) ? uri : throw new CliException($"--server {server}: not a URL") };
        return new CliSession(options, parsed.GetValue(GlobalOptions.Namespace) ?? context.Namespace);
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
            throw ErrorOf(answer);
        return JsonNode.Parse(answer.Body.Span)!.AsObject();
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

    private static ApiException ErrorOf(HttpAnswer answer)
    {
        try
        {
            return ApiError.From(ApiJson.Deserialize<V1Status>(answer.Body.Span));
        }
        catch (JsonException)
        {
            return ApiError.From(ApiError.Status(answer.Code, "", $"HTTP {answer.Code}"));
        }
    }
}
