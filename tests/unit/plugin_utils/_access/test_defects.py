# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regression tests named after the defects that tools of this kind are known for (peers D1 to D14).

Those that belong to other layers are tested there: the prompt of a removal at the far end (D8), what a listing of all
mailboxes would page (D11: this layer never lists them), and the messages of a task (D14, beside the result).
"""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome, State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
)

from .._exchange.sessions import ROUTER, THROTTLED, ScriptedSession, mailbox, tenant_of, watched
from .runs import BreakingSession, is_write, run, wishes, writes

SALES, SUPPORT = "sales@contoso.com", "support@contoso.com"
SELF = {"sid": "S-1-5-10", "rights": ["FullAccess", "SendAs", "ExternalAccount", "ReadPermission"]}
OLD = "S-1-5-21-9-9-9-500"
EVERYTHING = tuple(Right)
NOT_ALLOWED = Answer(error=CmdletError("User is not allowed to call Get-EXOMailbox. Unauthorized."))


@pytest.mark.parametrize("right", EVERYTHING)
def test_d01_silence_is_not_success(right: Right) -> None:
    tenant = tenant_of(mailbox(SALES), mailbox(SUPPORT))
    done = run(tenant, wishes([SALES, SUPPORT], (right,)), session=BreakingSession(tenant, is_write))
    assert done.outcomes == [Outcome.UNKNOWN, Outcome.MISSING]
    assert done.fails


@pytest.mark.parametrize("right", EVERYTHING)
def test_d01_an_answer_without_error_is_not_success_either(right: Right) -> None:
    tenant = tenant_of(mailbox(SALES, quirks=["write_without_effect"]))
    done = run(tenant, wishes([SALES], (right,)))
    assert done.only.outcome is Outcome.PENDING
    assert tenant.holders(SALES, right.value) == set()


@pytest.mark.parametrize("right", EVERYTHING)
def test_d02_a_read_error_is_not_absence_and_leads_to_no_write(right: Right) -> None:
    tenant = tenant_of(mailbox(SALES))
    tenant.before_invoke = lambda cmdlet, parameters: (
        THROTTLED if "Permission" in cmdlet or cmdlet == "Get-EXOMailbox" else None
    )
    assert run(tenant, wishes([SALES], (right,))).only.outcome is Outcome.UNKNOWN
    assert writes(tenant) == []


@pytest.mark.parametrize("right", EVERYTHING)
@pytest.mark.parametrize(("answer", "may_pass"), [(THROTTLED, True), (NOT_ALLOWED, False)])
def test_d02_whether_a_read_may_pass_by_itself_is_known_of_its_row(
    right: Right, answer: Answer, may_pass: bool
) -> None:
    tenant = tenant_of(mailbox(SALES))
    tenant.before_invoke = lambda cmdlet, parameters: (
        answer if "Permission" in cmdlet or cmdlet == "Get-EXOMailbox" else None
    )
    assert run(tenant, wishes([SALES], (right,))).only.may_pass is may_pass


@pytest.mark.parametrize("right", [Right.SEND_AS, Right.FULL_ACCESS])
def test_d03_a_list_with_one_entry_is_a_list(right: Right) -> None:
    """Of someone else, on a fresh mailbox: granted once, and then no drift."""
    tenant = tenant_of(mailbox("eve@contoso.com"), mailbox(SALES, **{right.value: ["eve@contoso.com"]}))
    assert run(tenant, wishes([SALES], (right,))).only.outcome is Outcome.GRANTED
    assert run(tenant, wishes([SALES], (right,))).only.outcome is Outcome.COMPLIANT
    assert len(writes(tenant)) == 1


@pytest.mark.parametrize("quirk", ["upper_case_users", "display_names", "domain_prefix"])
def test_d04_another_spelling_of_the_account_is_no_drift_and_nothing_is_removed_to_be_added_again(quirk: str) -> None:
    tenant = tenant_of(mailbox(SALES, send_as=[ROUTER], full_access=[ROUTER], quirks=[quirk]))
    for account in (ROUTER, ROUTER.upper(), tenant.organisation.recipients[0].object_id):
        done = run(tenant, wishes([SALES], (Right.SEND_AS, Right.FULL_ACCESS), account=account))
        assert done.outcomes == [Outcome.COMPLIANT] * 2
    assert writes(tenant) == []


def test_d04_a_grant_never_removes_anything() -> None:
    tenant = tenant_of(mailbox(SALES, full_access=[{"trustee": ROUTER, "rights": ["ReadPermission"]}]))
    assert run(tenant, wishes([SALES], EVERYTHING)).outcomes == [Outcome.GRANTED] * 3
    assert {cmdlet.partition("-")[0] for cmdlet in writes(tenant)} == {"Add", "Set"}


def test_d05_a_recipient_whose_name_begins_alike_is_not_mistaken_for_the_one_meant() -> None:
    tenant = tenant_of(
        mailbox(SALES, name="Sales"),
        mailbox("sales2@contoso.com", name="Sales 2", send_as=[ROUTER]),
        mailbox("router2@contoso.com", name="router2"),
        quirks=["look_alikes"],
    )
    done = run(tenant, wishes([SALES, "sales2@contoso.com"]))
    assert [(one.host, one.outcome) for one in done.report.findings] == [
        ("sales2@contoso.com", Outcome.COMPLIANT),
        (SALES, Outcome.GRANTED),
    ]
    assert tenant.holders(SALES, "send_as") == {ROUTER}


@pytest.mark.parametrize("quirks", [[], ["double_self"], ["double_self", "joined_rights"]])
def test_d06_the_rows_of_self_carry_send_as_and_are_nobodys_grant(quirks: list[str]) -> None:
    tenant = tenant_of(mailbox(SALES, quirks=quirks, full_access=[SELF]))
    done = run(tenant, wishes([SALES], (Right.SEND_AS, Right.FULL_ACCESS)), check_mode=True)
    assert done.outcomes == [Outcome.MISSING] * 2


@pytest.mark.parametrize("quirks", [[], ["joined_rights"]])
def test_d07_full_access_beside_another_right_is_full_access(quirks: list[str]) -> None:
    both = {"trustee": ROUTER, "rights": ["FullAccess", "ReadPermission"]}
    tenant = tenant_of(mailbox(SALES, full_access=[both], quirks=quirks))
    assert run(tenant, wishes([SALES], (Right.FULL_ACCESS,))).only.outcome is Outcome.COMPLIANT
    assert writes(tenant) == []


@pytest.mark.parametrize("state", list(State))
def test_d08_no_write_waits_for_somebody_to_confirm_it(state: State) -> None:
    rights = {right.value: [ROUTER] for right in EVERYTHING} if state is State.ABSENT else {}
    tenant = tenant_of(mailbox(SALES, **rights))
    run(tenant, wishes([SALES], EVERYTHING, state))
    sent = [call for call in tenant.calls if call.writes]
    assert len(sent) == 3
    assert all(call.parameters["Confirm"] is False and call.outcome == "ok" for call in sent)


def test_d09_a_deny_beats_an_allow_and_booleans_may_be_text() -> None:
    entries = [ROUTER, {"trustee": ROUTER, "deny": True}]
    tenant = tenant_of(mailbox(SALES, send_as=entries, full_access=entries, quirks=["text_booleans"]))
    done = run(tenant, wishes([SALES], (Right.SEND_AS, Right.FULL_ACCESS)))
    assert done.outcomes == [Outcome.DENIED] * 2
    assert writes(tenant) == []


def test_d09_the_text_false_is_not_true() -> None:
    tenant = tenant_of(mailbox(SALES, send_as=[ROUTER], full_access=[ROUTER], quirks=["text_booleans"]))
    done = run(tenant, wishes([SALES], (Right.SEND_AS, Right.FULL_ACCESS)))
    assert done.outcomes == [Outcome.COMPLIANT] * 2


def test_d10_names_are_shared_and_only_the_mailbox_meant_counts() -> None:
    shared = {"name": "Sales", "display_name": "Router"}
    tenant = tenant_of(
        mailbox(SALES, **shared),
        mailbox(SUPPORT, **shared, send_as=[ROUTER], full_access=[ROUTER]),
        mailbox("eve@contoso.com", name="Router", display_name="router@contoso.com"),
    )
    done = run(tenant, wishes([SALES, SUPPORT], (Right.SEND_AS, Right.FULL_ACCESS)))
    assert [one.outcome for one in done.report.findings if one.host == SALES] == [Outcome.GRANTED] * 2
    assert [one.outcome for one in done.report.findings if one.host == SUPPORT] == [Outcome.COMPLIANT] * 2


def test_d10_an_apostrophe_is_part_of_the_address() -> None:
    tenant = tenant_of(mailbox("o'neil@contoso.com"), mailbox("oneil@contoso.com", send_as=[ROUTER]))
    assert run(tenant, wishes(["o'neil@contoso.com"])).only.outcome is Outcome.GRANTED
    assert tenant.holders("o'neil@contoso.com", "send_as") == {ROUTER}


def test_d11_no_mailboxes_are_listed_and_every_read_asks_for_all_there_is() -> None:
    tenant = tenant_of(mailbox(SALES, send_as=[ROUTER]), mailbox(SUPPORT))
    session = watched(tenant)
    run(tenant, wishes([SALES, SUPPORT], EVERYTHING), session=session)
    reads = [call for call in session.calls if not is_write(call)]
    assert reads
    assert all(call.parameters.get("ResultSize") == "Unlimited" for call in reads)
    assert all({"Filter", "Identity", "Trustee"} & call.parameters.keys() for call in reads)


def test_d11_a_page_that_never_came_is_not_absence() -> None:
    tenant = tenant_of(mailbox(SALES, send_as=[ROUTER]))
    inner = watched(tenant)

    def first_page_only(call: Call) -> Answer:
        answer = inner.script(call)
        if call.cmdlet == "Get-RecipientPermission":
            return Answer(warnings=("There are more results available than are currently displayed.",))
        return answer

    done = run(tenant, wishes([SALES]), session=ScriptedSession(first_page_only))
    assert done.only.outcome is Outcome.UNKNOWN
    assert writes(tenant) == []


@pytest.mark.parametrize("state", list(State))
def test_d12_an_entry_under_an_old_sid_counts_though_the_trustee_filter_hides_it(state: State) -> None:
    moved = mailbox("moved@contoso.com", sid_history=[OLD])
    tenant = tenant_of(moved, mailbox(SALES, send_as=[{"sid": OLD}], full_access=[{"sid": OLD}]))
    rights = (Right.SEND_AS, Right.FULL_ACCESS)
    done = run(tenant, wishes([SALES], rights, state, account="moved@contoso.com"))
    expected = Outcome.COMPLIANT if state is State.PRESENT else Outcome.REVOKED
    assert done.outcomes == [expected] * 2
    held = [tenant.holders(SALES, right.value) for right in rights]
    assert held == [{"moved@contoso.com"} if state is State.PRESENT else set()] * 2


def test_d13_auto_mapping_is_off_when_granting_and_never_touched_afterwards() -> None:
    mapped = {"trustee": ROUTER, "auto_mapping": True}
    tenant = tenant_of(mailbox(SALES), mailbox(SUPPORT, full_access=[mapped]))
    run(tenant, wishes([SALES, SUPPORT], (Right.FULL_ACCESS,)))
    (granted,) = [call for call in tenant.calls if call.writes]
    assert granted.parameters["AutoMapping"] is False
    kept = tenant.organisation.access[tenant.organisation.recipients[2].guid].full_access
    assert [entry.auto_mapping for entry in kept] == [True]


def test_d14_a_finding_names_its_own_mailbox_and_account_and_nobody_elses() -> None:
    tenant = tenant_of(*(mailbox(one, quirks=["out_of_scope"]) for one in (SALES, SUPPORT)))
    for finding in run(tenant, wishes([SALES, SUPPORT])).report.findings:
        other = SUPPORT if finding.host == SALES else SALES
        words = " ".join((finding.host, finding.account, finding.cause, finding.next_step, *finding.notes))
        assert ROUTER in words
        assert other.partition("@")[0] not in words
