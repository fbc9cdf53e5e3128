# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# For each mailbox both rights are read, and what is missing is added: the script that most people write.
# script: each
$settings = '{}' | ConvertFrom-Json
$ErrorActionPreference = 'Stop'
Import-Module ExchangeOnlineManagement
Connect-ExchangeOnline -AppId $settings.app_id -CertificateThumbprint $settings.thumbprint -Organization $settings.organization -ShowBanner:$false
$account = $settings.account
$mailboxes = if ($settings.mailboxes) { $settings.mailboxes } else { -split [Console]::In.ReadToEnd() }
foreach ($mailbox in $mailboxes) {
    if (-not (Get-RecipientPermission -Identity $mailbox -Trustee $account)) {
        $null = Add-RecipientPermission -Identity $mailbox -Trustee $account -AccessRights SendAs -Confirm:$false
    }
    if (-not $settings.full_access) { continue }
    $held = Get-MailboxPermission -Identity $mailbox | Where-Object { $_.User -eq $account -and $_.AccessRights -contains 'FullAccess' }
    if (-not $held) {
        $null = Add-MailboxPermission -Identity $mailbox -User $account -AccessRights FullAccess -AutoMapping $false
    }
}
Disconnect-ExchangeOnline -Confirm:$false
