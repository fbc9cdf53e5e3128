# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Larger organisations: no false drift whatever the quirks, and no more calls than were promised (design 6)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome, State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import ROUTER, generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.quirks import Quirk
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .runs import Run, run, wishes, writes

N = 100
EVERYTHING = tuple(Right)
BOTH = (Right.SEND_AS, Right.FULL_ACCESS)
#: With these a read is slow, or a write fails: no quirks of what is shown.
OF_WRITES = {
    Quirk.OUT_OF_SCOPE,
    Quirk.WRITE_ANSWERS_ERROR,
    Quirk.WRITE_WITHOUT_EFFECT,
    Quirk.LAG_ANSWERS_ERROR,
    Quirk.TRUSTEE_WAS_NOT_FOUND,
}
OF_READS = sorted(set(Quirk) - OF_WRITES)


def boxes(organisation: Organisation) -> list[str]:
    """The mailboxes that can be worked on, without that of the account."""
    return [
        one.address
        for one in organisation.recipients
        if one.traits.recipient_type == "UserMailbox" and one.address != ROUTER and not one.soft_deleted
    ]


def audit(organisation: Organisation) -> Run:
    """Everything as the books have it: what is held is wanted present, what is not is wanted absent."""
    tenant = Tenant(organisation)
    wanted = [
        replace(wish, state=State.PRESENT if ROUTER in tenant.holders(wish.address, wish.right.value) else State.ABSENT)
        for wish in wishes(boxes(organisation), EVERYTHING, account=ROUTER)
    ]
    return run(tenant, wanted, check_mode=True)


@pytest.mark.parametrize("seed", range(3))
def test_an_organisation_with_every_quirk_shows_no_false_drift(seed: int) -> None:
    organisation = generate(N, seed, quirks=True)
    done = audit(organisation)
    assert len(done.outcomes) == 3 * len(boxes(organisation)) >= 3 * N
    assert set(done.outcomes) == {Outcome.COMPLIANT}
    assert not done.changed


@pytest.mark.parametrize("quirk", OF_READS)
def test_no_quirk_of_the_whole_organisation_shows_false_drift(quirk: Quirk) -> None:
    organisation = replace(generate(30, seed=7), quirks=frozenset({quirk}))
    done = audit(organisation)
    unknown = {one.before for one in done.report.findings if one.outcome is not Outcome.COMPLIANT}
    assert unknown <= ({"unknown"} if quirk is Quirk.NO_SELF else set())
    assert Outcome.COMPLIANT in done.outcomes


def test_an_organisation_with_every_quirk_is_brought_to_what_is_wished_and_stays_there() -> None:
    organisation = generate(N, seed=11, quirks=True)
    tenant = Tenant(organisation)
    wanted = wishes(boxes(organisation), EVERYTHING, account=ROUTER)
    first = run(tenant, wanted)
    assert {Outcome.GRANTED, Outcome.COMPLIANT} <= set(first.outcomes)
    written = len(writes(tenant))
    again = run(tenant, wanted)
    assert len(writes(tenant)) == written
    assert not again.changed
    for one in first.report.findings:
        if one.outcome in (Outcome.GRANTED, Outcome.COMPLIANT):
            assert ROUTER in tenant.holders(one.address, one.right.value)


def calls(granted: float, *rights: Right) -> tuple[Run, int]:
    """A run over N mailboxes of which each holds each right with that chance, and how many grants it had to write."""
    tenant = Tenant(generate(N, seed=5, granted=granted))
    done = run(tenant, wishes(boxes(tenant.organisation), rights, account=ROUTER))
    assert len(done.outcomes) == N * len(rights)
    assert set(done.outcomes) <= {Outcome.COMPLIANT, Outcome.GRANTED}
    return done, done.outcomes.count(Outcome.GRANTED)


def test_send_as_in_the_steady_state_costs_a_tenth_of_a_call_for_each_mailbox() -> None:
    done, missing = calls(1.0, Right.SEND_AS)
    assert missing == done.statistics.writes == 0
    assert done.statistics.calls.total() <= N / 10 + 5


def test_both_rights_in_the_steady_state_cost_one_call_more_for_each_mailbox() -> None:
    done, missing = calls(1.0, *BOTH)
    assert missing == done.statistics.writes == 0
    assert done.statistics.calls.total() <= N + N / 10 + 5


def test_all_three_rights_cost_one_call_more_than_two() -> None:
    two, _missing = calls(1.0, *BOTH)
    three, _missing = calls(1.0, *EVERYTHING)
    assert three.statistics.calls.total() == two.statistics.calls.total() + 1


def test_the_first_run_for_send_as_costs_one_write_for_each_grant_and_a_bulk_read_back() -> None:
    done, missing = calls(0.0, Right.SEND_AS)
    assert missing == done.statistics.writes == N
    assert done.statistics.calls.total() - N <= 2 * (N / 10 + 5)


def test_the_first_run_for_both_rights_reads_back_each_access_list_once() -> None:
    done, missing = calls(0.0, *BOTH)
    assert missing == done.statistics.writes == 2 * N
    assert done.statistics.calls["Get-MailboxPermission"] == 2 * N
    assert done.statistics.calls.total() - 2 * N <= 2 * (N + N / 10 + 5)


def test_only_what_was_written_is_read_back() -> None:
    done, missing = calls(0.9, *BOTH)
    full_access = [one for one in done.report.findings if one.right is Right.FULL_ACCESS]
    written = sum(one.outcome is Outcome.GRANTED for one in full_access)
    assert 0 < written < missing < N / 2
    assert done.statistics.calls["Get-MailboxPermission"] == N + written
    assert done.statistics.writes == missing


def test_check_mode_costs_what_the_steady_state_costs() -> None:
    tenant = Tenant(generate(N, seed=5, granted=0.0))
    done = run(tenant, wishes(boxes(tenant.organisation), BOTH, account=ROUTER), check_mode=True)
    assert done.outcomes == [Outcome.MISSING] * 2 * N
    assert done.statistics.calls.total() <= N + N / 10 + 5
