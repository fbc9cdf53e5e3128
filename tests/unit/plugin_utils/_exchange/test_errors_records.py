# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole records of every row of exchange facts 5.2 that a cmdlet answers: their meaning, and what only looks alike."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import (
    Meaning,
    diagnose,
    says_already_present,
    says_not_present,
    says_truncated,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import CmdletError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant import errors

from .error_records import DIRECTORY, LOCALIZED, NOT_FOUND, OPERATION, RECORDS, WARNINGS, WEB, native, proxy, way

#: Row: what it means, whether a write may have been carried out for all that, a word of the remedy.
ROWS: dict[str, tuple[Meaning, bool, str]] = {
    "E6": (Meaning.NOT_FOUND, False, "check the address"),
    "E7": (Meaning.ACCOUNT_NOT_FOUND, False, "check the account"),
    "E8": (Meaning.AMBIGUOUS, False, "only one object has"),
    "E9": (Meaning.ACCOUNT_NOT_FOUND, False, "check the account"),
    "E10": (Meaning.NO_ENTRY, False, ""),
    "E11": (Meaning.LIST_FULL, False, "remove entries of deleted accounts"),
    "E12": (Meaning.TRANSIENT, True, "later"),
    "E13": (Meaning.THROTTLED, True, "later"),
    "E14": (Meaning.THROTTLED, True, "later"),
    "E15": (Meaning.THROTTLED, True, "later"),
    "E16": (Meaning.TRANSIENT, True, "later"),
    "E17": (Meaning.TRANSIENT, True, "later"),
    "E18": (Meaning.TRANSIENT, True, "later"),
    "E19": (Meaning.TRANSIENT, True, "may lack a role"),
    "E20": (Meaning.TRANSIENT, True, "*.onmicrosoft.com"),
    "E21": (Meaning.TRANSIENT, True, "check the network"),
    "E22": (Meaning.SESSION, True, "later"),
    "E23": (Meaning.SESSION, True, ""),
    "E24": (Meaning.NOT_PERMITTED, False, "Mail Recipients"),
    "E26": (Meaning.NOT_PERMITTED, False, "Mail Recipients"),
    "E27": (Meaning.NOT_PERMITTED, False, "Mail Recipients"),
    "E28": (Meaning.NOT_PERMITTED, False, "Mail Recipients"),
    "E29": (Meaning.NOT_PERMITTED, False, "Mail Recipients"),
    "E30": (Meaning.NOT_PERMITTED, False, "write scope"),
    "E31": (Meaning.NOT_PERMITTED, False, "Mail Recipients"),
    "E32": (Meaning.MISUSE, False, ""),
    "E33": (Meaning.MISUSE, False, ""),
}
CASES = [pytest.param(rule, error, id=f"{rule}-{at}") for rule in RECORDS for at, error in enumerate(RECORDS[rule])]


def test_every_row_that_a_cmdlet_can_answer_has_records() -> None:
    """E25 and E34 to E46 come of the sign-in: test_sign_in_errors.py."""
    assert WARNINGS.keys() == {f"E{number}" for number in range(1, 6)}
    assert RECORDS.keys() == ROWS.keys() == {f"E{number}" for number in range(6, 34)} - {"E25"}
    assert all((*RECORDS.values(), *WARNINGS.values()))


@pytest.mark.parametrize(("rule", "error"), CASES)
def test_a_record_is_known_and_explained(rule: str, error: CmdletError) -> None:
    found = diagnose(error)
    meaning, doubt, words = ROWS[rule]
    assert (found.rule, found.meaning, found.leaves_doubt) == (rule, meaning, doubt)
    assert words in found.remedy


@pytest.mark.parametrize(("rule", "error"), CASES)
def test_whoever_may_not_try_again_does_not(rule: str, error: CmdletError) -> None:
    found = diagnose(error)
    assert (found.tries > 1) == (found.meaning in (Meaning.TRANSIENT, Meaning.THROTTLED))
    assert found.tries <= (2 if rule in ("E19", "E20") else 5)


def test_a_refusal_that_the_module_hides_is_explained_as_such() -> None:
    hidden, plain = (diagnose(error).remedy for error in (RECORDS["E23"][-1], RECORDS["E23"][0]))
    assert "update ExchangeOnlineManagement" in hidden
    assert "certificate" in plain


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule in WARNINGS for text in WARNINGS[rule]])
def test_a_warning_says_what_its_row_says(rule: str, text: str) -> None:
    """E4 and E5 say nothing that changes what is known: the call went through."""
    says = (says_already_present([text]), says_not_present([text]), says_truncated([text]))
    assert says == (rule == "E1", rule == "E2", rule == "E3")


#: Records in which a name, an address or a number looks like another row.
NEAR_MISSES: list[tuple[str, CmdletError]] = [
    *(
        ("E6", errors.not_found(name, cmdlet).error)
        for name in ("401", "429", "503@contoso.com", "Throttling", "Server Busy", "Access Denied", "Unauthorized")
        for cmdlet in ("Get-Mailbox", "Get-EXOMailbox")
    ),
    *(
        ("E30", errors.out_of_scope(name).error)
        for name in ("401", "(503)", "429@contoso.com", "Throttling", "Server Busy", "Unauthorized", "Bad Gate")
    ),
    *(("E30", errors.out_of_scope(name).error) for name in ("serverbusy@contoso.com", "unauthorized@contoso.com")),
    ("E11", errors.list_full("401 Unauthorized").error),
    ("E12", errors.replication("Access Denied").error),
    ("E8", errors.ambiguous("503", "Get-Mailbox").error),
    ("E9", errors.trustee_was_not_found("Access Denied").error),
    ("E7", errors.trustee_not_found("429").error),
    ("E10", native(404, "NotFound", "No permissions were found for the user:503@contoso.com")),
    ("", proxy("", LOCALIZED, "The mailbox 401 is full.")),
    ("", proxy("", LOCALIZED, "The mailbox '503' is full, error 504.")),
    ("", proxy("", LOCALIZED, "Throttling is on for this mailbox.")),
    ("", proxy("Ex503401", LOCALIZED, "Das ist etwas Neues.")),
    ("", native(400, "BadRequest", "429 of 500 entries; 401, 503, 504 are wrong.")),
    ("", native(404, "NotFound", "401@contoso.com")),
    ("", way(WEB, "Der Remoteserver hat einen Fehler zurückgegeben: (404) Nicht gefunden.")),
    ("", way(WEB, "The remote server returned an error: (4010).")),
    ("", way(OPERATION, "Sequence contains no elements: (503)")),
    ("", CmdletError("The request was not answered within 401 seconds.")),
]


@pytest.mark.parametrize(("rule", "error"), NEAR_MISSES)
def test_what_only_looks_like_another_row_is_not_taken_for_it(rule: str, error: CmdletError) -> None:
    assert diagnose(error).rule == rule


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("E7", NOT_FOUND),
        ("E8", "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException"),
        ("E13", "Microsoft.Exchange.Data.ThrottlingErrorException"),
        ("E14", f"{DIRECTORY}ServerBusyException"),
        ("E16", f"{DIRECTORY}DCOverloadedException"),
        ("E16", "Microsoft.Exchange.Data.Storage.StorageTransientException"),
        ("E28", "System.Management.Automation.CommandNotFoundException"),
        ("E31", "Microsoft.Mapi.MapiExceptionAccessDenied"),
        ("E32", "System.Management.Automation.ParameterBindingException"),
    ],
)
def test_a_type_is_enough_in_any_language(rule: str, kind: str) -> None:
    """Texts follow the language of the host; the types do not (exchange facts 1.8)."""
    for text in ("Das wurde nicht gefunden.", "指定されたオブジェクトが見つかりません。", ""):
        assert diagnose(proxy("", kind, text)).rule == rule
