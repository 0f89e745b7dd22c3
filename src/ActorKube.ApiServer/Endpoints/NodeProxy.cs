using System.Text;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.Client.Protocol;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>pods/log, exec, attach and portforward, and nodes/proxy: passed on to the node's kubelet, byte for byte.</summary>
internal sealed class NodeProxy(ApiPipeline pipeline, ResourceRegistry registry, KubeletConnector kubelets, AdmissionChain admission)
{
    /// <summary>Whether the subresource is answered by a kubelet.</summary>
    public static bool Serves(ResourceKind kind, string subresource) =>
        (kind.ClrType == typeof(V1Pod) && subresource is "log" or "exec" or "attach" or "portforward") || (kind.ClrType == typeof(V1Node) && subresource == "proxy");

    /// <summary>Passes the request on.</summary>
    /// <param name="http">The request.</param>
    /// <param name="request">What it asks.</param>
    /// <param name="user">Who asks.</param>
    /// <param name="target">What its URL names.</param>
    public async Task ForwardAsync(HttpContext http, ApiRequest request, UserInfo user, ApiPath target)
    {
        var kind = request.Resource == "nodes" ? registry.Of<V1Node>().Kind : registry.Of<V1Pod>().Kind;
        if (!kind.Subresources.Any(s => s.Name == request.Subresource && s.Verbs.Contains(request.Verb)))
        {
            throw ApiError.MethodNotAllowed();
        }

        await pipeline.AuthorizeAsync(Accesses.Of(request, user), http.RequestAborted).ConfigureAwait(false);
        if (request is { Verb: "get", Subresource: "exec" or "attach" or "portforward" })
        {
            // A WebSocket begins as GET: who may only read must not come to a shell that way.
            await pipeline.AuthorizeAsync(Accesses.Of(request with { Verb = "create" }, user), http.RequestAborted).ConfigureAwait(false);
        }

        if (request.Subresource != "log")
        {
            await admission.AdmitAsync(new AdmissionRequest("CONNECT", kind, request.Subresource, request.Namespace, request.Name, null, null, user, false), http.RequestAborted).ConfigureAwait(false);
        }

        if (request.Resource == "nodes")
        {
            var (name, wantedPort) = KubeletName.Read(request.Name);
            var node = await NodeAddressAsync(name, http.RequestAborted).ConfigureAwait(false);
            if (wantedPort is not null && wantedPort != node.Port)
            {
                // Elsewhere than at the kubelet the server's credential has no business.
                throw ApiError.BadRequest($"port {wantedPort} of node {name} is not its kubelet's");
            }

            var (_, behind) = target.SplitBehindSubresource(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
            await kubelets.RelayAsync(http, node.Host, node.Port, $"{(behind.Length == 0 ? "/" : behind)}{http.Request.QueryString}").ConfigureAwait(false);
            return;
        }

        var pods = registry.Of<V1Pod>();
        var state = await Freshness.ConsistentAsync(pods, http.RequestAborted).ConfigureAwait(false);
        var pod = state.Objects.Find(pods.Key(request.Namespace, request.Name))?.Object.As<V1Pod>() ?? throw ApiError.NotFound(pods.Kind, request.Name);
        var path = KubeletPath.Of(request.Subresource, pod, http.Request.Query);
        if (string.IsNullOrEmpty(pod.Spec?.NodeName))
        {
            throw ApiError.BadRequest($"pod {pod.Metadata.Name} does not have a host assigned");
        }

        var (host, port) = await NodeAddressAsync(pod.Spec.NodeName, http.RequestAborted).ConfigureAwait(false);
        if (http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            await kubelets.TunnelAsync(http, upgrade, host, port, path).ConfigureAwait(false);
        }
        else if (request.Subresource == "log")
        {
            await kubelets.StreamAsync(http, host, port, path).ConfigureAwait(false);
        }
        else
        {
            throw ApiError.BadRequest("Upgrade request required");
        }
    }

    private async ValueTask<(string Host, int Port)> NodeAddressAsync(string name, CancellationToken cancellationToken)
    {
        var nodes = registry.Of<V1Node>();
        var state = await Freshness.AnyAsync(nodes, cancellationToken).ConfigureAwait(false);
        var node = state.Objects.Find(name)?.Object.As<V1Node>() ?? throw ApiError.NotFound(nodes.Kind, name);
        return NodeAddresses.Of(node);
    }
}

/// <summary>How a URL names a node's kubelet: by the node's name, with the scheme before and the port behind it where somebody says them. Pure.</summary>
internal static class KubeletName
{
    /// <summary><c>n1</c>, <c>n1:10250</c> and <c>https:n1:10250</c> are all the kubelet of <c>n1</c>.</summary>
    public static (string Name, int? Port) Read(string text)
    {
        var parts = text.Split(':');
        return parts switch
        {
            [var name] => (name, null),
            [var name, var port] when int.TryParse(port, out var number) => (name, number),
            ["http" or "https", var name, ""] => (name, null),
            ["http" or "https", var name, var port] when int.TryParse(port, out var number) => (name, number),
            _ => throw ApiError.BadRequest($"invalid node request \"{text}\""),
        };
    }
}

/// <summary>The path and query under which a kubelet serves what the API offers as a subresource of a pod. Pure.</summary>
internal static class KubeletPath
{
    private static readonly string[] LogParameters = ["follow", "previous", "sinceSeconds", "sinceTime", "timestamps", "tailLines", "limitBytes"];

    /// <summary>The path and query. Throws the 400 Status when the container is not named and there are several, or there is none of that name.</summary>
    public static string Of(string subresource, V1Pod pod, IQueryCollection query)
    {
        var target = $"{Uri.EscapeDataString(pod.Metadata.NamespaceProperty)}/{Uri.EscapeDataString(pod.Metadata.Name)}";
        var parameters = new List<(string Name, string Value)>();
        switch (subresource)
        {
            case "log":
                foreach (var name in LogParameters)
                {
                    Add(name, name);
                }

                return $"/containerLogs/{target}/{Container(pod, query)}{Text(parameters)}";
            case "portforward":
                foreach (var port in query["ports"].Concat(query["port"]))
                {
                    parameters.Add(("port", port ?? ""));
                }

                return $"/portForward/{target}{Text(parameters)}";
            default:
                Flag("stdin", "input", false);
                Flag("stdout", "output", true);
                Flag("stderr", "error", true);
                Flag("tty", "tty", false);
                if (subresource == "exec")
                {
                    foreach (var word in query["command"])
                    {
                        parameters.Add(("command", word ?? ""));
                    }
                }

                return $"/{subresource}/{target}/{Container(pod, query)}{Text(parameters)}";
        }

        void Add(string from, string to)
        {
            if (query[from].ToString() is { Length: > 0 } value)
            {
                parameters.Add((to, value));
            }
        }

        void Flag(string from, string to, bool otherwise)
        {
            if (query.ContainsKey(from) ? query[from].ToString() is "1" or "true" or "" : otherwise)
            {
                parameters.Add((to, "1"));
            }
        }
    }

    private static string Container(V1Pod pod, IQueryCollection query)
    {
        var names = pod.Spec.Containers.Select(c => c.Name).ToList();
        var all = names.Concat(pod.Spec.InitContainers?.Select(c => c.Name) ?? []).Concat(pod.Spec.EphemeralContainers?.Select(c => c.Name) ?? []).ToList();
        var name = query["container"].ToString();
        if (name.Length == 0)
        {
            if (names.Count == 1)
            {
                return Uri.EscapeDataString(names[0]);
            }

            var init = pod.Spec.InitContainers is { Count: > 0 } inits ? $" or one of the init containers: [{string.Join(' ', inits.Select(c => c.Name))}]" : "";
            throw ApiError.BadRequest($"a container name must be specified for pod {pod.Metadata.Name}, choose one of: [{string.Join(' ', names)}]{init}");
        }

        return all.Contains(name) ? Uri.EscapeDataString(name) : throw ApiError.BadRequest($"container {name} is not valid for pod {pod.Metadata.Name}");
    }

    private static string Text(List<(string Name, string Value)> parameters)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in parameters)
        {
            text.Append(text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return text.ToString();
    }
}
