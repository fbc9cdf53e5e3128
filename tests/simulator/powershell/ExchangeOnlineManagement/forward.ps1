# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Sends a cmdlet to the tenant over loopback HTTP and gives back its rows, warnings and error records, laid out as module
# v3 lays them out (exchange facts 5.1). Part of the module and of each temporary proxy module; needs $Client and $Cmdlets.

function Send-Request([string] $Path, [hashtable] $Body) {
    $json = ConvertTo-Json -InputObject $Body -Depth 5 -Compress
    $content = [System.Net.Http.StringContent]::new($json, [System.Text.Encoding]::UTF8, 'application/json')
    $reply = $Client.PostAsync($Path, $content).GetAwaiter().GetResult().EnsureSuccessStatusCode()
    ConvertFrom-Json -InputObject $reply.Content.ReadAsStringAsync().GetAwaiter().GetResult()
}

# What was bound, without the common parameters, as plain values; an object from the pipeline stands for its Identity.
# Whoever comes here has confirmed, or did not have to.
function Get-ForwardedParameter([string] $Name, [System.Collections.IDictionary] $Bound) {
    $plain = @{}
    if ($Cmdlets.$Name.confirm_impact) { $plain['Confirm'] = $false }
    foreach ($key in $Bound.Keys) {
        $value = $Bound[$key]
        if ($key -eq 'Confirm' -or $key -in [System.Management.Automation.Cmdlet]::CommonParameters) { continue }
        elseif ($value -is [switch]) { $plain[$key] = $value.IsPresent }
        elseif ($value -is [guid]) { $plain[$key] = "$value" }
        elseif ($value -is [System.Management.Automation.PSCustomObject]) { $plain[$key] = $value.Identity }
        else { $plain[$key] = $value }
    }
    $plain
}

# An exception whose type has the given full name: the engine's own, or one made up for a type of Microsoft's assemblies.
function New-RemoteException([string] $TypeName, [string] $Text) {
    $type = $TypeName -as [type]
    if (-not $type) { $type = New-ExceptionType $TypeName }
    $type.GetConstructor([type[]] @([string])).Invoke(@($Text))
}

function New-ExceptionType([string] $TypeName) {
    $assembly = [System.Reflection.Emit.AssemblyBuilder]::DefineDynamicAssembly([System.Reflection.AssemblyName]::new($TypeName), 'Run')
    $builder = $assembly.DefineDynamicModule($TypeName).DefineType($TypeName, 'Public', [System.Exception])
    $code = $builder.DefineConstructor('Public', 'Standard', [type[]] @([string])).GetILGenerator()
    $code.Emit([System.Reflection.Emit.OpCodes]::Ldarg_0)
    $code.Emit([System.Reflection.Emit.OpCodes]::Ldarg_1)
    $code.Emit([System.Reflection.Emit.OpCodes]::Call, [System.Exception].GetConstructor([type[]] @([string])))
    $code.Emit([System.Reflection.Emit.OpCodes]::Ret)
    $builder.CreateType()
}

# An error that a proxy reports is one message `code|type|text`; one of Get-EXO* or of the sign-in is an exception of its type.
function New-TenantErrorRecord([object] $Failure) {
    $isProxy = $Failure.type -and $Failure.fqid -like '*,Write-ErrorMessage'
    $typeName = if ($isProxy -or -not $Failure.type) { 'System.Exception' } else { $Failure.type }
    $text = if ($isProxy) { "$($Failure.code)|$($Failure.type)|$($Failure.text)" } else { $Failure.text }
    $exception = New-RemoteException $typeName $text
    if ($isProxy) { $exception.Data['RemoteException'] = $Failure.text }
    $category = if ($Failure.category) { $Failure.category } else { 'NotSpecified' }
    $id = $Failure.fqid -replace ',?[^,]*$'
    $record = [System.Management.Automation.ErrorRecord]::new($exception, $id, $category, $null)
    $record.CategoryInfo.Reason = ($Failure.type -split '\.')[-1]
    $record
}

# The last part of an error's id names who wrote it: Write-ErrorMessage in a proxy, a .NET class of the module for Get-EXO*.
# So a function of that name writes it.
function Write-TenantError([object] $Failure) {
    $reporter = ($Failure.fqid -split ',')[-1]
    . ([scriptblock]::Create("function $reporter { [CmdletBinding()] param(`$Record) `$PSCmdlet.WriteError(`$Record) }"))
    & $reporter (New-TenantErrorRecord $Failure)
}

function Invoke-TenantCmdlet([string] $Name, [System.Collections.IDictionary] $Bound) {
    $request = @{ connection_id = Get-ActiveConnectionId; cmdlet = $Name; parameters = Get-ForwardedParameter $Name $Bound }
    try { $answer = Send-Request 'invoke' $request }
    catch [System.Net.Http.HttpRequestException], [System.OperationCanceledException] {
        $cause = $_.Exception.GetBaseException()
        $answer = @{ error = @{ type = $cause.GetType().FullName; text = $cause.Message; fqid = "WebError,$Name" } }
    }
    $global:EXO_LastExecutionStatus = -not $answer.error
    foreach ($warning in $answer.warnings) { Write-Warning $warning }
    foreach ($row in $answer.rows) {
        if ($Cmdlets.$Name.rows) { $row.PSObject.TypeNames.Insert(0, $Cmdlets.$Name.rows) }
        $row
    }
    if ($answer.error) { Write-TenantError $answer.error }
}
