# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What the runner knows of Exchange Online: its cmdlets, certificates, connection and error records.
#
# The client sends this file, diagnose.ps1 and runner.ps1 as one script. They run on Windows PowerShell 5.1 (.NET Framework
# 4.7.2) and on PowerShell 7; their commands, types and members are held to the list in tests/powershell/allowed.py.

$Invariant = [System.Globalization.CultureInfo]::InvariantCulture

# Cmdlet -> the parameters with which it may run, whatever else its module offers.
$Readers = [ordered]@{
    'Get-EXORecipient' = 'Identity', 'Filter', 'Properties', 'ResultSize', 'RecipientType', 'IncludeSoftDeletedRecipients'
    'Get-EXOMailbox' = 'Identity', 'Filter', 'Properties', 'ResultSize'
    'Get-Mailbox' = 'Identity', 'Filter', 'ResultSize'
    'Get-Recipient' = 'Identity', 'Filter', 'ResultSize'
    'Get-User' = 'Identity', 'Filter', 'ResultSize'
    'Get-Group' = 'Identity', 'Filter', 'ResultSize'
    'Get-RecipientPermission' = 'Identity', 'Trustee', 'ResultSize'
    'Get-MailboxPermission' = 'Identity', 'ResultSize', 'IncludeUnresolvedPermissions',
        'IncludeSoftDeletedUserPermissions'
    'Get-ConnectionInformation' = @()
}
$Writers = [ordered]@{
    'Add-RecipientPermission' = 'Identity', 'Trustee', 'AccessRights', 'Confirm'
    'Remove-RecipientPermission' = 'Identity', 'Trustee', 'AccessRights', 'Confirm'
    'Add-MailboxPermission' = 'Identity', 'User', 'AccessRights', 'InheritanceType', 'AutoMapping', 'Confirm'
    'Remove-MailboxPermission' = 'Identity', 'User', 'AccessRights', 'InheritanceType', 'Confirm'
    'Set-Mailbox' = 'Identity', 'GrantSendOnBehalfTo', 'Confirm'
}
# These come with the module; the others are proxies, made while connecting (exchange facts 2).
$Native = 'Get-EXORecipient', 'Get-EXOMailbox', 'Get-ConnectionInformation'

$Exchange = @{ Connected = $false; ReadOnly = $true; Certificate = $null; Store = '' }

# An error of the runner itself; with a record: the error of the module that it stands for.
function Stop-Request([string] $Code, [string] $Text, $Record) {
    $detail = [ordered]@{ code = ''; type = ''; text = $Text; category = ''; fqid = '' }
    if ($Record) { $detail = Get-ErrorDetail $Record }
    $detail['code'] = $Code
    $fault = New-Object -TypeName System.InvalidOperationException -ArgumentList $detail['text']
    $fault.Data['Detail'] = $detail
    throw $fault
}

# An error record of module v3 taken apart: <code>|<type>|<text> (exchange facts 5.1).
function Get-ErrorDetail($Record) {
    $exception = $Record.Exception
    $remote = $exception.Data['RemoteException']
    $detail = [ordered]@{
        code = ''; type = Get-ErrorType $Record; text = $exception.Message
        category = [string] $Record.CategoryInfo.Category; fqid = [string] $Record.FullyQualifiedErrorId
    }
    foreach ($text in @($exception.Message, [string] $remote) + @(Get-RestMessage $exception.Message)) {
        if ($text -match '(?s)^\s*(Ex\w+)?\|([^|\s]+)\|(.*)$') {
            $detail['code'] = [string] $Matches[1]
            $detail['type'] = $Matches[2]
            $detail['text'] = $Matches[3]
            break
        }
    }
    $detail
}

function Get-ErrorType($Record) {
    $remote = $Record.Exception.Data['RemoteException']
    if ($remote.TypeName) { return [string] $remote.TypeName }
    $type = $Record.Exception.GetType()
    $reason = $Record.CategoryInfo.Reason
    if ($reason -and $reason -ne $type.Name) { return $reason }
    $type.FullName
}

# Get-EXO* cmdlets hide the same layout in a JSON document at the end of their message (exchange facts 5.1).
function Get-RestMessage([string] $Text) {
    if ($Text -notmatch '(?s)\sErrorMessage=(\{.*\})') { return }
    try { $document = ConvertFrom-Json -InputObject $Matches[1] } catch { return }
    foreach ($detail in $document.error.details) { [string] $detail.message }
    [string] $document.error.message
}

#region Certificates

# The key may be out of reach although the store names it: "Keyset does not exist", seen over network logons (exchange
# facts E41, 6.5). On .NET Framework, PrivateKey also fails for CNG keys, with which the module cannot sign in there
# (exchange facts 6.1). PowerShell turns a property that throws into null or into an error.
function Test-PrivateKey($Certificate) {
    try {
        if ($PSVersionTable.PSEdition -eq 'Desktop') { return $null -ne $Certificate.PrivateKey }
        $key = [System.Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($Certificate)
        $null -ne $key
    } catch { $false }
}

function Assert-PrivateKey {
    $name = "certificate $($Exchange.Certificate.Thumbprint) ($($Exchange.Store))"
    if (-not $Exchange.Certificate.HasPrivateKey) {
        Stop-Request 'certificate_key_missing' "$name comes without its private key"
    }
    if (-not (Test-PrivateKey $Exchange.Certificate)) {
        Stop-Request 'certificate_key_unusable' "the private key of $name cannot be read, or is of a CNG provider"
    }
}

function Find-Certificate([string] $Thumbprint) {
    foreach ($location in 'CurrentUser', 'LocalMachine') {
        $store = New-Object System.Security.Cryptography.X509Certificates.X509Store -ArgumentList 'My', $location
        try { $store.Open('ReadOnly') } catch { continue }
        $found = @($store.Certificates.Find('FindByThumbprint', $Thumbprint, $false))
        $store.Close()
        if ($found) {
            $Exchange.Certificate = $found[0]
            $Exchange.Store = "$location\My"
            return
        }
    }
    Stop-Request 'certificate_not_found' "no certificate $Thumbprint in CurrentUser\My or LocalMachine\My"
}

# A key set of the user needs a loaded profile, which a network logon may lack (exchange facts 6.1). Never an ephemeral
# key: .NET Framework cannot sign in with it. A key set that is not marked as persistent goes with Dispose.
function Import-CertificateFile([string] $Base64, [string] $Password) {
    $secret = New-Object -TypeName System.Security.SecureString
    foreach ($character in $Password.ToCharArray()) { $secret.AppendChar($character) }
    $Exchange.Store = 'file'
    foreach ($keySet in 'UserKeySet', 'MachineKeySet') {
        try {
            $file = [Convert]::FromBase64String($Base64)
            $Exchange.Certificate =
                [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($file, $secret, $keySet)
            if (Test-PrivateKey $Exchange.Certificate) { return }
        } catch { $failure = $_.Exception.GetBaseException().Message }
    }
    if (-not $Exchange.Certificate) { Stop-Request 'certificate_unreadable' $failure }
}

function Get-CertificateReport {
    [ordered]@{
        thumbprint = $Exchange.Certificate.Thumbprint
        not_after = $Exchange.Certificate.NotAfter.ToUniversalTime().ToString('yyyy-MM-dd', $Invariant)
        store = $Exchange.Store
    }
}

#endregion
#region Connection

function Get-ExchangeModule {
    Get-Module -ListAvailable -Name ExchangeOnlineManagement -ErrorAction SilentlyContinue
}

function Import-ExchangeModule([version] $Minimum) {
    $newest = $null
    foreach ($module in @(Get-ExchangeModule)) {
        if (-not $newest -or $module.Version -gt $newest.Version) { $newest = $module }
    }
    if (-not $newest) { Stop-Request 'module_missing' 'the module ExchangeOnlineManagement is not installed' }
    if ($newest.Version -lt $Minimum) {
        Stop-Request 'module_too_old' "ExchangeOnlineManagement $($newest.Version) is older than $Minimum"
    }
    try { Import-Module -Name $newest.Path } catch { Stop-Request 'connect_failed' '' $_ }
    [string] $newest.Version
}

function Connect-Exchange($Arguments) {
    try {
        $Exchange.Connected = $true
        $null = Connect-ExchangeOnline @Arguments -ShowBanner:$false -SkipLoadingFormatData -ErrorAction Stop
        foreach ($connection in @(Get-ConnectionInformation)) {
            if ($connection.State -eq 'Connected' -and $connection.TokenStatus -eq 'Active') { return $connection }
        }
        throw 'Connect-ExchangeOnline returned, but Get-ConnectionInformation shows no active connection'
    } catch { Stop-Request 'connect_failed' '' $_ }
}

function Disconnect-Exchange {
    try { if ($Exchange.Connected) { $null = Disconnect-ExchangeOnline -Confirm:$false } }
    catch { [Console]::Error.WriteLine($_.Exception.Message) }
    if ($Exchange.Certificate) { $Exchange.Certificate.Dispose() }
    $Exchange.Certificate = $null
    $Exchange.Connected = $false
}

# What the session does not offer of the cmdlets asked for: roles grant cmdlets and parameters (exchange facts 2.1).
function Get-Missing($Cmdlets) {
    foreach ($name in @($Readers.Keys) + @($Writers.Keys)) {
        if (-not $Cmdlets.ContainsKey($name)) { continue }
        $command = Get-Command -Name $name -ErrorAction SilentlyContinue
        if (-not $command) { $name; continue }
        foreach ($parameter in $Cmdlets[$name]) {
            if (-not $command.Parameters.ContainsKey($parameter)) { "$name -$parameter" }
        }
    }
}

#endregion
#region Cmdlets

# Names are compared by culture, in which some characters count for nothing: so only plain letters come that far.
function Test-Listed([string] $Name, $Names) { $Name -cmatch '\A[A-Za-z-]+\z' -and $Name -in $Names }

function Assert-Listed([string] $Cmdlet) {
    if (-not (Test-Listed $Cmdlet $Readers.Keys) -and -not (Test-Listed $Cmdlet $Writers.Keys)) {
        Stop-Request 'not_allowed' "$Cmdlet is not on the list of cmdlets that may run"
    }
}

# In the order of the codes in docs/wire-protocol.md. A name of a parameter must be whole: the engine takes abbreviations,
# and common parameters, with which a call could set variables of the runner.
function Assert-Allowed([string] $Cmdlet, $Parameters) {
    # Exchange takes a blank identity for every object there is (exchange facts 1.4).
    foreach ($entry in $Parameters.GetEnumerator()) {
        if (-not (Test-Argument $entry.Key $entry.Value)) {
            Stop-Request 'bad_request' "-$($entry.Key) is blank, or of the wrong kind"
        }
    }
    Assert-Listed $Cmdlet
    $known = @($Readers[$Cmdlet]) + @($Writers[$Cmdlet])
    foreach ($entry in $Parameters.GetEnumerator()) {
        if (-not (Test-Listed $entry.Key $known)) { Stop-Request 'not_allowed' "$Cmdlet may not run with -$($entry.Key)" }
    }
    if ($Exchange.ReadOnly -and $Cmdlet -in $Writers.Keys) { Stop-Request 'read_only' "$Cmdlet writes" }
    if (-not $Exchange.Connected) { Stop-Request 'not_connected' 'connect comes first' }
}

# Text, a truth value or an integer, or a list of them, none of it blank; for a list of delegates, an edit of it.
function Test-Argument([string] $Name, $Value) {
    if ($Value -isnot [hashtable]) { return (Test-Filled $Value) }
    if ($Name -ne 'GrantSendOnBehalfTo' -or $Value.Count -eq 0) { return $false }
    foreach ($entry in $Value.GetEnumerator()) {
        if (-not (Test-Listed $entry.Key ('Add', 'Remove'))) { return $false }
        if ($entry.Value -isnot [array] -or -not (Test-Filled $entry.Value)) { return $false }
    }
    $true
}

function Test-Filled($Value) {
    if ($Value -isnot [array]) { return (Test-FilledScalar $Value) }
    foreach ($item in $Value) { if (-not (Test-FilledScalar $item)) { return $false } }
    $Value.Count -gt 0
}

function Test-FilledScalar($Value) {
    if ($Value -is [string]) { return $Value.Trim() -ne '' }
    $Value -is [bool] -or $Value -is [long]
}

function Invoke-Cmdlet([string] $Cmdlet, $Parameters, $Select) {
    Assert-Allowed $Cmdlet $Parameters
    $warnings = @()
    $common = @{ ErrorAction = 'Stop'; WarningAction = 'SilentlyContinue'; WarningVariable = 'warnings' }
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    try {
        $objects = @(& $Cmdlet @Parameters @common)
        $rows = @(if ($Select) { foreach ($object in $objects) { Select-Row $object $Select } })
        $answer = [ordered]@{ ok = $true; rows = $rows }
    } catch { $answer = [ordered]@{ ok = $false; error = Get-ErrorDetail $_ } }
    $answer['warnings'] = @(foreach ($warning in $warnings) { [string] $warning })
    $answer['ms'] = $watch.ElapsedMilliseconds
    $answer
}

function Select-Row($Object, $Names) {
    $row = [ordered]@{}
    foreach ($name in $Names) { $row[$name] = ConvertTo-Property $Object.$name }
    $row
}

# To null, boolean, integer, text, or a list of texts.
function ConvertTo-Property($Value) {
    if ($null -eq $Value -or $Value -is [string] -or $Value -is [bool]) { return $Value }
    if (Test-Whole $Value) { return [long] $Value }
    if ($Value -isnot [System.Collections.IEnumerable] -or $Value -is [System.Collections.IDictionary]) {
        return ConvertTo-Text $Value
    }
    , @(foreach ($item in $Value) { ConvertTo-Text $item })
}

# Which type a number of JSON becomes depends on the PowerShell.
function Test-Whole($Value) {
    ($Value -is [int] -or $Value -is [long] -or $Value -is [double]) -and ($Value -as [long]) -eq $Value
}

function ConvertTo-Text($Value) {
    if ($Value -is [datetime] -or $Value -is [System.DateTimeOffset]) { return $Value.ToString('o', $Invariant) }
    [string] $Value
}

#endregion
