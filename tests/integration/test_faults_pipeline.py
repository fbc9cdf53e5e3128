# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The step of a pipeline that the README shows: it is made again only where that is safe."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.tests.simulator.faults import FOREVER, Effect, Fault, Trouble
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions

from .conftest import SetStage
from .faults import STAND_IN, assert_true, boxes, organisation, said
from .harness import OLDEST_AND_NEWEST, ROOT, TASK, Run
from .stage import MAILBOXES, Stage, Transport

READ, WRITE = "Get-RecipientPermission", "Add-RecipientPermission"


def step(stage: Stage) -> list[dict[str, Any]]:
    """As it stands in the README, but for the sign-in, the host and the pause."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example = text[text.index("### When something breaks") :].split("```yaml\n", 1)[1].split("```", 1)[0]
    (play,) = yaml.safe_load(example)
    (task,) = play["tasks"]
    assert play["hosts"] == MAILBOXES
    task[TASK].update(stage.sign_in)
    return [{**play, "tasks": [{**task, "delegate_to": stage.transport.host, "delay": 0}]}]


def played(stage: Stage) -> Run:
    playbook = stage.write("step.yml", step(stage))
    return stage.play("-i", stage.inventory(boxes(2)), playbook)


def stage_with(set_stage: SetStage, fault: Fault, **arguments: Any) -> Stage:
    options = SimulatorOptions(host=STAND_IN, tenant_faults=(fault,))
    return set_stage(organisation(boxes(2)), transport=Transport.LOCAL, options=options, **arguments)


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_what_could_not_be_read_is_tried_again(set_stage: SetStage, core: str) -> None:
    """It fails in the first run as often as a run asks, and then no more."""
    stage = stage_with(set_stage, Fault(READ, Trouble.SERVER_SIDE, times=6), core=core)
    run = played(stage)
    assert said(run) == (0, "", True), run.output
    assert run.access["attempts"] == 2
    assert_true(stage, run, frozenset())


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_what_was_refused_is_not(set_stage: SetStage, core: str) -> None:
    fault = Fault(WRITE, Trouble.OUT_OF_SCOPE, Effect.REFUSED, times=FOREVER)
    stage = stage_with(set_stage, fault, core=core)
    run = played(stage)
    assert said(run) == (2, "mailboxes", False), run.output
    assert run.access["attempts"] == stage.tenant.sign_ins == 1
    assert_true(stage, run, frozenset())
