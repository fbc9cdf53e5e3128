# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole records of every row of exchange facts 5.2 that a sign-in meets: the remedy, and whether it may pass."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.sign_in_errors import (
    may_pass,
    remedy,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.errors import too_many_sessions

MSAL, MSAL_CLIENT = "Microsoft.Identity.Client.MsalServiceException", "Microsoft.Identity.Client.MsalClientException"
UI = "Microsoft.Identity.Client.MsalUiRequiredException"
HTTP, WEB = "System.Net.Http.HttpRequestException", "System.Net.WebException"
RUNTIME, COMMAND = (
    "System.Management.Automation.RuntimeException",
    "System.Management.Automation.CommandNotFoundException",
)
DENIED = "System.UnauthorizedAccessException"
_TRACE = " Trace ID: 50034000-7000-4215-9002-000000000000 Correlation ID: 53003000-0000-0000-0000-000000050126"


def entra(number: int, text: str = "Etwas ist schiefgegangen.", kind: str = MSAL) -> tuple[str, str]:
    """As Entra ID words it, with numbers behind that are no error's."""
    return kind, f"AADSTS{number}: {text}{_TRACE} Timestamp: 2026-11-28 04:01:03Z"


#: Row: a word of the remedy, and the records.
RECORDS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "E21": ("over HTTPS", [
        (HTTP, "No such host is known. (login.microsoftonline.com:443)"),
        (WEB, "The remote name could not be resolved: 'outlook.office365.com'"),
        (WEB, "The underlying connection was closed: An unexpected error occurred on a send."),
        (HTTP, "No connection could be made because the target machine actively refused it. (10.0.0.1:443)"),
        ("System.Threading.Tasks.TaskCanceledException",
         "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing."),
    ]),
    "E24": ("Mail Recipients", [("System.Exception", "User is not allowed to call Get-Mailbox. Unauthorized.")]),
    "E25": ("Exchange.ManageAsApp", [
        (DENIED, "UnAuthorized"),
        (DENIED, "Es wurde versucht, einen nicht autorisierten Vorgang auszuführen."),
        (HTTP, "Response status code does not indicate success: 403 (Forbidden)."),
        (HTTP, "Response status code does not indicate success: 401 (Unauthorized)."),
        (WEB, "Der Remoteserver hat einen Fehler zurückgegeben: (403) Unzulässig."),
    ]),
    "E26": ("Entra role", [(DENIED, "The role assigned to application 0000 isn't supported in this scenario. Please"
                                    " check online documentation for assigning correct Directory Roles.")]),
    "E27": ("Mail Recipients", [("System.Exception", "No cmdlet assigned to the user have this feature enabled.")]),
    "E34": ("app_id", [entra(700016, "Application with identifier '0000' was not found in the directory 'Contoso'.")]),
    "E35": ("organization", [entra(90002, "Tenant 'contoso.onmicrosoft.com' not found.")]),
    "E36": ("public part", [
        entra(700027, "Client assertion failed signature validation. The key used is expired."),
        entra(700027, "The certificate with identifier used to sign the client assertion is not registered."),
    ]),
    "E37": ("client secret", [entra(7000215), entra(7000222)]),
    "E38": ("Conditional Access", [entra(53003), entra(50076, kind=UI), entra(50079, kind=UI)]),
    "E39": ("as an application", [entra(50126, kind=UI), entra(50034, kind=UI), entra(50053, kind=UI)]),
    "E40": ("", [entra(number) for number in (50033, 50087, 90006, 90012, 90024, 90033, 90055, 90090, 50196)]),
    "E41": ("private key", [("System.Security.Cryptography.CryptographicException", "Keyset does not exist\r\n")]),
    "E42": ("*.onmicrosoft.com", [("System.ArgumentException", "Organization cannot be a Guid. Use the domain name.")]),
    "E43": ("certificate_thumbprint", [
        (RUNTIME, "The certificate with thumbprint 0123 cannot be found."),
        (RUNTIME, "The certificate with thumbprint 0123 was not found in the certificate store."),
    ]),
    "E44": ("identity library", [
        ("System.MissingMethodException", "Method not found: 'Microsoft.Identity.Client.PublicClientApplicationBuilder"
         " Microsoft.Identity.Client.Broker.BrokerExtension.WithBroker(BrokerOptions)'."),
        ("System.IO.FileLoadException", "Could not load file or assembly 'Microsoft.Identity.Client, Version=4.66.1.0,"
         " Culture=neutral'. Assembly with same name is already loaded"),
        ("System.TypeLoadException", "Could not load type 'X' from assembly 'System.IdentityModel.Tokens.Jwt'."),
    ]),
    "E45": ("PowerShellGet", [
        (COMMAND, "The term 'Update-ModuleManifest' is not recognized as the name of a cmdlet, function, script file,"
         " or operable program."),
        (COMMAND, "The 'Update-ModuleManifest' command was found in the module 'PowerShellGet', but the module could"
         " not be loaded."),
        (COMMAND, "Die Benennung \"Update-Manifest\" wurde nicht als Name eines Cmdlet erkannt."),
    ]),
    "E46": ("ask somebody", [
        (MSAL_CLIENT, "A window handle must be configured. See https://aka.ms/msal-net-wam#parent-window-handles"),
        (MSAL, "WAM Error  Error Code: 3399614466 Error Message: WAM_provider_error_3399614466"),
        ("System.Management.Automation.PSInvalidOperationException",
         "PowerShell is in NonInteractive mode. Read and Prompt functionality is not available."),
    ]),
}  # fmt: skip
CASES = [
    pytest.param(row, words, *record, id=f"{row}-{at}")
    for row, (words, records) in RECORDS.items()
    for at, record in enumerate(records)
]


def test_every_row_of_a_sign_in_has_records() -> None:
    own = {f"E{number}" for number in range(34, 47)}
    assert own | {"E21", "E24", "E25", "E26", "E27"} == RECORDS.keys()
    assert all(records for words, records in RECORDS.values())


@pytest.mark.parametrize(("row", "words", "kind", "text"), CASES)
def test_a_record_is_known_and_what_to_do_is_said(row: str, words: str, kind: str, text: str) -> None:
    found, advice = remedy(kind, text)
    assert found == row
    assert words in advice
    assert advice


@pytest.mark.parametrize(("row", "words", "kind", "text"), CASES)
def test_only_trouble_of_the_network_and_of_entra_may_pass(row: str, words: str, kind: str, text: str) -> None:
    assert may_pass(kind, text) == (row in ("E21", "E40") and "AADSTS50196" not in text)


@pytest.mark.parametrize(
    ("row", "kind", "text"),
    [
        ("E13", "System.Exception", "Too many requests. Retry after 30 seconds."),
        ("E14", "Microsoft.Exchange.Data.Directory.ServerBusyException", "Der Server ist ausgelastet."),
        ("E16", "System.Exception", "The LDAP server is unavailable."),
        ("E18", WEB, "The remote server returned an error: (503) Server Unavailable."),
        ("E18", HTTP, "Response status code does not indicate success: 504 (Gateway Timeout)."),
    ],
)
def test_trouble_of_the_service_is_known_at_the_sign_in_too(row: str, kind: str, text: str) -> None:
    assert remedy(kind, text) == (row, "Run it again later")
    assert may_pass(kind, text)


def test_a_session_too_many_is_waited_for_and_fewer_are_the_cure() -> None:
    error = too_many_sessions(3).error
    advice = "Run it again later, with fewer sessions on the organisation at once"
    assert remedy(error.type, error.text) == ("E15", advice)
    assert may_pass(error.type, error.text)


def test_an_answer_that_cannot_be_read_may_be_a_missing_role_and_is_not_waited_for() -> None:
    text = "A server side error has occurred because of which the operation could not be completed."
    row, advice = remedy("System.Exception", text)
    assert (row, may_pass("System.Exception", text)) == ("E19", False)
    assert "may lack a role" in advice


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (RUNTIME, "The organization 403.onmicrosoft.com has 401 users."),
        (RUNTIME, "The certificate 401 is odd."),
        (RUNTIME, "Error 403"),
        (RUNTIME, "wamble"),
        (MSAL, "AADSTS5012600: new"),
        (MSAL, "AADSTS90033000: new"),
        (MSAL, "AADSTS: 50126"),
        (MSAL, "The tenant 700016 has no such thing."),
        ("", ""),
    ],
)
def test_what_only_looks_like_a_row_is_not_taken_for_it(kind: str, text: str) -> None:
    assert remedy(kind, text) == ("", "")
    assert not may_pass(kind, text)


def test_the_number_of_entra_beats_the_words_around_it() -> None:
    text = "AADSTS700027: UnAuthorized. The certificate cannot be found. Try again, Service Unavailable."
    assert remedy(DENIED, text)[0] == "E36"
    assert not may_pass(DENIED, text)


def test_an_unknown_number_does_not_pass_whatever_is_said_beside_it() -> None:
    assert not may_pass(MSAL, "AADSTS999999: Service Unavailable")
