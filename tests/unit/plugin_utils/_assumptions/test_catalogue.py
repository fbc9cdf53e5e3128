# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every assumption is held by the simulated organisation, can fail, and is not told where a cmdlet is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.selftest import (
    anonymous,
    result_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._assumptions.catalogue import ASSUMPTIONS
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._assumptions.evidence import wanted_cmdlets
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._assumptions.finding import Result
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._assumptions.probes import (
    ECHO,
    NOBODY,
    NOBODY_GUID,
    NOBODY_SID,
    WIDE_ECHO,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    WRITERS,
    Answer,
    Call,
    SessionInfo,
    SessionLost,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .organisations import empty, error, filters_on, findings, organisation, rows, same, where, with_result

FACTS = [one.fact for one in ASSUMPTIONS]
SEND_AS, FULL_ACCESS = "Get-RecipientPermission", "Get-MailboxPermission"
RECIPIENTS, MAILBOXES = "Get-EXORecipient", "Get-EXOMailbox"
DENIED = "Access is denied to Zoë Müller"


def of(cmdlet: str, **parameters: object) -> Callable[[Call], bool]:
    """Calls of a cmdlet with these parameters; None: without it."""

    def condition(call: Call) -> bool:
        return call.cmdlet == cmdlet and all(call.parameters.get(name) == value for name, value in parameters.items())

    return condition


def filtered(cmdlet: str, text: str) -> Callable[[Call], bool]:
    return lambda call: call.cmdlet == cmdlet and text in filters_on(call)


def echoed(sent: str, back: str) -> Callable[[Call, Answer], Answer]:
    def bend(call: Call, answer: Answer) -> Answer:
        if answer.error is None or call.parameters.get("Identity") != sent:
            return answer
        return replace(answer, error=replace(answer.error, text=answer.error.text.replace(sent, back)))

    return bend


def long_filter(addresses: int) -> Callable[[Call], bool]:
    return lambda call: call.cmdlet == RECIPIENTS and filters_on(call).count("nobody.invalid") > addresses


def twice(_call: Call, answer: Answer) -> Answer:
    return replace(answer, rows=answer.rows * 2)


def silent(_call: Call, answer: Answer) -> Answer:
    return replace(answer, warnings=())


def slow(_call: Call, answer: Answer) -> Answer:
    return replace(answer, milliseconds=3000)


def lost(_call: Call, _answer: Answer) -> Answer:
    raise SessionLost("the shell of CONTOSO is gone")


def last_page(call: Call) -> bool:
    return call.cmdlet == RECIPIENTS and call.parameters.get("ResultSize") == 1000


ROW: Mapping[str, Any] = {"Identity": "Sales", "Trustee": "x", "TrusteeSidString": NOBODY_SID}
REFUSED = error("Could not be read.", "RestClientException")

#: Fact → what makes it fail: a bent answer, something else that the session tells of itself, or a quirk.
BENT: dict[str, Callable[[Call, Answer], Answer]] = {
    "exchange 3.2 Get-ConnectionInformation": rows("Get-ConnectionInformation", State="Broken"),
    "winrm 7.1": where(of(FULL_ACCESS), lost),
    "winrm 7.6": echoed(ECHO, ECHO.replace("ë", "?")),
    "winrm 7.6 non-BMP": echoed(WIDE_ECHO, WIDE_ECHO.replace("😀", "??")),
    "winrm 3.4": where(last_page, lost),
    "exchange 1.2": where(of(FULL_ACCESS, Identity=None), empty),
    "exchange 5.1": where(of(FULL_ACCESS, Identity=NOBODY_GUID), error("it couldn't be found on x", "NotFound")),
    "exchange E6": where(of(FULL_ACCESS, Identity=NOBODY_GUID), empty),
    "exchange E6 Send As": where(of(SEND_AS, Identity=NOBODY_GUID), error("What?")),
    "exchange E6 Get-EXO": where(of(MAILBOXES, Identity=NOBODY_GUID), empty),
    "exchange E7": where(of(SEND_AS, Trustee=NOBODY), empty),
    "exchange 3.2 minimum set": where(of(RECIPIENTS, Properties=None), rows(RECIPIENTS, OrganizationId=None)),
    "exchange 3.2 Properties": where(of(RECIPIENTS, ResultSize=20), rows(RECIPIENTS, EmailAddresses=None)),
    "exchange 3.3 ResultSize": where(of(RECIPIENTS), silent),
    "exchange 3.3 ResultSize, proxy": where(of(SEND_AS), silent),
    "exchange 3.3 filter on EmailAddresses": where(filtered(RECIPIENTS, "smtp:"), empty),
    "exchange 3.3 filter of 20": where(filtered(RECIPIENTS, "smtp:"), REFUSED),
    "exchange 3.3 filter of 50": where(long_filter(20), REFUSED),
    "exchange 3.3 apostrophe, proxy": where(filtered("Get-Recipient", "''"), REFUSED),
    "exchange 3.3 filter beyond ASCII": where(filtered(RECIPIENTS, "Zoë"), empty),
    "exchange 3.3 filter on object id": where(filtered("Get-Recipient", "ExternalDirectoryObjectId"), empty),
    "exchange 3.3 filter on GrantSendOnBehalfTo": where(filtered(MAILBOXES, "GrantSendOnBehalfTo"), empty),
    "exchange 3.2 GrantSendOnBehalfTo": where(of(MAILBOXES, Filter=None), twice),
    "exchange Q8": where(of(MAILBOXES, Filter=None), rows(MAILBOXES, GrantSendOnBehalfTo=["whoever"])),
    "exchange 1.6 filter on Sid": where(filtered("Get-User", "Sid -eq"), empty),
    "exchange 1.6": where(filtered("Get-User", "UserPrincipalName"), rows("Get-User", Sid=NOBODY_SID)),
    "exchange 1.1": where(lambda call: "S-1-5-21-" in str(call.parameters.get("Trustee")), empty),
    "exchange 1.1 unknown SID": where(of(SEND_AS, Trustee=NOBODY_SID), lambda call, answer: Answer((ROW,))),
    "exchange 1.3": where(of(SEND_AS, ResultSize=200), empty),
    "exchange 3 SID": rows(FULL_ACCESS, UserSid=None),
    "exchange 3 AccessControlType": rows(SEND_AS, AccessControlType="Audit"),
    "exchange 3 booleans": rows(FULL_ACCESS, Deny=None),
    "exchange 2 InheritanceType": rows(FULL_ACCESS, InheritanceType="Descendants"),
    "exchange Q1": rows(FULL_ACCESS, AccessRights=["FullAccess; ReadPermission"]),
    "exchange Q5": where(of(FULL_ACCESS, IncludeUnresolvedPermissions=True), empty),
    "exchange Q7": rows(SEND_AS, Identity="contoso.com/Sales (1)"),
    "exchange Q9": rows(FULL_ACCESS, Deny="True"),
    **{f"exchange 7 {name}": where(of(name), slow) for name in wanted_cmdlets() if name != "Get-Group"},
}
TOLD: dict[str, dict[str, Any]] = {
    "winrm 3.2": {"hello": {"language_mode": "ConstrainedLanguage"}},
    "exchange 6.3": {"hello": {"powershell": "7.2.18"}},
    "exchange 6.4": {"seconds": 121.0},
    "exchange 6.1": {"connection": {"organization": "contoso.com"}},
    "exchange 6.2": {"connection": {"tenant_id": ""}},
    "exchange 2.1": {"connection": {"missing": [f"{SEND_AS} -Trustee"]}},
}
QUIRKS = {
    "exchange 3.3 apostrophe": "apostrophes_refused",
    "exchange Q2": "no_self",
    "exchange Q2 Send As": "no_self",
    "exchange Q3": "display_names",
}


@pytest.fixture(scope="module")
def contoso() -> Tenant:
    return Tenant(organisation())


def test_the_simulated_organisation_holds_every_assumption(contoso: Tenant) -> None:
    found = findings(contoso)
    assert [one.fact for one in found] == FACTS
    assert with_result(found, Result.HELD) == set(FACTS), [one for one in found if one.verdict.result != Result.HELD]


def test_no_two_assumptions_have_the_same_name() -> None:
    assert len(set(FACTS)) == len(FACTS)


def test_every_assumption_is_made_to_fail_below() -> None:
    assert {*BENT, *TOLD, *QUIRKS} == set(FACTS)


@pytest.mark.parametrize("fact", BENT)
def test_an_assumption_fails_where_an_answer_is_another(contoso: Tenant, fact: str) -> None:
    assert fact in with_result(findings(contoso, BENT[fact]), Result.FAILED)


@pytest.mark.parametrize("fact", TOLD)
def test_an_assumption_fails_where_the_session_is_another(contoso: Tenant, fact: str) -> None:
    assert with_result(findings(contoso, **TOLD[fact]), Result.FAILED) == {fact}


@pytest.mark.parametrize("fact", QUIRKS)
def test_an_assumption_fails_where_the_organisation_has_a_quirk(fact: str) -> None:
    found = with_result(findings(Tenant(organisation(quirks=[QUIRKS[fact]]))), Result.FAILED)
    assert found >= {each for each, quirk in QUIRKS.items() if quirk == QUIRKS[fact]}


def test_quirks_that_the_code_copes_with_fail_nothing() -> None:
    quirks = ["joined_rights", "double_self", "text_booleans", "upper_case_users", "delegates_by_guid"]
    found = findings(Tenant(organisation(quirks=quirks)))
    assert with_result(found, Result.FAILED) == set()
    said = {one.fact: one.verdict.explanation for one in found}
    assert said["exchange Q2"] == "20 of 20 lists, 20 with more than one row"
    assert "0 of several, 1 GUIDs" in said["exchange Q8"]
    assert "0 in their own letter case" in said["exchange Q3"]
    assert "0 booleans and" in said["exchange 3 booleans"]


def test_a_filter_of_50_may_be_too_long_where_one_of_20_is_not() -> None:
    found = findings(Tenant(organisation(filter_limit=1500)))
    assert with_result(found, Result.FAILED) == {"exchange 3.3 filter of 50"}


# What cannot be told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DENIED, "E31 not permitted"),
        ("The term 'Zoë Müller' is not recognized as the name of a cmdlet", "E28 not permitted"),
        ("Too many requests of Zoë Müller", "E13 throttled"),
        ("The operation has timed out for Zoë Müller", "E21 transient"),
    ],
)
@pytest.mark.parametrize("cmdlet", wanted_cmdlets())
def test_a_cmdlet_that_is_refused_fails_nothing_and_its_error_is_told_by_class(
    contoso: Tenant, cmdlet: str, text: str, said: str
) -> None:
    found = findings(contoso, where(of(cmdlet), error(text, "System.Müller")))
    assert with_result(found, Result.FAILED) == set(), found
    unclear = [one.verdict.explanation for one in found if one.verdict.result is Result.COULD_NOT_TELL]
    assert cmdlet == "Get-Group" or any(said in explanation for explanation in unclear)
    assert not any("Müller" in one.verdict.explanation for one in found)


def test_what_only_some_lists_refuse_is_told_of_the_others(contoso: Tenant) -> None:
    sales = next(each.guid for each in contoso.organisation.recipients if each.name == "Sales")
    found = findings(contoso, where(of(FULL_ACCESS, Identity=sales), error(DENIED)))
    said = {one.fact: one.verdict for one in found}
    assert said["exchange Q2"].result is Result.HELD
    assert said["exchange Q2"].explanation.startswith("19 of 19 lists")
    assert said["exchange Q2"].explanation.endswith("; errors: 1 x E31 not permitted")


def test_a_session_that_ends_leaves_the_rest_untold(contoso: Tenant) -> None:
    found = findings(contoso, where(of("Get-ConnectionInformation"), lost))
    assert with_result(found, Result.FAILED) == {"winrm 7.1"}
    assert "exchange Q2" in with_result(found, Result.HELD)
    assert {"exchange 1.2", "exchange 3.3 filter of 20"} <= with_result(found, Result.COULD_NOT_TELL)


def test_an_organisation_without_mailboxes_has_nothing_to_tell_of_lists() -> None:
    found = findings(Tenant(Organisation.from_dict({"recipients": []})))
    lists = {"exchange Q1", "exchange Q2", "exchange Q5", "exchange Q7", "exchange 1.1", "exchange 1.6", "exchange Q8"}
    assert lists <= with_result(found, Result.COULD_NOT_TELL)


# Only reading


def test_nothing_is_written_and_no_identity_is_ever_blank(contoso: Tenant) -> None:
    contoso.calls.clear()
    findings(contoso)
    assert contoso.calls
    assert not {call.cmdlet for call in contoso.calls} & WRITERS
    values = [value for call in contoso.calls for value in call.parameters.values()]
    assert all(value not in ("", [], None) for value in values)


@pytest.mark.parametrize("sample", [1, 5])
def test_no_more_mailboxes_are_looked_at_than_asked_for(contoso: Tenant, sample: int) -> None:
    contoso.calls.clear()
    findings(contoso, sample=sample)
    known = {each.guid for each in contoso.organisation.recipients}
    assert len({call.parameters.get("Identity") for call in contoso.calls} & known) == sample


# Names


def identifiers(everything: Organisation) -> Iterator[str]:
    """Whatever could tell who the organisation is, or somebody in it."""
    yield from (everything.organization, everything.tenant_id, "contoso", *(app.app_id for app in everything.apps))
    for app in everything.apps:
        yield from app.thumbprints
    for each in everything.recipients:
        yield from (each.name, each.display_name, each.alias, each.upn, each.address, *each.aliases)
        yield from (each.guid, each.object_id, each.sid, *each.sid_history, each.distinguished_name)


def shown(everything: Organisation, bend: Callable[[Call, Answer], Answer] = same) -> str:
    """All that the task returns, as one text."""
    found = findings(Tenant(everything), bend, sample=60)
    return json.dumps(result_of(found, {}, "never"), ensure_ascii=False).lower()


@pytest.mark.parametrize("bend", [same, *BENT.values()], ids=["unbent", *BENT])
def test_a_result_holds_nothing_by_which_anybody_could_be_known(bend: Callable[[Call, Answer], Answer]) -> None:
    everything = generate(60, seed=3, quirks=True)
    text = shown(everything, bend)
    assert [one for one in identifiers(everything) if one and one.lower() in text] == []


def test_what_is_looked_for_would_be_found() -> None:
    everything = generate(60, seed=3, quirks=True)
    known = [one for one in identifiers(everything) if one]
    assert len(known) > 500
    assert min(map(len, known)) > 3


def test_errors_that_name_everything_are_told_without_a_name() -> None:
    everything = generate(60, seed=3, quirks=True)
    names = " ".join(filter(None, identifiers(everything)))
    for kind in ("System.Ada Adler", names, "RestClientException"):
        text = shown(everything, error(names, kind, names))
        assert [one for one in identifiers(everything) if one and one.lower() in text] == []


def test_a_warning_about_the_certificate_does_not_name_it() -> None:
    info = SessionInfo(connection={"certificate": {"thumbprint": "ABCDEF", "not_after": "2020-01-01"}})
    assert "ABCDEF" not in json.dumps(dict(anonymous(info).connection))
    assert anonymous(SessionInfo()) == SessionInfo()


# The result of the task


@pytest.mark.parametrize(("fail_on", "fails"), [("never", False), ("failed", True)])
def test_a_failed_assumption_fails_the_task_only_where_it_is_asked_for(
    contoso: Tenant, fail_on: str, fails: bool
) -> None:
    found = findings(contoso, seconds=121.0)
    result = result_of(found, {}, fail_on)
    assert result.get("failed", False) is fails
    count = len(FACTS)
    assert result["summary"] == {"total": count, "held": count - 1, "failed": 1, "could_not_tell": 0}
    assert result["msg"].endswith("1 failed, 0 could not be told. Failed: exchange 6.4")
    assert len(result["report"]) == count
    assert "failed          exchange 6.4: signing in takes at most two minutes (121.0 s)" in result["report"]


def test_nothing_failed_fails_nothing(contoso: Tenant) -> None:
    assert "failed" not in result_of(findings(contoso), {}, "failed")
