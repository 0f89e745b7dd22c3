using Akka.Configuration;

namespace ActorKube.KubeProxy;

/// <summary>The defaults of all settings of this component.</summary>
public static class ReferenceConfig
{
    /// <summary>The embedded <c>reference.conf</c>.</summary>
    public static Config Load()
    {
        using var reader = new StreamReader(typeof(ReferenceConfig).Assembly.GetManifestResourceStream("ActorKube.KubeProxy.reference.conf")!);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
