# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices of a job, as docs/scale.md has them: they add up to the whole, bear with few sessions, and refuse surplus."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.enduring import SIGN_IN_PAUSES
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.recipients import Kind
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import TenantError
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import COLLECTION
from .playbooks import ENFORCE, extra, way_there
from .runners import Job
from .slices import RELAUNCHED, SLICED, Inventory, Runners
from .stage import MAILBOXES, MANAGEMENT, ROUTER, SEND_AS, Stage, contoso

STAND_IN = HostOptions(pwsh=None)
SLICES = 4
PROFILES = {"router": SEND_AS, "reader": {"account": ROUTER, "rights": ["send_as", "full_access"]}}
NOBODY = "nobody@contoso.com"
#: Longer than four ansible-playbooks take to sign in, on a machine that has other things to do.
TOGETHER = 120.0
TWELVE = [f"box{number:02}@contoso.com" for number in range(12)]


class Turnstile:
    """Holds every call to Exchange until ``sessions`` are signed in, and ``refused`` were not let in; counts both.

    So runs are under way at once, however long each takes to start.
    """

    def __init__(self, stage: Stage, sessions: int, refused: int = 0) -> None:
        self.most = self.refused = 0
        self._sessions, self._refused = sessions, refused
        self._is_open = False  # once, and for good: where it waited in vain, what it counted tells
        self._moved = threading.Condition()
        self._connect = stage.tenant.connect
        self._tenant = stage.tenant
        stage.tenant.connect = self._let_in  # type: ignore[method-assign]
        stage.tenant.before_invoke = self._hold

    def _let_in(self, sign_in: Mapping[str, object]) -> Any:
        try:
            return self._connect(sign_in)
        except TenantError:
            self.refused += 1
            raise
        finally:
            with self._moved:
                self.most = max(self.most, len(self._tenant.open))
                self._moved.notify_all()

    def _hold(self, _cmdlet: str, _parameters: Mapping[str, Parameter]) -> Answer | None:
        with self._moved:
            self._moved.wait_for(self._may_pass, TOGETHER)
            self._is_open = True
        return None

    def _may_pass(self) -> bool:
        return self._is_open or (self.most >= self._sessions and self.refused >= self._refused)


def playbook(stage: Stage, **options: Any) -> Path:
    """The mailboxes of the inventory, each slice with one session; a slice fails where the verdict says so."""
    task = stage.task(**{"profiles": PROFILES, "sessions": 1, "on_failure": "report", **options})
    verdict = {"name": "The verdict", "ansible.builtin.assert": {"that": "not access.verdict.failed"}, "run_once": True}
    return stage.playbook(task, verdict)


def rows(*jobs: Job) -> list[Mapping[str, Any]]:
    found = (row for job in jobs for row in job.access["grants"])
    return sorted(found, key=lambda row: (row["mailbox"], row["right"]))


def written(stage: Stage) -> Counter[tuple[Any, ...]]:
    """Every write that the organisation was sent: how often each."""
    return Counter((call.cmdlet, *map(str, sorted(call.parameters.items()))) for call in stage.writes)


def summed(*jobs: Job) -> Counter[str]:
    """The summaries of all, and their writes."""
    total: Counter[str] = Counter()
    for job in jobs:
        total.update(job.access["summary"])
        total["writes"] += job.access["statistics"]["writes"]
    return total


def before_two_thousand(set_stage: SetStage) -> tuple[Stage, Inventory]:
    """2,000 mailboxes and one that does not exist; one in ten lacks a right, and fifty shall hold none."""
    organisation = generate(2000, seed=6, granted=0.9)
    kinds = (Kind.USER_MAILBOX, Kind.SHARED_MAILBOX, Kind.ROOM_MAILBOX, Kind.EQUIPMENT_MAILBOX)
    names = [each.address for each in organisation.recipients if each.kind in kinds and each.address != ROUTER]
    assert len(names) == 2000
    hosts: dict[str, dict[str, Any]] = {name: {} for name in [*names, NOBODY]}
    hosts |= {name: {"mailbox_delegation_profile": "reader"} for name in names[::10]}
    hosts |= {name: {"mailbox_delegation_state": "absent"} for name in names[5::40]}
    stage = set_stage(organisation, host=STAND_IN)
    return stage, Inventory(stage, hosts)


def test_four_slices_at_once_come_to_what_one_run_comes_to(set_stage: SetStage) -> None:
    stage, inventory = before_two_thousand(set_stage)
    (whole,) = Runners(stage, playbook(stage, max_revocations="100%")).slices(inventory, 1, told={})
    sliced, inventory = before_two_thousand(set_stage)
    turnstile = Turnstile(sliced, SLICES)
    jobs = Runners(sliced, playbook(sliced, max_revocations="100%")).slices(inventory, SLICES)

    assert rows(*jobs) == rows(whole)
    assert {row["mailbox"] for row in rows(*jobs)} == set(inventory.hosts)
    assert sum(len({row["mailbox"] for row in rows(job)}) for job in jobs) == len(inventory.hosts) == 2001
    assert summed(*jobs) == summed(whole)
    assert all(summed(whole)[outcome] > 50 for outcome in ("compliant", "granted", "revoked"))

    assert sliced.books() == stage.books()
    assert written(sliced) == written(stage)
    assert set(written(sliced).values()) == {1}
    assert summed(whole)["writes"] == len(sliced.writes)
    assert (stage.tenant.sign_ins, sliced.tenant.sign_ins, turnstile.most) == (1, SLICES, SLICES)

    bad = next(number for number, job in enumerate(jobs) if any(row["mailbox"] == NOBODY for row in rows(job)))
    for number, job in enumerate(jobs):
        first = min(host for host in inventory.cut(number + 1, SLICES)[MAILBOXES]["hosts"])
        assert (job.rc, job.status) == ((2, "failed") if number == bad else (0, "successful")), job.output
        assert job.stats["changed"] == {first: 1}
        assert job.stats["failures"] == ({first: 1} if number == bad else {})
        assert job.events[0]["event"] == "playbook_on_start"


def test_a_slice_that_finds_no_session_free_waits_for_one(set_stage: SetStage) -> None:
    """Three sessions are all that the organisation bears, and four slices come at once."""
    stage = set_stage(contoso(*({"address": name} for name in TWELVE), settings={"most_sessions": 3}), host=STAND_IN)
    turnstile = Turnstile(stage, 3, refused=1)
    jobs = Runners(stage, playbook(stage)).slices(Inventory(stage, {name: {} for name in TWELVE}), SLICES)
    assert [(job.rc, job.access["summary"]["granted"]) for job in jobs] == [(0, 3)] * SLICES, jobs
    assert (turnstile.most, stage.tenant.sign_ins) == (3, SLICES)
    waited = max(job.access["statistics"]["seconds"]["sign_in"] for job in jobs)
    assert (turnstile.refused >= 1, waited >= SIGN_IN_PAUSES[0]) == (True, True)
    assert set(written(stage).values()) == {1}


@pytest.fixture
def surplus(set_stage: SetStage) -> Stage:
    """The router sends as each of the twelve, and shall; and as one that nobody lists."""
    recipients = ({"address": name, "send_as": [ROUTER]} for name in [*TWELVE, "elsewhere@contoso.com"])
    return set_stage(contoso(*recipients), host=STAND_IN)


@pytest.mark.parametrize("wish", ["revoke", "report"])
def test_a_slice_does_not_judge_surplus(surplus: Stage, wish: str) -> None:
    play = playbook(surplus, surplus_group=MAILBOXES, surplus=wish, surplus_group_minimum=1, max_revocations="100%")
    inventory = Inventory(surplus, {name: {} for name in TWELVE})
    (job,) = Runners(surplus, play).jobs([(inventory.cut(1, 2), ())], told=SLICED)
    assert (job.rc, job.status) == (2, "failed")
    assert "surplus_group: this is a slice of the AWX job template 'The mailboxes'" in job.text
    assert (surplus.tenant.sign_ins, surplus.writes) == (0, [])


def test_a_slice_makes_nobody_the_only_one(surplus: Stage) -> None:
    """The trustees come from a group of the inventory: somebody who is in another slice would lose everything."""
    named = {"mailboxes": TWELVE, "trustees": [ROUTER], "rights": ["send_as"], "exclusive": True}
    task = {
        "name": "The only ones",
        f"{COLLECTION}.mailbox_permission": {**surplus.sign_in, **named, "max_revocations": "100%"},
        "delegate_to": MANAGEMENT,
        "run_once": True,
    }
    run = surplus.play("-i", surplus.inventory(TWELVE), surplus.playbook(task), *extra(**SLICED))
    assert (run.status, surplus.tenant.sign_ins) == (2, 0)
    assert "exclusive: this is a slice of the AWX job template 'The mailboxes'" in run.text


def test_a_slice_that_nobody_can_know_for_one_is_held_back_by_the_least_number(surplus: Stage) -> None:
    """It was relaunched alone: AWX does not tell it that it is one."""
    before = surplus.books()
    play = playbook(
        surplus, surplus_group=MAILBOXES, surplus="revoke", surplus_group_minimum=12, max_revocations="100%"
    )
    inventory = Inventory(surplus, {name: {} for name in TWELVE})
    (job,) = Runners(surplus, play).jobs([(inventory.cut(1, 2), ())], told=RELAUNCHED)
    assert (job.rc, surplus.writes, surplus.books()) == (0, [], before)
    causes = {row["cause"] for row in rows(job) if row["outcome"] == "surplus"}
    assert causes == {
        "held back: surplus_group has 6 mailboxes, fewer than 12, surplus_group_minimum "
        "(role: mailbox_delegation_surplus_group_minimum)"
    }


def test_limits_by_number_slice_an_inventory_that_stays_whole(surplus: Stage) -> None:
    """Without AWX, with the playbook of the collection; surplus is judged over the whole list there."""
    names = {"profiles": PROFILES, "default_profile": "router", "sessions": 1}
    variables = {**way_there(surplus), **{f"mailbox_delegation_{name}": value for name, value in names.items()}}
    inventory = Inventory(surplus, {name: {} for name in TWELVE}, variables).cut(1, 1)
    runners = Runners(surplus, surplus.write("import.yml", [{"ansible.builtin.import_playbook": ENFORCE}]))
    limits = [f"{MAILBOXES}{numbers}" for numbers in ("[0:4]", "[5:9]", "[10:]")]
    jobs = runners.jobs([(inventory, ("--limit", limit)) for limit in limits], told={})
    assert [row["mailbox"] for row in rows(*jobs)] == TWELVE
    assert [(job.rc, len(rows(job))) for job in jobs] == [(0, 5), (0, 5), (0, 2)]
    judging = {"surplus_group": MAILBOXES, "surplus": "revoke", "surplus_group_minimum": 12}
    told = {f"mailbox_delegation_{name}": value for name, value in judging.items()}
    (job,) = runners.jobs([(inventory, ("--limit", limits[0]))], told)
    revoked = [(row["mailbox"], row["right"]) for row in rows(job) if row["outcome"] == "revoked"]
    assert (job.rc, revoked) == (0, [("elsewhere@contoso.com", "send_as")])
