# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error and warning that a cmdlet causes matches its row of exchange facts 5.2, in the layout of 5.1."""

from __future__ import annotations

import re

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import CmdletError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant import errors
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.errors import TenantError

#: Row of the table, its pattern, and what makes it.
RECORDS: list[tuple[str, str, TenantError]] = [
    ("E6", r"ManagementObjectNotFoundException.*couldn't be found on", errors.not_found("a", "Get-Mailbox")),
    ("E6", r"ManagementObjectNotFoundException.*couldn't be found on", errors.not_found("a", "Get-EXOMailbox")),
    ("E7", r"ManagementObjectNotFoundException.*Couldn't find object", errors.trustee_not_found("a")),
    ("E8", r"matches multiple entries", errors.ambiguous("a", "Get-Mailbox")),
    ("E8", r"matches multiple entries", errors.ambiguous("a", "Get-EXOMailbox")),
    ("E8", r"ManagementObjectAmbiguousException.*multiple users or groups matching", errors.trustee_ambiguous("a")),
    ("E9", r"wasn't found\. Please make sure you've typed it correctly", errors.trustee_was_not_found("a")),
    ("E11", r"maximum allowed access control entries", errors.list_full("a")),
    ("E12", r"couldn't be read from domain controller.*replication delays", errors.replication("a")),
    ("E18", r"Gateway Timeout", errors.gateway_timeout()),
    ("E20", r"Expired or Invalid pagination request", errors.pagination_expired("Get-Mailbox")),
    ("E20", r"Expired or Invalid pagination request", errors.pagination_expired("Get-EXOMailbox")),
    ("E22", r"Required resource is not available to continue execution", errors.session_lost()),
    ("E24", r"User is not allowed to call.*Unauthorized", errors.not_allowed("Get-EXOMailbox")),
    ("E28", r"The term '.*' is not recognized", errors.no_such_cmdlet("Get-X")),
    ("E29", r"A parameter cannot be found that matches parameter name", errors.no_such_parameter("Get-X", "Y")),
    ("E30", r"isn't within your current write scope", errors.out_of_scope("a")),
    ("E30", r"isn't within your current write scope", errors.mastered_on_premises("a", "Set-Mailbox", "X")),
    ("E32", r"ParameterBinding", errors.missing_parameters("Get-X", ["Identity"])),
    ("E32", r"ParameterBinding", errors.bad_argument("Get-X", "Y", 1, "text")),
    ("E33", r"NonInteractive mode", errors.non_interactive("Remove-X")),
]


@pytest.mark.parametrize(("row", "pattern", "made"), RECORDS)
def test_an_error_matches_its_row_of_the_facts(row: str, pattern: str, made: TenantError) -> None:
    error = made.error
    assert re.search(pattern, f"{error.code}|{error.type}|{error.text}", re.IGNORECASE), row
    assert str(made) == error.text


@pytest.mark.parametrize(
    ("row", "pattern", "text"),
    [
        ("E1", r"already present on the object", errors.already_present("CN=a", "b")),
        ("E2", r"because the ACE (doesn't exist|isn't present)", errors.not_present("CN=a", "b")),
        ("E2", r"because the ACE (doesn't exist|isn't present)", errors.send_as_not_present("CN=a", "b")),
        ("E3", r"There are more results available", errors.MORE_RESULTS),
        ("E5", r"no settings of .* have been modified", errors.nothing_modified("a")),
        ("W4", r"An inherited access control entry has been specified", errors.inherited_ignored("CN=a", "FullAccess")),
    ],
)
def test_a_warning_matches_its_row_of_the_facts(row: str, pattern: str, text: str) -> None:
    assert re.search(pattern, text, re.IGNORECASE), row


def test_a_record_of_a_proxy_is_laid_out_as_code_type_text() -> None:
    error = errors.not_found("gone@contoso.com", "Get-Mailbox").error
    assert error == CmdletError(
        "The operation couldn't be performed because object 'gone@contoso.com' couldn't be found on"
        " 'NAMPR05A001DC01.NAMPR05A001.PROD.OUTLOOK.COM'.",
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
        "Ex6F9304",
        "NotSpecified",
        error.fqid,
    )
    assert re.fullmatch(r"\[Server=\w+,RequestId=[\w-]+,TimeStamp=.*\],Write-ErrorMessage", error.fqid)


def test_a_record_of_get_exo_is_laid_out_as_status_and_json() -> None:
    error = errors.not_found("gone@contoso.com", "Get-EXOMailbox").error
    assert error.text.startswith('Error while querying REST service. HttpStatusCode=404 ErrorMessage={"error":')
    assert error.type.endswith(".RestClientException")
    assert (error.code, error.category) == ("", "ProtocolError")
