using System.Collections.Concurrent;
using System.Reflection;
using ActorKube.Api.Machinery;

namespace ActorKube.ApiServer.Protobuf;

/// <summary>Writes objects of one model class as one message of the Kubernetes protobuf encoding.</summary>
internal sealed class MessageWriter
{
    private static readonly ConcurrentDictionary<(Type Type, string Message), MessageWriter> All = [];

    private readonly Lazy<Part[]> _parts;

    private MessageWriter(Type type, string message) => _parts = new Lazy<Part[]>(() => Build(type, message));

    /// <summary>The writer of a class and message. Its fields are made when the first object is written.</summary>
    public static Func<MessageWriter> Of(Type type, string message)
    {
        var writer = All.GetOrAdd((type, message), static key => new MessageWriter(key.Type, key.Message));
        return () => writer;
    }

    /// <summary>Writes the message's content, without a length.</summary>
    public void Write(BackwardWriter writer, object value)
    {
        foreach (var part in _parts.Value)
        {
            part.Write(writer, value);
        }
    }

    // From the highest number to the lowest: the writer goes backwards.
    private static Part[] Build(Type type, string message)
    {
        var parts = new List<Part>();
        var shape = TypeShape.Of(type);
        foreach (var (number, field) in ProtobufSchema.Instance.Fields(message).OrderByDescending(f => f.Key))
        {
            if (field.Inline)
            {
                parts.Add(new InlinePart((uint)number, Of(type, field.Message)()));
            }
            else if (shape.Fields.TryGetValue(field.Name, out var property))
            {
                parts.Add((Part)Activator.CreateInstance(
                    typeof(PropertyPart<,>).MakeGenericType(type, property.Clr.PropertyType), (uint)number, property.Clr, FieldWriters.Of(property.Clr.PropertyType, field))!);
            }
        }

        return [.. parts];
    }

    private abstract class Part
    {
        public abstract void Write(BackwardWriter writer, object value);
    }

    private sealed class PropertyPart<TOwner, TValue>(uint number, PropertyInfo property, Delegate write) : Part where TOwner : class
    {
        private readonly Func<TOwner, TValue> _get = property.GetMethod!.CreateDelegate<Func<TOwner, TValue>>();
        private readonly FieldWriter<TValue> _write = (FieldWriter<TValue>)write;

        public override void Write(BackwardWriter writer, object value)
        {
            if (_get((TOwner)value) is { } held)
            {
                _write(writer, number, held);
            }
        }
    }

    /// <summary>A message whose fields stand in its parent in JSON and in the model. Left out when none is set.</summary>
    private sealed class InlinePart(uint number, MessageWriter inner) : Part
    {
        public override void Write(BackwardWriter writer, object value)
        {
            var before = writer.Length;
            inner.Write(writer, value);
            if (writer.Length != before)
            {
                writer.Close(number, before);
            }
        }
    }
}
