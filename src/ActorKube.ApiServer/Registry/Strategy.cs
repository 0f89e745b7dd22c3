using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>
/// What is particular to one kind: defaults, validation, what spec and status writers may touch, table columns, deletion.
/// Everything else is done for all kinds alike by the pipeline: names, uid, times, resource versions, finalizers, namespaces.
/// This is the face the pipeline sees; a kind derives from <see cref="Strategy{T}"/>. One instance serves all requests at
/// once, so it holds no state.
/// </summary>
public abstract class Strategy
{
    private static readonly TableColumn[] DefaultColumns = [TableColumn.ObjectName, new TableColumn("Created At", "date", Description: TableColumn.Age.Description)];

    private protected Strategy(ResourceKind kind) => Kind = kind;

    /// <summary>The kind it is about.</summary>
    public ResourceKind Kind { get; }

    /// <summary>Whether <c>metadata.generation</c> starts at 1 and counts changes of everything but metadata and status.</summary>
    public virtual bool TracksGeneration => GenerationKinds.Contains(Kind);

    /// <summary>What is wrong with an object's name, in Kubernetes' words (<see cref="NameRules"/>); <paramref name="prefix"/> when it is a generateName, which may end in a dash.</summary>
    public virtual IReadOnlyList<string> ValidateName(string name, bool prefix) => NameRules.Dns1123Subdomain(prefix ? MaskTrailingDash(name) : name);

    /// <summary>Field selector paths beside <c>metadata.name</c> and <c>metadata.namespace</c>, and how to read them; a missing value reads as the empty string.</summary>
    public virtual IReadOnlyDictionary<string, Func<object, string>> Fields => SelectableFields.Of(Kind);

    /// <summary>Columns of the table form. Each row of <see cref="Cells"/> has one cell per column.</summary>
    public virtual IReadOnlyList<TableColumn> Columns => DefaultColumns;

    /// <summary>The cells of an object's row: strings, numbers, booleans or null.</summary>
    public virtual IReadOnlyList<object?> Cells(object value, DateTimeOffset now)
    {
        var metadata = ObjectMetadata.Of(value);
        return [metadata.Name, metadata.CreationTimestamp is { } created ? created.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture) : null];
    }

    /// <summary>Clears what a creator may not set, such as the status, and sets the first generation.</summary>
    public abstract void PrepareForCreate(object value);

    /// <summary>Takes over from the old object what this writer may not touch, such as the status, and counts the generation.</summary>
    public abstract void PrepareForUpdate(object value, object old);

    /// <summary>Takes over everything but the status from the old object.</summary>
    public abstract void PrepareForStatusUpdate(object value, object old);

    /// <summary>Fills unset fields with Kubernetes' defaults. Runs on every write, so it must leave set fields alone.</summary>
    public abstract void Default(object value);

    /// <summary>Fills what a create needs beyond <see cref="Default"/> and an update may not get, such as labels from a template.</summary>
    public abstract void DefaultOnCreate(object value);

    /// <summary>What is wrong with a new object, after defaulting. Metadata is checked elsewhere.</summary>
    public abstract List<FieldError> ValidateCreate(object value);

    /// <summary>What is wrong with a changed object: as on create, plus immutable fields.</summary>
    public abstract List<FieldError> ValidateUpdate(object value, object old);

    /// <summary>What is wrong with a changed status.</summary>
    public abstract List<FieldError> ValidateStatusUpdate(object value, object old);

    /// <summary>Texts for <c>Warning</c> headers; <paramref name="old"/> is null on create.</summary>
    public abstract IEnumerable<string> Warnings(object value, object? old);

    /// <summary>
    /// Seconds between the request to delete and the object's end, or null for a kind that goes at once. With a number
    /// above zero the object stays with <c>deletionTimestamp</c> until somebody deletes it again with a period of zero.
    /// </summary>
    public abstract long? GracePeriodSeconds(object value, V1DeleteOptions options);

    /// <summary>The object of the model class that <see cref="Kind"/> names, with apiVersion and kind set.</summary>
    public abstract object NewObject();

    /// <summary>How old an object is, as a table's Age column shows it.</summary>
    protected static string Age(V1ObjectMeta metadata, DateTimeOffset now) => HumanDuration.Since(metadata.CreationTimestamp, now);

    /// <summary>The name with a trailing dash replaced by a letter, for checking a generateName.</summary>
    protected static string MaskTrailingDash(string name) => name.Length > 1 && name[^1] == '-' ? name[..^2] + "a" : name;
}
