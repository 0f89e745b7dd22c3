using System.Net.Sockets;
using System.Security.Authentication;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Kubeconfigs;
using k8s.Models;

namespace ActorKube.Cli;

/// <summary>What went wrong, in kubectl's words.</summary>
internal static class ErrorText
{
    /// <summary>The lines for standard error.</summary>
    public static string Of(Exception error, Uri? server) => error switch
    {
        SeveralException several => string.Join('\n', several.Errors.Select(e => e is ApiException api ? OneLine(api) : Of(e, server))),
        CliException { HasPrefix: false } => error.Message,
        CliException or KubeConfigException => $"error: {error.Message}",
        ApiException { Reason: "Invalid", Status.Details: not null } invalid => Invalid(invalid.Status),
        ApiException api => OneLine(api),
        _ when Find<SocketException>(error) is { SocketErrorCode: SocketError.ConnectionRefused } =>
            $"The connection to the server {HostOf(server)} was refused - did you specify the right host or port?",
        _ when Find<SocketException>(error) is { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } =>
            $"Unable to connect to the server: no such host: {server?.Host}",
        _ when Find<AuthenticationException>(error) is { } tls => $"Unable to connect to the server: {tls.Message}",
        _ => $"Unable to connect to the server: {Innermost(error).Message}",
    };

    /// <summary>Whether the error tells that the server cannot be reached, rather than that the program is wrong.</summary>
    public static bool IsExpected(Exception error) =>
        error is CliException or KubeConfigException or ApiException or ApiUnreachableException or HttpRequestException or IOException or System.Net.WebSockets.WebSocketException;

    /// <summary>The same failure with words before its message: <c>error when creating "web.yaml": …</c>.</summary>
    public static ApiException With(string prefix, ApiException error)
    {
        var status = error.Status;
        status.Message = prefix + status.Message;
        return new ApiException(status, error);
    }

    private static string OneLine(ApiException error) => error.Reason switch
    {
        "Unauthorized" => $"error: You must be logged in to the server ({error.Message})",
        "" => $"Error from server: {error.Message}",
        var reason => $"Error from server ({reason}): {error.Message}",
    };

    private static string Invalid(V1Status status)
    {
        var (details, causes) = (status.Details!, status.Details!.Causes ?? []);
        var head = string.IsNullOrEmpty(details.Kind) && string.IsNullOrEmpty(details.Name)
            ? "The request is invalid" + (causes.Count == 0 && !string.IsNullOrEmpty(status.Message) ? $": {status.Message}" : "")
            : $"The {details.Kind} \"{details.Name}\" is invalid";
        return causes.Count switch
        {
            0 => head,
            1 => $"{head}: {Cause(causes[0])}",
            _ => $"{head}: \n{string.Join('\n', causes.Select(c => $"* {Cause(c)}").Distinct())}",
        };

        static string Cause(V1StatusCause cause) => string.IsNullOrEmpty(cause.Field) ? cause.Message : $"{cause.Field}: {cause.Message}";
    }

    private static string HostOf(Uri? server) => server is null ? "" : server.IsDefaultPort ? server.Host : $"{server.Host}:{server.Port}";

    private static T? Find<T>(Exception? error) where T : Exception
    {
        while (error is not null and not T)
            error = error.InnerException;
        return (T?)error;
    }

    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;
}
