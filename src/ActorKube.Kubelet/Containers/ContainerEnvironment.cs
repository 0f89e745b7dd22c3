using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Containers;

/// <summary>A container's environment, in the order its variables are defined.</summary>
internal sealed class ContainerEnvironment
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    /// <summary>The variables in order.</summary>
    public IEnumerable<(string Name, string Value)> Variables => _order.Select(name => (name, _values[name]));

    /// <summary>Names out of envFrom that cannot be variables and were left out.</summary>
    public ImmutableArray<string> Skipped { get; private set; } = [];

    /// <summary>A variable's value, or null.</summary>
    public string? Get(string name) => _values.GetValueOrDefault(name);

    /// <summary>
    /// Service addresses first, then envFrom, then env, later ones winning; a value may refer to variables before it.
    /// Source: https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/
    /// </summary>
    /// <exception cref="ContainerConfigException">Something it refers to is not there.</exception>
    public static ContainerEnvironment Build(V1Pod pod, V1Container container, ContainerSources sources)
    {
        var environment = new ContainerEnvironment();
        foreach (var (name, value) in ServiceVariables(pod, sources.Services))
            environment.Set(name, value);
        foreach (var from in container.EnvFrom ?? [])
            environment.AddAll(from, sources);
        foreach (var variable in container.Env ?? [])
        {
            if (variable.ValueFrom is null)
                environment.Set(variable.Name, Expansion.Expand(variable.Value ?? "", environment.Get));
            else if (From(pod, container, variable.ValueFrom, sources) is { } value)
                environment.Set(variable.Name, value);
        }

        return environment;
    }

    private void Set(string name, string value)
    {
        if (!_values.ContainsKey(name))
            _order.Add(name);
        _values[name] = value;
    }

    private void AddAll(V1EnvFromSource from, ContainerSources sources)
    {
        IEnumerable<KeyValuePair<string, string>> data = [];
        if (from.ConfigMapRef is { } configMap)
        {
            if (sources.ConfigMaps.GetValueOrDefault(configMap.Name) is { } found)
                data = found.Data ?? new Dictionary<string, string>();
            else if (configMap.Optional != true)
                throw new ContainerConfigException($"configmap \"{configMap.Name}\" not found");
        }
        else if (from.SecretRef is { } secret)
        {
            if (sources.Secrets.GetValueOrDefault(secret.Name) is { } found)
                data = (found.Data ?? new Dictionary<string, byte[]>()).Select(p => KeyValuePair.Create(p.Key, Encoding.UTF8.GetString(p.Value)));
            else if (secret.Optional != true)
                throw new ContainerConfigException($"secret \"{secret.Name}\" not found");
        }

        foreach (var (key, value) in data.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            var name = from.Prefix + key;
            if (name.Length > 0 && name.All(c => c is >= ' ' and <= '~' and not '='))
                Set(name, value);
            else
                Skipped = Skipped.Add(name);
        }
    }

    // Null leaves an optional variable out.
    private static string? From(V1Pod pod, V1Container container, V1EnvVarSource source, ContainerSources sources)
    {
        if (source.FieldRef is { } field)
            return PodFields.Read(pod, field.FieldPath, sources.PodAddresses, sources.HostAddresses)
                ?? throw new ContainerConfigException($"unsupported fieldPath: {field.FieldPath}");
        if (source.ResourceFieldRef is { } resource)
        {
            var of = string.IsNullOrEmpty(resource.ContainerName) ? container : ContainerSpecs.Find(pod, resource.ContainerName)?.Container
                ?? throw new ContainerConfigException($"container {resource.ContainerName} not found");
            return sources.Resources.Read(of, resource) ?? throw new ContainerConfigException($"unsupported container resource: {resource.Resource}");
        }

        if (source.ConfigMapKeyRef is { } configMapKey)
        {
            var found = sources.ConfigMaps.GetValueOrDefault(configMapKey.Name);
            if (found?.Data is { } data && data.TryGetValue(configMapKey.Key, out var value))
                return value;
            if (configMapKey.Optional == true)
                return null;
            throw new ContainerConfigException(found is null
                ? $"configmap \"{configMapKey.Name}\" not found"
                : $"couldn't find key {configMapKey.Key} in ConfigMap {pod.Metadata.NamespaceProperty}/{configMapKey.Name}");
        }

        if (source.SecretKeyRef is { } secretKey)
        {
            var found = sources.Secrets.GetValueOrDefault(secretKey.Name);
            if (found?.Data is { } data && data.TryGetValue(secretKey.Key, out var value))
                return Encoding.UTF8.GetString(value);
            if (secretKey.Optional == true)
                return null;
            throw new ContainerConfigException(found is null
                ? $"secret \"{secretKey.Name}\" not found"
                : $"couldn't find key {secretKey.Key} in Secret {pod.Metadata.NamespaceProperty}/{secretKey.Name}");
        }

        throw new ContainerConfigException("this kind of environment source is not supported yet");
    }

    /// <summary>
    /// <c>WEB_SERVICE_HOST</c>, <c>WEB_SERVICE_PORT</c>, <c>WEB_PORT_80_TCP_ADDR</c> … for each Service with an address in the pod's namespace,
    /// and for <c>kubernetes</c> in <c>default</c> always, unless the pod's namespace has one of its own.
    /// </summary>
    private static IEnumerable<(string Name, string Value)> ServiceVariables(V1Pod pod, IReadOnlyCollection<V1Service> services)
    {
        var wanted = new Dictionary<string, V1Service>(StringComparer.Ordinal);
        foreach (var service in services.Where(s => s.Spec?.ClusterIP is { Length: > 0 } and not "None" && s.Spec.Ports is { Count: > 0 }))
        {
            var (ns, name) = (service.Metadata.NamespaceProperty, service.Metadata.Name);
            if (ns == "default" && name == "kubernetes")
                wanted.TryAdd(name, service);
            else if (ns == pod.Metadata.NamespaceProperty && pod.Spec.EnableServiceLinks != false)
                wanted[name] = service;
        }

        return wanted.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => VariablesOf(p.Value));
    }

    private static IEnumerable<(string Name, string Value)> VariablesOf(V1Service service)
    {
        var prefix = Upper(service.Metadata.Name);
        var address = service.Spec.ClusterIP;
        var host = IPAddress.TryParse(address, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address;
        var first = service.Spec.Ports[0];
        yield return ($"{prefix}_SERVICE_HOST", address);
        yield return ($"{prefix}_SERVICE_PORT", Text(first.Port));
        foreach (var port in service.Spec.Ports.Where(p => !string.IsNullOrEmpty(p.Name)))
            yield return ($"{prefix}_SERVICE_PORT_{Upper(port.Name)}", Text(port.Port));
        yield return ($"{prefix}_PORT", Url(host, first));
        foreach (var port in service.Spec.Ports)
        {
            var protocol = port.Protocol ?? "TCP";
            var one = $"{prefix}_PORT_{Text(port.Port)}_{protocol.ToUpperInvariant()}";
            yield return (one, Url(host, port));
            yield return ($"{one}_PROTO", protocol.ToLowerInvariant());
            yield return ($"{one}_PORT", Text(port.Port));
            yield return ($"{one}_ADDR", address);
        }
    }

    private static string Url(string host, V1ServicePort port) => $"{(port.Protocol ?? "TCP").ToLowerInvariant()}://{host}:{Text(port.Port)}";

    private static string Upper(string name) => name.ToUpperInvariant().Replace('-', '_');

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
