using System.Management.Automation.Language;

namespace ActorKube.Host.Tests;

public sealed class BuildScriptTests
{
    private static readonly ScriptBlockAst Script;
    private static readonly ParseError[] Errors;

    static BuildScriptTests()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "build.ps1")))
            folder = Path.GetDirectoryName(folder)!;
        Script = Parser.ParseFile(Path.Combine(folder, "build.ps1"), out _, out Errors);
    }

    [Fact]
    public void The_script_is_PowerShell_without_errors() => Assert.Empty(Errors);

    [Fact]
    public void It_offers_restore_build_test_pack_and_dev()
    {
        var target = Script.ParamBlock.Parameters.Single(p => p.Name.VariablePath.UserPath == "Target");
        var values = target.Attributes.OfType<AttributeAst>().Single(a => a.TypeName.Name == "ValidateSet").PositionalArguments.Cast<StringConstantExpressionAst>().Select(v => v.Value);
        Assert.Equal(["restore", "build", "test", "pack", "dev"], values);
        var clauses = Script.FindAll(a => a is SwitchStatementAst, searchNestedScriptBlocks: true).Cast<SwitchStatementAst>().Single().Clauses;
        Assert.Equal(values, clauses.Select(c => ((StringConstantExpressionAst)c.Item1).Value));
    }
}
