using System.Text;
using ActorKube.Store.Protocol;

namespace ActorKube.Store.Tests;

/// <summary>Builders of what tests need.</summary>
internal static class Some
{
    public static Cause Cause { get; } = new("alice", "update", "kubectl", 1_700_000_000_000);

    public static ReadOnlyMemory<byte> Json(string text) => Encoding.UTF8.GetBytes($$"""{"data":"{{text}}"}""");

    public static Put Create(string key, string text = "new", string resource = "pods") => new(resource, key, Json(text), Expected.Absent, Cause);

    public static Put Update(string key, long revision, string text = "changed", string resource = "pods") =>
        new(resource, key, Json(text), Expected.At(revision), Cause);

    public static Put Write(string key, string text = "any", string resource = "pods") => new(resource, key, Json(text), Expected.Any, Cause);

    public static Remove Delete(string key, long revision, string resource = "pods") => new(resource, key, Json("last"), Expected.At(revision), Cause);

    public static Remove DeleteAny(string key, string resource = "pods") => new(resource, key, Json("last"), Expected.Any, Cause);
}
