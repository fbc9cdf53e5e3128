# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that do not reach their end: nothing is guessed, nothing is done twice, and nothing is left behind."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterable, Mapping

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action, Fault, Reset

from .conftest import SetStage
from .stage import ROUTER, Stage, Transport, contoso

NAMES = tuple(f"box{number}@contoso.com" for number in range(4))
GRANT = "Add-RecipientPermission"


def organisation() -> Organisation:
    return contoso(*({"address": name} for name in NAMES))


def end(processes: Iterable[int]) -> None:
    for pid in processes:
        os.kill(pid, signal.SIGKILL)


def at_write(stage: Stage, number: int, act: Callable[[], None]) -> None:
    """Something happens just before the write of that number is done."""
    seen: list[str] = []

    def hook(cmdlet: str, _parameters: Mapping[str, Parameter]) -> Answer | None:
        if cmdlet == GRANT:
            seen.append(cmdlet)
            if len(seen) == number:
                act()
        return None

    stage.tenant.before_invoke = hook


@pytest.mark.parametrize("transport", [Transport.NTLM, Transport.LOCAL], ids=lambda each: each.name.lower())
def test_when_powershell_dies_what_was_not_read_back_is_unknown(set_stage: SetStage, transport: Transport) -> None:
    stage = set_stage(organisation(), transport=transport)
    at_write(stage, 2, lambda: end(stage.powershells()))
    inventory = stage.inventory(NAMES)
    run = stage.node.play("-i", inventory, stage.playbook(stage.task()))
    assert run.status == 2
    assert run.changed
    assert run.message.startswith("Whole run, not single mailboxes: ")
    assert run.outcomes() == {
        f"{NAMES[0]} send_as": "unknown",
        f"{NAMES[1]} send_as": "unknown",
        f"{NAMES[2]} send_as": "missing",
        f"{NAMES[3]} send_as": "missing",
    }
    assert "run it again" in run.rows(NAMES[3])["send_as"]["next_step"]
    assert len(stage.writes) == 2
    assert stage.left_behind() == sorted(stage.tenant.open), "nobody could sign out"

    stage.tenant.before_invoke = None
    again = stage.node.play("-i", inventory, stage.playbook(stage.task()))
    assert again.status == 0
    assert len(stage.writes) == len(NAMES)


def test_powershell_signs_out_when_the_control_node_is_gone(set_stage: SetStage) -> None:
    stage = set_stage(organisation(), transport=Transport.LOCAL)
    ends: list[int] = []

    def kill() -> None:
        ends.extend(os.pidfd_open(pid) for pid in stage.powershells())
        end(stage.control_processes())

    at_write(stage, 2, kill)
    run = stage.node.play("-i", stage.inventory(NAMES), stage.playbook(stage.task()))
    assert run.status == -signal.SIGKILL
    assert ends
    for descriptor in ends:
        assert select.select([descriptor], [], [], 30)[0], "PowerShell lives on"
        os.close(descriptor)
    assert stage.left_behind() == []
    assert [stage.holds(name, "send_as") for name in NAMES] == [True, True, False, False]


def test_a_connection_that_breaks_is_made_anew_and_nothing_is_done_twice(set_stage: SetStage) -> None:
    stage = set_stage(organisation())
    times = {"ansible_winrm_operation_timeout_sec": 1, "ansible_winrm_read_timeout_sec": 3}
    faults = (Fault(Reset(), Action.RECEIVE, acted=True), Fault(Reset(), Action.SEND, acted=True))
    at_write(stage, 2, lambda: stage.simulator.faults.add(*faults))
    run = stage.play("-i", stage.inventory(NAMES, management=times), stage.playbook(stage.task()))
    assert run.status == 0, run.output
    assert len(stage.simulator.faults.fired) == 2
    assert sorted(map(stage.written_to, stage.writes)) == list(NAMES)
    assert set(run.outcomes().values()) == {"granted"}
    assert all(stage.tenant.holders(name, "send_as") == {ROUTER} for name in NAMES)
