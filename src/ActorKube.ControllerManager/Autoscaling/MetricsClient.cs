using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>Reads metrics through the API server: <c>metrics.k8s.io</c>, <c>custom.metrics.k8s.io</c> and <c>external.metrics.k8s.io</c>. What cannot be read is told in Kubernetes' words.</summary>
internal sealed class MetricsClient(IApiTransport transport)
{
    private const string CustomGroup = "custom.metrics.k8s.io";
    private const string NotServed = "the server could not find the requested resource";
    private static readonly TimeSpan UsualWindow = TimeSpan.FromMinutes(1);

    /// <summary>Reads a metric of an autoscaler.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="ns">The autoscaler's namespace.</param>
    /// <param name="selector">The pods of its target.</param>
    /// <param name="resourceOf">The resource of a kind, such as <c>ingresses.networking.k8s.io</c>.</param>
    public Task<MetricReading> ReadAsync(V2MetricSpec metric, string ns, string selector, Func<V2CrossVersionObjectReference, string?> resourceOf) => metric.Type switch
    {
        "Resource" when metric.Resource is { } m => ResourceAsync(m.Name, "", ns, selector),
        "ContainerResource" when metric.ContainerResource is { } m => ResourceAsync(m.Name, m.Container, ns, selector),
        "Pods" when metric.Pods is { } m => PodsAsync(m.Metric, ns, selector),
        "Object" when metric.ObjectProperty is { } m => ObjectAsync(m, ns, resourceOf),
        "External" when metric.External is { } m => ExternalAsync(m.Metric, ns),
        _ => Task.FromResult<MetricReading>(new MetricReading.Failed("")),
    };

    private async Task<MetricReading> ResourceAsync(string resource, string container, string ns, string selector)
    {
        var (items, error) = await ListAsync(Request("list", "metrics.k8s.io", "v1beta1", "pods", ns) with { Query = Query(("labelSelector", selector)) });
        if (error is not null)
            return new MetricReading.Failed($"unable to fetch metrics from resource metrics API: {error}");
        if (items.Count == 0)
            return new MetricReading.Failed("no metrics returned from resource metrics API");
        var pods = new Dictionary<string, PodMetric>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            var containers = (item["containers"] as JsonArray ?? []).Where(c => container.Length == 0 || (string?)c?["name"] == container).ToList();
            var usages = containers.Select(c => (string?)c?["usage"]?[resource]).ToList();
            if (usages.Count > 0 && usages.All(u => u is not null) && (string?)item["metadata"]?["name"] is { } name)
                pods[name] = new PodMetric(usages.Sum(u => Quantity.Parse(u!).MilliValue), TimeOf(item), WindowOf((string?)item["window"]));
        }

        return new MetricReading.OfPods(pods);
    }

    private async Task<MetricReading> PodsAsync(V2MetricIdentifier metric, string ns, string selector)
    {
        var (items, error) = await CustomAsync(
            Request("get", CustomGroup, "v1beta2", "pods", ns) with { Name = "*", Subresource = metric.Name, Query = Query(("labelSelector", selector), ("metricLabelSelector", Text(metric.Selector))) });
        if (error is not null)
            return new MetricReading.Failed(error);
        var pods = new Dictionary<string, PodMetric>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if ((string?)item["describedObject"]?["name"] is { } name && ValueOf(item) is { } value)
                pods[name] = new PodMetric(value, TimeOf(item), item["windowSeconds"] is JsonValue seconds && seconds.TryGetValue<long>(out var given) ? TimeSpan.FromSeconds(given) : UsualWindow);
        }

        return new MetricReading.OfPods(pods);
    }

    private async Task<MetricReading> ObjectAsync(V2ObjectMetricSource metric, string ns, Func<V2CrossVersionObjectReference, string?> resourceOf)
    {
        var about = metric.DescribedObject;
        var query = Query(("metricLabelSelector", Text(metric.Metric.Selector)));
        if (resourceOf(about) is not { } resource)
            return new MetricReading.Failed($"unable to fetch metrics from custom metrics API: no matches for kind \"{about.Kind}\" in group \"{GroupOf(about.ApiVersion)}\"");

        // A namespace's own metrics are found in it, under no resource.
        var request = resource == "namespaces"
            ? Request("get", CustomGroup, "v1beta2", "metrics", ns) with { Name = metric.Metric.Name, Query = query }
            : Request("get", CustomGroup, "v1beta2", resource, ns) with { Name = about.Name, Subresource = metric.Metric.Name, Query = query };
        var (items, error) = await CustomAsync(request);
        return error is not null ? new MetricReading.Failed(error)
            : ValueOf(items[0]) is { } value ? new MetricReading.Total(value)
            : new MetricReading.Failed("no metrics returned from custom metrics API");
    }

    private async Task<MetricReading> ExternalAsync(V2MetricIdentifier metric, string ns)
    {
        var (items, error) = await ListAsync(
            Request("list", "external.metrics.k8s.io", "v1beta1", metric.Name, ns) with { Query = Query(("labelSelector", Text(metric.Selector))) });
        return error is not null ? new MetricReading.Failed($"unable to fetch metrics from external metrics API: {error}")
            : items.Count == 0 ? new MetricReading.Failed("no metrics returned from external metrics API")
            : new MetricReading.Total(items.Sum(i => ValueOf(i) ?? 0));
    }

    private async Task<(IReadOnlyList<JsonNode> Items, string? Error)> CustomAsync(ApiRequest request)
    {
        var (items, error) = await ListAsync(request);
        if (error is not null)
            return ([], $"unable to fetch metrics from custom metrics API: {(error.StartsWith(NotServed, StringComparison.Ordinal) ? $"no custom metrics API ({CustomGroup}) registered" : error)}");
        return items.Count == 0 ? ([], "no metrics returned from custom metrics API") : (items, null);
    }

    private async Task<(IReadOnlyList<JsonNode> Items, string? Error)> ListAsync(ApiRequest request)
    {
        ApiResponse response;
        try
        {
            response = await transport.SendAsync(request);
        }
        catch (ApiUnreachableException e)
        {
            return ([], e.Message);
        }

        if (response.Code >= 400)
        {
            var message = response.Object!.As<V1Status>().Message ?? "";
            return ([], message == NotServed ? $"{message} ({request.Verb} {request.Resource}.{request.Group})" : message);
        }

        return response.List is { } list
            ? ([.. list.Items.Select(i => JsonNode.Parse(i.Json.Span)!)], null)
            : ([.. (JsonNode.Parse(response.Object!.Json.Span)?["items"] as JsonArray ?? []).OfType<JsonNode>()], null);
    }

    private static long? ValueOf(JsonNode item) => Quantity.TryParse((string?)item["value"], out var value) ? value.MilliValue : null;

    private static DateTimeOffset TimeOf(JsonNode item) =>
        DateTimeOffset.TryParse((string?)item["timestamp"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : DateTimeOffset.MinValue;

    /// <summary>A time as Go writes it, such as <c>1m0.5s</c>.</summary>
    internal static TimeSpan WindowOf(string? text)
    {
        var total = TimeSpan.Zero;
        var rest = (text ?? "").AsSpan();
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || !double.TryParse(rest[..digits], CultureInfo.InvariantCulture, out var number))
                return TimeSpan.Zero;
            rest = rest[digits..];
            var unit = rest.IndexOfAny("0123456789.") is >= 0 and var next ? rest[..next] : rest;
            var one = unit switch { "h" => 3600.0, "m" => 60.0, "s" => 1.0, "ms" => 1e-3, "µs" or "us" => 1e-6, "ns" => 1e-9, _ => 0.0 };
            total += TimeSpan.FromSeconds(number * one);
            rest = rest[unit.Length..];
        }

        return total;
    }

    private static string Text(V1LabelSelector? selector) => LabelSelector.TryFrom(selector, out var parsed, out _) ? parsed.ToString() : "";

    private static string GroupOf(string? apiVersion) => apiVersion?.IndexOf('/') is > 0 and var slash ? apiVersion[..slash] : "";

    private static ImmutableDictionary<string, string> Query(params ReadOnlySpan<(string Name, string Value)> parameters)
    {
        var query = ImmutableDictionary<string, string>.Empty;
        foreach (var (name, value) in parameters)
            query = value.Length == 0 ? query : query.SetItem(name, value);
        return query;
    }

    private static ApiRequest Request(string verb, string group, string version, string resource, string ns) => new()
    {
        Verb = verb,
        Group = group,
        Version = version,
        Resource = resource,
        Namespace = ns,
        UserAgent = ControllerManagerServices.UserAgent,
    };
}
