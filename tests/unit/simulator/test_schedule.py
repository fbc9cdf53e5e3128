# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A schedule of faults can be had again by its seed, has all kinds, and keeps what it promises of those that pass."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import diagnose
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Call
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from ansible_collections.email_router.exchange_online.tests.simulator.effects import Effect
from ansible_collections.email_router.exchange_online.tests.simulator.faults import (
    CONNECT,
    FOREVER,
    Fault,
    FaultyTenant,
)
from ansible_collections.email_router.exchange_online.tests.simulator.schedule import (
    BURST,
    LASTING,
    OF_A_MAILBOX,
    PASSING,
    Kind,
    random_faults,
)

MAILBOXES = tuple(f"m{number}@contoso.com" for number in range(5))
SIGN_IN = {"organization": "contoso.onmicrosoft.com", "access_token": "token"}
SEEDS = range(200)


def strewn(**more: object) -> list[Fault]:
    """The faults of all seeds."""
    return [fault for seed in SEEDS for fault in random_faults(seed, MAILBOXES, **more)]  # type: ignore[arg-type]


def test_a_seed_gives_the_same_faults_again_and_another_seed_others() -> None:
    first, again = ([random_faults(seed, MAILBOXES) for seed in SEEDS] for attempt in range(2))
    assert first == again
    assert len(set(first)) > 0.9 * len(SEEDS)


def test_every_kind_comes_up_and_says_so() -> None:
    found = {fault.kind: fault.lasting for fault in strewn()}
    assert found == {kind.name.lower(): kind in LASTING for kind in Kind}


def test_every_effect_comes_up() -> None:
    assert {fault.effect for fault in strewn()} == set(Effect)


def test_a_schedule_has_as_many_faults_as_asked_for_all_of_different_kinds() -> None:
    schedules = [random_faults(seed, MAILBOXES, most=3) for seed in SEEDS]
    assert {len(schedule) for schedule in schedules} == {1, 2, 3}
    assert all(len({fault.kind for fault in schedule}) == len(schedule) for schedule in schedules)


def test_only_the_kinds_that_are_asked_for_come_up() -> None:
    assert {fault.kind for fault in strewn(kinds=(Kind.LATE, Kind.GATEWAY))} == {"late", "gateway"}
    assert {fault.lasting for fault in strewn(kinds=PASSING)} == {False}


def test_faults_are_spread_over_the_calls() -> None:
    firsts = {fault.first for fault in strewn(span=9) if fault.cmdlet != CONNECT and not fault.identity}
    assert firsts == set(range(1, 10))
    assert {fault.first for fault in strewn() if fault.cmdlet == CONNECT} == {1, 2, 3}


def test_a_fault_of_one_mailbox_chooses_among_those_given() -> None:
    kinds = {kind.name.lower() for kind in OF_A_MAILBOX}
    chosen = [fault.identity for fault in strewn() if fault.kind in kinds]
    assert set(chosen) == set(MAILBOXES)
    assert {fault.identity for fault in strewn() if fault.kind not in kinds} == {""}


def test_without_mailboxes_none_is_chosen() -> None:
    kinds = {fault.kind for seed in SEEDS for fault in random_faults(seed)}
    assert kinds == {kind.name.lower() for kind in Kind if kind not in OF_A_MAILBOX}
    with pytest.raises(ValueError, match="no kind"):
        random_faults(1, kinds=OF_A_MAILBOX)


def test_what_passes_strikes_fewer_times_than_a_client_tries() -> None:
    for fault in strewn(kinds=PASSING):
        assert 1 <= fault.times <= BURST
        if fault.effect is Effect.REFUSED:
            tries = diagnose(fault.as_error("Get-Mailbox")).tries
            assert fault.times < tries or fault.times == 1
    assert {fault.times for fault in strewn(kinds=LASTING)} == {FOREVER}


def test_faults_that_pass_do_not_add_up_on_one_call() -> None:
    recipients = [{"kind": "UserMailbox", "address": address} for address in MAILBOXES]
    call = Call("Get-MailboxPermission", {"Identity": MAILBOXES[0], "ResultSize": "Unlimited"})
    kinds = [kind for kind in PASSING if kind not in (Kind.SILENT, Kind.SESSION_LOST, Kind.TOKEN_EXPIRED)]
    struck = 0
    for seed in range(60):
        tenant = Tenant(Organisation.from_dict({"apps": [{"access_tokens": ["token"]}], "recipients": recipients}))
        faults = tuple(fault for fault in random_faults(seed, kinds=kinds, most=12) if fault.cmdlet != CONNECT)
        faulty = FaultyTenant(tenant, faults=faults)
        answers = [answer for asked, answer in faulty.session(SIGN_IN).invoke([call] * 40)]
        assert sum(answer.error is not None for answer in answers) <= BURST
        assert len({strike.fault for strike in faulty.strikes}) <= 1
        struck += len(faulty.strikes)
    assert struck > 60
