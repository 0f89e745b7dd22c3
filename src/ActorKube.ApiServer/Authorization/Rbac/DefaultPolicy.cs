using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Rbac;

/// <summary>
/// The roles and bindings that every cluster has from the start, from the table <c>default-policy.txt</c>.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings
/// </summary>
internal sealed record DefaultPolicy(
    IReadOnlyList<V1ClusterRole> ClusterRoles, IReadOnlyList<V1Role> Roles, IReadOnlyList<V1ClusterRoleBinding> ClusterRoleBindings, IReadOnlyList<V1RoleBinding> RoleBindings)
{
    /// <summary>The annotation that lets the server keep a default role or binding as it should be.</summary>
    public const string AutoUpdate = "rbac.authorization.kubernetes.io/autoupdate";

    private const string Group = "rbac.authorization.k8s.io";

    /// <summary>The rules of <c>system:node</c>, which the Node authorizer gives to every node.</summary>
    public IEnumerable<RbacRule> NodeRules => ClusterRoles.First(r => r.Metadata.Name == "system:node").Rules.Select(r => new RbacRule(r));

    /// <summary>Reads the table.</summary>
    public static DefaultPolicy Load()
    {
        using var reader = new StreamReader(typeof(DefaultPolicy).Assembly.GetManifestResourceStream("default-policy.txt")!);
        var policy = (ClusterRoles: new List<V1ClusterRole>(), Roles: new List<V1Role>(), ClusterRoleBindings: new List<V1ClusterRoleBinding>(), RoleBindings: new List<V1RoleBinding>());
        IList<V1PolicyRule> rules = [];
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (line[0] == ' ')
            {
                rules.Add(Rule(line));
                continue;
            }

            var words = line.Split(' ');
            switch (words[0])
            {
                case "clusterrole":
                    var role = ClusterRole(words);
                    policy.ClusterRoles.Add(role);
                    rules = role.Rules;
                    break;
                case "role":
                    var own = new V1Role { ApiVersion = $"{Group}/v1", Kind = "Role", Metadata = Metadata(words[1]), Rules = [] };
                    policy.Roles.Add(own);
                    rules = own.Rules;
                    break;
                case "clusterrolebinding":
                    policy.ClusterRoleBindings.Add(new V1ClusterRoleBinding
                    {
                        ApiVersion = $"{Group}/v1", Kind = "ClusterRoleBinding", Metadata = Metadata(words[1]), RoleRef = Reference("ClusterRole", words[3]), Subjects = Subjects(words),
                    });
                    break;
                default:
                    policy.RoleBindings.Add(new V1RoleBinding
                    {
                        ApiVersion = $"{Group}/v1", Kind = "RoleBinding", Metadata = Metadata(words[1]), RoleRef = Reference("Role", words[3]), Subjects = Subjects(words),
                    });
                    break;
            }
        }

        return new DefaultPolicy(policy.ClusterRoles, policy.Roles, policy.ClusterRoleBindings, policy.RoleBindings);
    }

    private static V1ClusterRole ClusterRole(string[] words)
    {
        var role = new V1ClusterRole { ApiVersion = $"{Group}/v1", Kind = "ClusterRole", Metadata = Metadata(words[1]), Rules = [] };
        foreach (var word in words.Skip(2))
        {
            if (word[0] == '+')
            {
                role.Metadata.Labels[$"{Group}/{word[1..]}"] = "true";
            }
            else
            {
                role.AggregationRule = new V1AggregationRule
                {
                    ClusterRoleSelectors = [new V1LabelSelector { MatchLabels = new Dictionary<string, string> { [$"{Group}/{word[1..]}"] = "true" } }],
                };
            }
        }

        return role;
    }

    private static V1PolicyRule Rule(string line)
    {
        if (line.Split('~') is [var verbs, var urls])
        {
            return new V1PolicyRule { Verbs = List(verbs), NonResourceURLs = List(urls) };
        }

        var parts = line.Split('|');
        return new V1PolicyRule
        {
            Verbs = List(parts[0]),
            ApiGroups = List(parts[1]),
            Resources = List(parts[2]),
            ResourceNames = parts.Length > 3 ? List(parts[3]) : null,
        };
    }

    private static List<string> List(string text) => [.. text.Trim().Split(',')];

    private static V1ObjectMeta Metadata(string path)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        return new V1ObjectMeta
        {
            Name = path[(slash + 1)..],
            NamespaceProperty = slash < 0 ? null : path[..slash],
            Labels = new Dictionary<string, string> { ["kubernetes.io/bootstrapping"] = "rbac-defaults" },
            Annotations = new Dictionary<string, string> { [AutoUpdate] = "true" },
        };
    }

    private static V1RoleRef Reference(string kind, string name) => new() { ApiGroup = Group, Kind = kind, Name = name };

    private static List<Rbacv1Subject>? Subjects(string[] words)
    {
        var subjects = words.Skip(4).Select(word =>
        {
            var (kind, name) = (word[..word.IndexOf(':', StringComparison.Ordinal)], word[(word.IndexOf(':', StringComparison.Ordinal) + 1)..]);
            return kind switch
            {
                "user" => new Rbacv1Subject { Kind = "User", ApiGroup = Group, Name = name },
                "group" => new Rbacv1Subject { Kind = "Group", ApiGroup = Group, Name = name },
                _ => new Rbacv1Subject { Kind = "ServiceAccount", NamespaceProperty = name[..name.IndexOf('/', StringComparison.Ordinal)], Name = name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..] },
            };
        }).ToList();
        return subjects.Count == 0 ? null : subjects;
    }
}
