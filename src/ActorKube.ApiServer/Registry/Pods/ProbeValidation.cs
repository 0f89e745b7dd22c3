using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>The rules of probes and of life-cycle hooks.</summary>
internal static class ProbeValidation
{
    /// <summary>A liveness or startup probe: one success is enough.</summary>
    public static void ValidateLiveness(V1Probe? probe, PodContext pod, FieldPath path)
    {
        if (probe is null)
        {
            return;
        }

        Validate(probe, pod, path);
        if (probe.SuccessThreshold != 1)
        {
            pod.Errors.Invalid(path.Child("successThreshold"), probe.SuccessThreshold ?? 0, "must be 1");
        }
    }

    /// <summary>A readiness probe: it never ends the container, so it has no grace period.</summary>
    public static void ValidateReadiness(V1Probe? probe, PodContext pod, FieldPath path)
    {
        if (probe is null)
        {
            return;
        }

        Validate(probe, pod, path);
        if (probe.TerminationGracePeriodSeconds is { } period)
        {
            pod.Errors.Invalid(path.Child("terminationGracePeriodSeconds"), period, "must not be set for readinessProbes");
        }
    }

    /// <summary>A hook.</summary>
    public static void Validate(V1LifecycleHandler? handler, PodContext pod, FieldPath path)
    {
        if (handler is not null)
        {
            ValidateHandler(handler.Exec, handler.HttpGet, handler.TcpSocket, null, handler.Sleep, pod, path);
        }
    }

    /// <summary>A port given by number or by name.</summary>
    public static void ValidatePort(IntOrString? port, FieldPath path, FieldErrors errors)
    {
        var text = port?.Value ?? "0";
        if (int.TryParse(text, out var number))
        {
            errors.Invalid(path, number, NameRules.PortNumber(number));
        }
        else
        {
            errors.Invalid(path, text, NameRules.PortName(text));
        }
    }

    private static void Validate(V1Probe probe, PodContext pod, FieldPath path)
    {
        ValidateHandler(probe.Exec, probe.HttpGet, probe.TcpSocket, probe.Grpc, null, pod, path);
        pod.Errors.NonNegative(path.Child("initialDelaySeconds"), probe.InitialDelaySeconds);
        pod.Errors.NonNegative(path.Child("timeoutSeconds"), probe.TimeoutSeconds);
        pod.Errors.NonNegative(path.Child("periodSeconds"), probe.PeriodSeconds);
        pod.Errors.NonNegative(path.Child("successThreshold"), probe.SuccessThreshold);
        pod.Errors.NonNegative(path.Child("failureThreshold"), probe.FailureThreshold);
        if (probe.TerminationGracePeriodSeconds is <= 0)
        {
            pod.Errors.Invalid(path.Child("terminationGracePeriodSeconds"), probe.TerminationGracePeriodSeconds, "must be greater than 0");
        }
    }

    private static void ValidateHandler(
        V1ExecAction? exec, V1HTTPGetAction? http, V1TCPSocketAction? tcp, V1GRPCAction? grpc, V1SleepAction? sleep, PodContext pod, FieldPath path)
    {
        var errors = pod.Errors;
        var found = false;
        if (IsFirst(exec, "exec") && exec!.Command is null or { Count: 0 })
        {
            errors.Required(path.Child("exec").Child("command"));
        }

        if (IsFirst(http, "httpGet"))
        {
            ValidateHttp(http!, path.Child("httpGet"), errors);
        }

        if (IsFirst(tcp, "tcpSocket"))
        {
            ValidatePort(tcp!.Port, path.Child("tcpSocket").Child("port"), errors);
        }

        if (IsFirst(grpc, "grpc"))
        {
            errors.Invalid(path.Child("grpc").Child("port"), grpc!.Port, NameRules.PortNumber(grpc.Port));
        }

        if (IsFirst(sleep, "sleep") && pod.Spec.TerminationGracePeriodSeconds is { } grace && (sleep!.Seconds < 0 || sleep.Seconds > grace))
        {
            errors.Invalid(path.Child("sleep"), sleep.Seconds, $"must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        }

        if (!found)
        {
            errors.Required(path, "must specify a handler type");
        }

        bool IsFirst(object? handler, string field)
        {
            if (handler is null)
            {
                return false;
            }

            if (found)
            {
                errors.Forbidden(path.Child(field), "may not specify more than 1 handler type");
                return false;
            }

            found = true;
            return true;
        }
    }

    private static void ValidateHttp(V1HTTPGetAction http, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(http.Path))
        {
            errors.Required(path.Child("path"));
        }

        ValidatePort(http.Port, path.Child("port"), errors);
        if (http.Scheme is not ("HTTP" or "HTTPS"))
        {
            errors.NotSupported(path.Child("scheme"), http.Scheme ?? "", "HTTP", "HTTPS");
        }

        foreach (var header in http.HttpHeaders ?? [])
        {
            errors.Invalid(path.Child("httpHeaders"), header.Name ?? "", NameRules.HttpHeaderName(header.Name ?? ""));
        }
    }
}
