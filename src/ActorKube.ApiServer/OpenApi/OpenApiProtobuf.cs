using System.Text;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>
/// The OpenAPI v2 document in the protobuf form that kubectl up to 1.28 insists on: the messages <c>openapi.v2.*</c> of gnostic.
/// Holds what our document has: info, paths, definitions, shared parameters, security; nothing else of Swagger.
/// </summary>
internal static class OpenApiProtobuf
{
    /// <summary>Media type of the answer. Clients ask for it with an @ in place of the dot before v1.0, which is no valid media type.</summary>
    public const string MediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    /// <summary>The document as bytes.</summary>
    public static byte[] Write(JsonNode document)
    {
        var output = new Message();
        output.Text(1, document["swagger"]);
        output.Nested(2, info =>
        {
            info.Text(1, document["info"]?["title"]);
            info.Text(2, document["info"]?["version"]);
        });
        output.Nested(8, paths => Named(paths, 2, document["paths"], PathItem));
        output.Nested(9, definitions => Named(definitions, 1, document["definitions"], Schema));
        output.Nested(10, shared => Named(shared, 1, document["parameters"], Parameter));
        output.Nested(12, security => security.Nested(1, entry =>
        {
            // BearerToken, of which all is asked: no scopes.
            entry.Nested(1, named =>
            {
                named.Text(1, "BearerToken");
                named.Nested(2, _ => { });
            });
        }));
        output.Nested(13, security => Named(security, 1, document["securityDefinitions"], (item, key) => item.Nested(2, k =>
        {
            k.Text(1, key["type"]);
            k.Text(2, key["name"]);
            k.Text(3, key["in"]);
            k.Text(4, key["description"]);
        })));
        return output.ToArray();
    }

    private static void PathItem(Message output, JsonNode item)
    {
        foreach (var (method, number) in new[] { ("get", 2), ("put", 3), ("post", 4), ("delete", 5), ("options", 6), ("head", 7), ("patch", 8) })
        {
            if (item[method] is { } operation)
            {
                output.Nested(number, o => Operation(o, operation));
            }
        }

        Parameters(output, 9, item["parameters"]);
        Extensions(output, 10, item);
    }

    private static void Operation(Message output, JsonNode operation)
    {
        output.Texts(1, operation["tags"]);
        output.Text(3, operation["description"]);
        output.Text(5, operation["operationId"]);
        output.Texts(6, operation["produces"]);
        output.Texts(7, operation["consumes"]);
        Parameters(output, 8, operation["parameters"]);
        output.Nested(9, responses => Named(responses, 1, operation["responses"], (value, response) => value.Nested(1, r =>
        {
            r.Text(1, response["description"]);
            if (response["schema"] is { } schema)
            {
                r.Nested(2, item => item.Nested(1, s => Schema(s, schema)));
            }
        })));
        output.Texts(10, operation["schemes"]);
        Extensions(output, 13, operation);
    }

    private static void Parameters(Message output, int number, JsonNode? parameters)
    {
        foreach (var parameter in parameters?.AsArray() ?? [])
        {
            if (parameter!["$ref"] is { } shared)
            {
                output.Nested(number, item => item.Nested(2, reference => reference.Text(1, shared)));
                continue;
            }

            output.Nested(number, item => item.Nested(1, one => Parameter(one, parameter!)));
        }
    }

    private static void Parameter(Message output, JsonNode parameter)
    {
        var place = (string?)parameter["in"];
        if (place == "body")
        {
            output.Nested(1, body =>
            {
                body.Text(1, parameter["description"]);
                body.Text(2, parameter["name"]);
                body.Text(3, parameter["in"]);
                body.Flag(4, parameter["required"]);
                body.Nested(5, schema => Schema(schema, parameter["schema"]!));
            });
            return;
        }

        // Query and path parameters differ in one field: allow_empty_value, which shifts those after it.
        var (kind, type) = place == "path" ? (4, 5) : (3, 6);
        output.Nested(2, plain => plain.Nested(kind, p =>
        {
            p.Flag(1, parameter["required"]);
            p.Text(2, parameter["in"]);
            p.Text(3, parameter["description"]);
            p.Text(4, parameter["name"]);
            p.Text(type, parameter["type"]);
            p.Flag(type + 14, parameter["uniqueItems"]);
        }));
    }

    private static void Schema(Message output, JsonNode schema)
    {
        output.Text(1, schema["$ref"]);
        output.Text(2, schema["format"]);
        output.Text(3, schema["title"]);
        output.Text(4, schema["description"]);
        if (schema["default"] is { } given)
        {
            output.Nested(5, any => any.Text(2, given.ToJsonString()));
        }

        output.Number(6, schema["multipleOf"]);
        output.Number(7, schema["maximum"]);
        output.Flag(8, schema["exclusiveMaximum"]);
        output.Number(9, schema["minimum"]);
        output.Flag(10, schema["exclusiveMinimum"]);
        output.Count(11, schema["maxLength"]);
        output.Count(12, schema["minLength"]);
        output.Text(13, schema["pattern"]);
        output.Count(14, schema["maxItems"]);
        output.Count(15, schema["minItems"]);
        output.Flag(16, schema["uniqueItems"]);
        output.Count(17, schema["maxProperties"]);
        output.Count(18, schema["minProperties"]);
        output.Texts(19, schema["required"]);
        foreach (var value in schema["enum"]?.AsArray() ?? [])
        {
            output.Nested(20, any => any.Text(2, value?.ToJsonString() ?? "null"));
        }

        if (schema["additionalProperties"] is { } values)
        {
            output.Nested(21, item =>
            {
                if (values is JsonObject)
                {
                    item.Nested(1, s => Schema(s, values));
                }
                else
                {
                    item.Flag(2, values);
                }
            });
        }

        if (schema["type"] is { } type)
        {
            output.Nested(22, t => t.Text(1, type));
        }

        if (schema["items"] is { } items)
        {
            output.Nested(23, item => item.Nested(1, s => Schema(s, items)));
        }

        if (schema["properties"] is { } properties)
        {
            output.Nested(25, p => Named(p, 1, properties, Schema));
        }

        Extensions(output, 31, schema);
    }

    private static void Named(Message output, int number, JsonNode? members, Action<Message, JsonNode> write)
    {
        foreach (var (name, value) in members?.AsObject() ?? [])
        {
            output.Nested(number, entry =>
            {
                entry.Text(1, name);
                entry.Nested(2, v => write(v, value!));
            });
        }
    }

    // The value of an extension travels as YAML, of which JSON is a part.
    private static void Extensions(Message output, int number, JsonNode node)
    {
        foreach (var (name, value) in node.AsObject())
        {
            if (name.StartsWith("x-", StringComparison.Ordinal))
            {
                output.Nested(number, entry =>
                {
                    entry.Text(1, name);
                    entry.Nested(2, any => any.Text(2, value!.ToJsonString()));
                });
            }
        }
    }

    private sealed class Message
    {
        private readonly MemoryStream _bytes = new();

        public void Nested(int number, Action<Message> write)
        {
            var inner = new Message();
            write(inner);
            Bytes(number, inner._bytes.GetBuffer().AsSpan(0, (int)inner._bytes.Length));
        }

        public void Text(int number, JsonNode? text)
        {
            if (text is not null)
            {
                Text(number, (string)text!);
            }
        }

        public void Text(int number, string text) => Bytes(number, Encoding.UTF8.GetBytes(text));

        public void Texts(int number, JsonNode? texts)
        {
            foreach (var text in texts?.AsArray() ?? [])
            {
                Text(number, text);
            }
        }

        public void Flag(int number, JsonNode? flag)
        {
            if (flag is not null && (bool)flag)
            {
                Varint((ulong)number << 3);
                Varint(1);
            }
        }

        public void Count(int number, JsonNode? count)
        {
            if (count is not null && (long)(decimal)count is var value and > 0)
            {
                Varint((ulong)number << 3);
                Varint((ulong)value);
            }
        }

        public void Number(int number, JsonNode? value)
        {
            if (value is not null)
            {
                Varint(((ulong)number << 3) | 1);
                _bytes.Write(BitConverter.GetBytes((double)value));
            }
        }

        public byte[] ToArray() => _bytes.ToArray();

        private void Bytes(int number, ReadOnlySpan<byte> bytes)
        {
            Varint(((ulong)number << 3) | 2);
            Varint((ulong)bytes.Length);
            _bytes.Write(bytes);
        }

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                _bytes.WriteByte((byte)(value | 0x80));
            }

            _bytes.WriteByte((byte)value);
        }
    }
}
