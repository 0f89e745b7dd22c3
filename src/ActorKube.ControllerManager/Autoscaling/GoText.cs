using System.Text;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>A label selector as Go writes it in messages: <c>&amp;LabelSelector{MatchLabels:map[string]string{queue: work,},MatchExpressions:[]LabelSelectorRequirement{},}</c>.</summary>
internal static class GoText
{
    /// <summary>The text; <c>nil</c> for none.</summary>
    public static string Of(V1LabelSelector? selector)
    {
        if (selector is null)
            return "nil";
        var text = new StringBuilder("&LabelSelector{MatchLabels:map[string]string{");
        foreach (var (key, value) in (selector.MatchLabels ?? new Dictionary<string, string>()).OrderBy(l => l.Key, StringComparer.Ordinal))
            text.Append(key).Append(": ").Append(value).Append(',');
        text.Append("},MatchExpressions:[]LabelSelectorRequirement{");
        foreach (var one in selector.MatchExpressions ?? [])
            text.Append("LabelSelectorRequirement{Key:").Append(one.Key).Append(",Operator:").Append(one.OperatorProperty).Append(",Values:[").AppendJoin(' ', one.Values ?? []).Append("],},");
        return text.Append("},}").ToString();
    }
}
