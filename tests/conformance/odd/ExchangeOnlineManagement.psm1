# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Fails and chatters in ways that the simulated tenant cannot; what it does follows from ODD_CONNECT and from -Identity.

Write-Host 'module says hello'

$Connected = $false

function Connect-ExchangeOnline {
    [CmdletBinding()]
    param($AppId, $Organization, $Certificate, $AccessToken, [switch] $ManagedIdentity, $ManagedIdentityAccountId,
        [switch] $ShowBanner, [switch] $SkipLoadingFormatData, [string[]] $CommandName, $ExchangeEnvironmentName)
    $said = foreach ($name in $PSBoundParameters.Keys | Sort-Object) {
        if ($name -ne 'AccessToken') { "$name=$($PSBoundParameters[$name] -join ',')" }
    }
    Write-Host "connect $($said -join ' ')"
    Write-Warning 'chatter while connecting'
    'a stray object'
    $script:Connected = $true
    if ($env:ODD_CONNECT -eq 'spoils the engine') { function global:Get-Command { throw 'out of order' } }
    if ($env:ODD_CONNECT -eq 'fails late') { Write-Error -Message 'not today' -Category AuthenticationError }
}

function Get-ConnectionInformation {
    if (-not $script:Connected) { return }
    $status = if ($env:ODD_CONNECT -eq 'no token') { 'Expired' } else { 'Active' }
    [pscustomobject] @{ State = 'Broken'; TokenStatus = 'Active'; ConnectionId = [guid]::Empty }
    [pscustomobject] @{
        State = 'Connected'; TokenStatus = $status; ConnectionId = [guid] '11111111-2222-3333-4444-555555555555'
        Organization = 'contoso.onmicrosoft.com'; TenantID = 't'; TokenExpiryTimeUTC = [datetimeoffset] '2030-01-02T03:04:05Z'
    }
}

function Disconnect-ExchangeOnline {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param()
    if (-not $PSCmdlet.ShouldProcess('the connection')) { return }
    $script:Connected = $false
    [Console]::WriteLine('signed out')
    if ($env:ODD_CONNECT -eq 'cannot leave') { throw 'the door is stuck' }
}

enum Shade { Dark; Light }

function Get-Kinds {
    $row = [pscustomobject] @{
        Guid = [guid] '0A0B0C0D-0000-0000-0000-000000000001'; Shade = [Shade]::Light; Version = [version] '1.2.3'
        Date = [datetime]::SpecifyKind('2024-02-03T04:05:06', 'Utc'); Offset = [datetimeoffset] '2024-02-03T04:05:06+02:00'
        Byte = [byte] 7; Short = [int16] -3; Long = [long] 9007199254740993; Negative = -5; Half = 1.5; Whole = 2.0
        ArrayList = [System.Collections.ArrayList] @('a', 'b'); Set = [System.Collections.Generic.List[string]] @('one')
        Mixed = @(1, $true, [guid]::Empty, 'x', $null); Nested = @(, @('in')); Table = @{ a = 1 }
        Wrapped = [psobject]::AsPSObject(@('w')); Character = [char] 'c'; True = $true; Nothing = $null
        Object = [pscustomobject] @{ Inner = 1 }
    }
    $row | Add-Member -MemberType ScriptProperty -Name Broken -Value { throw 'broken property' }
    $row
}

function New-RemoteError($Message, $Remote, $Reason) {
    $exception = [System.Exception]::new($Message)
    if ($Remote) { $exception.Data['RemoteException'] = $Remote }
    $record = [System.Management.Automation.ErrorRecord]::new($exception, 'odd', 'NotSpecified', $null)
    if ($Reason) { $record.CategoryInfo.Reason = $Reason }
    $record
}

function Get-Mailbox {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param($Identity)
    switch ($Identity) {
        'host' { Write-Host 'hello'; [Console]::WriteLine('console'); [Console]::Error.WriteLine('to stderr') }
        'half' { [Console]::Write('half a line') }
        'marker' { [Console]::Write("in the middle @exo {}`n@exo not json`n") }
        'streams' { Write-Verbose 'v' -Verbose; Write-Debug 'd'; Write-Information 'i'; Write-Progress 'p'; Write-Warning 'w' }
        'kinds' { Get-Kinds }
        'prompt' { if ($PSCmdlet.ShouldProcess('it')) { [pscustomobject] @{ Done = $true } } }
        'culture' { [pscustomobject] @{ UI = $PSUICulture; Preference = "$ErrorActionPreference"; Runner = "$Runner" } }
        'text' { 'only a text' }
        'nothing' { $null }
        'soft' { [pscustomobject] @{ Name = 'before' }; Write-Error 'soft error'; [pscustomobject] @{ Name = 'after' } }
        'throw' { throw 'a thrown text' }
        'nested' { throw [System.IO.IOException]::new('outer', [System.FormatException]::new('inner')) }
        'type' { $PSCmdlet.ThrowTerminatingError((New-RemoteError 'said' ([pscustomobject] @{ TypeName = 'Odd.TypeName' }))) }
        'reason' { $PSCmdlet.ThrowTerminatingError((New-RemoteError 'said' $null 'OddReason')) }
        'remote' { $PSCmdlet.ThrowTerminatingError((New-RemoteError 'said' 'Ex123456|Odd.Remote|told')) }
        'document' { throw 'Error. ErrorMessage={not json}' }
        'warned' { Write-Warning 'first'; Write-Error 'then' }
        default { [pscustomobject] @{ Name = $Identity } }
    }
}
