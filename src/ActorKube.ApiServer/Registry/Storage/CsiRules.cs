using ActorKube.Api.Machinery;

namespace ActorKube.ApiServer.Registry.Storage;

/// <summary>Rules of names that CSI drivers have.</summary>
internal static class CsiRules
{
    /// <summary>Checks the name of a driver.</summary>
    public static void ValidateDriverName(string? name, FieldPath path, FieldErrors errors)
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

        errors.Invalid(path, name, NameRules.Dns1123Subdomain(name.ToLowerInvariant()));
    }
}
