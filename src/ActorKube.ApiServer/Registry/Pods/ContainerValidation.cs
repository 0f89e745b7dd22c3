using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>The rules of containers, init containers and ephemeral containers.</summary>
internal static class ContainerValidation
{
    public static void ValidateContainers(PodContext pod, FieldPath path)
    {
        var containers = pod.Spec.Containers ?? [];
        if (containers.Count == 0)
        {
            pod.Errors.Required(path);
            return;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < containers.Count; i++)
        {
            var (container, at) = (containers[i], path.Index(i));
            ValidateCommon(container, pod, at);
            if (!names.Add(container.Name ?? ""))
            {
                pod.Errors.Duplicate(at.Child("name"), container.Name);
            }

            ValidateRunning(container, pod, at);
            ValidateRestart(container, pod, at);
        }

        HostPortsAreUnique(containers, path, pod.Errors);
    }

    public static void ValidateInitContainers(PodContext pod, FieldPath path)
    {
        var names = (pod.Spec.Containers ?? []).Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < (pod.Spec.InitContainers?.Count ?? 0); i++)
        {
            var (container, at) = (pod.Spec.InitContainers![i], path.Index(i));
            ValidateCommon(container, pod, at);
            ValidateRestart(container, pod, at);
            if (!string.IsNullOrEmpty(container.Name) && !names.Add(container.Name))
            {
                pod.Errors.Duplicate(at.Child("name"), container.Name);
            }

            // Init containers run one after another, so their ports are looked at one by one.
            HostPortsAreUnique([container], path, pod.Errors);
            if (container.RestartPolicy == "Always")
            {
                ValidateRunning(container, pod, at);
                continue;
            }

            const string notForInit = "may not be set for init containers without restartPolicy=Always";
            ForbiddenIfSet(container.Lifecycle, "lifecycle");
            ForbiddenIfSet(container.LivenessProbe, "livenessProbe");
            ForbiddenIfSet(container.ReadinessProbe, "readinessProbe");
            ForbiddenIfSet(container.StartupProbe, "startupProbe");

            void ForbiddenIfSet(object? value, string field)
            {
                if (value is not null)
                {
                    pod.Errors.Forbidden(at.Child(field), notForInit);
                }
            }
        }
    }

    public static void ValidateEphemeralContainers(PodContext pod, FieldPath path)
    {
        var others = (pod.Spec.Containers ?? []).Concat(pod.Spec.InitContainers ?? []).Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var names = new HashSet<string>(others, StringComparer.Ordinal);
        for (var i = 0; i < (pod.Spec.EphemeralContainers?.Count ?? 0); i++)
        {
            var (container, at) = (pod.Spec.EphemeralContainers![i], path.Index(i));
            ValidateCommon(AsContainer(container), pod, at);
            ImageIsTrimmed(container.Image, at, pod.Errors);
            if (!names.Add(container.Name ?? ""))
            {
                pod.Errors.Duplicate(at.Child("name"), container.Name);
            }

            if (!string.IsNullOrEmpty(container.TargetContainerName) && !others.Contains(container.TargetContainerName))
            {
                pod.Errors.NotFound(at.Child("targetContainerName"), container.TargetContainerName);
            }

            const string notForEphemeral = "cannot be set for an Ephemeral Container";
            ForbiddenIfSet(container.Lifecycle is not null, "lifecycle");
            ForbiddenIfSet(container.LivenessProbe is not null, "livenessProbe");
            ForbiddenIfSet(container.Ports is { Count: > 0 }, "ports");
            ForbiddenIfSet(container.ReadinessProbe is not null, "readinessProbe");
            ForbiddenIfSet(container.Resources is { } r && (r.Limits is { Count: > 0 } || r.Requests is { Count: > 0 }), "resources");
            ForbiddenIfSet(container.StartupProbe is not null, "startupProbe");
            for (var m = 0; m < (container.VolumeMounts?.Count ?? 0); m++)
            {
                if (!string.IsNullOrEmpty(container.VolumeMounts![m].SubPath))
                {
                    pod.Errors.Forbidden(at.Child("volumeMounts").Index(m).Child("subPath"), notForEphemeral);
                }
            }

            void ForbiddenIfSet(bool isSet, string field)
            {
                if (isSet)
                {
                    pod.Errors.Forbidden(at.Child(field), notForEphemeral);
                }
            }
        }
    }

    /// <summary>A pod's image may not be padded; a template's may, for old times' sake.</summary>
    public static void ImageIsTrimmed(string? image, FieldPath path, FieldErrors errors)
    {
        if (image is not null && image.Length != image.Trim().Length)
        {
            errors.Invalid(path.Child("image"), image, "must not have leading or trailing whitespace");
        }
    }

    private static void ValidateCommon(V1Container container, PodContext pod, FieldPath path)
    {
        var errors = pod.Errors;
        if (string.IsNullOrEmpty(container.Name))
        {
            errors.Required(path.Child("name"));
        }
        else
        {
            pod.Label(path.Child("name"), container.Name);
        }

        if (string.IsNullOrEmpty(container.Image))
        {
            errors.Required(path.Child("image"));
        }

        errors.OneOf(path.Child("terminationMessagePolicy"), container.TerminationMessagePolicy, "File", "FallbackToLogsOnError");
        ValidatePorts(container.Ports, path.Child("ports"), errors);
        EnvValidation.Validate(container.Env, path.Child("env"), pod);
        EnvValidation.Validate(container.EnvFrom, path.Child("envFrom"), pod);
        MountValidation.Validate(container, pod, path);
        errors.OneOf(path.Child("imagePullPolicy"), container.ImagePullPolicy, "Always", "IfNotPresent", "Never");
        if (container.Resources is not null)
        {
            ResourceValidation.Validate(container.Resources, pod, path.Child("resources"));
        }

        ValidateResizePolicy(container.ResizePolicy, pod.Spec.RestartPolicy, path.Child("resizePolicy"), errors);
        SecurityContextValidation.ValidateContainer(container.SecurityContext, pod, path.Child("securityContext"));
    }

    private static void ValidateRunning(V1Container container, PodContext pod, FieldPath path)
    {
        if (container.Lifecycle is { } lifecycle)
        {
            ProbeValidation.Validate(lifecycle.PostStart, pod, path.Child("lifecycle").Child("postStart"));
            ProbeValidation.Validate(lifecycle.PreStop, pod, path.Child("lifecycle").Child("preStop"));
        }

        ProbeValidation.ValidateLiveness(container.LivenessProbe, pod, path.Child("livenessProbe"));
        ProbeValidation.ValidateReadiness(container.ReadinessProbe, pod, path.Child("readinessProbe"));
        ProbeValidation.ValidateLiveness(container.StartupProbe, pod, path.Child("startupProbe"));
    }

    private static void ValidateRestart(V1Container container, PodContext pod, FieldPath path)
    {
        var errors = pod.Errors;
        if (container.RestartPolicy is not null)
        {
            errors.OneOf(path.Child("restartPolicy"), container.RestartPolicy, "Always", "Never", "OnFailure");
        }

        if (container.RestartPolicyRules is not { Count: > 0 } rules)
        {
            return;
        }

        if (string.IsNullOrEmpty(container.RestartPolicy))
        {
            errors.Required(path.Child("restartPolicy"), "must specify restartPolicy when restart rules are used");
        }

        for (var i = 0; i < rules.Count; i++)
        {
            var at = path.Child("restartPolicyRules").Index(i);
            errors.OneOf(at.Child("action"), rules[i].Action, "Restart", "RestartAllContainers");
            if (rules[i].ExitCodes is null)
            {
                errors.Required(at.Child("exitCodes"), "must be specified");
            }
            else if (rules[i].ExitCodes.OperatorProperty is not ("In" or "NotIn"))
            {
                errors.NotSupported(at.Child("exitCodes").Child("operator"), rules[i].ExitCodes.OperatorProperty ?? "", "In", "NotIn");
            }
        }
    }

    private static void ValidatePorts(IList<V1ContainerPort>? ports, FieldPath path, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (ports?.Count ?? 0); i++)
        {
            var (port, at) = (ports![i], path.Index(i));
            if (!string.IsNullOrEmpty(port.Name))
            {
                var wrong = NameRules.PortName(port.Name);
                errors.Invalid(at.Child("name"), port.Name, wrong);
                if (wrong.Count == 0 && !names.Add(port.Name))
                {
                    errors.Duplicate(at.Child("name"), port.Name);
                }
            }

            if (port.ContainerPort == 0)
            {
                errors.Required(at.Child("containerPort"));
            }
            else
            {
                errors.Invalid(at.Child("containerPort"), port.ContainerPort, NameRules.PortNumber(port.ContainerPort));
            }

            if (port.HostPort is { } hostPort and not 0)
            {
                errors.Invalid(at.Child("hostPort"), hostPort, NameRules.PortNumber(hostPort));
            }

            errors.OneOf(at.Child("protocol"), port.Protocol, "SCTP", "TCP", "UDP");
        }
    }

    private static void HostPortsAreUnique(IEnumerable<V1Container> containers, FieldPath path, FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var c = 0;
        foreach (var container in containers)
        {
            for (var i = 0; i < (container.Ports?.Count ?? 0); i++)
            {
                var port = container.Ports![i];
                if (port.HostPort is { } number and not 0 && !seen.Add($"{port.Protocol}/{port.HostIP}/{number}"))
                {
                    errors.Duplicate(path.Index(c).Child("ports").Index(i).Child("hostPort"), $"{port.Protocol}/{port.HostIP}/{number}");
                }
            }

            c++;
        }
    }

    private static void ValidateResizePolicy(IList<V1ContainerResizePolicy>? policies, string? restartPolicy, FieldPath path, FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (policies?.Count ?? 0); i++)
        {
            var policy = policies![i];
            if (!seen.Add(policy.ResourceName ?? ""))
            {
                errors.Duplicate(path.Index(i), policy.ResourceName);
            }

            errors.OneOf(path, policy.ResourceName, "cpu", "memory");
            errors.OneOf(path, policy.RestartPolicy, "NotRequired", "RestartContainer");
            if (restartPolicy == "Never" && policy.RestartPolicy != "NotRequired")
            {
                errors.Invalid(path, policy.RestartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'");
            }
        }
    }

    private static V1Container AsContainer(V1EphemeralContainer c) => new()
    {
        Name = c.Name,
        Image = c.Image,
        TerminationMessagePolicy = c.TerminationMessagePolicy,
        Env = c.Env,
        EnvFrom = c.EnvFrom,
        VolumeMounts = c.VolumeMounts,
        VolumeDevices = c.VolumeDevices,
        ImagePullPolicy = c.ImagePullPolicy,
        SecurityContext = c.SecurityContext,
    };
}
