# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that do not reach their end: nothing is guessed, nothing is done twice, and nothing is left behind."""

from __future__ import annotations

import os
import select
import signal
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Action,
    Fault,
    HttpAnswer,
    Refuse,
    Reset,
)

from .conftest import SetStage
from .faults import STAND_IN, assert_true, at_writes, boxes, held, kill, only_sign_ins_are_left, organisation, said
from .harness import Run
from .stage import ROUTER, Stage, Transport

NAMES = boxes(4)
WHOLE = f"Whole run, not {NAMES[0]}: "


def play(stage: Stage, **options: Any) -> Run:
    """One run, after which the connections of killed PowerShells are still open."""
    return stage.node.play("-i", stage.inventory(NAMES), stage.playbook(stage.task(sessions=1, **options)))


@pytest.mark.parametrize("transport", [Transport.NTLM, Transport.LOCAL], ids=lambda each: each.name.lower())
def test_when_powershell_dies_another_one_goes_on(set_stage: SetStage, transport: Transport) -> None:
    stage = set_stage(organisation(NAMES), transport=transport)
    at_writes(stage, {2: lambda: kill(stage.powershells())})
    run = play(stage)
    assert said(run) == (0, "", True), run.output
    assert run.outcomes() == {f"{name} send_as": "granted" for name in NAMES}
    assert_true(stage, run, frozenset())
    assert [stage.written_to(call) for call in stage.writes] == list(NAMES), "a read settled the one in doubt"
    (note,) = run.rows(NAMES[1])["send_as"]["notes"]
    assert note.startswith("the write answered an error, yet was done: never answered: PowerShell ended before it had")
    assert (run.access["statistics"]["sessions"], stage.tenant.sign_ins) == (2, 2)
    assert only_sign_ins_are_left(stage, lost=1)


def assert_ended_after_the_second_write(stage: Stage, run: Run) -> None:
    """The first two writes were carried out and nobody could see it any more; the rest was never sent."""
    assert run.message.startswith(WHOLE)
    assert run.message.endswith(". 4 grants on 4 mailboxes: 2 missing, 2 unknown")
    assert list(run.outcomes().values()) == ["unknown", "unknown", "missing", "missing"]
    assert_true(stage, run, frozenset())
    assert [stage.written_to(call) for call in stage.writes] == list(NAMES[:2])
    assert run.changed
    assert all("run it again" in run.rows(name)["send_as"]["next_step"] for name in NAMES)
    assert only_sign_ins_are_left(stage, lost=1)


def assert_the_next_run_completes_it(stage: Stage) -> None:
    stage.tenant.before_invoke = None
    before = held(stage)
    run = play(stage)
    assert run.status == 0, run.output
    assert list(run.outcomes().values()) == ["compliant", "compliant", "granted", "granted"]
    assert len(stage.writes) == len(NAMES)
    assert before < held(stage)


def test_a_host_that_is_gone_for_good_ends_the_run_as_a_whole(set_stage: SetStage) -> None:
    stage = set_stage(organisation(NAMES), host=STAND_IN)

    def vanish() -> None:
        stage.simulator.faults.add(Fault(Refuse(60), Action.CREATE))
        kill(stage.powershells())

    at_writes(stage, {2: vanish})
    run = play(stage, max_runtime=18)
    assert_ended_after_the_second_write(stage, run)
    assert said(run) == (2, "host_unreachable", True)
    assert run.message.startswith(f"{WHOLE}PowerShell ended before it had answered")
    assert ". It could not be opened anew: WinRM on 127.0.0.1" in run.message
    assert "Check ansible_host and ansible_port, the firewall, and that WinRM runs there" in run.message


def test_a_login_that_is_refused_the_second_time_ends_the_run_as_a_whole(set_stage: SetStage) -> None:
    stage = set_stage(organisation(NAMES), host=STAND_IN)

    def lock_out() -> None:
        stage.simulator.faults.add(Fault(HttpAnswer(401), Action.CREATE))
        kill(stage.powershells())

    at_writes(stage, {2: lock_out})
    run = play(stage)
    assert_ended_after_the_second_write(stage, run)
    assert said(run) == (2, "host_login", False), "accounts lock out"
    assert stage.tenant.sign_ins == 1, "another try would have succeeded"
    assert "the sign-in was refused (tried once, so that the account is not locked out). Check ansible_user" in run.text
    assert_the_next_run_completes_it(stage)


def test_a_powershell_that_dies_again_and_again_ends_the_run_as_a_whole(set_stage: SetStage) -> None:
    names = boxes(6)
    stage = set_stage(organisation(names), transport=Transport.LOCAL, host=STAND_IN)
    at_writes(stage, dict.fromkeys(range(2, 99), lambda: kill(stage.powershells())))
    run = stage.node.play("-i", stage.inventory(names), stage.playbook(stage.task(sessions=1)))
    assert said(run) == (2, "session_lost", True), run.output
    assert run.message.startswith(f"Whole run, not {names[0]}: PowerShell ended before it had answered")
    assert list(run.outcomes().values()) == ["unknown"] * 5 + ["missing"]
    assert_true(stage, run, frozenset())
    assert [stage.written_to(call) for call in stage.writes] == list(names[:5]), "each once"
    assert run.access["statistics"]["sessions"] == 4
    assert only_sign_ins_are_left(stage, lost=4)


def test_powershell_signs_out_when_the_control_node_is_gone(set_stage: SetStage) -> None:
    stage = set_stage(organisation(NAMES), transport=Transport.LOCAL)
    ends: list[int] = []

    def strike() -> None:
        ends.extend(os.pidfd_open(pid) for pid in stage.powershells())
        kill(stage.control_processes())

    at_writes(stage, {2: strike})
    run = stage.node.play("-i", stage.inventory(NAMES), stage.playbook(stage.task()))
    assert run.status == -signal.SIGKILL
    assert ends
    for descriptor in ends:
        assert select.select([descriptor], [], [], 30)[0], "PowerShell lives on"
        os.close(descriptor)
    assert stage.left_behind() == []
    assert [stage.holds(name, "send_as") for name in NAMES] == [True, True, False, False]


def test_a_connection_that_breaks_is_made_anew_and_nothing_is_done_twice(set_stage: SetStage) -> None:
    stage = set_stage(organisation(NAMES))
    times = {"ansible_winrm_operation_timeout_sec": 1, "ansible_winrm_read_timeout_sec": 3}
    faults = (Fault(Reset(), Action.RECEIVE, acted=True), Fault(Reset(), Action.SEND, acted=True))
    at_writes(stage, {2: lambda: stage.simulator.faults.add(*faults)})
    run = stage.play("-i", stage.inventory(NAMES, management=times), stage.playbook(stage.task(sessions=1)))
    assert run.status == 0, run.output
    assert len(stage.simulator.faults.fired) == 2
    assert sorted(map(stage.written_to, stage.writes)) == list(NAMES)
    assert set(run.outcomes().values()) == {"granted"}
    assert all(stage.tenant.holders(name, "send_as") == {ROUTER} for name in NAMES)
