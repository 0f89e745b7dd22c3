#requires -Version 7
<#
.SYNOPSIS
    Builds, tests and runs ActorKube.
.EXAMPLE
    ./build.ps1 build
.EXAMPLE
    ./build.ps1 dev -Arguments '--api-port', '7443'
#>
[CmdletBinding()]
param(
    # restore, build, test, pack or dev.
    [Parameter(Position = 0)]
    [ValidateSet('restore', 'build', 'test', 'pack', 'dev')]
    [string] $Target = 'build',

    # Debug or Release.
    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    # Passed on to the command that the target runs.
    [string[]] $Arguments = @()
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$solution = Join-Path $PSScriptRoot 'ActorKube.sln'

function Invoke-Dotnet {
    dotnet @args
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $($args -join ' ') failed with exit code $LASTEXITCODE"
    }
}

switch ($Target) {
    'restore' { Invoke-Dotnet restore $solution @Arguments }
    'build' { Invoke-Dotnet build $solution -c $Configuration --nologo @Arguments }
    'test' {
        if ($IsLinux) {
            & (Join-Path $PSScriptRoot 'tests/run.sh') @Arguments
            if ($LASTEXITCODE -ne 0) {
                throw "tests failed with exit code $LASTEXITCODE"
            }
        }
        else {
            Invoke-Dotnet test $solution -c $Configuration --nologo @Arguments
        }
    }
    'pack' { Invoke-Dotnet pack $solution -c $Configuration --nologo -o (Join-Path $PSScriptRoot 'artifacts') @Arguments }
    'dev' { Invoke-Dotnet run -c $Configuration --project (Join-Path $PSScriptRoot 'src/ActorKube.Host') -- dev @Arguments }
}
