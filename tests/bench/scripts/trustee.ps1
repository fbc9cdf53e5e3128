# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# One read tells who may send as whom; Full Access has to be read of each mailbox: the best script there is.
# script: trustee
$settings = '{}' | ConvertFrom-Json
$ErrorActionPreference = 'Stop'
Import-Module ExchangeOnlineManagement
Connect-ExchangeOnline -AppId $settings.app_id -CertificateThumbprint $settings.thumbprint -Organization $settings.organization -ShowBanner:$false
$account = $settings.account
$mailboxes = if ($settings.mailboxes) { $settings.mailboxes } else { -split [Console]::In.ReadToEnd() }
$names = @{}
foreach ($row in Get-EXOMailbox -ResultSize Unlimited) { $names[$row.PrimarySmtpAddress] = $row.Name }
$sendAs = @{}
foreach ($row in Get-RecipientPermission -Trustee $account -ResultSize Unlimited) { $sendAs[$row.Identity] = $true }
foreach ($mailbox in $mailboxes) {
    if (-not $sendAs[$names[$mailbox]]) {
        $null = Add-RecipientPermission -Identity $mailbox -Trustee $account -AccessRights SendAs -Confirm:$false
    }
    if (-not $settings.full_access) { continue }
    $held = Get-MailboxPermission -Identity $mailbox | Where-Object { $_.User -eq $account -and $_.AccessRights -contains 'FullAccess' }
    if (-not $held) {
        $null = Add-MailboxPermission -Identity $mailbox -User $account -AccessRights FullAccess -AutoMapping $false
    }
}
Disconnect-ExchangeOnline -Confirm:$false
