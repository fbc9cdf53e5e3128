# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the sign-in and their remedies, row by row of exchange facts 5.2."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.sign_in_errors import remedy


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("User is not allowed to call Get-X. Unauthorized", "E24", "Mail Recipients"),
        ("UnAuthorized", "E25", "Exchange.ManageAsApp"),
        ("Response status code does not indicate success: 403 (Forbidden).", "E25", "Exchange.ManageAsApp"),
        ("The role assigned to application 1234 isn't supported in this scenario.", "E26", "Entra role"),
        ("No cmdlet assigned to the user have this feature enabled.", "E27", "Entra role"),
        ("AADSTS700016: Application with identifier 'x' was not found in the directory 'y'.", "E34", "app_id"),
        ("AADSTS90002: Tenant 'x' not found.", "E35", "organization"),
        ("AADSTS700027: Client assertion contains an invalid signature.", "E36", "certificate"),
        ("AADSTS7000215: Invalid client secret provided.", "E37", "secret"),
        ("AADSTS7000222: The provided client secret keys are expired.", "E37", "secret"),
        ("AADSTS53003: Access has been blocked by Conditional Access policies.", "E38", "Conditional Access"),
        ("AADSTS50076: Due to a configuration change, you must use multi-factor.", "E38", "Conditional Access"),
        ("AADSTS50126: Error validating credentials", "E39", "as an application"),
        ("AADSTS50053: account locked", "E39", "as an application"),
        ("AADSTS90033: A transient error has occurred. Please try again.", "E40", "later"),
        ("AADSTS50196: loop", "E40", "loop"),
        ("Keyset does not exist", "E41", "private key"),
        ("Organization cannot be a Guid, please enter a domain", "E42", "onmicrosoft.com"),
        ("The certificate with thumbprint x cannot be found in the store", "E43", "certificate_thumbprint"),
        ("Method not found: 'Void X.WithBroker(Y)'", "E44", "identity library"),
        ("Could not load file or assembly 'Microsoft.Identity.Client, Version=4'", "E44", "identity library"),
        ("No such host is known. (login.microsoftonline.com:443)", "E21", "login.microsoftonline.com"),
        ("The term 'Update-ModuleManifest' is not recognized", "E45", "PowerShellGet"),
        ("A window handle must be configured", "E46", "ask somebody"),
        ("AADSTS999999: something new", "", ""),
        ("Something else altogether", "", ""),
    ],
)
def test_row(text: str, row: str, words: str) -> None:
    found, advice = remedy("System.Exception", text)
    assert found == row
    assert words in advice


def test_the_type_counts_where_the_text_says_nothing() -> None:
    assert remedy("System.UnauthorizedAccessException", "")[0] == "E25"


def test_a_number_is_not_found_inside_another() -> None:
    assert remedy("", "AADSTS900023: Specified tenant identifier is neither a valid DNS name")[0] == ""
