using System.Globalization;
using System.Text;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>The parameters that every write has, and what is wrong with them in Kubernetes' words.</summary>
internal static class WriteOptions
{
    private const int MaxManagerLength = 128;

    /// <summary>Checks the parameters. Throws the 422 Status for wrong ones.</summary>
    public static void Check(RequestContext context)
    {
        var errors = new List<FieldError>();
        var manager = context.Query("fieldManager") ?? "";
        if (context.Request.Verb == "patch")
        {
            if (!context.IsApply)
            {
                if (context.Query("force") is not null)
                {
                    errors.Add(FieldError.Forbidden("force", "may not be specified for non-apply patch"));
                }
            }
            else if (manager.Length == 0)
            {
                errors.Add(FieldError.Required("fieldManager", "is required for apply patch"));
            }
        }

        CheckManager(manager, errors);
        if (context.Query("dryRun") is { } dryRun && dryRun != "All")
        {
            errors.Add(FieldError.NotSupported("dryRun", dryRun, ["All"]));
        }

        if (context.Query("fieldValidation") is { Length: > 0 } validation && validation is not ("Ignore" or "Warn" or "Strict"))
        {
            errors.Add(FieldError.NotSupported("fieldValidation", validation, ["Ignore", "Strict", "Warn"]));
        }

        if (errors.Count > 0)
        {
            throw Invalid(context.Request.Verb switch { "patch" => "PatchOptions", "update" => "UpdateOptions", "create" => "CreateOptions", _ => "DeleteOptions" }, errors);
        }
    }

    /// <summary>The 422 Status for wrong options of a request.</summary>
    public static ApiException Invalid(string options, IReadOnlyList<FieldError> errors)
    {
        var text = errors.Count == 1 ? errors[0].ToString() : $"[{string.Join(", ", errors)}]";
        var status = ApiError.Status(422, "Invalid", $"{options}.meta.k8s.io \"\" is invalid: {text}");
        status.Details = new V1StatusDetails
        {
            Group = "meta.k8s.io",
            Kind = options,
            Causes = [.. errors.Select(e => new V1StatusCause { Reason = e.Reason, Message = e.Message, Field = e.Field })],
        };
        return new ApiException(status);
    }

    /// <summary>Who writes when nobody says so: the program's name, which is the user agent up to its first slash.</summary>
    public static string DefaultManager(string userAgent)
    {
        var end = userAgent.IndexOf('/', StringComparison.Ordinal);
        var name = end < 0 ? userAgent : userAgent[..end];
        if (name.Length <= MaxManagerLength && name.All(c => c is >= ' ' and <= '~'))
        {
            return name;
        }

        var (kept, bytes) = (new StringBuilder(), 0);
        foreach (var rune in name.EnumerateRunes())
        {
            if (!IsPrintable(rune))
            {
                continue;
            }

            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxManagerLength)
            {
                break;
            }

            kept.Append(rune.ToString());
        }

        return kept.ToString();
    }

    private static void CheckManager(string manager, List<FieldError> errors)
    {
        if (Encoding.UTF8.GetByteCount(manager) > MaxManagerLength)
        {
            errors.Add(FieldError.TooLong("fieldManager", MaxManagerLength));
        }

        var at = 0;
        foreach (var rune in manager.EnumerateRunes())
        {
            if (!IsPrintable(rune))
            {
                errors.Add(FieldError.Invalid("fieldManager", Escaped(manager), string.Create(CultureInfo.InvariantCulture, $"invalid character U+{rune.Value:X4} (at position {at})")));
            }

            at += rune.Utf8SequenceLength;
        }
    }

    // As Go quotes it, without the quotes.
    private static string Escaped(string text) => System.Text.Json.JsonSerializer.Serialize(text)[1..^1];

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
