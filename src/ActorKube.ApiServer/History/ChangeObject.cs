using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Store.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.History;

/// <summary>A write of the store as an object of the kind <c>Change</c>.</summary>
internal static class ChangeObject
{
    /// <summary>What can be told without looking at the object: all but its fields.</summary>
    public static CustomObject Of(ResourceKind kind, StoreEvent change)
    {
        var slash = kind.Namespaced ? change.Key.IndexOf('/') : -1;
        var (ns, name) = (slash < 0 ? "" : change.Key[..slash], change.Key[(slash + 1)..]);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(change.Cause.Time).UtcDateTime;
        var content = new JsonObject
        {
            ["resource"] = kind.GroupResource,
            ["name"] = name,
            ["object"] = $"{kind.GroupResource}/{name}",
            ["revision"] = ResourceVersions.Format(change.Revision),
        };
        if (change.Previous > 0)
        {
            content["previousRevision"] = ResourceVersions.Format(change.Previous);
        }

        content["time"] = time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        content["type"] = change.Type.ToString();
        content["user"] = change.Cause.User;
        content["verb"] = change.Cause.Verb;
        content["manager"] = change.Cause.Manager;
        return new CustomObject
        {
            ApiVersion = HistoryKinds.Changes.ApiVersion,
            Kind = HistoryKinds.Changes.Kind,
            Metadata = new V1ObjectMeta
            {
                Name = NameOf(kind, change),
                NamespaceProperty = ns.Length == 0 ? null : ns,
                CreationTimestamp = new DateTime(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc),
            },
            Content = content,
        };
    }

    /// <summary>The name of a change: <c>deployments.apps.123</c>.</summary>
    public static string NameOf(ResourceKind kind, StoreEvent change) => $"{kind.GroupResource}.{ResourceVersions.Format(change.Revision)}";

    /// <summary>Adds what changed; null where that is no longer known.</summary>
    public static void Describe(CustomObject told, IReadOnlyList<FieldChange>? fields, string? uid)
    {
        if (uid is not null)
        {
            told.Content["uid"] = uid;
        }

        if (fields is null)
        {
            told.Content["summary"] = "what it was before is no longer kept";
            told.Content["fields"] = new JsonArray();
            return;
        }

        told.Content["summary"] = (string?)told.Content["type"] == nameof(StoreEventType.Updated) ? FieldChanges.Summary(fields, 3) : "";
        told.Content["fields"] = new JsonArray([.. fields.Select(Field)]);
    }

    private static JsonObject Field(FieldChange change)
    {
        var field = new JsonObject { ["path"] = change.Path };
        if (change.Before is not null)
        {
            field["before"] = change.Before.DeepClone();
        }

        if (change.After is not null)
        {
            field["after"] = change.After.DeepClone();
        }

        return field;
    }
}
