using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Registry;
using ActorKube.Client.Protocol;
using ActorKube.Store.Protocol;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>One request on its way through the pipeline.</summary>
internal sealed class RequestContext : IDisposable
{
    private List<string>? _warnings;
    private IDisposable? _held;
    private RequestContext? _main;

    /// <summary>What is asked.</summary>
    public required ApiRequest Request { get; init; }

    /// <summary>Who asks.</summary>
    public required UserInfo User { get; init; }

    /// <summary>The kind at the request's URL.</summary>
    public required ResourceKind Kind { get; init; }

    /// <summary>The kind as it is served; null for kinds that are not stored, such as a SubjectAccessReview.</summary>
    public required ServedResource? Served { get; init; }

    /// <summary>The kind as it is served. Only for stored kinds.</summary>
    public ServedResource Resource => Served ?? throw new InvalidOperationException($"{Kind} is not stored.");

    /// <summary>When the request came; UTC.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Ends when the client is gone.</summary>
    public required CancellationToken Cancelled { get; init; }

    /// <summary>Throws the 403 Status when the user may not create what an update or patch would create; null where nothing can come of it.</summary>
    public Func<ValueTask>? MayCreate { get; init; }

    /// <summary>The kind's rules.</summary>
    public Strategy Strategy => Resource.Strategy;

    /// <summary>The key of the object that the URL names.</summary>
    public string Key => Resource.Key(Request.Namespace, Request.Name);

    /// <summary>Whether nothing is to be written.</summary>
    public bool DryRun { get; private set; }

    /// <summary>Who writes, for the history: the <c>fieldManager</c> parameter, else the user agent up to its first slash.</summary>
    public string FieldManager { get; private set; } = "";

    /// <summary>Texts for <c>Warning</c> headers; null when there are none.</summary>
    public IReadOnlyList<string>? Warnings => _warnings;

    /// <summary>Whether the request is a server-side apply.</summary>
    public bool IsApply => Request.Verb == "patch" && BodyDecoder.MediaType(Request.ContentType) == Patch.Apply;

    /// <summary>A query parameter, or null.</summary>
    public string? Query(string name) => Request.Query.GetValueOrDefault(name);

    /// <summary>Adds a warning, once.</summary>
    public void Warn(string text)
    {
        _warnings ??= [];
        if (!_warnings.Contains(text))
        {
            _warnings.Add(text);
        }
    }

    /// <summary>Holds a reservation until the request is over, in place of the one before.</summary>
    public void Hold(IDisposable reservation)
    {
        _held?.Dispose();
        _held = reservation;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _held?.Dispose();
        if (_main != this)
        {
            _main?.Dispose();
        }
    }

    /// <summary>The time of the request as objects record it: whole seconds.</summary>
    public DateTime Timestamp => new(Now.UtcTicks - (Now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);

    /// <summary>Who and why, for the store's history.</summary>
    public Cause Cause() => new(User.Name, Request.Verb, FieldManager, Now.ToUnixTimeMilliseconds());

    /// <summary>Reads the parameters that every write has. Throws the 422 or 400 Status for wrong ones.</summary>
    public RequestContext ReadWriteOptions()
    {
        WriteOptions.Check(this);
        DryRun = Query("dryRun") is not null;
        FieldManager = Query("fieldManager") is { Length: > 0 } manager ? manager : WriteOptions.DefaultManager(Request.UserAgent);
        return this;
    }

    /// <summary>The same request as if it were for the object itself and not for a subresource. Shares nothing that changes but the reservation's life.</summary>
    public RequestContext AsMain() => _main ??= Request.Subresource.Length == 0 ? this : new RequestContext
    {
        Request = Request with { Subresource = "" },
        User = User,
        Kind = Kind,
        Served = Served,
        Now = Now,
        Cancelled = Cancelled,
        DryRun = DryRun,
        FieldManager = FieldManager,
        _warnings = _warnings ??= [],
    };

    /// <summary>Takes the <c>dryRun</c> of DeleteOptions.</summary>
    public void SetDryRun(IList<string> dryRun) =>
        DryRun = dryRun.All(d => d == "All") ? true : throw InvalidOption("DeleteOptions", FieldError.NotSupported("dryRun", dryRun.First(d => d != "All"), ["All"]));

    /// <summary>The 422 Status for wrong options of a request.</summary>
    public static ApiException InvalidOption(string options, FieldError error) => WriteOptions.Invalid(options, [error]);
}
