using System.Text.Json;
using k8s.Models;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>Who writes: one entry of managedFields per such identity. An applier is the same one whichever version it applies.</summary>
/// <param name="Manager">Name of the field manager.</param>
/// <param name="IsApply">Whether it applies, or updates.</param>
/// <param name="ApiVersion">Version it writes; empty for an applier.</param>
/// <param name="Subresource">Subresource it writes to; empty for the object itself.</param>
public readonly record struct ManagerIdentity(string Manager, bool IsApply, string ApiVersion, string Subresource)
{
    /// <summary>As messages name it, such as <c>"kubectl" using apps/v1</c>.</summary>
    public override string ToString()
    {
        var subresource = Subresource.Length == 0 ? "" : $" with subresource \"{Subresource}\"";
        return $"\"{Manager}\"{subresource}{(IsApply ? "" : $" using {ApiVersion}")}";
    }
}

/// <summary>What one manager owns.</summary>
/// <param name="Fields">The fields.</param>
/// <param name="ApiVersion">In which version they are named.</param>
/// <param name="Time">When it last changed them; null when nobody knows.</param>
public sealed record ManagedEntry(FieldsV1 Fields, string ApiVersion, DateTime? Time);

/// <summary>The managedFields of an object by manager.</summary>
public sealed class ManagedFields
{
    private readonly Dictionary<ManagerIdentity, ManagedEntry> _entries;

    private ManagedFields(Dictionary<ManagerIdentity, ManagedEntry> entries) => _entries = entries;

    /// <summary>Nobody owns anything.</summary>
    public static ManagedFields Empty() => new([]);

    /// <summary>The managers and what each owns.</summary>
    public Dictionary<ManagerIdentity, ManagedEntry> Entries => _entries;

    /// <summary>Whether nobody owns anything.</summary>
    public bool IsEmpty => _entries.Count == 0;

    /// <summary>Reads the entries of an object. The error says why they are none.</summary>
    public static bool TryRead(IList<V1ManagedFieldsEntry>? entries, out ManagedFields fields, out string error)
    {
        (fields, error) = (Empty(), "");
        for (var i = 0; i < entries?.Count; i++)
        {
            var entry = entries[i];
            error = entry switch
            {
                { Operation: not ("Apply" or "Update") } => "operation must be `Apply` or `Update`",
                { ApiVersion: null or "" } => "apiVersion must not be empty",
                { FieldsType: null or "" } => $"missing fieldsType in managed fields entry {i}",
                { FieldsType: not "FieldsV1" } => $"invalid fieldsType \"{entry.FieldsType}\" in managed fields entry {i}",
                _ => "",
            };
            if (error.Length > 0)
            {
                return false;
            }

            var value = FieldsV1.From(entry.FieldsV1);
            try
            {
                _ = value.Set;
            }
            catch (JsonException e)
            {
                error = $"error decoding set: {e.Message}";
                return false;
            }

            var isApply = entry.Operation == "Apply";
            var identity = new ManagerIdentity(entry.Manager ?? "", isApply, isApply ? "" : entry.ApiVersion!, entry.Subresource ?? "");
            fields._entries[identity] = new ManagedEntry(value, entry.ApiVersion!, entry.Time);
        }

        return true;
    }

    /// <summary>The entries as an object holds them: appliers first, then by time and name; null for none.</summary>
    public List<V1ManagedFieldsEntry>? Write()
    {
        if (IsEmpty)
        {
            return null;
        }

        var entries = new List<V1ManagedFieldsEntry>(_entries.Count);
        foreach (var (identity, entry) in _entries)
        {
            entries.Add(new V1ManagedFieldsEntry
            {
                Manager = identity.Manager,
                Operation = identity.IsApply ? "Apply" : "Update",
                ApiVersion = entry.ApiVersion,
                Time = entry.Time,
                FieldsType = "FieldsV1",
                FieldsV1 = entry.Fields,
                Subresource = identity.Subresource.Length == 0 ? null : identity.Subresource,
            });
        }

        entries.Sort(Compare);
        return entries;
    }

    /// <summary>Whether a client asks to forget all: an empty list, or one empty entry.</summary>
    public static bool IsReset(IList<V1ManagedFieldsEntry>? entries) => entries is { Count: 0 }
        || entries is [{ Manager: null or "", Operation: null or "", ApiVersion: null or "", FieldsType: null or "", Subresource: null or "", Time: null, FieldsV1: null }];

    /// <summary>Whether two lists of entries say the same but for the times.</summary>
    public static bool SameButTimes(IList<V1ManagedFieldsEntry>? left, IList<V1ManagedFieldsEntry>? right)
    {
        if ((left?.Count ?? 0) != (right?.Count ?? 0))
        {
            return false;
        }

        for (var i = 0; i < left?.Count; i++)
        {
            var (a, b) = (left[i], right![i]);
            if (a.Manager != b.Manager || a.Operation != b.Operation || a.ApiVersion != b.ApiVersion || a.FieldsType != b.FieldsType
                || (a.Subresource ?? "") != (b.Subresource ?? "")
                || (!ReferenceEquals(a.FieldsV1, b.FieldsV1) && !FieldsV1.From(a.FieldsV1).Set.Equals(FieldsV1.From(b.FieldsV1).Set)))
            {
                return false;
            }
        }

        return true;
    }

    private static int Compare(V1ManagedFieldsEntry a, V1ManagedFieldsEntry b)
    {
        var order = string.CompareOrdinal(a.Operation, b.Operation);
        order = order != 0 ? order : Seconds(a.Time).CompareTo(Seconds(b.Time));
        order = order != 0 ? order : string.CompareOrdinal(a.Manager, b.Manager);
        order = order != 0 ? order : string.CompareOrdinal(a.ApiVersion, b.ApiVersion);
        return order != 0 ? order : string.CompareOrdinal(a.Subresource, b.Subresource);
    }

    internal static long Seconds(DateTime? time) => time is { } t ? t.ToUniversalTime().Ticks / TimeSpan.TicksPerSecond : 0;
}
