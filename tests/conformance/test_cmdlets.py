# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One table of cmdlet behaviour, held against every face that the simulated organisation has."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from _pytest.mark import ParameterSet
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import diagnose
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .cmdlet_faces import Face, play
from .cmdlet_stories import ORGANISATION, STORIES, Step, Story
from .cmdlet_trouble import TROUBLE_STORIES

FACES = [pytest.param(face, marks=pytest.mark.powershell if face is Face.POWERSHELL else ()) for face in Face]
NUMBERED = [(story, number, step) for story in (*STORIES, *TROUBLE_STORIES) for number, step in enumerate(story.steps)]


def named(story: Story, number: int, step: Step) -> ParameterSet:
    return pytest.param(story, number, id=f"{story.name}-{number}-{step.call.cmdlet}")


STEPS = [named(*each) for each in NUMBERED]
#: Those that every face lets through.
OPEN_STEPS = [named(*each) for each in NUMBERED if not each[2].fenced]


@cache
def answers(face: Face, story: Story) -> list[Answer]:
    """Every story is played once on each face."""
    with TemporaryDirectory() as directory:
        return play(face, story, Tenant(Organisation.from_dict(ORGANISATION)), Path(directory))


def comparable(step: Step, answer: Answer) -> Answer:
    """Without time, and without the wording of what PowerShell itself refuses."""
    error = answer.error
    if error and step.bound:
        error = replace(error, code=diagnose(error).rule, type="", text="", category="", fqid="")
    return replace(answer, error=error, milliseconds=0)


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.value)
@pytest.mark.parametrize(("story", "number"), STEPS)
def test_a_cmdlet_answers_as_the_facts_say(face: Face, story: Story, number: int) -> None:
    step, answer = story.steps[number], answers(face, story)[number]
    if step.fenced and face is not Face.IN_PROCESS:
        assert answer.error is not None
        assert answer.error.code == "not_allowed", "only the organisation itself can be asked so"
        return
    assert (diagnose(answer.error).rule if answer.error else "") == step.error
    assert tuple(tuple(row.values()) for row in answer.rows) == step.rows
    assert len(answer.warnings) == bool(step.warning)
    assert all(re.search(step.warning, text) for text in answer.warnings)


@pytest.mark.parametrize("face", FACES[1:], ids=lambda face: face.value)
@pytest.mark.parametrize(("story", "number"), OPEN_STEPS)
def test_every_face_gives_the_same_answer(face: Face, story: Story, number: int) -> None:
    step = story.steps[number]
    reference, answer = (answers(each, story)[number] for each in (Face.IN_PROCESS, face))
    assert comparable(step, answer) == comparable(step, reference)
