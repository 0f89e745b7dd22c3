using System.Globalization;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>
/// The parameters of a list, a watch or a deletecollection, checked.
/// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
/// </summary>
/// <param name="Version"><c>resourceVersion</c>; empty when not given.</param>
/// <param name="Match"><c>resourceVersionMatch</c>; empty when not given.</param>
/// <param name="Limit">Most objects of a page; 0 for all.</param>
/// <param name="Continue">Where a page begins; empty for the first.</param>
/// <param name="SendInitialEvents">Whether a watch begins with what there is; null when the client does not say.</param>
/// <param name="Bookmarks">Whether a watch gets bookmarks.</param>
/// <param name="TimeoutSeconds">How long a watch lasts; 0 when the client does not say.</param>
internal sealed record ListOptions(string Version, string Match, long Limit, string Continue, bool? SendInitialEvents, bool Bookmarks, long TimeoutSeconds)
{
    private const string Exact = "Exact";
    private const string NotOlderThan = "NotOlderThan";

    /// <summary>Whether the version is one that says nothing: none, or "0" for any.</summary>
    public bool IsUnversioned => Version is "" or "0";

    /// <summary>Whether a list must show the very moment of its version. With a limit and no other word on it that is so since there are pages.</summary>
    public bool IsExact => Match == Exact || (Match.Length == 0 && Limit > 0 && !IsUnversioned && Continue.Length == 0);

    /// <summary>The options of a list. Throws the 400 or 422 Status for wrong ones.</summary>
    public static ListOptions ForList(RequestContext context)
    {
        var options = Read(context);
        var errors = new List<FieldError>();
        if (options.Match.Length > 0)
        {
            if (options.Version.Length == 0)
            {
                errors.Add(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"));
            }

            if (options.Continue.Length > 0)
            {
                errors.Add(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
            }

            if (options.Match is not (Exact or NotOlderThan))
            {
                errors.Add(FieldError.NotSupported("resourceVersionMatch", options.Match, [Exact, NotOlderThan, ""]));
            }

            if (options is { Match: Exact, Version: "0" })
            {
                errors.Add(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
            }
        }

        if (options.SendInitialEvents is not null)
        {
            errors.Add(FieldError.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }

        Check(errors);
        return options;
    }

    /// <summary>
    /// The options of a watch. One without a version that says nothing of initial events gets them: what such a watch always began with.
    /// Throws the 400 or 422 Status for wrong ones.
    /// </summary>
    public static ListOptions ForWatch(RequestContext context)
    {
        var options = Read(context);
        var errors = new List<FieldError>();
        if (options.SendInitialEvents is not null && options.Match != NotOlderThan)
        {
            errors.Add(FieldError.Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
        }

        if (options.Match.Length > 0)
        {
            if (options.SendInitialEvents is null)
            {
                errors.Add(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
            }

            if (options.Match != NotOlderThan)
            {
                errors.Add(FieldError.NotSupported("resourceVersionMatch", options.Match, [NotOlderThan]));
            }

            if (options.Continue.Length > 0)
            {
                errors.Add(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
            }
        }

        Check(errors);
        return options is { SendInitialEvents: null, Match: "", IsUnversioned: true } ? options with { SendInitialEvents = true } : options;
    }

    /// <summary>A flag as Kubernetes reads it in a URL: anything but <c>false</c> and <c>0</c> is yes, even nothing.</summary>
    public static bool IsTrue(string value) => value is not ("0" or "false" or "False" or "FALSE");

    private static ListOptions Read(RequestContext context) => new(
        context.Query("resourceVersion") ?? "",
        context.Query("resourceVersionMatch") ?? "",
        Math.Max(0, Number(context, "limit")),
        context.Query("continue") ?? "",
        context.Query("sendInitialEvents") is { } flag ? IsTrue(flag) : null,
        context.Query("allowWatchBookmarks") is { } bookmarks && IsTrue(bookmarks),
        Number(context, "timeoutSeconds"));

    private static long Number(RequestContext context, string name)
    {
        if (context.Query(name) is not { Length: > 0 } text)
        {
            return 0;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ApiError.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    private static void Check(List<FieldError> errors)
    {
        if (errors.Count == 0)
        {
            return;
        }

        var text = errors.Count == 1 ? errors[0].ToString() : $"[{string.Join(", ", errors)}]";
        var status = ApiError.Status(422, "Invalid", $"ListOptions.meta.k8s.io \"\" is invalid: {text}");
        status.Details = new V1StatusDetails
        {
            Group = "meta.k8s.io",
            Kind = "ListOptions",
            Causes = [.. errors.Select(e => new V1StatusCause { Reason = e.Reason, Message = e.Message, Field = e.Field })],
        };
        throw new ApiException(status);
    }
}
