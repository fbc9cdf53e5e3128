# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-runner before a stage, as AWX uses it: a private data directory, and what is left in its artifacts."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .harness import CORES, NEWEST, SHAMEFUL, TASK
from .stage import Stage

_IDENT = "job"
#: Of the tests alone: what an ansible-runner of users does not have.
_RECORDER = ("ANSIBLE_CALLBACK_PLUGINS", "ANSIBLE_CALLBACKS_ENABLED", "RECORDER_FILE")


@dataclass(frozen=True)
class Job:
    """One ansible-runner that has ended: what it left in its artifacts, and what it printed."""

    rc: int
    status: str
    events: tuple[Mapping[str, Any], ...]
    output: str

    @property
    def stats(self) -> Mapping[str, Mapping[str, int]]:
        """``changed``, ``failures`` and so on → host → number."""
        (found,) = (each["event_data"] for each in self.events if each["event"] == "playbook_on_stats")
        return dict(found)

    @property
    def results(self) -> list[Mapping[str, Any]]:
        """The data of the event of each task that ended, well or not."""
        kinds = ("runner_on_ok", "runner_on_failed")
        return [each["event_data"] for each in self.events if each["event"] in kinds]

    @property
    def access(self) -> Mapping[str, Any]:
        """The result of the only task mailbox_delegation, as its event has it."""
        (found,) = (data["res"] for data in self.results if data["task_action"] == TASK)
        return dict(found)

    @property
    def text(self) -> str:
        """The output in one line."""
        return " ".join(self.output.split())


def start(stage: Stage, directory: Path, playbook: str, arguments: Iterable[str] = ()) -> subprocess.Popen[str]:
    """ansible-runner with this private data directory, in a session of its own. ``playbook``: a file, or a name."""
    programs = CORES[NEWEST] / "bin"
    _command, surroundings = stage.node.invocation()
    environment = {name: value for name, value in surroundings.items() if name not in _RECORDER}
    return subprocess.Popen(
        [programs / "ansible-runner", "run", directory, "--playbook", playbook, "--ident", _IDENT, *arguments],
        env={**environment, "PATH": f"{programs}{os.pathsep}{environment['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )


def ended(directory: Path, output: str) -> Job:
    """What an ansible-runner that has ended left in this private data directory."""
    artifacts = directory / "artifacts" / _IDENT
    said = [phrase for phrase in SHAMEFUL if phrase in output]
    assert not said, f"{said} in the output of ansible-runner:\n{output}"
    events = [json.loads(file.read_text()) for file in (artifacts / "job_events").glob("*.json")]
    return Job(
        int((artifacts / "rc").read_text()),
        (artifacts / "status").read_text(),
        tuple(sorted(events, key=lambda event: int(event["counter"]))),
        output,
    )
