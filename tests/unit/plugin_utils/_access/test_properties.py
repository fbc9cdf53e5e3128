# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every organisation and every wish: nothing is guessed, nothing is done twice, nothing is untold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Finding,
    Outcome,
    State,
    Wish,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import SessionLost
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from .runs import BreakingSession, run, writes
from .worlds import MUTE, SHOWN, STUBBORN, books, contradictions, failing, tenants, wish_lists

many = settings(max_examples=100, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
Make = Callable[[], Tenant]
ANSWERING = SHOWN + MUTE
ALL = ANSWERING + STUBBORN * 4


@many
@given(make=tenants(SHOWN), wanted=wish_lists)
def test_after_a_run_there_is_nothing_left_to_do(make: Make, wanted: list[Wish]) -> None:
    tenant = make()
    first = run(tenant, wanted)
    written = len(writes(tenant))
    again = run(tenant, wanted)
    assert len(writes(tenant)) == written
    assert not again.changed
    settled = {Outcome.COMPLIANT, Outcome.GRANTED, Outcome.REVOKED}
    for before, after in zip(first.report.findings, again.report.findings, strict=True):
        assert after.outcome is (Outcome.COMPLIANT if before.outcome in settled else before.outcome)
        event(before.outcome.value)


@many
@given(make=tenants(ALL), wanted=wish_lists)
def test_the_report_says_what_the_books_say(make: Make, wanted: list[Wish]) -> None:
    tenant = make()
    before = books(tenant)
    done = run(tenant, wanted)
    assert contradictions(done.report.findings, before, books(tenant)) == []


@many
@given(make=tenants(ALL), wanted=wish_lists)
def test_check_mode_never_writes_and_foretells_what_a_run_would_do(make: Make, wanted: list[Wish]) -> None:
    tenant = make()
    before = books(tenant)
    foretold = run(tenant, wanted, check_mode=True)
    assert writes(tenant) == []
    assert books(tenant) == before
    done = run(make(), wanted)
    to_be_done = [row_of(one) for one in foretold.report.findings if one.outcome.is_drift]
    tried = [row_of(one) for one in done.report.findings if one.write_sent or one.outcome is Outcome.REFUSED]
    assert tried == to_be_done


def row_of(finding: Finding) -> tuple[str, str, str, str]:
    return (finding.host, finding.account, finding.right.value, finding.state.value)


@many
@given(make=tenants(ANSWERING), wanted=wish_lists, pattern=st.lists(st.booleans(), max_size=40))
def test_whatever_fails_on_the_way_the_report_never_says_more_than_the_books(
    make: Make, wanted: list[Wish], pattern: list[bool]
) -> None:
    tenant = make()
    before = books(tenant)
    tenant.before_invoke = failing([False] * 6 + pattern)
    done = run(tenant, wanted)
    assert contradictions(done.report.findings, before, books(tenant)) == []


@many
@given(make=tenants(ANSWERING), wanted=wish_lists, pattern=st.lists(st.booleans(), max_size=40))
def test_what_could_not_be_read_is_never_written(make: Make, wanted: list[Wish], pattern: list[bool]) -> None:
    tenant = make()
    tenant.before_invoke = failing([False] * 6 + pattern)
    findings = run(tenant, wanted).report.findings
    unread = {row_of(one) for one in findings if one.before == "unknown"}
    sent = {row_of(one) for one in findings if one.write_sent}
    assert not unread & sent


@many
@given(make=tenants(ANSWERING), wanted=wish_lists, lost_at=st.integers(1, 40), carried_out=st.booleans())
def test_wherever_contact_breaks_the_report_never_says_more_than_the_books(
    make: Make, wanted: list[Wish], lost_at: int, carried_out: bool
) -> None:
    tenant = make()
    before = books(tenant)
    count = iter(range(1, 1000))
    session = BreakingSession(tenant, lambda call: next(count) == lost_at, carried_out)
    try:
        done = run(tenant, wanted, session=session)
    except SessionLost:
        assert writes(tenant) == []
        return
    assert contradictions(done.report.findings, before, books(tenant)) == []


@pytest.mark.parametrize("state", list(State))
@many
@given(make=tenants(ALL), wanted=wish_lists)
def test_every_write_is_one_that_was_wished(make: Make, wanted: list[Wish], state: State) -> None:
    """And each names its objects: nothing is ever written by Name, or without an identity."""
    tenant = make()
    wished = [wish for wish in wanted if wish.state is state]
    run(tenant, wished)
    verbs = {"Add"} if state is State.PRESENT else {"Remove"}
    guids = {one.guid for one in tenant.organisation.recipients}
    for call in tenant.calls:
        assert all(value not in ("", [], {}) for value in call.parameters.values())
        if call.writes:
            edit = call.parameters.get("GrantSendOnBehalfTo", {})
            verb = set(edit) if isinstance(edit, dict) and edit else {call.cmdlet.partition("-")[0]}
            assert verb == verbs
            assert call.parameters["Identity"] in guids


def test_the_random_organisations_reach_every_outcome_that_they_can() -> None:
    """Else the properties above would hold for want of cases."""
    reached: set[Outcome] = set()

    @settings(max_examples=200, derandomize=True)
    @given(make=tenants(ALL), wanted=wish_lists)
    def collect(make: Make, wanted: list[Wish]) -> None:
        reached.update(run(make(), wanted).outcomes)

    collect()
    assert reached >= set(Outcome) - {Outcome.MISSING, Outcome.UNWANTED, Outcome.SURPLUS}
