# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are held to a plan: they do it and nothing else, and do not begin where anything is otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome, Report, State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import FailureClass
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import Plan
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.held_to import (
    HeldTo,
    age_of,
    why_unfit,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._access.runs import FakeWatch, wishes, writes
from .._exchange.sessions import ROUTER, mailbox, tenant_of, watched
from .plans import CLOCK, CREATED, plan_of, plan_with, report_of

SALES, HELP, INFO = "sales@contoso.com", "help@contoso.com", "info@contoso.com"
WANTED = (*wishes([SALES], [Right.SEND_AS, Right.FULL_ACCESS]), *wishes([HELP], state=State.ABSENT))
TOO_OLD = "longer ago than the {} that plan_max_age (role: mailbox_delegation_plan_max_age) allows: make a new plan"
ORGANIZATION = "contoso.onmicrosoft.com"


def organisation() -> Tenant:
    return tenant_of(mailbox(SALES), mailbox(HELP, send_as=[ROUTER]), mailbox(INFO))


def held_to(plan: Plan, auto_mapping: bool = False) -> HeldTo:
    return HeldTo(plan, "plan.json", {"auto_mapping": auto_mapping}, CLOCK)


def differences(gate: HeldTo, report: Report) -> tuple[str, ...]:
    assert report.decided is not None
    return gate.judge(report.decided).differences


def test_a_run_does_the_plan_that_fits() -> None:
    tenant = organisation()
    gate = held_to(plan_of(tenant, WANTED))
    report = report_of(tenant, WANTED, gate, check_mode=False)
    assert report.stop is None
    assert sorted(one.outcome for one in report.findings) == [Outcome.GRANTED, Outcome.GRANTED, Outcome.REVOKED]
    assert (differences(gate, report), len(writes(tenant))) == ((), 3)


@pytest.mark.parametrize("check_mode", [False, True], ids=["enforcing", "checking"])
def test_a_run_does_not_begin_where_anything_is_otherwise_and_says_what(check_mode: bool) -> None:
    tenant = organisation()
    gate = held_to(plan_of(tenant, WANTED))
    report_of(tenant, wishes([SALES]), check_mode=False)  # somebody grants one of them meanwhile
    before = len(writes(tenant))
    report = report_of(tenant, WANTED, gate, check_mode=check_mode)
    assert len(writes(tenant)) == before
    assert report.stop is not None
    assert (report.stop.failure.kind, report.stop.failure.retry_safe) == (FailureClass.PLAN, False)
    digest = gate.plan["hashes"]["plan"][:12]
    assert report.stop.why == (
        f"nothing was written, for 1 thing is otherwise than in the plan plan.json (digest {digest}) of {CREATED}"
    )
    assert differences(gate, report) == (f"{SALES}: Send As of {ROUTER}: the plan saw not held, it is held now",)


def test_a_plan_cannot_make_a_run_do_what_the_inventory_does_not_want() -> None:
    """Not even if it is made up with hashes that are right."""
    tenant = organisation()
    forged = plan_of(tenant, [*WANTED, *wishes([INFO], [Right.FULL_ACCESS])])
    gate = held_to(forged)
    report = report_of(tenant, WANTED, gate, check_mode=False)
    assert writes(tenant) == []
    assert differences(gate, report) == (
        f"{INFO}: Full Access of {ROUTER}: in the plan, and in the inventory no more, or left out by --limit",
    )


def test_what_the_inventory_wants_besides_is_not_done() -> None:
    tenant = organisation()
    gate = held_to(plan_of(tenant, WANTED))
    report = report_of(tenant, [*WANTED, *wishes([INFO])], gate, check_mode=False)
    assert writes(tenant) == []
    assert differences(gate, report) == (f"{INFO}: Send As of {ROUTER}: not in the plan",)


def test_a_setting_that_writes_depend_on_stops_it_too() -> None:
    tenant = organisation()
    gate = held_to(plan_of(tenant, WANTED), auto_mapping=True)
    report = report_of(tenant, WANTED, gate, check_mode=False)
    assert (differences(gate, report), writes(tenant)) == (("auto_mapping: false by the plan, true now",), [])


@pytest.mark.parametrize(
    ("error", "retry_safe"),
    [
        (CmdletError("Too many requests", category="LimitsExceeded"), True),
        (CmdletError("User is not allowed to call Get-MailboxPermission. Unauthorized."), False),
    ],
    ids=["throttled", "not permitted"],
)
def test_what_cannot_be_read_stops_it_and_may_be_read_another_time(error: CmdletError, retry_safe: bool) -> None:
    tenant = organisation()
    gate = held_to(plan_of(tenant, WANTED))
    session = watched(tenant)
    answer = session.script

    def broken(call: Call) -> Answer:
        return Answer(error=error) if call.cmdlet == "Get-MailboxPermission" else answer(call)

    session.script = broken
    report = ensure(session, Scope(WANTED), Options(False, gates=(gate,)), FakeWatch())[0]
    (said,) = differences(gate, report)
    assert said.startswith(f"{SALES}: Full Access of {ROUTER}: could not be read now: ")
    assert report.stop is not None
    assert (report.stop.failure.retry_safe, writes(tenant)) == (retry_safe, [])


def test_a_mailbox_that_is_another_one_now_is_not_written_to() -> None:
    """Deleted and made again: the same address, and nobody judged this one."""
    gate = held_to(plan_of(organisation(), WANTED))
    guid = "aaaaaaaa-0000-4000-8000-000000000001"
    tenant = tenant_of(mailbox(SALES, guid=guid), mailbox(HELP, send_as=[ROUTER]), mailbox(INFO))
    report = report_of(tenant, WANTED, gate, check_mode=False)
    assert writes(tenant) == []
    assert len(differences(gate, report)) == 2
    assert all("the mailbox is another one now" in one and guid in one for one in differences(gate, report))


def test_a_plan_that_is_done_ends_well_and_writes_nothing() -> None:
    tenant = organisation()
    gate = held_to(plan_of(tenant, WANTED))
    report_of(tenant, WANTED, gate, check_mode=False)
    before = len(writes(tenant))
    again = report_of(tenant, WANTED, gate, check_mode=False)
    assert again.decided is not None
    assert (again.stop, len(writes(tenant)), gate.judge(again.decided).done) == (None, before, True)
    assert {one.outcome for one in again.findings} == {Outcome.COMPLIANT}


def test_a_plan_that_is_done_under_other_settings_is_not_said_to_be() -> None:
    tenant = organisation()
    report_of(tenant, WANTED, held_to(plan := plan_of(tenant, WANTED)), check_mode=False)
    report = report_of(tenant, WANTED, held_to(plan, auto_mapping=True), check_mode=False)
    assert report.stop is not None


def unfit(created: datetime, max_age: int = 72) -> str:
    plan = plan_with(created=created.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return why_unfit(plan, ORGANIZATION, False, max_age, CLOCK)


def test_a_plan_lasts_as_long_as_it_may_and_not_longer() -> None:
    assert unfit(CLOCK - timedelta(hours=72)) == ""
    assert TOO_OLD.format("72 hours") in unfit(CLOCK - timedelta(hours=72, seconds=1))
    assert unfit(CLOCK - timedelta(hours=1), max_age=1) == ""
    assert TOO_OLD.format("1 hour") in unfit(CLOCK - timedelta(hours=1, seconds=1), max_age=1)
    assert unfit(CLOCK - timedelta(days=365), max_age=10**12) == "", "no age is too long for a clock"


def test_clocks_may_differ_by_minutes_and_no_plan_is_from_the_future() -> None:
    assert unfit(CLOCK + timedelta(minutes=5)) == ""
    assert "it is from the future" in unfit(CLOCK + timedelta(minutes=5, seconds=1))
    assert age_of(plan_with(created="2026-11-28T12:03:00Z"), CLOCK) == timedelta(0)
    assert age_of(plan_with(), CLOCK) == timedelta(hours=48)


def test_a_plan_is_of_one_organisation_and_of_what_it_was_made_on() -> None:
    assert why_unfit(plan_with(), ORGANIZATION.upper(), False, 72, CLOCK) == ""
    assert why_unfit(plan_with(), "fabrikam.onmicrosoft.com", False, 72, CLOCK) == (
        "it is of organization 'contoso.onmicrosoft.com', and this run of 'fabrikam.onmicrosoft.com'"
    )
    assert why_unfit(plan_with(), ORGANIZATION, True, 72, CLOCK) == (
        "it was made on the organisation itself, and this run is on a snapshot: make a plan of its own"
    )
    rehearsed = plan_with(rehearsal=True)
    assert why_unfit(rehearsed, ORGANIZATION, False, 72, CLOCK) == (
        "it was made on a snapshot, and this run is on the organisation itself: make a plan of its own"
    )
    assert why_unfit(rehearsed, ORGANIZATION, True, 72, CLOCK) == ""
