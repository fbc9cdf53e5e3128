# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The facts of a preflight: what this machine is like, and what it can reach. What cannot be told is null or empty.
#
# Part of the script that exchange.ps1 begins; judged by preflight.py, never here.

$Schannel = 'SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client'
$Framework = 'SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full'

function Get-Diagnosis($Request) {
    $milliseconds = Get-Field $Request 'timeout_ms' ([long]) 5000
    if ($milliseconds -lt 100 -or $milliseconds -gt 60000) { Stop-Request 'bad_request' 'timeout_ms must be 100 to 60000' }
    $endpoints = Get-Field $Request 'endpoints' ([array]) @()
    foreach ($endpoint in $endpoints) { Assert-Endpoint $endpoint }
    $signIn = Get-Field $Request 'sign_in' ([hashtable]) @{}
    Disconnect-Exchange
    $facts = [ordered]@{
        platform = [string] [Environment]::OSVersion.Platform
        framework = Get-RegistryNumber $Framework 'Release'
        execution_policies = @(Get-PolicyReport)
        temp = Get-TempReport
        tls = Get-TlsReport
        modules = @(foreach ($module in @(Get-ExchangeModule)) { [string] $module.Version })
        endpoints = @(foreach ($endpoint in $endpoints) { Test-Endpoint $endpoint $milliseconds })
    }
    if ($signIn['way'] -match '^certificate_') {
        try { $facts['certificate'] = Get-CertificateFact $signIn } finally { Disconnect-Exchange }
    }
    $facts
}

# Beyond Windows there is no registry, and a policy may close a part of it.
function Get-RegistryNumber([string] $Key, [string] $Name) {
    try {
        $value = [Microsoft.Win32.Registry]::GetValue("HKEY_LOCAL_MACHINE\$Key", $Name, $null)
        if (Test-Whole $value) { return [long] $value }
    } catch { $null = $_ }
}

# Scope=Policy, the strongest scope first.
function Get-PolicyReport {
    try { foreach ($entry in @(Get-ExecutionPolicy -List)) { '{0}={1}' -f $entry.Scope, $entry.ExecutionPolicy } }
    catch { $null = $_ }
}

# The module writes its proxies there (exchange facts 6.5).
function Get-TempReport {
    $report = [ordered]@{ path = ''; error = '' }
    try {
        $report['path'] = [System.IO.Path]::GetTempPath()
        $file = [System.IO.Path]::Combine($report['path'], [System.IO.Path]::GetRandomFileName())
        [System.IO.File]::WriteAllText($file, 'x')
        [System.IO.File]::Delete($file)
    } catch { $report['error'] = $_.Exception.GetBaseException().Message }
    $report
}

function Get-TlsReport {
    [ordered]@{
        protocols = [string] [System.Net.ServicePointManager]::SecurityProtocol
        enabled = Get-RegistryNumber $Schannel 'Enabled'
        disabled_by_default = Get-RegistryNumber $Schannel 'DisabledByDefault'
    }
}

#region Endpoints

function Assert-Endpoint($Endpoint) {
    if ($Endpoint -isnot [string] -or $Endpoint -notmatch '^[^\s/@]+:\d{1,5}$' -or -not ("https://$Endpoint/" -as [uri])) {
        Stop-Request 'bad_request' 'field endpoints must be a list of name:port'
    }
}

# Where there is a proxy, it is what must be reached. Its address may hold a password, its Authority does not.
function Test-Endpoint([string] $Endpoint, [int] $Milliseconds) {
    $report = [ordered]@{ endpoint = $Endpoint; proxy = ''; error = ''; ms = 0 }
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $client = New-Object -TypeName System.Net.Sockets.TcpClient
    try {
        $next = [uri] "https://$Endpoint/"
        $proxy = Get-Proxy $next
        if ($proxy) {
            $report['proxy'] = $proxy.Authority
            $next = $proxy
        }
        if (-not $client.ConnectAsync($next.DnsSafeHost, $next.Port).Wait($Milliseconds)) {
            $report['error'] = "no answer within $Milliseconds ms"
        }
    } catch { $report['error'] = $_.Exception.GetBaseException().Message }
    $client.Close()
    $report['ms'] = $watch.ElapsedMilliseconds
    $report
}

function Get-Proxy([uri] $Uri) {
    $proxies = [System.Net.WebRequest]::DefaultWebProxy
    if (-not $proxies -or $proxies.IsBypassed($Uri)) { return }
    $proxy = $proxies.GetProxy($Uri)
    if ($proxy -ne $Uri) { $proxy }
}

#endregion
#region Certificate

# What connect would say of the certificate (code, text), and what it is like.
function Get-CertificateFact($SignIn) {
    $facts = [ordered]@{ code = ''; text = ''; thumbprint = ''; not_after = ''; store = ''; key = ''; key_error = '' }
    try { Resolve-Certificate $SignIn (Get-Text $SignIn 'way') } catch {
        $detail = $_.Exception.Data['Detail']
        if (-not $detail -or $detail['code'] -notmatch '^certificate_') { throw }
        $facts['code'] = $detail['code']
        $facts['text'] = $detail['text']
    }
    if (-not $Exchange.Certificate) { return $facts }
    foreach ($entry in (Get-CertificateReport).GetEnumerator()) { $facts[$entry.Key] = $entry.Value }
    try {
        $key = [System.Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey(
            $Exchange.Certificate)
        if ($null -ne $key) { $facts['key'] = $key.GetType().Name }
    } catch { $facts['key_error'] = $_.Exception.GetBaseException().Message }
    $facts
}

#endregion
