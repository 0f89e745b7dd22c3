using System.Text.Json;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>Writes objects as a <c>meta.k8s.io/v1</c> Table, or as their metadata only.</summary>
internal static class TableWriter
{
    private static readonly TableColumn[] ScaleColumns =
    [
        new("Name", Description: TableColumn.ObjectName.Description), new("Desired", "integer", Description: "The number of desired replicas."),
        new("Available", "integer", Description: "The number of observed replicas."), TableColumn.Age,
    ];

    /// <summary>What rows carry beside their cells: the query parameter <c>includeObject</c>.</summary>
    internal enum IncludeObject
    {
        /// <summary>The object's metadata.</summary>
        Metadata,

        /// <summary>The whole object.</summary>
        Object,

        /// <summary>Nothing.</summary>
        None,
    }

    /// <summary>Reads the query parameter. Throws the 400 Status for anything else.</summary>
    public static IncludeObject ParseInclude(string? text) => text switch
    {
        null or "" or "Metadata" => IncludeObject.Metadata,
        "Object" => IncludeObject.Object,
        "None" => IncludeObject.None,
        _ => throw ApiError.BadRequest($"Unable to convert to Table as requested: {FieldError.Invalid("includeObject", text, "must be 'Metadata', 'Object', 'None', or empty")}"),
    };

    /// <summary>A table of objects.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="strategy">The kind's columns and cells.</param>
    /// <param name="items">The objects.</param>
    /// <param name="list">The list's metadata; null for a single object, whose resourceVersion is then the table's.</param>
    /// <param name="include">What rows carry.</param>
    /// <param name="columns">Whether the columns are described: not in later events of a watch.</param>
    /// <param name="now">For ages.</param>
    public static void WriteTable(
        Utf8JsonWriter json, Strategy strategy, IReadOnlyList<ApiObject> items, ApiList? list, IncludeObject include, bool columns, DateTimeOffset now)
    {
        Begin(json, list, list is null && items.Count == 1 ? items[0].Metadata.ResourceVersion : null, columns ? strategy.Columns : null);
        foreach (var item in items)
        {
            WriteRow(json, strategy.Cells(item.Value, now), item, include);
        }

        End(json);
    }

    /// <summary>The table of a scale subresource, which is an object of another kind than its URL's.</summary>
    public static void WriteScale(Utf8JsonWriter json, ApiObject item, IncludeObject include, DateTimeOffset now)
    {
        Begin(json, null, item.Metadata.ResourceVersion, ScaleColumns);
        var scale = item.As<V1Scale>();
        WriteRow(json, [scale.Metadata.Name, scale.Spec?.Replicas ?? 0, scale.Status?.Replicas ?? 0, HumanDuration.Since(scale.Metadata.CreationTimestamp, now)], item, include);
        End(json);
    }

    /// <summary>A table with the one row of a watch's bookmark: no cells to speak of, but the version, and the mark that the initial events are through.</summary>
    public static void WriteBookmark(Utf8JsonWriter json, Strategy strategy, ApiObject mark, IncludeObject include, bool columns)
    {
        Begin(json, null, mark.Metadata.ResourceVersion, columns ? strategy.Columns : null);
        json.WriteStartObject();
        json.WriteStartArray("cells");
        foreach (var _ in strategy.Columns)
        {
            json.WriteNullValue();
        }

        json.WriteEndArray();
        WriteRowObject(json, mark, include == IncludeObject.None && mark.Metadata.Annotations is { Count: > 0 } ? IncludeObject.Metadata : include);
        json.WriteEndObject();
        End(json);
    }

    // Everything before the rows; columns are null where they are not described.
    private static void Begin(Utf8JsonWriter json, ApiList? list, string? version, IReadOnlyList<TableColumn>? columns)
    {
        json.WriteStartObject();
        json.WriteString("kind", "Table");
        json.WriteString("apiVersion", "meta.k8s.io/v1");
        WriteListMetadata(json, list, version);
        if (columns is null)
        {
            json.WriteNull("columnDefinitions");
        }
        else
        {
            WriteColumns(json, columns);
        }

        json.WriteStartArray("rows");
    }

    private static void End(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The metadata of one object.</summary>
    public static void WritePartial(Utf8JsonWriter json, ApiObject item)
    {
        json.WriteStartObject();
        json.WriteString("kind", "PartialObjectMetadata");
        json.WriteString("apiVersion", "meta.k8s.io/v1");
        json.WritePropertyName("metadata");
        json.WriteRawValue(ApiJson.Serialize(item.Metadata), true);
        json.WriteEndObject();
    }

    /// <summary>The metadata of a list's objects.</summary>
    public static void WritePartialList(Utf8JsonWriter json, ApiList list)
    {
        json.WriteStartObject();
        json.WriteString("kind", "PartialObjectMetadataList");
        json.WriteString("apiVersion", "meta.k8s.io/v1");
        WriteListMetadata(json, list, null);
        json.WriteStartArray("items");
        foreach (var item in list.Items)
        {
            WritePartial(json, item);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteListMetadata(Utf8JsonWriter json, ApiList? list, string? resourceVersion)
    {
        json.WriteStartObject("metadata");
        if ((list?.ResourceVersion ?? resourceVersion) is { } version)
        {
            json.WriteString("resourceVersion", version);
        }

        if (list is { Continue.Length: > 0 })
        {
            json.WriteString("continue", list.Continue);
        }

        if (list?.RemainingItemCount is { } remaining)
        {
            json.WriteNumber("remainingItemCount", remaining);
        }

        json.WriteEndObject();
    }

    private static void WriteColumns(Utf8JsonWriter json, IReadOnlyList<TableColumn> columns)
    {
        json.WriteStartArray("columnDefinitions");
        foreach (var column in columns)
        {
            json.WriteStartObject();
            json.WriteString("name", column.Name);
            json.WriteString("type", column.Type);
            json.WriteString("format", column.Format);
            json.WriteString("description", column.Description);
            json.WriteNumber("priority", column.Priority);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRow(Utf8JsonWriter json, IReadOnlyList<object?> cells, ApiObject item, IncludeObject include)
    {
        json.WriteStartObject();
        json.WriteStartArray("cells");
        foreach (var cell in cells)
        {
            switch (cell)
            {
                case null:
                    json.WriteNullValue();
                    break;
                case string text:
                    json.WriteStringValue(text);
                    break;
                case bool flag:
                    json.WriteBooleanValue(flag);
                    break;
                case int number:
                    json.WriteNumberValue(number);
                    break;
                case long number:
                    json.WriteNumberValue(number);
                    break;
                default:
                    json.WriteRawValue(ApiJson.Serialize(cell), true);
                    break;
            }
        }

        json.WriteEndArray();
        WriteRowObject(json, item, include);
        json.WriteEndObject();
    }

    private static void WriteRowObject(Utf8JsonWriter json, ApiObject item, IncludeObject include)
    {
        switch (include)
        {
            case IncludeObject.Metadata:
                json.WritePropertyName("object");
                WritePartial(json, item);
                break;
            case IncludeObject.Object:
                json.WritePropertyName("object");
                json.WriteRawValue(item.Json.Span, true);
                break;
            default:
                json.WriteNull("object");
                break;
        }
    }
}
