using System.Reflection;
using System.Text;
using System.Text.Json;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Protobuf;

/// <summary>Writes a value as a field of that number.</summary>
internal delegate void FieldWriter<in T>(BackwardWriter writer, uint number, T value);

/// <summary>
/// Finds the function that writes a type's values as the schema says. Each is made once, of typed delegates: no reflection and no boxing when it runs.
/// What Go leaves out because it is nil, and what the models hold as null, are the same; values that Go writes though they are zero are left out.
/// </summary>
internal static class FieldWriters
{
    private const string Meta = "k8s.io.apimachinery.pkg.apis.meta.v1.";
    private const string Extensions = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.";

    /// <summary>The writer of a property's values.</summary>
    public static Delegate Of(Type type, ProtobufField field)
    {
        if (field.Map)
        {
            var key = type.GetGenericArguments() is [var k, var v] && k == typeof(string) ? v : throw Mismatch(type, field);
            return Generic(nameof(Map), key, ValueOf(key, field));
        }

        if (field.Repeated)
        {
            var item = type.GetGenericArguments() is [var only] ? only : throw Mismatch(type, field);
            return Generic(nameof(List), item, ValueOf(item, field));
        }

        return ValueOf(type, field);
    }

    private static Delegate ValueOf(Type type, ProtobufField field)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return Generic(nameof(Lifted), inner, ValueOf(inner, field));
        }

        return (field.Type, type) switch
        {
            (WireType.String, _) when type == typeof(string) => (FieldWriter<string>)((writer, number, value) => writer.Text(number, value)),
            (WireType.Bytes, _) when type == typeof(byte[]) => (FieldWriter<byte[]>)((writer, number, value) => writer.Bytes(number, value)),
            (WireType.Integer, _) when type == typeof(int) => (FieldWriter<int>)((writer, number, value) => writer.Integer(number, value)),
            (WireType.Integer, _) when type == typeof(long) => (FieldWriter<long>)((writer, number, value) => writer.Integer(number, value)),
            (WireType.Boolean, _) when type == typeof(bool) => (FieldWriter<bool>)((writer, number, value) => writer.Integer(number, value ? 1 : 0)),
            (WireType.Double, _) when type == typeof(double) => (FieldWriter<double>)((writer, number, value) => writer.Double(number, value)),
            (WireType.Message, _) => MessageOf(type, field),
            _ => throw Mismatch(type, field),
        };
    }

    private static Delegate MessageOf(Type type, ProtobufField field) => field.Message switch
    {
        Meta + "Time" when type == typeof(DateTime) => (FieldWriter<DateTime>)((writer, number, value) => Time(writer, number, value, 0)),
        Meta + "MicroTime" when type == typeof(DateTime) => (FieldWriter<DateTime>)((writer, number, value) => Time(writer, number, value, value.Ticks % TimeSpan.TicksPerSecond / 10 * 1000)),
        "k8s.io.apimachinery.pkg.api.resource.Quantity" => (FieldWriter<ResourceQuantity>)Quantity,
        "k8s.io.apimachinery.pkg.util.intstr.IntOrString" => (FieldWriter<IntOrString>)NumberOrText,
        "k8s.io.apimachinery.pkg.runtime.RawExtension" or Meta + "FieldsV1" or Extensions + "JSON" => Generic(nameof(Raw), type),
        "k8s.io.api.authentication.v1.ExtraValue" or "k8s.io.api.authorization.v1.ExtraValue" or "k8s.io.api.certificates.v1.ExtraValue" or Meta + "Verbs"
            => (FieldWriter<IList<string>>)Names,
        Extensions + "JSONSchemaPropsOrArray" => (FieldWriter<object>)((writer, number, value) => Schemas.OrList(writer, number, value)),
        Extensions + "JSONSchemaPropsOrBool" => (FieldWriter<object>)((writer, number, value) => Schemas.OrBoolean(writer, number, value)),
        Extensions + "JSONSchemaPropsOrStringArray" => (FieldWriter<object>)((writer, number, value) => Schemas.OrNames(writer, number, value)),
        _ => Generic(nameof(Message), type, MessageWriter.Of(type, field.Message)),
    };

    private static FieldWriter<T?> Lifted<T>(Delegate inner) where T : struct
    {
        var write = (FieldWriter<T>)inner;
        return (writer, number, value) => write(writer, number, value!.Value);
    }

    private static FieldWriter<T> Message<T>(Delegate inner) where T : class
    {
        // A message may contain itself: its writer is looked at when the first value comes, not now.
        var message = ((Func<MessageWriter>)inner)();
        return (writer, number, value) =>
        {
            var before = writer.Length;
            message.Write(writer, value);
            writer.Close(number, before);
        };
    }

    private static FieldWriter<IList<T>> List<T>(Delegate inner)
    {
        var write = (FieldWriter<T>)inner;
        return (writer, number, values) =>
        {
            for (var i = values.Count - 1; i >= 0; i--)
            {
                if (values[i] is { } value)
                {
                    write(writer, number, value);
                }
            }
        };
    }

    private static FieldWriter<IDictionary<string, T>> Map<T>(Delegate inner)
    {
        var write = (FieldWriter<T>)inner;
        return (writer, number, entries) =>
        {
            if (entries.Count == 1)
            {
                foreach (var (key, value) in entries)
                {
                    Entry(writer, number, key, value);
                }

                return;
            }

            // In the order of the keys, as Kubernetes has them: the same object is always the same bytes.
            var keys = new string[entries.Count];
            entries.Keys.CopyTo(keys, 0);
            Array.Sort(keys, StringComparer.Ordinal);
            for (var i = keys.Length - 1; i >= 0; i--)
            {
                Entry(writer, number, keys[i], entries[keys[i]]);
            }
        };

        void Entry(BackwardWriter writer, uint number, string key, T value)
        {
            var before = writer.Length;
            if (value is not null)
            {
                write(writer, 2, value);
            }

            writer.Text(1, key);
            writer.Close(number, before);
        }
    }

    private static FieldWriter<T> Raw<T>() where T : notnull => (writer, number, value) =>
    {
        var before = writer.Length;
        writer.Bytes(1, ApiJson.Serialize(value));
        writer.Close(number, before);
    };

    private static void Time(BackwardWriter writer, uint number, DateTime value, long nanos)
    {
        var before = writer.Length;
        writer.Integer(2, nanos);
        writer.Integer(1, new DateTimeOffset(value.Kind == DateTimeKind.Local ? value.ToUniversalTime() : DateTime.SpecifyKind(value, DateTimeKind.Utc)).ToUnixTimeSeconds());
        writer.Close(number, before);
    }

    private static void Quantity(BackwardWriter writer, uint number, ResourceQuantity value)
    {
        var before = writer.Length;
        writer.Text(1, value.ToString());
        writer.Close(number, before);
    }

    private static void NumberOrText(BackwardWriter writer, uint number, IntOrString value)
    {
        var before = writer.Length;
        var isNumber = int.TryParse(value.Value, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var parsed);
        writer.Text(3, isNumber ? "" : value.Value ?? "");
        writer.Integer(2, parsed);
        writer.Integer(1, isNumber ? 0 : 1);
        writer.Close(number, before);
    }

    private static void Names(BackwardWriter writer, uint number, IList<string> values)
    {
        var before = writer.Length;
        for (var i = values.Count - 1; i >= 0; i--)
        {
            writer.Text(1, values[i]);
        }

        writer.Close(number, before);
    }

    private static Delegate Generic(string name, Type type, params object[] arguments) =>
        (Delegate)typeof(FieldWriters).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, arguments)!;

    private static InvalidOperationException Mismatch(Type type, ProtobufField field) => new($"{type} cannot be written as {field}");

    /// <summary>A JSON schema, or what may stand in its place. The models hold them as free JSON.</summary>
    private static class Schemas
    {
        private static readonly Lazy<MessageWriter> Schema = new(() => MessageWriter.Of(typeof(V1JSONSchemaProps), Extensions + "JSONSchemaProps")());

        public static void OrList(BackwardWriter writer, uint number, object value) => Either(writer, number, value, 1, json =>
        {
            foreach (var item in json.EnumerateArray().Reverse())
            {
                One(writer, 2, item);
            }
        });

        public static void OrNames(BackwardWriter writer, uint number, object value) => Either(writer, number, value, 1, json =>
        {
            foreach (var item in json.EnumerateArray().Reverse())
            {
                writer.Text(2, item.GetString()!);
            }
        });

        public static void OrBoolean(BackwardWriter writer, uint number, object value) =>
            Either(writer, number, value, 2, json => writer.Integer(1, json.ValueKind == JsonValueKind.True ? 1 : 0));

        private static void Either(BackwardWriter writer, uint number, object value, uint schemaNumber, Action<JsonElement> other)
        {
            var before = writer.Length;
            var json = value as JsonElement? ?? JsonSerializer.SerializeToElement(value, value.GetType(), ApiJson.Options);
            if (json.ValueKind == JsonValueKind.Object)
            {
                One(writer, schemaNumber, json);
            }
            else
            {
                other(json);
            }

            writer.Close(number, before);
        }

        private static void One(BackwardWriter writer, uint number, JsonElement schema)
        {
            var before = writer.Length;
            Schema.Value.Write(writer, ApiJson.Deserialize<V1JSONSchemaProps>(Encoding.UTF8.GetBytes(schema.GetRawText())));
            writer.Close(number, before);
        }
    }
}
