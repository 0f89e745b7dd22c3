using System.Text;

namespace ActorKube.Kubelet.Logs;

/// <summary>
/// A container's last words: what it wrote to its termination message file or, with <c>FallbackToLogsOnError</c>, the end of its log.
/// Source: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
/// </summary>
internal static class TerminationMessage
{
    private const int MaxFileBytes = 4096;
    private const int MaxLogBytes = 2048;
    private const int MaxLogLines = 80;

    public static async Task<string> ReadAsync(string? path, string? policy, int exitCode, string? logPath, string otherwise)
    {
        var text = !string.IsNullOrEmpty(path) && File.Exists(path) ? await ReadEndAsync(path, MaxFileBytes, fromStart: true).ConfigureAwait(false) : "";
        if (text.Length == 0 && policy == "FallbackToLogsOnError" && exitCode != 0 && !string.IsNullOrEmpty(logPath) && File.Exists(logPath))
            text = TailOfLog(await ReadEndAsync(logPath, 4 * MaxLogBytes, fromStart: false).ConfigureAwait(false));
        return text.Length > 0 ? text : otherwise;
    }

    private static string TailOfLog(string raw)
    {
        var text = new StringBuilder();
        var lines = raw.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in lines.TakeLast(MaxLogLines))
        {
            // The first line may be cut; a line that is no log line is left out.
            if (CriLogLine.TryParse(Encoding.UTF8.GetBytes(line), out var parsed))
                text.Append(Encoding.UTF8.GetString(parsed.Content.Span)).Append(parsed.IsPartial ? "" : "\n");
        }

        return text.Length > MaxLogBytes ? text.ToString(text.Length - MaxLogBytes, MaxLogBytes) : text.ToString();
    }

    private static async Task<string> ReadEndAsync(string path, int max, bool fromStart)
    {
        var file = File.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            if (!fromStart && file.Length > max)
                file.Seek(-max, SeekOrigin.End);
            var buffer = new byte[max];
            var read = await file.ReadAtLeastAsync(buffer, max, throwOnEndOfStream: false).ConfigureAwait(false);
            return Encoding.UTF8.GetString(buffer, 0, read);
        }
    }
}
