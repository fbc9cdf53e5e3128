# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Says what the scripts named as arguments use: one JSON object a script, with kind, name and line of each use.

$Language = 'System.Management.Automation.Language'
$Uses = $null

function Add-Use([string] $Kind, [string] $Name, $Extent) {
    $Uses.Add(@{ kind = $Kind; name = $Name; line = $Extent.StartLineNumber })
}

function Test-Node($Node, [string] $Name) { $Node -is "$Language.$Name" }

# A type's full name; what the engine cannot resolve stays as it is written.
function Get-TypeName($TypeName) {
    $type = $TypeName.GetReflectionType()
    if ($type) { $type.FullName } else { $TypeName.FullName }
}

function Add-Command($Node) {
    $first = $Node.CommandElements[0]
    $name = $Node.GetCommandName()
    if (-not $name) { Add-Use 'dynamic command' $first.Extent.Text $first.Extent; return }
    Add-Use 'command' $name $first.Extent
    foreach ($element in $Node.CommandElements) {
        if (Test-Node $element 'CommandParameterAst') { Add-Use 'parameter' "$name -$($element.ParameterName)" $element.Extent }
    }
    if ($name -eq 'New-Object') { Add-NewObject $Node }
}

# The type is the first word that is no parameter.
function Add-NewObject($Node) {
    foreach ($element in $Node.CommandElements[1..9]) {
        if (-not (Test-Node $element 'StringConstantExpressionAst')) { continue }
        $type = $element.Value -as [type]
        $name = if ($type) { $type.FullName } else { $element.Value }
        Add-Use 'type' $name $element.Extent
        Add-Use 'member' "$name::new" $element.Extent
        return
    }
    Add-Use 'type' 'unknown' $Node.Extent
}

function Add-Member($Node) {
    $member = if (Test-Node $Node.Member 'StringConstantExpressionAst') { $Node.Member.Value } else { $Node.Member.Extent.Text }
    $owner = ''
    if ($Node.Static) { $owner = 'unknown::' }
    if ($Node.Static -and (Test-Node $Node.Expression 'TypeExpressionAst')) { $owner = "$(Get-TypeName $Node.Expression.TypeName)::" }
    Add-Use 'member' "$owner$member" $Node.Extent
}

function Add-Variable($Node) {
    $name = $Node.VariablePath.UserPath
    $parent = $Node.Parent
    while ((Test-Node $parent 'ArrayLiteralAst') -or (Test-Node $parent 'ConvertExpressionAst')) { $parent = $parent.Parent }
    $isAssigned = (Test-Node $parent 'ParameterAst') -or
        ((Test-Node $parent 'ForEachStatementAst') -and $parent.Variable -eq $Node) -or
        ((Test-Node $parent 'AssignmentStatementAst') -and $parent.Left.Extent.Text.Contains($Node.Extent.Text))
    $kind = if ($isAssigned) { 'assigned' } else { 'variable' }
    Add-Use $kind $name $Node.Extent
}

function Add-Constant($Node) {
    if ($Node.StaticType -eq [string]) { return }
    Add-Use 'number' $Node.Extent.Text $Node.Extent
}

function Add-Escape($Node) {
    if ("$($Node.StringConstantType)" -like 'SingleQuoted*') { return }
    foreach ($found in [regex]::Matches($Node.Extent.Text, '`(u\{|.)')) { Add-Use 'escape' $found.Groups[1].Value $Node.Extent }
}

function Add-Node($Node) {
    $kind = $Node.GetType().Name
    Add-Use 'node' $kind $Node.Extent
    if ($Node.NullConditional) { Add-Use 'node' 'NullConditional' $Node.Extent }
    if ($Node.Background) { Add-Use 'node' 'Background' $Node.Extent }
    if ($Node.CleanBlock) { Add-Use 'node' 'CleanBlock' $Node.Extent }
    if ($Node.GenericTypeArguments) { Add-Use 'node' 'GenericTypeArguments' $Node.Extent }
    switch ($kind) {
        'CommandAst' { Add-Command $Node }
        'MemberExpressionAst' { Add-Member $Node }
        'InvokeMemberExpressionAst' { Add-Member $Node }
        'VariableExpressionAst' { Add-Variable $Node }
        'ConstantExpressionAst' { Add-Constant $Node }
        'StringConstantExpressionAst' { Add-Escape $Node }
        'ExpandableStringExpressionAst' { Add-Escape $Node }
        'FunctionDefinitionAst' { Add-Use 'function' $Node.Name $Node.Extent }
        'TypeExpressionAst' { Add-Use 'type' (Get-TypeName $Node.TypeName) $Node.Extent }
        'TypeConstraintAst' { Add-Use 'type' (Get-TypeName $Node.TypeName) $Node.Extent }
        'AttributeAst' { Add-Use 'type' (Get-TypeName $Node.TypeName) $Node.Extent }
        'BinaryExpressionAst' { Add-Use 'operator' $Node.Operator $Node.Extent }
        'UnaryExpressionAst' { Add-Use 'operator' $Node.TokenKind $Node.Extent }
        'AssignmentStatementAst' { Add-Use 'operator' $Node.Operator $Node.Extent }
        'SwitchStatementAst' { Add-Use 'switch' $Node.Flags $Node.Extent }
    }
}

# PowerShell 7 lets a line begin with a pipe.
function Add-Token($Tokens) {
    $last = 'NewLine'
    foreach ($token in $Tokens) {
        if ($token.Kind -eq 'Comment') { continue }
        if ($token.Kind -eq 'Pipe' -and $last -eq 'NewLine') { Add-Use 'node' 'LeadingPipe' $token.Extent }
        $last = $token.Kind
    }
}

foreach ($path in $args) {
    $Uses = [System.Collections.ArrayList]::new()
    $tokens = $failures = $null
    $script = [System.Management.Automation.Language.Parser]::ParseFile($path, [ref] $tokens, [ref] $failures)
    $null = foreach ($failure in $failures) { Add-Use 'error' $failure.ErrorId $failure.Extent }
    $null = foreach ($node in $script.FindAll({ $true }, $true)) { Add-Node $node }
    $null = Add-Token $tokens
    "`n@uses " + (ConvertTo-Json -InputObject @{ path = "$path"; uses = @($Uses) } -Depth 4 -Compress)
}
