# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# A resource for each mailbox and right, each read by itself, and once more before it is changed, as a configuration
# manager with desired states does (peers facts 3: Microsoft365DSC of about 2026, 3N calls at rest and 6N at first).
# script: states
$settings = '{}' | ConvertFrom-Json
$ErrorActionPreference = 'Stop'
Import-Module ExchangeOnlineManagement
Connect-ExchangeOnline -AppId $settings.app_id -CertificateThumbprint $settings.thumbprint -Organization $settings.organization -ShowBanner:$false
$account = $settings.account
$mailboxes = if ($settings.mailboxes) { $settings.mailboxes } else { -split [Console]::In.ReadToEnd() }
function Test-SendAs($Mailbox) { [bool] (Get-RecipientPermission -Identity $Mailbox -Trustee $account) }
function Test-FullAccess($Mailbox) {
    $held = Get-MailboxPermission -Identity $Mailbox | Where-Object { $_.User -eq $account -and $_.AccessRights -contains 'FullAccess' }
    if (-not $held) { return $false }
    [bool] (Get-User -Identity $account)
}
foreach ($mailbox in $mailboxes) {
    if (-not (Test-SendAs $mailbox) -and -not (Test-SendAs $mailbox)) {
        $null = Add-RecipientPermission -Identity $mailbox -Trustee $account -AccessRights SendAs -Confirm:$false
    }
    if (-not $settings.full_access) { continue }
    if (-not (Test-FullAccess $mailbox) -and -not (Test-FullAccess $mailbox)) {
        $null = Add-MailboxPermission -Identity $mailbox -User $account -AccessRights FullAccess -AutoMapping $false
    }
}
Disconnect-ExchangeOnline -Confirm:$false
