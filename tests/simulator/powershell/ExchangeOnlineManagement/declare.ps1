# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Turns rows of cmdlets.json into the text of advanced functions, so that the engine's own binder does the binding.

function Get-ParameterDeclaration([string] $Name, [object] $Trait) {
    $attributes = foreach ($set in $(if ($Trait.sets) { $Trait.sets } else { '' })) {
        $facets = @(
            if ($set) { "ParameterSetName = '$set'" }
            if ($Trait.mandatory -is [bool] -or $set -in $Trait.mandatory) { 'Mandatory' }
            if ($null -ne $Trait.position) { "Position = $($Trait.position)" }
            if ('value' -in $Trait.pipeline) { 'ValueFromPipeline' }
            if ('property' -in $Trait.pipeline) { 'ValueFromPipelineByPropertyName' }
        )
        "[Parameter($($facets -join ', '))]"
    }
    if ($Trait.values) { $attributes = @($attributes) + "[ValidateSet('$($Trait.values -join "', '")')]" }
    "$($attributes -join ' ') [$($Trait.type)] `${$Name}"
}

function Get-BindingAttribute([object] $Cmdlet) {
    $facets = @(
        if ($Cmdlet.default_set) { "DefaultParameterSetName = '$($Cmdlet.default_set)'" }
        if ($Cmdlet.confirm_impact) { "SupportsShouldProcess, ConfirmImpact = '$($Cmdlet.confirm_impact)'" }
    )
    "[CmdletBinding($($facets -join ', '))]"
}

# The function calls the handler for each object of its pipeline; a cmdlet that can prompt asks first.
# The handler finds the cmdlet itself in $PSCmdlet.
function Get-FunctionText([string] $Name, [object] $Cmdlet, [string[]] $Granted, [string] $Handler) {
    $parameters = foreach ($property in $Cmdlet.parameters.PSObject.Properties) {
        if ($property.Name -in $Granted) { Get-ParameterDeclaration $property.Name $property.Value }
    }
    $run = "$Handler '$Name' `$PSBoundParameters"
    if ($Cmdlet.confirm_impact) { $run = "if (`$PSCmdlet.ShouldProcess([string] `$PSBoundParameters['Identity'])) { $run }" }
    "function $Name {`n$(Get-BindingAttribute $Cmdlet)`nparam(`n$($parameters -join ",`n")`n)`nprocess { $run }`n}`n"
}
