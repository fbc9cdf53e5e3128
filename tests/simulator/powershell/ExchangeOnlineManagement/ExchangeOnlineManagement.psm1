# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for Microsoft's module in a real PowerShell 7: signs in to the simulated tenant and offers what its role grants.

Set-StrictMode -Off
. "$PSScriptRoot/declare.ps1"
. "$PSScriptRoot/forward.ps1"

$ModuleVersion = [version] (Split-Path -Leaf $PSScriptRoot)
$Cmdlets = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText("$PSScriptRoot/cmdlets.json"))
$Connections = [System.Collections.Generic.List[object]]::new()
$Client = $null

# One HTTP client for the process, without a proxy: the tenant listens on loopback. The time-out is that of the real module
# (exchange facts 5.1).
function New-TenantClient {
    $client = [System.Net.Http.HttpClient]::new([System.Net.Http.SocketsHttpHandler] @{ UseProxy = $false })
    $client.BaseAddress = [uri] "$env:EXO_TENANT_URL/"
    $client.Timeout = [timespan]::FromSeconds(960)
    $client.DefaultRequestHeaders.Authorization =
        [System.Net.Http.Headers.AuthenticationHeaderValue]::new('Bearer', $env:EXO_TENANT_KEY)
    $client
}

# The newest connection serves the module's own cmdlets (exchange facts 6.4).
function Get-ActiveConnectionId {
    if (-not $Connections.Count) { throw 'You must call the Connect-ExchangeOnline cmdlet before calling any other cmdlets.' }
    $Connections[-1].ConnectionId
}

# A certificate as the module gets it from one of three parameters, or null; it must bring its private key.
function Get-SignInCertificate([System.Collections.IDictionary] $Bound) {
    $certificate = $Bound['Certificate']
    if ($Bound['CertificateFilePath']) {
        $certificate = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new(
            $Bound['CertificateFilePath'], $Bound['CertificatePassword'])
    }
    if ($Bound['CertificateThumbprint']) { $certificate = Find-Certificate $Bound['CertificateThumbprint'] }
    if ($certificate -and -not $certificate.HasPrivateKey) { throw 'The certificate does not have a private key.' }
    $certificate
}

function Find-Certificate([string] $Thumbprint) {
    $store = [System.Security.Cryptography.X509Certificates.X509Store]::new('My', 'CurrentUser')
    $store.Open('ReadOnly')
    try { $found = $store.Certificates.Find('FindByThumbprint', $Thumbprint, $false) } finally { $store.Close() }
    if (-not $found.Count) { throw "The certificate with thumbprint $Thumbprint was not found in the certificate store." }
    $found[0]
}

function Get-SignIn([System.Collections.IDictionary] $Bound) {
    $signIn = @{ organization = $Bound['Organization']; app_id = $Bound['AppId'] }
    $certificate = Get-SignInCertificate $Bound
    if ($certificate) { $signIn['thumbprint'] = $certificate.Thumbprint }
    elseif ($Bound['AccessToken']) { $signIn['access_token'] = $Bound['AccessToken'] }
    elseif ($Bound['ManagedIdentity'] -and $Bound['ManagedIdentityAccountId']) {
        $signIn['managed_identity'] = $Bound['ManagedIdentityAccountId']
    }
    elseif ($Bound['ManagedIdentity']) { $signIn['managed_identity'] = $true }
    else { throw 'A window handle must be configured.' }  # an interactive sign-in, without a desktop (exchange facts E46)
    $signIn
}

# The proxies asked for that the role grants, with the parameters that it grants, as a temporary module.
function Import-Proxy([object] $Connection, [string[]] $CommandName) {
    $proxies = foreach ($granted in $Connection.cmdlets.PSObject.Properties) {
        $cmdlet = $Cmdlets.($granted.Name)
        $isWanted = -not $CommandName -or ($CommandName | Where-Object { $granted.Name -like $_ })
        if ($cmdlet -and -not $cmdlet.native -and $isWanted) {
            Get-FunctionText $granted.Name $cmdlet $granted.Value 'Invoke-TenantCmdlet'
        }
    }
    $source = @"
param(`$Client, `$Cmdlets, `$ConnectionId)
Set-StrictMode -Off
. '$PSScriptRoot/forward.ps1'
function Get-ActiveConnectionId { `$ConnectionId }
$($proxies -join '')
Export-ModuleMember -Function $(($Connection.cmdlets.PSObject.Properties.Name -join ', '))
"@
    $name = "tmpEXO_$([guid]::NewGuid().ToString('N').Substring(0, 8))"
    New-Module -Name $name -ScriptBlock ([scriptblock]::Create($source)) -ArgumentList $Client, $Cmdlets, $Connection.connection_id |
        Import-Module -Global -DisableNameChecking
    $name
}

function Add-Connection([object] $Connection, [System.Collections.IDictionary] $Bound, [string] $ProxyModule) {
    $Connections.Add([pscustomobject] @{
        ConnectionId = $Connection.connection_id; State = 'Connected'; Id = $Connections.Count + 1
        Name = "ExchangeOnline_$($Connections.Count + 1)"; UserPrincipalName = $Bound['UserPrincipalName']
        ConnectionUri = 'https://outlook.office365.com'
        TokenExpiryTimeUTC = ([datetime] $Connection.token_expires).ToUniversalTime()
        AzureAdAuthorizationEndpointUri = "https://login.microsoftonline.com/$($Connection.organization)"
        CertificateAuthentication = [bool] ($Bound['Certificate'] -or $Bound['CertificateFilePath'] -or $Bound['CertificateThumbprint'])
        ModuleName = $ProxyModule; ModulePrefix = ''; Organization = $Connection.organization; DelegatedOrganization = ''
        AppId = $Bound['AppId']; PageSize = 1000; TenantID = $Connection.tenant_id; TokenStatus = 'Active'
        ConnectionUsedForInbuiltCmdlets = $true; IsEopSession = $false
    })
}

function Write-Banner {
    Write-Host "----------------------------------------------------------------"
    Write-Host "Exchange Online, simulated. Module $ModuleVersion. No mailbox of anybody's can be reached from here."
    Write-Host "----------------------------------------------------------------"
}

function Open-Connection([string] $Name, [System.Collections.IDictionary] $Bound) {
    if (-not $Bound.ContainsKey('ShowBanner') -or $Bound['ShowBanner']) { Write-Banner }
    $global:ProgressPreference = 'SilentlyContinue'  # as the real one does (exchange facts 6.4)
    if (-not $Client) { $script:Client = New-TenantClient }
    $connection = Send-Request 'connect' (Get-SignIn $Bound)
    if ($connection.error) { $PSCmdlet.ThrowTerminatingError((New-TenantErrorRecord $connection.error)) }
    foreach ($earlier in $Connections) { $earlier.ConnectionUsedForInbuiltCmdlets = $false }
    Add-Connection $connection $Bound (Import-Proxy $connection $Bound['CommandName'])
}

function Close-Connection([string] $Name, [System.Collections.IDictionary] $Bound) {
    foreach ($connection in @(Read-Connection $Name $Bound)) {
        $null = Send-Request 'disconnect' @{ connection_id = $connection.ConnectionId }
        # in the scope of who calls the cmdlet, where the proxies were imported
        $null = $ExecutionContext.InvokeCommand.InvokeScript(
            $PSCmdlet.SessionState, [scriptblock]::Create("Remove-Module -Name $($connection.ModuleName) -Force"), @())
        $null = $Connections.Remove($connection)
    }
}

function Read-Connection([string] $Name, [System.Collections.IDictionary] $Bound) {
    foreach ($connection in $Connections) {
        if (-not $Bound['ConnectionId'] -or $connection.ConnectionId -in $Bound['ConnectionId']) { $connection }
    }
}

$Handlers = @{
    'Connect-ExchangeOnline' = 'Open-Connection'
    'Disconnect-ExchangeOnline' = 'Close-Connection'
    'Get-ConnectionInformation' = 'Read-Connection'
}
$natives = foreach ($entry in $Cmdlets.PSObject.Properties) { if ($entry.Value.native) { $entry.Name } }
foreach ($name in $natives) {
    $handler = if ($Handlers[$name]) { $Handlers[$name] } else { 'Invoke-TenantCmdlet' }
    $known = foreach ($parameter in $Cmdlets.$name.parameters.PSObject.Properties) {
        if (-not $parameter.Value.since -or [version] $parameter.Value.since -le $ModuleVersion) { $parameter.Name }
    }
    . ([scriptblock]::Create((Get-FunctionText $name $Cmdlets.$name $known $handler)))
}
Export-ModuleMember -Function $natives
