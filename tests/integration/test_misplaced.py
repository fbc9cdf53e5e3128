# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host variables on the command line, and misspelt variables, in playbooks of every core."""

from __future__ import annotations

import pytest

from .conftest import SetStage
from .faults import STAND_IN, boxes, organisation
from .harness import CORES

NAMES = boxes(2)


@pytest.mark.parametrize("core", CORES)
def test_a_host_variable_of_the_command_line_would_hold_for_every_mailbox_and_is_refused(
    set_stage: SetStage, core: str
) -> None:
    stage = set_stage(organisation(NAMES), host=STAND_IN).on(core)
    run = stage.ensure(NAMES, "-e", "mailbox_delegation_state=absent")
    assert run.status == 2
    assert "mailbox_delegation_state is set with -e, where it would hold for every mailbox" in run.text
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])
    run = stage.ensure(NAMES, "-e", f"mailbox_delegation_organization={stage.simulator.organization}")
    assert run.status == 0, run.output


@pytest.mark.parametrize("core", CORES)
def test_a_misspelt_host_variable_is_warned_of_with_what_is_meant(set_stage: SetStage, core: str) -> None:
    stage = set_stage(organisation(NAMES), host=STAND_IN).on(core)
    first, second = NAMES
    run = stage.ensure({first: {}, second: {"mailbox_delegation_sate": "absent"}})
    assert run.status == 0, run.output
    assert f"mailbox_delegation_sate, which {second} has, is no variable of this collection" in run.text
    assert "is mailbox_delegation_state meant?" in run.text


@pytest.mark.parametrize("core", CORES)
def test_a_misspelt_variable_of_the_command_line_stops_the_run_before_the_sign_in(
    set_stage: SetStage, core: str
) -> None:
    """Whoever writes exchange_snapshots means a rehearsal, and not a run that writes."""
    stage = set_stage(organisation(NAMES), host=STAND_IN).on(core)
    run = stage.ensure(NAMES, "-e", "exchange_snapshots=snapshot.json", "-e", "mailbox_delegation_polcy=x")
    assert run.status == 2
    for name, meant in (("exchange_snapshots", "exchange_snapshot"), ("mailbox_delegation_polcy", "policy")):
        assert f"{name} is set with -e, and is no variable of this collection: is " in run.text
        assert f"{meant} meant?" in run.text
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])


def test_a_misspelt_variable_of_all_mailboxes_is_warned_of_once(set_stage: SetStage) -> None:
    stage = set_stage(organisation(NAMES), host=STAND_IN)
    run = stage.ensure({name: {"mailbox_delegation_max_grant": 0, "exchange_server": "x"} for name in NAMES})
    assert run.status == 0, run.output
    assert run.text.count("mailbox_delegation_max_grant is no variable of this collection") == 1
    assert "is mailbox_delegation_max_grants meant?" in run.text
    assert "exchange_server" not in run.text
