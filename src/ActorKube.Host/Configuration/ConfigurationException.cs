namespace ActorKube.Host.Configuration;

/// <summary>A configuration that cannot be used. The message is one line that names the key and where it was set.</summary>
public sealed class ConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
