namespace ActorKube.Store;

/// <summary>The database holds something else than what was written to it. The message is one line that says what, and where.</summary>
/// <param name="message">What is damaged, and where.</param>
/// <param name="inner">How it was noticed.</param>
public sealed class StoreDamagedException(string message, Exception? inner = null) : Exception(message, inner);
