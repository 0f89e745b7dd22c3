using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Protocol;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>HTTP checks of a new revision's pods, by the API server's proxy to them.</summary>
internal static class HealthChecks
{
    /// <summary>Asks every ready pod of the current revision once, and notes how many times in a row one did not answer well.</summary>
    public static PlannedAction Round(Rollout rollout, HttpCheck check, RolloutMarks marks)
    {
        var pods = RolloutHealth.Living(rollout).Where(PodFacts.IsReady).ToList();
        return new Procedure(async transport =>
        {
            var answers = await Task.WhenAll(pods.Select(p => ProblemAsync(transport, p, check))).ConfigureAwait(false);
            var problem = answers.FirstOrDefault(a => a is not null);
            if (problem is null && marks.ChecksFailed == 0)
                return;
            var noted = problem is null ? marks with { ChecksFailed = 0, LastCheck = null } : marks with { ChecksFailed = marks.ChecksFailed + 1, LastCheck = problem };
            await NoteAsync(transport, rollout.Current, noted).ConfigureAwait(false);
        });
    }

    private static async Task<string?> ProblemAsync(IApiTransport transport, V1Pod pod, HttpCheck check)
    {
        var response = await transport.SendAsync(new ApiRequest
        {
            Verb = "get",
            Resource = "pods",
            Namespace = pod.Metadata.NamespaceProperty,
            Name = $"{pod.Metadata.Name}:{check.Port}",
            Subresource = "proxy" + check.Path,
            UserAgent = ControllerManagerServices.UserAgent,
        }).ConfigureAwait(false);
        return response.Code < 400 ? null : $"pod {pod.Metadata.Name} answered GET :{check.Port}{check.Path} with {response.Code}{MessageOf(response)}";
    }

    private static string MessageOf(ApiResponse response) => response.Object?.Value is V1Status { Message: { Length: > 0 } message } ? $": {message}" : "";

    private static async Task NoteAsync(IApiTransport transport, RolloutRevision revision, RolloutMarks marks)
    {
        var kind = KindRegistry.BuiltIn.Of(revision.Object.GetType());
        var patch = Client.Patch.Merge(new { metadata = new { annotations = new Dictionary<string, string> { [RolloutMarks.Annotation] = marks.ToText() } } });
        var response = await transport.SendAsync(new ApiRequest
        {
            Verb = "patch",
            Group = kind.Group,
            Version = kind.Version,
            Resource = kind.Resource,
            Namespace = revision.Object.Metadata.NamespaceProperty,
            Name = revision.Name,
            ContentType = patch.ContentType,
            Body = patch.Body,
            UserAgent = ControllerManagerServices.UserAgent,
        }).ConfigureAwait(false);
        if (response.Code >= 400)
            throw ApiError.From(response.Object!.As<V1Status>());
    }
}
