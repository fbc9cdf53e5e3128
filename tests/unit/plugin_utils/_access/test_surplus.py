# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Surplus and retired accounts: what is found, what is only reported, what is taken back, and what holds it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.apply import WriteSettings
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.brakes import Brakes, Limit
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import (
    InputError,
    MailboxItem,
    wishes_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Outcome,
    Profile,
    State,
    Wish,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.surplus import SurplusRule
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    Parameter,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, THROTTLED, ScriptedSession, mailbox, signed_in, tenant_of
from .runs import FakeWatch, Run, writes

SEND_AS, FULL_ACCESS, ON_BEHALF = Right.SEND_AS, Right.FULL_ACCESS, Right.SEND_ON_BEHALF
SALES, OTHER, TEAM = "sales@contoso.com", "other@contoso.com", "team@contoso.com"
NEW = "new@contoso.com"
PROFILES = {"sender": Profile("sender", ROUTER, (SEND_AS,))}


def wishes(*addresses: str, state: State = State.PRESENT) -> tuple[Wish, ...]:
    return wishes_of([MailboxItem(one, one, ("sender",), state) for one in addresses], PROFILES)


def rule(*addresses: str, revoke: bool = False, minimum: int = 0, rejected: int = 0) -> SurplusRule:
    return SurplusRule(wishes(*addresses), len(addresses), (ROUTER,), revoke, minimum, rejected)


def go(tenant: Tenant, scope: Scope, check_mode: bool = False, brakes: Brakes | None = None) -> Run:
    options = Options(check_mode, WriteSettings(verify=0), brakes or Brakes())
    watch = FakeWatch()
    report, statistics = ensure(signed_in(tenant, check_mode), scope, options, watch)
    return Run(report, statistics, check_mode, watch)


def rows(run: Run) -> set[tuple[str, str, str]]:
    return {(one.host, one.right.value, one.outcome.value) for one in run.report.findings}


def held_everywhere() -> Tenant:
    """The router holds what is wanted on sales, Full Access there too, and things on mailboxes nobody listed."""
    return tenant_of(
        mailbox(SALES, send_as=[ROUTER], full_access=[ROUTER]),
        mailbox(OTHER, send_as=[ROUTER], send_on_behalf=[ROUTER], full_access=[ROUTER]),
        mailbox(TEAM, kind="MailUniversalDistributionGroup", send_as=[ROUTER]),
    )


def test_what_nobody_wants_is_reported_on_listed_mailboxes_and_on_others() -> None:
    tenant = held_everywhere()
    run = go(tenant, Scope(wishes(SALES), surplus=rule(SALES)))
    assert rows(run) == {
        (SALES, "send_as", "compliant"),
        (SALES, "full_access", "surplus"),
        (OTHER, "send_as", "surplus"),
        (OTHER, "send_on_behalf", "surplus"),
        (TEAM, "send_as", "surplus"),
    }
    assert writes(tenant) == []
    assert not run.fails
    assert not run.changed


def test_surplus_is_taken_back_where_the_list_can_be_trusted() -> None:
    tenant = held_everywhere()
    run = go(tenant, Scope(wishes(SALES), surplus=rule(SALES, revoke=True, minimum=1)))
    assert {outcome for _host, _right, outcome in rows(run)} == {"compliant", "revoked"}
    assert tenant.holders(SALES, "send_as") == {ROUTER}
    assert tenant.holders(SALES, "full_access") == set()
    assert tenant.holders(OTHER, "send_as") == tenant.holders(OTHER, "send_on_behalf") == set()
    assert tenant.holders(TEAM, "send_as") == set()
    # Full Access on a mailbox that nobody listed is not looked for: it would take a call for each mailbox there is.
    assert tenant.holders(OTHER, "full_access") == {ROUTER}


def test_a_run_over_a_part_of_the_group_leaves_what_the_rest_of_the_group_wants() -> None:
    tenant = held_everywhere()
    run = go(tenant, Scope(wishes(SALES), surplus=rule(SALES, OTHER, revoke=True, minimum=2)))
    assert (OTHER, "send_as", "surplus") not in rows(run)
    assert tenant.holders(OTHER, "send_as") == {ROUTER}
    assert tenant.holders(OTHER, "full_access") == set()


@pytest.mark.parametrize(
    ("listed", "minimum", "rejected", "why"),
    [
        ((SALES,), 2, 0, "surplus_group has 1 mailbox, fewer than 2, surplus_group_minimum (role: "),
        ((SALES,), 1, 3, "3 rows of exports were rejected (crm_rejected_rows), each may be a mailbox"),
        (
            (SALES, "renamed@contoso.com"),
            2,
            0,
            "1 mailbox of the task or of surplus_group is not certain, the first renamed@",
        ),
        (
            (SALES, "a bad@address"),
            2,
            0,
            "1 mailbox of the task or of surplus_group is not certain, the first a bad@address",
        ),
    ],
)
def test_a_list_that_cannot_be_trusted_holds_revocations_back_and_says_why(
    listed: tuple[str, ...], minimum: int, rejected: int, why: str
) -> None:
    tenant = held_everywhere()
    trusted = rule(*listed, revoke=True, minimum=minimum, rejected=rejected)
    run = go(tenant, Scope(wishes(SALES), surplus=trusted))
    surplus = [one for one in run.report.findings if one.outcome is Outcome.SURPLUS]
    assert surplus
    assert all(why in one.cause for one in surplus)
    assert {one.next_step for one in surplus} == {"mend what holds it back"}
    assert writes(tenant) == []


def test_a_name_that_two_objects_bear_is_looked_at_on_each_of_them() -> None:
    tenant = tenant_of(
        mailbox(SALES, name="Desk"),
        mailbox(OTHER, name="Desk", send_as=[ROUTER]),
    )
    run = go(tenant, Scope((), surplus=rule(SALES, revoke=True, minimum=1)))
    assert [(one.address, one.outcome) for one in run.report.findings] == [(OTHER, Outcome.REVOKED)]


def test_a_retired_account_loses_all_that_it_holds_and_needs_no_group() -> None:
    tenant = held_everywhere()
    run = go(tenant, Scope(wishes_of([], PROFILES), retired=(ROUTER,)))
    assert {outcome for _host, _right, outcome in rows(run)} == {"revoked"}
    assert all(tenant.holders(one, "send_as") == set() for one in (SALES, OTHER, TEAM))


def test_a_retired_account_that_was_deleted_is_named_by_its_sid() -> None:
    sid = "S-1-5-21-9-9-9-9999"
    tenant = tenant_of(mailbox(SALES, send_as=[{"sid": sid}], full_access=[{"sid": sid}]))
    scope = Scope(wishes(SALES), retired=(sid,))
    run = go(tenant, scope)
    assert {row for row in rows(run) if row[2] == "revoked"} == {
        (SALES, "send_as", "revoked"),
        (SALES, "full_access", "revoked"),
    }
    assert go(tenant, scope).outcomes == [Outcome.COMPLIANT]


def test_the_coverage_says_where_holdings_were_looked_for_and_where_not() -> None:
    tenant = held_everywhere()
    assert go(tenant, Scope((), retired=(ROUTER,)), check_mode=True).report.coverage == {
        "retired_send_as": "the whole organisation",
        "retired_full_access": "0 mailboxes, no others",
        "retired_send_on_behalf": "the whole organisation",
    }
    tenant.before_invoke = lambda cmdlet, _parameters: THROTTLED if cmdlet == "Get-MailboxPermission" else None
    coverage = go(tenant, Scope(wishes(SALES), surplus=rule(SALES, OTHER))).report.coverage
    assert coverage["surplus_full_access"] == "2 mailboxes, no others, but for 2 places"
    assert coverage["surplus_send_as"] == "the whole organisation"


def test_check_mode_shows_what_would_be_taken_back_and_writes_nothing() -> None:
    tenant = held_everywhere()
    run = go(tenant, Scope((), retired=(ROUTER,)), check_mode=True)
    assert set(run.outcomes) == {Outcome.UNWANTED}
    assert run.changed
    assert writes(tenant) == []


@pytest.mark.parametrize("address", [SALES, "a bad@address", "renamed@contoso.com"])
def test_an_account_cannot_be_retired_and_wanted_whether_or_not_the_mailbox_is_found(address: str) -> None:
    tenant = held_everywhere()
    with pytest.raises(InputError, match=r"retired_accounts\) and in a profile"):
        go(tenant, Scope(wishes(address), retired=(ROUTER,)))
    assert writes(tenant) == []


def test_an_account_that_another_replaces_is_not_retired_before_the_rotation_is_done() -> None:
    rotated = {"rotated": Profile("rotated", NEW, (SEND_AS,), replaces=ROUTER)}
    tenant = tenant_of(mailbox(NEW), mailbox(SALES, send_as=[ROUTER]), mailbox(OTHER, send_as=[ROUTER]))
    part = wishes_of([MailboxItem(OTHER, OTHER, ("rotated",), State.PRESENT)], rotated)
    with pytest.raises(InputError, match="replaces it, which it must outlast"):
        go(tenant, Scope(part, retired=(ROUTER,)))
    assert writes(tenant) == []


def test_a_run_over_a_part_leaves_an_account_that_is_being_replaced_elsewhere() -> None:
    rotated = {
        "rotated": Profile("rotated", NEW, (SEND_AS,), replaces=ROUTER),
        "sender": PROFILES["sender"],
    }
    items = [
        MailboxItem(SALES, SALES, ("rotated",), State.PRESENT),
        MailboxItem(OTHER, OTHER, ("sender",), State.PRESENT),
    ]
    tenant = tenant_of(mailbox(NEW), mailbox(SALES, send_as=[ROUTER]), mailbox(OTHER, send_as=[ROUTER]))
    whole = SurplusRule(wishes_of(items, rotated), 2, (NEW, ROUTER), revoke=True, minimum=2)
    run = go(tenant, Scope(wishes_of(items[1:], rotated), surplus=whole))
    assert rows(run) == {(OTHER, "send_as", "compliant")}
    assert tenant.holders(SALES, "send_as") == {ROUTER}


def test_what_a_mailbox_of_the_run_wants_is_not_surplus_where_the_mailbox_is_not_certain() -> None:
    tenant = tenant_of(mailbox(SALES), mailbox(OTHER, aliases=["o2@contoso.com"], send_as=[ROUTER]))
    listed = rule(SALES, revoke=True, minimum=1)
    for uncertain in ((*wishes(OTHER), *wishes("o2@contoso.com", state=State.ABSENT)), wishes("oth er@contoso.com")):
        run = go(tenant, Scope(uncertain, surplus=listed))
        (surplus,) = (one for one in run.report.findings if one.outcome is Outcome.SURPLUS)
        assert "held back" in surplus.cause
        assert tenant.holders(OTHER, "send_as") == {ROUTER}


def test_a_gone_mailbox_that_holds_surplus_back_is_named_with_its_cause() -> None:
    listed = (*wishes(SALES), *wishes("gone@contoso.com", state=State.ABSENT))
    run = go(held_everywhere(), Scope(wishes(SALES), surplus=SurplusRule(listed, 2, (ROUTER,), True, 2)))
    causes = {one.cause for one in run.report.findings if one.outcome is Outcome.SURPLUS}
    assert [cause.rpartition("gone@contoso.com: ")[2] for cause in causes] == [
        "the mailbox is gone: no recipient has this address"
    ]


def test_a_brake_leaves_everything_undone_and_fails() -> None:
    tenant = held_everywhere()
    run = go(tenant, Scope((), retired=(ROUTER,)), brakes=Brakes(revocations=Limit("2")))
    assert set(run.outcomes) == {Outcome.UNWANTED}
    assert all("mailbox_delegation_max_revocations) allows 2" in one.cause for one in run.report.findings)
    assert run.fails
    assert not run.changed
    assert writes(tenant) == []


def test_in_check_mode_a_brake_is_a_warning() -> None:
    run = go(held_everywhere(), Scope((), retired=(ROUTER,)), True, Brakes(revocations=Limit("2")))
    assert not run.fails
    assert any("mailbox_delegation_max_revocations) allows 2" in warning for warning in run.report.warnings)


def test_an_entry_under_an_old_sid_that_no_read_by_trustee_shows_is_found_all_the_same() -> None:
    old = "S-1-5-21-7-7-7-700"
    tenant = tenant_of(mailbox(SALES, send_as=[{"sid": old}]), mailbox("moved@contoso.com", sid_history=[old]))

    def hide_it(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        return Answer() if parameters.get("Trustee") == old and cmdlet.startswith("Get-") else None

    tenant.before_invoke = hide_it
    run = go(tenant, Scope((), retired=("moved@contoso.com",)))
    assert [(one.address, one.outcome) for one in run.report.findings if one.right is SEND_AS] == [
        (SALES, Outcome.REVOKED)
    ]
    assert tenant.holders(SALES, "send_as") == set()


@pytest.mark.parametrize("called", ["address", "guid"])
def test_an_entry_that_calls_its_mailbox_by_address_or_id_is_resolved(called: str) -> None:
    tenant = tenant_of(mailbox(SALES, name="Sales Desk", send_as=[ROUTER]))
    sales = next(one for one in tenant.organisation.recipients if one.address == SALES)
    inner = signed_in(tenant)

    def renamed(call: Call) -> Answer:
        answer = next(answer for _call, answer in inner.invoke([call]))
        if call.cmdlet != "Get-RecipientPermission" or "Trustee" not in call.parameters:
            return answer
        rows = tuple({**row, "Identity": getattr(sales, called)} for row in answer.rows)
        return replace(answer, rows=rows)

    options = Options(True, WriteSettings(verify=0))
    report, _statistics = ensure(ScriptedSession(renamed), Scope((), retired=(ROUTER,)), options, FakeWatch())
    assert [(one.address, one.outcome) for one in report.findings] == [(SALES, Outcome.UNWANTED)]
