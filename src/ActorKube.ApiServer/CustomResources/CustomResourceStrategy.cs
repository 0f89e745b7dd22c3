using System.Collections.Frozen;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources;

/// <summary>The rules of custom resources: those of their schema, and what every kind of them has in common.</summary>
internal sealed class CustomResourceStrategy : Strategy
{
    private readonly CustomResourceKind _kind;
    private readonly PrinterColumns _columns;
    private readonly FrozenDictionary<string, Func<object, string>> _fields;

    /// <summary>The strategy of a kind.</summary>
    public CustomResourceStrategy(CustomResourceKind kind)
        : base(kind)
    {
        _kind = kind;
        _columns = new PrinterColumns(kind.DefinedVersion.AdditionalPrinterColumns);
        _fields = (kind.DefinedVersion.SelectableFields ?? []).ToFrozenDictionary(
            f => f.JsonPath.TrimStart('.'), f => SelectBy(JsonPath.Parse(f.JsonPath)), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public override bool TracksGeneration => true;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<object, string>> Fields => _fields;

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => _columns.Columns;

    /// <inheritdoc/>
    public override IReadOnlyList<object?> Cells(object value, DateTimeOffset now) => _columns.Cells((CustomObject)value, now);

    /// <inheritdoc/>
    public override void PrepareForCreate(object value)
    {
        var created = (CustomObject)value;
        if (HasStatus)
        {
            created.Content.Remove("status");
        }

        created.Metadata.Generation = 1;
    }

    /// <inheritdoc/>
    public override void PrepareForUpdate(object value, object old)
    {
        var (changed, was) = ((CustomObject)value, (CustomObject)old);
        if (HasStatus)
        {
            Take(changed.Content, was.Content, "status");
        }

        changed.Metadata.Generation = (was.Metadata.Generation ?? 0) + (JsonNode.DeepEquals(changed.Content, was.Content) ? 0 : 1);
    }

    /// <inheritdoc/>
    public override void PrepareForStatusUpdate(object value, object old)
    {
        var (changed, was) = ((CustomObject)value, (CustomObject)old);
        var content = (JsonObject)was.Content.DeepClone();
        Take(content, changed.Content, "status");
        changed.Content = content;
        TakeMetadata(changed.Metadata, was.Metadata);
    }

    /// <inheritdoc/>
    public override void Default(object value) => Defaulting.Default(((CustomObject)value).Content, _kind.Schema);

    /// <inheritdoc/>
    public override void DefaultOnCreate(object value)
    {
    }

    /// <inheritdoc/>
    public override List<FieldError> ValidateCreate(object value) => Validate((CustomObject)value, null);

    /// <inheritdoc/>
    public override List<FieldError> ValidateUpdate(object value, object old) => Validate((CustomObject)value, (CustomObject)old);

    /// <inheritdoc/>
    public override List<FieldError> ValidateStatusUpdate(object value, object old)
    {
        var (changed, was) = ((CustomObject)value, (CustomObject)old);
        if (_kind.Schema?.Properties.GetValueOrDefault("status") is not { } schema || !changed.Content.TryGetPropertyValue("status", out var status))
        {
            return [];
        }

        var errors = SchemaValidation.ValidateUpdate(status, was.Content["status"], schema, "status").Errors;
        ListTypes.Validate(status, schema, "status", errors);
        CustomScales.Validate(_kind, changed, errors);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(object value, object? old)
    {
        var before = old is CustomObject was ? was.Metadata.Finalizers ?? [] : [];
        foreach (var finalizer in (((CustomObject)value).Metadata.Finalizers ?? []).Except(before).Order(StringComparer.Ordinal))
        {
            if (!finalizer.Contains('/') && finalizer is not ("kubernetes" or "orphan" or "foregroundDeletion"))
            {
                yield return $"metadata.finalizers: \"{finalizer}\": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers";
            }
        }
    }

    /// <inheritdoc/>
    public override long? GracePeriodSeconds(object value, V1DeleteOptions options) => null;

    /// <inheritdoc/>
    public override object NewObject() => new CustomObject { ApiVersion = Kind.ApiVersion, Kind = Kind.Kind };

    private bool HasStatus => _kind.DefinedVersion.Subresources?.Status is not null;

    private List<FieldError> Validate(CustomObject value, CustomObject? old)
    {
        if (_kind.Schema is not { } schema)
        {
            return [];
        }

        var result = old is null ? SchemaValidation.Validate(value.Content, schema) : SchemaValidation.ValidateUpdate(value.Content, old.Content, schema);
        if (_kind.MetadataSchema is { } metadata)
        {
            var names = new JsonObject { ["name"] = value.Metadata.Name };
            if (value.Metadata.GenerateName is { Length: > 0 } prefix)
            {
                names["generateName"] = prefix;
            }

            result.Merge(SchemaValidation.Validate(names, metadata, "metadata"));
        }

        CustomScales.Validate(_kind, value, result.Errors);
        if (_kind.HasEmbedded)
        {
            EmbeddedObjects.Validate(value.Content, schema, "", result.Errors);
        }

        var lists = new List<FieldError>();
        if (old is not null)
        {
            ListTypes.Validate(old.Content, schema, "", lists);
        }

        if (lists.Count == 0)
        {
            ListTypes.Validate(value.Content, schema, "", result.Errors);
        }

        return result.Errors;
    }

    private static void Take(JsonObject into, JsonObject from, string name)
    {
        if (from.TryGetPropertyValue(name, out var part))
        {
            into[name] = part?.DeepClone();
        }
        else
        {
            into.Remove(name);
        }
    }

    // A writer of the status changes nothing else of a custom resource, not even labels.
    private static void TakeMetadata(V1ObjectMeta into, V1ObjectMeta from)
    {
        into.Annotations = from.Annotations;
        into.Labels = from.Labels;
        into.Finalizers = from.Finalizers;
        into.OwnerReferences = from.OwnerReferences;
        into.GenerateName = from.GenerateName;
        into.Generation = from.Generation;
        into.CreationTimestamp = from.CreationTimestamp;
        into.DeletionTimestamp = from.DeletionTimestamp;
        into.DeletionGracePeriodSeconds = from.DeletionGracePeriodSeconds;
        into.NamespaceProperty = from.NamespaceProperty;
    }

    private static Func<object, string> SelectBy(JsonPath path) => value => path.Find((CustomObject)value).FirstOrDefault() is { } found
        ? found.GetValueKind() == System.Text.Json.JsonValueKind.String ? found.GetValue<string>() : found.ToJsonString()
        : "";
}
