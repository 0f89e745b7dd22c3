using System.Text.Json.Serialization;
using ActorKube.ControllerManager.Common;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>What is known of a revision's roll-outs, noted in an annotation of the object that keeps it.</summary>
/// <param name="Attempt">The revision's number in the roll-out that this is about; a later one has another number.</param>
/// <param name="Began">When that roll-out was first seen.</param>
public sealed record RolloutMarks(long Attempt, DateTime Began)
{
    /// <summary>The annotation.</summary>
    public const string Annotation = "actorkube.io/rollout";

    /// <summary>When all pods were of this revision and available.</summary>
    public DateTime? Complete { get; init; }

    /// <summary>Since when it has been a revision that a failed roll-out may go back to; null while it is not.</summary>
    public DateTime? Good { get; init; }

    /// <summary>The number of the roll-out in which it proved good.</summary>
    public long GoodIn { get; init; }

    /// <summary>Why that roll-out failed.</summary>
    public string? Failed { get; init; }

    /// <summary>How many roll-outs of this revision failed since it was last good.</summary>
    public int Failures { get; init; }

    /// <summary>How many HTTP checks in a row were not answered well.</summary>
    public int ChecksFailed { get; init; }

    /// <summary>What the last of them said.</summary>
    public string? LastCheck { get; init; }

    /// <summary>Whether this very roll-out has proved good.</summary>
    [JsonIgnore]
    public bool IsProven => Good is not null && GoodIn == Attempt;

    /// <summary>The marks of a revision; null when it has none.</summary>
    public static RolloutMarks? Of(RolloutRevision revision) => JsonAnnotations.Read<RolloutMarks>(revision.Object, Annotation);

    /// <summary>The marks with a new roll-out begun, unless it is the same one still.</summary>
    public static RolloutMarks Of(RolloutRevision current, DateTimeOffset now) => Of(current) switch
    {
        null => new RolloutMarks(current.Number, Seconds(now)),
        { } known when known.Attempt == current.Number => known,
        { } known => new RolloutMarks(current.Number, Seconds(now)) { Good = known.Good, GoodIn = known.GoodIn, Failures = known.Failures },
    };

    /// <summary>This roll-out failed.</summary>
    public RolloutMarks Fail(string why) => this with { Failed = why, Good = null, Failures = Failures + 1 };

    /// <summary>The annotation's text.</summary>
    public string ToText() => JsonAnnotations.Write(this);

    /// <summary>A moment without fractions, as it is kept.</summary>
    public static DateTime Seconds(DateTimeOffset moment) => DateTimeOffset.FromUnixTimeSeconds(moment.ToUnixTimeSeconds()).UtcDateTime;
}
