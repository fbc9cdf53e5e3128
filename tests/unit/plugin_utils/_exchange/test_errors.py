# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of Exchange, row by row of the table in exchange facts 5.2, and what they leave in doubt."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import (
    Meaning,
    diagnose,
    says_already_present,
    says_not_present,
    says_truncated,
    with_remedy,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import CmdletError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant import errors as tenant

NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
AMBIGUOUS = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException"

#: Rule, meaning, whether a write may have been carried out for all that, and a record as it is seen.
ERRORS: list[tuple[str, Meaning, bool, CmdletError]] = [
    (
        "E6",
        Meaning.NOT_FOUND,
        False,
        CmdletError("object 'x' couldn't be found on 'DC01'.", NOT_FOUND, "Ex6F9304"),
    ),
    ("E7", Meaning.ACCOUNT_NOT_FOUND, False, CmdletError('Couldn\'t find object "x".', NOT_FOUND, "Ex94914C")),
    ("E8", Meaning.AMBIGUOUS, False, CmdletError("'x' matches multiple entries.", "", "Ex9E65A2")),
    ("E8", Meaning.AMBIGUOUS, False, CmdletError("Mehrere Einträge", AMBIGUOUS)),
    ("E8", Meaning.AMBIGUOUS, False, CmdletError('There are multiple users or groups matching the identity "x".')),
    ("E9", Meaning.ACCOUNT_NOT_FOUND, False, CmdletError("wasn't found. Please make sure you've typed it correctly.")),
    ("E10", Meaning.NO_ENTRY, False, CmdletError("No permissions were found for the user:x")),
    ("E10", Meaning.NO_ENTRY, False, CmdletError("No recipient permission entry was found for trustee x")),
    ("E11", Meaning.LIST_FULL, False, CmdletError("the limit of maximum allowed access control entries of 500")),
    ("E12", Meaning.TRANSIENT, True, CmdletError("x couldn't be read from domain controller 'DC01'", "", "Ex4215D1")),
    ("E12", Meaning.TRANSIENT, True, CmdletError("This may be due to replication delays.")),
    ("E13", Meaning.THROTTLED, True, CmdletError("slow down", category="LimitsExceeded")),
    ("E13", Meaning.THROTTLED, True, CmdletError("Too many requests")),
    ("E13", Meaning.THROTTLED, True, CmdletError("querying REST service. HttpStatusCode=429 ErrorMessage=")),
    ("E13", Meaning.THROTTLED, True, CmdletError("The remote server returned an error: (429).")),
    ("E14", Meaning.THROTTLED, True, CmdletError("", "Microsoft.Exchange.Data.ServerBusyException")),
    ("E14", Meaning.THROTTLED, True, CmdletError("Server Busy")),
    ("E15", Meaning.THROTTLED, True, CmdletError("exceeded the maximum number of connections allowed : 3")),
    ("E15", Meaning.THROTTLED, True, CmdletError("Policy: MaxConcurrency")),
    ("E16", Meaning.TRANSIENT, True, CmdletError("", "Microsoft.Exchange.Data.Directory.ADTransientException")),
    ("E16", Meaning.TRANSIENT, True, CmdletError("", "DCOverloadedException")),
    ("E16", Meaning.TRANSIENT, True, CmdletError("", "SuitabilityDirectoryException")),
    ("E16", Meaning.TRANSIENT, True, CmdletError("", "StorageTransientException")),
    ("E16", Meaning.TRANSIENT, True, CmdletError("The LDAP server is unavailable.")),
    ("E17", Meaning.TRANSIENT, True, CmdletError("Resource temporarily unavailable")),
    ("E18", Meaning.TRANSIENT, True, CmdletError("HttpStatusCode=503 ErrorMessage={}")),
    ("E18", Meaning.TRANSIENT, True, CmdletError("The remote server returned an error: (502) Bad Gateway.")),
    ("E18", Meaning.TRANSIENT, True, CmdletError("(503) Service Unavailable")),
    ("E18", Meaning.TRANSIENT, True, CmdletError("(504) Gateway Timeout")),
    (
        "E19",
        Meaning.TRANSIENT,
        True,
        CmdletError("A server side error has occurred because of which the operation could not be completed."),
    ),
    ("E20", Meaning.TRANSIENT, True, CmdletError("Expired or Invalid pagination request.")),
    ("E21", Meaning.TRANSIENT, True, CmdletError("The operation has timed out.")),
    ("E21", Meaning.TRANSIENT, True, CmdletError("canceled due to the configured HttpClient.Timeout of 960 seconds")),
    ("E21", Meaning.TRANSIENT, True, CmdletError("A task was canceled.")),
    ("E21", Meaning.TRANSIENT, True, CmdletError("The underlying connection was closed")),
    ("E21", Meaning.TRANSIENT, True, CmdletError("The remote name could not be resolved: 'outlook.office365.com'")),
    ("E22", Meaning.SESSION, True, CmdletError("Please re-establish the connection.")),
    ("E22", Meaning.SESSION, True, CmdletError("Required resource is not available to continue execution.")),
    ("E23", Meaning.SESSION, True, CmdletError("Response status code does not indicate success: 401")),
    ("E23", Meaning.SESSION, True, CmdletError("(401) Unauthorized.")),
    ("E23", Meaning.SESSION, True, CmdletError("AccessToken expired")),
    ("E23", Meaning.SESSION, True, CmdletError("Lifetime validation failed, the token is expired.")),
    ("E24", Meaning.NOT_PERMITTED, False, CmdletError("User is not allowed to call Get-EXOMailbox. Unauthorized.")),
    (
        "E26",
        Meaning.NOT_PERMITTED,
        False,
        CmdletError("The role assigned to application 7 isn't supported in this scenario."),
    ),
    ("E27", Meaning.NOT_PERMITTED, False, CmdletError("No cmdlet assigned to the user have this feature enabled.")),
    ("E28", Meaning.NOT_PERMITTED, False, CmdletError("The term 'Set-Mailbox' is not recognized")),
    ("E28", Meaning.NOT_PERMITTED, False, CmdletError("Begriff", "CommandNotFoundException")),
    ("E29", Meaning.NOT_PERMITTED, False, CmdletError("A parameter cannot be found that matches parameter name 'X'.")),
    ("E30", Meaning.NOT_PERMITTED, False, CmdletError("'x' isn't within your current write scope.")),
    ("E30", Meaning.NOT_PERMITTED, False, CmdletError("Set-Mailbox -X is not present in the role definition")),
    ("E31", Meaning.NOT_PERMITTED, False, CmdletError("Access is denied.")),
    ("E31", Meaning.NOT_PERMITTED, False, CmdletError("", "Microsoft.Mapi.MapiExceptionAccessDenied")),
    ("E32", Meaning.MISUSE, False, CmdletError("", "AmbiguousParameterSetException")),
    ("E32", Meaning.MISUSE, False, CmdletError("", "System.Management.Automation.ParameterBindingException")),
    ("E33", Meaning.MISUSE, False, CmdletError("PowerShell is in NonInteractive mode. Read and Prompt …")),
    ("", Meaning.UNRECOGNISED, True, CmdletError("Something else happened.")),
    ("", Meaning.UNRECOGNISED, True, CmdletError("")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "meaning", "doubt", "error"), ERRORS)
def test_an_error_means_what_its_row_says(rule: str, meaning: Meaning, doubt: bool, error: CmdletError) -> None:
    diagnosis = diagnose(error)
    assert (diagnosis.rule, diagnosis.meaning, diagnosis.leaves_doubt) == (rule, meaning, doubt)


def test_every_row_of_the_table_that_a_cmdlet_can_answer_is_tried() -> None:
    tried = {rule for rule, _meaning, _doubt, _error in ERRORS}
    of_sign_in_only = {"E25"}
    of_warnings = {f"E{number}" for number in range(1, 6)}
    assert tried - {""} == {f"E{number}" for number in range(1, 34)} - of_warnings - of_sign_in_only


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("E6", CmdletError(f"'x' couldn't be found on 'DC'. {NOT_FOUND}: Couldn't find object", NOT_FOUND)),
        ("E8", CmdletError("matches multiple entries. Access is denied.")),
        ("E13", CmdletError("429: Service Unavailable", category="LimitsExceeded")),
        ("E24", CmdletError("User is not allowed to call Get-User. (401) Unauthorized.")),
        ("E18", CmdletError("HttpStatusCode=504 The operation has timed out")),
        ("E29", CmdletError("A parameter cannot be found that matches parameter name 'X'.", "ParameterBinding")),
    ],
)  # fmt: skip
def test_where_several_rows_match_the_first_one_counts(rule: str, error: CmdletError) -> None:
    assert diagnose(error).rule == rule


@pytest.mark.parametrize("error", [error for rule, _meaning, _doubt, error in ERRORS if rule and error.text])
def test_letter_case_and_lines_do_not_matter(error: CmdletError) -> None:
    shouted = CmdletError(f"First line\n{error.text.upper()}", error.type, error.code, error.category)
    assert diagnose(shouted).rule == diagnose(error).rule


def test_the_type_tells_where_the_text_is_in_another_language() -> None:
    german = CmdletError("Der Vorgang konnte nicht ausgeführt werden.", NOT_FOUND)
    assert diagnose(german).meaning is Meaning.ACCOUNT_NOT_FOUND


@pytest.mark.parametrize("name", ["Room 401", "429 Main Street", "Suite 401 (429)"])
def test_a_number_in_a_name_is_no_status_of_http(name: str) -> None:
    assert diagnose(CmdletError(f"'{name}' isn't within your current write scope.")).rule == "E30"


@pytest.mark.parametrize("code", ["read_only", "not_allowed", "bad_request", "not_connected"])
def test_what_the_runner_refuses_never_reached_exchange(code: str) -> None:
    diagnosis = diagnose(CmdletError("Add-MailboxPermission writes. Service Unavailable", code=code))
    assert diagnosis.meaning is Meaning.MISUSE
    assert not diagnosis.leaves_doubt


@pytest.mark.parametrize("meaning", [Meaning.NOT_FOUND, Meaning.AMBIGUOUS, Meaning.LIST_FULL, Meaning.NOT_PERMITTED])
def test_what_a_person_can_mend_comes_with_a_remedy(meaning: Meaning) -> None:
    remedies = [diagnose(error).remedy for _rule, found, _doubt, error in ERRORS if found is meaning]
    assert remedies
    assert all(remedies)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (tenant.not_found("x", "Get-MailboxPermission"), Meaning.NOT_FOUND),
        (tenant.not_found("x", "Get-EXOMailbox"), Meaning.NOT_FOUND),
        (tenant.trustee_not_found("x"), Meaning.ACCOUNT_NOT_FOUND),
        (tenant.trustee_was_not_found("x"), Meaning.ACCOUNT_NOT_FOUND),
        (tenant.trustee_ambiguous("x"), Meaning.AMBIGUOUS),
        (tenant.list_full("x"), Meaning.LIST_FULL),
        (tenant.out_of_scope("x"), Meaning.NOT_PERMITTED),
        (tenant.mastered_on_premises("x", "Set-Mailbox", "GrantSendOnBehalfTo"), Meaning.NOT_PERMITTED),
        (tenant.replication("x"), Meaning.TRANSIENT),
        (tenant.gateway_timeout(), Meaning.TRANSIENT),
        (tenant.pagination_expired("Get-EXOMailbox"), Meaning.TRANSIENT),
        (tenant.session_lost(), Meaning.SESSION),
        (tenant.no_such_cmdlet("Set-Mailbox"), Meaning.NOT_PERMITTED),
        (tenant.not_allowed("Get-EXOMailbox"), Meaning.NOT_PERMITTED),
        (tenant.no_such_parameter("Set-Mailbox", "X"), Meaning.NOT_PERMITTED),
        (tenant.missing_parameters("Set-Mailbox", ["Identity"]), Meaning.MISUSE),
        (tenant.non_interactive("Remove-MailboxPermission"), Meaning.MISUSE),
        (tenant.bad_filter("Get-User", "no"), Meaning.MISUSE),
        (tenant.bad_filter("Get-EXORecipient", "no"), Meaning.UNRECOGNISED),
        (tenant.filter_too_long("Get-EXORecipient"), Meaning.UNRECOGNISED),
    ],
)
def test_the_records_of_the_simulated_organisation_are_understood(error: tenant.TenantError, meaning: Meaning) -> None:
    assert diagnose(error.error).meaning is meaning


def test_an_ambiguous_name_that_comes_with_the_type_of_a_not_found_is_ambiguous() -> None:
    assert diagnose(tenant.ambiguous("x", "Get-MailboxPermission").error).meaning is Meaning.AMBIGUOUS


@pytest.mark.parametrize(
    ("text", "present", "absent", "truncated"),
    [
        (tenant.already_present("x", "y"), True, False, False),
        (tenant.not_present("x", "y"), False, True, False),
        (tenant.send_as_not_present("x", "y"), False, True, False),
        (tenant.MORE_RESULTS, False, False, True),
        ("THE ENTRY IS ALREADY PRESENT ON THE OBJECT", True, False, False),
        ("Micro delay applied", False, False, False),
        (tenant.nothing_modified("x"), False, False, False),
        (tenant.inherited_ignored("x", "FullAccess"), False, False, False),
        ("", False, False, False),
    ],
)
def test_what_a_warning_says(text: str, present: bool, absent: bool, truncated: bool) -> None:
    for warnings in ([text], ["another", text], [text, "another"]):
        assert says_already_present(warnings) is present
        assert says_not_present(warnings) is absent
        assert says_truncated(warnings) is truncated


def test_no_warning_says_nothing() -> None:
    assert [says([]) for says in (says_already_present, says_not_present, says_truncated)] == [False] * 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Access is denied", "Exchange answered: Access is denied (give the application the Exchange role "),
        ("The LDAP server is unavailable", "Exchange answered: The LDAP server is unavailable"),
        ("something new", "Exchange answered: something new"),
    ],
)
def test_a_cause_names_what_is_to_be_mended_unless_it_is_only_a_matter_of_time(text: str, said: str) -> None:
    whole = with_remedy(CmdletError(text))
    assert whole.startswith(said)
    assert whole == said or whole.endswith(")")
