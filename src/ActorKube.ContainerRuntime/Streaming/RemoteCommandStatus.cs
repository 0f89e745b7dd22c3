using System.Globalization;
using System.Text.Json;

namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>
/// How a remote command ended, as the <c>meta/v1 Status</c> that Kubernetes sends on the error channel.
/// </summary>
/// <param name="ExitCode">The command's exit code; null when it could not be run.</param>
/// <param name="Message">What went wrong; null when nothing did.</param>
public sealed record RemoteCommandStatus(int? ExitCode, string? Message)
{
    private const string NonZeroExitCode = "NonZeroExitCode";
    private const string ExitCodeCause = "ExitCode";

    /// <summary>The command ran and ended with this code.</summary>
    public static RemoteCommandStatus Exited(int code) =>
        new(code, code == 0 ? null : $"command terminated with non-zero exit code: exit status {code}");

    /// <summary>The command could not be run.</summary>
    public static RemoteCommandStatus Failed(string message) => new(null, message);

    /// <summary>The Status in JSON, byte for byte as Kubernetes writes it.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            json.WriteEndObject();
            json.WriteString("status", ExitCode == 0 ? "Success" : "Failure");
            if (ExitCode is null)
            {
                json.WriteString("message", $"Internal error occurred: {Message}");
                json.WriteString("reason", "InternalError");
                WriteCause(json, null, Message);
                json.WriteNumber("code", 500);
            }
            else if (ExitCode != 0)
            {
                json.WriteString("message", Message);
                json.WriteString("reason", NonZeroExitCode);
                WriteCause(json, ExitCodeCause, ExitCode.Value.ToString(CultureInfo.InvariantCulture));
            }

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>
    /// Reads what came on the error channel. Nothing at all, which is what versions before 4 send after success, is success;
    /// a text that is no Status is a failure's message.
    /// </summary>
    public static RemoteCommandStatus Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return Exited(0);
        }

        var text = System.Text.Encoding.UTF8.GetString(bytes);
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && Text(root, "status") is { } status)
            {
                return status == "Success" ? Exited(0)
                    : Text(root, "reason") == NonZeroExitCode && ExitCodeOf(root) is { } code ? new(code, Text(root, "message"))
                    : Failed(Text(root, "message") ?? text);
            }
        }
        catch (JsonException)
        {
            // Not a Status: the text itself is the message.
        }

        return Failed(text);
    }

    private static void WriteCause(Utf8JsonWriter json, string? reason, string? message)
    {
        json.WriteStartObject("details");
        json.WriteStartArray("causes");
        json.WriteStartObject();
        if (reason is not null)
        {
            json.WriteString("reason", reason);
        }

        json.WriteString("message", message);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static int? ExitCodeOf(JsonElement status)
    {
        if (status.TryGetProperty("details", out var details) && details.TryGetProperty("causes", out var causes))
        {
            foreach (var cause in causes.EnumerateArray())
            {
                if (Text(cause, "reason") == ExitCodeCause && int.TryParse(Text(cause, "message"), CultureInfo.InvariantCulture, out var code))
                {
                    return code;
                }
            }
        }

        return null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
