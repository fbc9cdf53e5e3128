# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to sign in to Exchange Online."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment that modules name as email_router.exchange_online.exchange."""

    DOCUMENTATION = r"""
options:
  organization:
    description:
      - The initial domain of the tenant, which it was made with, such as V(contoso.onmicrosoft.com); it stands in the
        Microsoft 365 admin center under Domains. With a custom domain long reads fail.
      - If left out, the environment variable E(EXCHANGE_ONLINE_ORGANIZATION) of the controller is used.
    type: str
  exchange_environment:
    description:
      - The cloud that the organisation is in; the suffix of O(organization) must fit it.
    type: str
    choices: [O365Default, O365China, O365USGovGCCHigh, O365USGovDoD]
    default: O365Default
  app_id:
    description:
      - The application (client) id of the app registration that signs in with a certificate. It needs the application
        permission C(Exchange.ManageAsApp) and a role of Exchange, as the README of this collection tells.
      - If left out, E(EXCHANGE_ONLINE_APP_ID) is used.
    type: str
  certificate_thumbprint:
    description:
      - Thumbprint of a certificate in a store of the PowerShell host, C(CurrentUser\My) or C(LocalMachine\My),
        whose private key the account that runs PowerShell can read.
      - Exactly one of O(certificate_thumbprint), O(certificate_file), O(managed_identity) and O(access_token) is
        needed.
      - Where the task names none of the four, E(EXCHANGE_ONLINE_CERTIFICATE_THUMBPRINT),
        E(EXCHANGE_ONLINE_CERTIFICATE_FILE), E(EXCHANGE_ONLINE_MANAGED_IDENTITY) or E(EXCHANGE_ONLINE_ACCESS_TOKEN)
        chooses.
    type: str
  certificate_file:
    description:
      - A PFX file on the controller with the certificate and its private key. It is sent to the PowerShell host over
        the connection, used from the key set of the user there, and removed at the end.
    type: path
  certificate_password:
    description:
      - The password of O(certificate_file).
      - If left out, E(EXCHANGE_ONLINE_CERTIFICATE_PASSWORD) is used.
    type: str
  managed_identity:
    description:
      - Sign in as the managed identity of the PowerShell host, an Azure or Arc machine.
    type: bool
  managed_identity_account_id:
    description:
      - The client id of a user-assigned managed identity.
      - If left out, E(EXCHANGE_ONLINE_MANAGED_IDENTITY_ACCOUNT_ID) is used.
    type: str
  access_token:
    description:
      - An access token for Exchange Online. It lives for about an hour and cannot be renewed by the module.
    type: str
requirements:
  - The PowerShell module ExchangeOnlineManagement 3.2.0 or newer, on the host where PowerShell runs
"""
