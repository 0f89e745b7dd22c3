using k8s.Models;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>A field that an applier gives another value than its owner did.</summary>
/// <param name="Manager">The owner.</param>
/// <param name="Path">The field.</param>
public sealed record ApplyConflict(ManagerIdentity Manager, IReadOnlyList<PathElement> Path)
{
    /// <summary>The 409 for the conflicts, by manager.</summary>
    public static ApiException Refuse(IReadOnlyList<ApplyConflict> conflicts)
    {
        var sorted = conflicts.OrderBy(c => c.Manager.ToString(), StringComparer.Ordinal).ToList();
        var status = ApiError.Status(409, "Conflict", Message(sorted));
        status.Details = new V1StatusDetails
        {
            Causes =
            [
                .. sorted.Select(c => new V1StatusCause { Reason = "FieldManagerConflict", Message = $"conflict with {c.Manager}", Field = FieldSet.PathText(c.Path) }),
            ],
        };
        return ApiError.From(status);
    }

    private static string Message(List<ApplyConflict> conflicts)
    {
        if (conflicts.Count == 1)
        {
            return $"Apply failed with 1 conflict: conflict with {conflicts[0].Manager}: {FieldSet.PathText(conflicts[0].Path)}";
        }

        var lines = conflicts.GroupBy(c => c.Manager).SelectMany(g => g.Select(c => $"- {FieldSet.PathText(c.Path)}").Prepend($"conflicts with {g.Key}:"));
        return $"Apply failed with {conflicts.Count} conflicts: {string.Join('\n', lines)}";
    }
}
