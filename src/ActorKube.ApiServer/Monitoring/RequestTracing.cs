using System.Diagnostics;
using ActorKube.Client.Protocol;

namespace ActorKube.ApiServer.Monitoring;

/// <summary>Spans of the API server. Nothing is made while nobody listens to <see cref="SourceName"/>.</summary>
public static class RequestTracing
{
    /// <summary>The name under which spans are published.</summary>
    public const string SourceName = "ActorKube.ApiServer";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins the span of a request; null while nobody listens.</summary>
    internal static Activity? Start(ApiRequest request, string user)
    {
        if (!Source.HasListeners() || Source.StartActivity(Name(request.Verb), ActivityKind.Internal) is not { } activity)
        {
            return null;
        }

        activity.SetTag("k8s.verb", request.Verb);
        activity.SetTag("k8s.resource", request.Subresource.Length == 0 ? request.Resource : $"{request.Resource}/{request.Subresource}");
        activity.SetTag("k8s.api_group", request.Group);
        activity.SetTag("k8s.namespace", request.Namespace);
        activity.SetTag("k8s.name", request.Name);
        activity.SetTag("user", user);
        return activity;
    }

    /// <summary>Begins the span of a step within a request; null while nobody listens.</summary>
    internal static Activity? Step(string name) => Source.HasListeners() ? Source.StartActivity(name, ActivityKind.Internal) : null;

    /// <summary>Takes annotations of the request that is being served into its span; null while nobody listens.</summary>
    internal static Action<string, string>? Annotating() => Activity.Current is { } activity ? (key, value) => activity.SetTag(key, value) : null;

    /// <summary>Ends a request's span with its outcome.</summary>
    internal static void End(Activity? activity, int code)
    {
        if (activity is null)
        {
            return;
        }

        activity.SetTag("http.response.status_code", code);
        if (code >= 500)
        {
            activity.SetStatus(ActivityStatusCode.Error);
        }

        activity.Dispose();
    }

    private static string Name(string verb) => verb switch
    {
        "get" => "Get",
        "list" => "List",
        "create" => "Create",
        "update" => "Update",
        "patch" => "Patch",
        "delete" => "Delete",
        "deletecollection" => "DeleteCollection",
        "watch" => "Watch",
        _ => verb,
    };
}
