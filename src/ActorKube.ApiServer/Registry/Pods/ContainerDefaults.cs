using k8s.Models;
using static ActorKube.ApiServer.Registry.Pods.PodSpecDefaults;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>What Kubernetes fills into a container of any sort.</summary>
internal static class ContainerDefaults
{
    private const string MessagePath = "/dev/termination-log";

    public static void Apply(V1Container container)
    {
        container.ImagePullPolicy = Or(container.ImagePullPolicy, PullPolicy(container.Image));
        container.TerminationMessagePath = Or(container.TerminationMessagePath, MessagePath);
        container.TerminationMessagePolicy = Or(container.TerminationMessagePolicy, "File");
        container.Resources ??= new V1ResourceRequirements();
        container.Stdin = TrueOrNull(container.Stdin);
        container.StdinOnce = TrueOrNull(container.StdinOnce);
        container.Tty = TrueOrNull(container.Tty);
        RoundUp(container.Resources.Limits);
        RoundUp(container.Resources.Requests);
        Apply(container.Ports);
        Apply(container.Env);
        Apply(container.LivenessProbe);
        Apply(container.ReadinessProbe);
        Apply(container.StartupProbe);
        Apply(container.Lifecycle?.PostStart?.HttpGet);
        Apply(container.Lifecycle?.PreStop?.HttpGet);
    }

    public static void Apply(V1EphemeralContainer container)
    {
        container.ImagePullPolicy = Or(container.ImagePullPolicy, PullPolicy(container.Image));
        container.TerminationMessagePath = Or(container.TerminationMessagePath, MessagePath);
        container.TerminationMessagePolicy = Or(container.TerminationMessagePolicy, "File");
        container.Resources ??= new V1ResourceRequirements();
        Apply(container.Ports);
        Apply(container.Env);
    }

    /// <summary>An image without a tag or digest means <c>:latest</c>, which is pulled always.</summary>
    public static string PullPolicy(string? image)
    {
        if (string.IsNullOrEmpty(image) || image.Contains('@'))
        {
            return "IfNotPresent";
        }

        var name = image[(image.LastIndexOf('/') + 1)..];
        var colon = name.LastIndexOf(':');
        return colon < 0 || name[(colon + 1)..] == "latest" ? "Always" : "IfNotPresent";
    }

    private static void Apply(IList<V1ContainerPort>? ports)
    {
        foreach (var port in ports ?? [])
        {
            port.Protocol = Or(port.Protocol, "TCP");
            port.HostPort = port.HostPort is 0 ? null : port.HostPort;
        }
    }

    private static void Apply(IList<V1EnvVar>? variables)
    {
        foreach (var variable in variables ?? [])
        {
            if (variable.ValueFrom?.FieldRef is { } field)
            {
                field.ApiVersion = Or(field.ApiVersion, "v1");
            }

            if (variable.ValueFrom?.ResourceFieldRef is { } resource)
            {
                resource.Divisor ??= new ResourceQuantity("0");
            }

            if (variable.ValueFrom?.FileKeyRef is { } file)
            {
                file.Optional ??= false;
            }
        }
    }

    private static void Apply(V1Probe? probe)
    {
        if (probe is null)
        {
            return;
        }

        probe.InitialDelaySeconds = probe.InitialDelaySeconds is 0 ? null : probe.InitialDelaySeconds;
        probe.TimeoutSeconds = NotZero(probe.TimeoutSeconds, 1);
        probe.PeriodSeconds = NotZero(probe.PeriodSeconds, 10);
        probe.SuccessThreshold = NotZero(probe.SuccessThreshold, 1);
        probe.FailureThreshold = NotZero(probe.FailureThreshold, 3);
        Apply(probe.HttpGet);
        if (probe.Grpc is not null)
        {
            probe.Grpc.Service ??= "";
        }
    }

    private static void Apply(V1HTTPGetAction? action)
    {
        if (action is not null)
        {
            action.Path = Or(action.Path, "/");
            action.Scheme = Or(action.Scheme, "HTTP");
        }
    }

    private static int NotZero(int? value, int otherwise) => value is null or 0 ? otherwise : value.Value;
}
