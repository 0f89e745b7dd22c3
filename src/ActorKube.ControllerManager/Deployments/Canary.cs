using System.Globalization;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Rollbacks;

namespace ActorKube.ControllerManager.Deployments;

/// <summary>
/// How far a new version may grow for now: an annotation of the Deployment, <c>actorkube.io/canary: 1 2m, 25% 10m</c>, lists sizes and how long each of them is looked at once
/// its pods are available; after the last one the roll-out goes on as usual. A first version and one that is gone back to know no steps.
/// </summary>
/// <param name="Cap">Most pods of the new version; null for no limit.</param>
/// <param name="Wait">Until the next step; null while time alone changes nothing.</param>
/// <param name="Note">What the new ReplicaSet's note should say; null when it says so.</param>
/// <param name="Holding">For people: the step that is being looked at; null when none is.</param>
internal sealed record Canary(int? Cap, TimeSpan? Wait = null, string? Note = null, string? Holding = null)
{
    /// <summary>The Deployment's annotation.</summary>
    public const string Annotation = "actorkube.io/canary";

    /// <summary>The ReplicaSet's annotation that says how far it is.</summary>
    public const string NoteAnnotation = "actorkube.io/canary-step";

    private static readonly Canary Unlimited = new((int?)null);

    /// <summary>What is wrong with an annotation; null when nothing is.</summary>
    public static string? ErrorOf(IDictionary<string, string>? annotations) =>
        annotations is not null && annotations.TryGetValue(Annotation, out var text) && Parse(text) is null
            ? $"{Annotation}: \"{text}\" is no list of sizes and durations such as \"1 2m, 25% 10m\"; the roll-out does not go on"
            : null;

    /// <summary>The limit as of now.</summary>
    /// <param name="view">The Deployment.</param>
    /// <param name="now">The time.</param>
    public static Canary Of(DeploymentView view, DateTimeOffset now)
    {
        var deployment = view.Deployment;
        if (deployment.Metadata.Annotations is not { } annotations || !annotations.TryGetValue(Annotation, out var text) || view.ActiveOld.Count == 0)
            return Unlimited;
        if (view.New is { } back && RollbackRecord.Of(deployment)?.To == back.Metadata.Name)
            return Unlimited;
        var size = view.New is { } current ? DeploymentView.Size(current) : 0;
        if (Parse(text) is not { } steps)
            return new Canary(size);
        if (view.New is null)
            return new Canary(Size(steps[0], view.Replicas));

        var attempt = Revisions.Of(view.New.Metadata);
        var known = JsonAnnotations.Read<StepNote>(view.New, NoteAnnotation);
        var note = known is not null && known.Attempt == attempt ? known : new StepNote(attempt, 0, null);
        while (note.Step < steps.Count)
        {
            var cap = Size(steps[note.Step], view.Replicas);
            if (size < cap || view.SurelyAvailable(view.New) < cap)
                return new Canary(cap, null, Written(note, known));
            note = note with { Since = note.Since ?? RolloutMarks.Seconds(now) };
            var until = note.Since.Value + steps[note.Step].Pause;
            if (until > now.UtcDateTime)
            {
                var told = string.Create(CultureInfo.InvariantCulture, $"Step {note.Step + 1} of {steps.Count}: {cap} of {view.Replicas} pods until {until:yyyy-MM-ddTHH:mm:ssZ}");
                return new Canary(cap, until - now.UtcDateTime + TimeSpan.FromSeconds(1), Written(note, known), told);
            }

            note = new StepNote(attempt, note.Step + 1, null);
        }

        return Unlimited with { Note = Written(note, known) };
    }

    private static IReadOnlyList<(string Size, TimeSpan Pause)>? Parse(string text)
    {
        var steps = new List<(string, TimeSpan)>();
        foreach (var step in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (step.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var size, var pause] || RollbackRules.Duration(pause) is not { } duration || !IsSize(size))
                return null;
            steps.Add((size, duration));
        }

        return steps;
    }

    private static bool IsSize(string text) =>
        int.TryParse(text.EndsWith('%') ? text.AsSpan(0, text.Length - 1) : text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && (!text.EndsWith('%') || number <= 100);

    private static int Size((string Size, TimeSpan Pause) step, int replicas) => Math.Min(replicas, Percentages.Resolve(step.Size, replicas, Math.Ceiling));

    private static string? Written(StepNote note, StepNote? known) => note == known ? null : JsonAnnotations.Write(note);

    private sealed record StepNote(long Attempt, int Step, DateTime? Since);
}
