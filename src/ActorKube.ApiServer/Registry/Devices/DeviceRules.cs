using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Devices;

/// <summary>Rules of claims to devices.</summary>
internal static class DeviceRules
{
    private const int MaxRequests = 32;

    /// <summary>Fills how many devices a request is for.</summary>
    public static void Default(V1ResourceClaimSpec spec)
    {
        foreach (var request in spec.Devices?.Requests ?? [])
        {
            if (request.Exactly is { } exactly)
            {
                exactly.AllocationMode = string.IsNullOrEmpty(exactly.AllocationMode) ? "ExactCount" : exactly.AllocationMode;
                exactly.Count ??= exactly.AllocationMode == "ExactCount" ? 1 : null;
            }

            foreach (var choice in request.FirstAvailable ?? [])
            {
                choice.AllocationMode = string.IsNullOrEmpty(choice.AllocationMode) ? "ExactCount" : choice.AllocationMode;
                choice.Count ??= choice.AllocationMode == "ExactCount" ? 1 : null;
            }
        }
    }

    /// <summary>Checks a claim.</summary>
    public static void Validate(V1ResourceClaimSpec spec, FieldPath path, FieldErrors errors)
    {
        var (requests, at) = (spec.Devices?.Requests ?? [], path.Child("devices").Child("requests"));
        if (requests.Count > MaxRequests)
        {
            errors.TooMany(at, requests.Count, MaxRequests);
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < requests.Count; i++)
        {
            Validate(requests[i], at.Index(i), errors);
            if (!names.Add(requests[i].Name ?? ""))
            {
                errors.Duplicate(at.Index(i).Child("name"), requests[i].Name);
            }
        }
    }

    /// <summary>Checks selectors, as far as that goes without reading their CEL.</summary>
    public static void ValidateSelectors(IList<V1DeviceSelector>? selectors, FieldPath path, FieldErrors errors)
    {
        if (selectors?.Count > 32)
        {
            errors.TooMany(path, selectors.Count, 32);
        }

        for (var i = 0; i < (selectors?.Count ?? 0); i++)
        {
            if (selectors![i].Cel is null)
            {
                errors.Required(path.Index(i).Child("cel"));
            }
            else if (string.IsNullOrEmpty(selectors[i].Cel.Expression))
            {
                errors.Required(path.Index(i).Child("cel").Child("expression"));
            }
        }
    }

    /// <summary>Checks the name of a driver.</summary>
    public static void ValidateDriver(string? name, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(name))
        {
            errors.Required(path);
            return;
        }

        if (name.Length > 63)
        {
            errors.TooLong(path, 63);
        }

        errors.Invalid(path, name, NameRules.Dns1123Subdomain(name));
    }

    private static void Validate(V1DeviceRequest request, FieldPath path, FieldErrors errors)
    {
        errors.Invalid(path.Child("name"), request.Name ?? "", NameRules.Dns1123Label(request.Name ?? ""));
        var choices = request.FirstAvailable?.Count ?? 0;
        if (request.Exactly is null == (choices == 0))
        {
            const string one = "exactly one of `exactly` or `firstAvailable` is required";
            if (request.Exactly is null)
            {
                errors.Required(path, one);
            }
            else
            {
                errors.Invalid(path, request, one);
            }
        }

        if (request.Exactly is { } exactly)
        {
            ValidateChoice(exactly.DeviceClassName, exactly.AllocationMode, exactly.Count, exactly.Selectors, path.Child("exactly"), errors);
        }

        for (var i = 0; i < choices; i++)
        {
            var (choice, at) = (request.FirstAvailable![i], path.Child("firstAvailable").Index(i));
            errors.Invalid(at.Child("name"), choice.Name ?? "", NameRules.Dns1123Label(choice.Name ?? ""));
            ValidateChoice(choice.DeviceClassName, choice.AllocationMode, choice.Count, choice.Selectors, at, errors);
        }
    }

    private static void ValidateChoice(string? deviceClass, string? mode, long? count, IList<V1DeviceSelector>? selectors, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(deviceClass))
        {
            errors.Required(path.Child("deviceClassName"));
        }
        else
        {
            errors.Invalid(path.Child("deviceClassName"), deviceClass, NameRules.Dns1123Subdomain(deviceClass));
        }

        ValidateSelectors(selectors, path.Child("selectors"), errors);
        switch (mode)
        {
            case "All" when count is not null and not 0:
                errors.Invalid(path.Child("count"), count, "must not be specified when allocationMode is 'All'");
                break;
            case "ExactCount" when count is <= 0:
                errors.Invalid(path.Child("count"), count, "must be greater than zero");
                break;
            case not ("All" or "ExactCount"):
                errors.NotSupported(path.Child("allocationMode"), mode, "All", "ExactCount");
                break;
        }
    }
}
