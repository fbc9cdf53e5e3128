# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Serves docs/wire-protocol.md: requests come in as lines, answers go out as lines, and at the end it disconnects.
#
# The client sends exchange.ps1, diagnose.ps1 and this file as one script, which bootstrap.ps1 runs.

$Reader, $Writer, $Source = $args
$ErrorActionPreference = 'Stop'
# Modules see global variables only, not those of this script.
$global:ConfirmPreference = 'None'

$Runner = @{ Greeted = $false; Quit = $false; IdleSeconds = 60; Sequence = 0; Seen = @{} }
$Kept = New-Object -TypeName System.Collections.Queue

#region JSON

# Ours instead of ConvertTo-Json, which on 5.1 writes some lists as {"value":[...],"Count":n}, and cuts below -Depth.
function ConvertTo-Wire($Value) {
    if ($Value -is [string]) { return '"' + [regex]::Replace($Value, '["\\]|[^\x20-\x7e]', $Escape) + '"' }
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [bool]) { return $Value.ToString().ToLowerInvariant() }
    if ($Value -is [int] -or $Value -is [long]) { return $Value.ToString($Invariant) }
    if ($Value -is [System.Collections.IDictionary]) {
        $members = foreach ($entry in $Value.GetEnumerator()) {
            (ConvertTo-Wire $entry.Key) + ':' + (ConvertTo-Wire $entry.Value)
        }
        return '{' + ($members -join ',') + '}'
    }
    if ($Value -is [System.Collections.IList]) {
        $items = foreach ($item in $Value) { ConvertTo-Wire $item }
        return '[' + ($items -join ',') + ']'
    }
    throw "no value of the protocol: $($Value.GetType().FullName)"
}

$Escape = { param($Found) '\u{0:x4}' -f [int][char] $Found.Value }

# PowerShell 7 makes dates of texts that look like one. A NUL in front prevents it; ConvertTo-Table takes it away. A quote
# behind a backslash begins no text; a text with a NUL of its own gets a second one.
function ConvertFrom-Wire([string] $Line) {
    ConvertTo-Table (ConvertFrom-Json -InputObject ([regex]::Replace($Line, '(?<!\\)"(?=[\d/]|\\u0000)', '"\u0000')))
}

function ConvertTo-Table($Value) {
    if ($Value -is [string]) { return [regex]::Replace($Value, '\A\0', '') }
    if (Test-Whole $Value) { return [long] $Value }
    if ($Value -is [System.Collections.IList]) { return , @(foreach ($item in $Value) { ConvertTo-Table $item }) }
    if ($Value -isnot [System.Management.Automation.PSCustomObject]) { return $Value }
    $table = @{}
    foreach ($property in $Value.PSObject.Properties) { $table[$property.Name] = ConvertTo-Table $property.Value }
    $table
}

#endregion
#region Fields of requests

function Get-Field($Table, [string] $Name, [type] $Type, $Default) {
    $value = $Table[$Name]
    if ($null -eq $value -and $PSBoundParameters.ContainsKey('Default')) { return , $Default }
    if ($value -isnot $Type) { Stop-Request 'bad_request' "field $Name is missing or not of type $($Type.Name)" }
    , $value
}

function Get-Text($Table, [string] $Name) {
    $text = Get-Field $Table $Name ([string])
    if (-not (Test-Filled $text)) { Stop-Request 'bad_request' "field $Name is blank" }
    $text
}

#endregion
#region Operations

function Invoke-Hello($Request) {
    $readOnly = Get-Field $Request 'read_only' ([bool]) $true
    $idleSeconds = Get-Field $Request 'idle_seconds' ([long]) $Runner.IdleSeconds
    if ($idleSeconds -lt 1 -or $idleSeconds -gt 600) { Stop-Request 'bad_request' 'idle_seconds must be 1 to 600' }
    if (-not $Runner.Greeted) {
        $Runner.Greeted = $true
        $Runner.IdleSeconds = $idleSeconds
        $Exchange.ReadOnly = $readOnly
    }
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($Source)
    $hash = [System.Security.Cryptography.SHA256]::Create().ComputeHash($bytes)
    [ordered]@{
        protocol = 1
        runner_sha256 = [BitConverter]::ToString($hash).Replace('-', '').ToLowerInvariant()
        powershell = [string] $PSVersionTable.PSVersion
        edition = [string] $PSVersionTable.PSEdition
        language_mode = [string] $ExecutionContext.SessionState.LanguageMode
        user = [Environment]::UserDomainName + '\' + [Environment]::UserName
        host = [Environment]::MachineName
        pid = $PID
        read_only = $Exchange.ReadOnly
    }
}

function Invoke-Connect($Request) {
    $cmdlets = Get-Field $Request 'cmdlets' ([hashtable])
    foreach ($entry in $cmdlets.GetEnumerator()) {
        Assert-Listed $entry.Key
        $null = Get-Field $cmdlets $entry.Key ([array])
    }
    $minimum = (Get-Text $Request 'minimum_module') -as [version]
    if (-not $minimum) { Stop-Request 'bad_request' 'field minimum_module is not a version' }
    Disconnect-Exchange
    try {
        $version = Import-ExchangeModule $minimum
        $arguments = Get-SignInArguments (Get-Field $Request 'sign_in' ([hashtable]))
        $proxies = @(foreach ($name in $cmdlets.Keys) { if ($name -notin $Native) { $name } })
        if ($proxies) { $arguments['CommandName'] = $proxies }
        $environment = Get-Field $Request 'environment' ([string]) ''
        if ($environment) { $arguments['ExchangeEnvironmentName'] = $environment }
        Get-ConnectionReport $version (Connect-Exchange $arguments) $cmdlets
    } catch {
        Disconnect-Exchange
        throw
    }
}

function Get-ConnectionReport([string] $ModuleVersion, $Connection, $Cmdlets) {
    $report = [ordered]@{
        module_version = $ModuleVersion
        connection_id = [string] $Connection.ConnectionId
        organization = [string] $Connection.Organization
        tenant_id = [string] $Connection.TenantID
        token_expires = ConvertTo-Text $Connection.TokenExpiryTimeUTC
        missing = @(Get-Missing $Cmdlets)
    }
    if ($Exchange.Certificate) { $report['certificate'] = Get-CertificateReport }
    $report
}

# The arguments of Connect-ExchangeOnline that depend on the way to sign in (exchange facts 6.1).
function Get-SignInArguments($SignIn) {
    $arguments = @{ Organization = Get-Text $SignIn 'organization' }
    $way = Get-Text $SignIn 'way'
    if ($way -eq 'managed_identity') {
        $arguments['ManagedIdentity'] = $true
        $account = Get-Field $SignIn 'managed_identity_account_id' ([string]) ''
        if ($account) { $arguments['ManagedIdentityAccountId'] = $account }
    } elseif ($way -eq 'access_token') {
        $arguments['AccessToken'] = Get-Text $SignIn 'access_token'
    } else {
        $arguments['AppId'] = Get-Text $SignIn 'app_id'
        Resolve-Certificate $SignIn $way
        $arguments['Certificate'] = $Exchange.Certificate
    }
    $arguments
}

function Resolve-Certificate($SignIn, [string] $Way) {
    if ($Way -eq 'certificate_thumbprint') {
        Find-Certificate (Get-Text $SignIn 'certificate_thumbprint')
    } elseif ($Way -eq 'certificate_file') {
        $password = Get-Field $SignIn 'certificate_password' ([string]) ''
        Import-CertificateFile (Get-Text $SignIn 'certificate_pfx') $password
    } else {
        Stop-Request 'bad_request' "unknown way to sign in: $Way"
    }
    Assert-PrivateKey
}

function Invoke-Call($Request) {
    $cmdlet = Get-Text $Request 'cmdlet'
    $parameters = Get-Field $Request 'parameters' ([hashtable]) @{}
    $select = Get-Field $Request 'select' ([array]) @()
    foreach ($name in $select) {
        if ($name -isnot [string] -or $name -cnotmatch '\A[A-Za-z][A-Za-z0-9]*\z') {
            Stop-Request 'bad_request' 'field select must be a list of names of properties'
        }
    }
    Invoke-Cmdlet $cmdlet $parameters $select
}

function Resume-Answer($Request) {
    $after = Get-Field $Request 'after' ([long])
    $resent = 0
    foreach ($answer in $Kept) {
        if ($answer.Sequence -gt $after) {
            $Writer.Write($answer.Line)
            $resent++
        }
    }
    @{ resent = $resent }
}

function Invoke-Request($Request) {
    $result = @{}
    switch ($Request['op']) {
        'hello' { $result = Invoke-Hello $Request }
        'diagnose' { $result = Get-Diagnosis $Request }
        'connect' { $result = Invoke-Connect $Request }
        'invoke' { return Invoke-Call $Request }
        'ping' { }
        'resume' { $result = Resume-Answer $Request }
        'disconnect' { Disconnect-Exchange }
        'quit' { $Runner.Quit = $true }
        default { Stop-Request 'bad_request' "unknown op: $_" }
    }
    [ordered]@{ ok = $true; result = $result }
}

#endregion
#region Lines

function ConvertFrom-Frame([string] $Line) {
    if (-not $Line.Trim().StartsWith('{')) { return }
    try { $frame = ConvertFrom-Wire $Line } catch { return }
    if ($frame['id'] -isnot [long] -or $frame['id'] -lt 1 -or $frame['op'] -isnot [string]) { return }
    if ($null -ne $frame['ack'] -and $frame['ack'] -isnot [long]) { return }
    $frame
}

# Null is a line that was no request.
function Receive-Request($Request) {
    $id = 0
    if ($Request) {
        $id = $Request['id']
        while ($Kept.Count -and $Kept.Peek().Sequence -le $Request['ack']) { $null = $Kept.Dequeue() }
        if ($Runner.Seen[$id]) { return }
        $Runner.Seen[$id] = $true
    }
    try {
        if (-not $Request) { Stop-Request 'bad_frame' 'not a JSON object with an integer id and an op' }
        $answer = Invoke-Request $Request
    } catch {
        $detail = $_.Exception.Data['Detail']
        if (-not $detail) {
            $detail = Get-ErrorDetail $_
            $detail['code'] = 'internal'
        }
        $answer = [ordered]@{ ok = $false; error = $detail }
    }
    Send-Answer $id $answer
}

function Send-Answer($Id, $Fields) {
    $Runner.Sequence++
    $answer = [ordered]@{ seq = $Runner.Sequence; id = $Id }
    foreach ($field in $Fields.GetEnumerator()) { $answer[$field.Key] = $field.Value }
    $line = "`n@exo " + (ConvertTo-Wire $answer) + "`n"
    $Kept.Enqueue(@{ Sequence = $Runner.Sequence; Line = $line })
    $Writer.Write($line)
}

# Gives the exit code of the process: 0 after quit and at the end of input, 4 after too long a silence. It reads ahead:
# once the client is done, nobody hears the answers to what waits.
function Receive-Input {
    $waiting = New-Object -TypeName System.Collections.Queue
    $reading = $Reader.ReadLineAsync()
    while (-not $Runner.Quit) {
        $patience = if ($waiting.Count) { 0 } else { [int] ($Runner.IdleSeconds * 1000) }
        if ($reading.Wait($patience)) {
            if ($null -eq $reading.Result) { return 0 }
            if ($reading.Result.Trim()) { Add-Request $waiting (ConvertFrom-Frame $reading.Result) }
            $reading = $Reader.ReadLineAsync()
        } elseif ($waiting.Count) {
            Receive-Request $waiting.Dequeue()
        } else { return 4 }
    }
    0
}

function Add-Request($Waiting, $Request) {
    if ($Request -and $Request['op'] -eq 'quit') { $Waiting.Clear() }
    $Waiting.Enqueue($Request)
}

#endregion

# Texts of the module follow the UI culture (exchange facts 1.8); there is only one where the host knows no other.
function Set-EnglishTexts {
    try {
        $english = [System.Globalization.CultureInfo]::GetCultureInfo('en-US')
        [System.Threading.Thread]::CurrentThread.CurrentUICulture = $english
        [System.Globalization.CultureInfo]::DefaultThreadCurrentUICulture = $english
    } catch { $null = $_ }
}

# Windows PowerShell 5.1 may offer no more than TLS 1.0 by itself (exchange facts 6.5).
function Enable-Tls12 {
    $protocols = [System.Net.ServicePointManager]::SecurityProtocol
    if ($PSVersionTable.PSEdition -eq 'Desktop' -and $protocols -ne 'SystemDefault') {
        [System.Net.ServicePointManager]::SecurityProtocol = $protocols -bor [System.Net.SecurityProtocolType]::Tls12
    }
}

$exitCode = 1
try {
    Set-EnglishTexts
    Enable-Tls12
    $exitCode = Receive-Input
} catch {
    [Console]::Error.WriteLine($_.Exception.Message)
} finally {
    Disconnect-Exchange
}
# Not `exit`: that could wait for the read of standard input that is still under way (winrm facts 3.4).
[Environment]::Exit($exitCode)
