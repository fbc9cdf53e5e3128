# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job in slices, as AWX makes them: an inventory that is cut, and an ansible-runner for each slice, all at once."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .harness import PATIENCE
from .runners import Job, ended, start
from .stage import MAILBOXES, MANAGEMENT, Stage

TEMPLATE = "The mailboxes"
#: What AWX tells each slice of a sliced job, and one that is relaunched alone (plugin_utils/_ansible/slices.py).
SLICED = {"awx_job_template_name": TEMPLATE, "awx_workflow_job_name": TEMPLATE, "awx_job_launch_type": "workflow"}
RELAUNCHED = {"awx_job_template_name": TEMPLATE, "awx_job_launch_type": "relaunch"}


@dataclass(frozen=True)
class Inventory:
    """What an inventory of AWX holds; ``hosts``: the mailboxes with their own variables.

    The management host is one of its hosts and falls into one slice. Its variables are those of the whole inventory.
    """

    stage: Stage
    hosts: Mapping[str, Mapping[str, Any]]
    variables: Mapping[str, Any] = field(default_factory=dict)

    def cut(self, number: int, count: int) -> dict[str, Any]:
        """What AWX gives to a slice: of the hosts by name every ``count``-th from the ``number``-th on, from 1; groups
        lack the others (``get_script_data`` in awx/main/models/inventory.py)."""
        everything = {**self.hosts, MANAGEMENT: {}}
        kept = sorted(everything)[number - 1 :: count]
        return {
            "all": {"vars": {**self.stage.management, **self.variables}, "children": [MAILBOXES, "management"]},
            MAILBOXES: {"hosts": [name for name in kept if name != MANAGEMENT]},
            "management": {"hosts": [name for name in kept if name == MANAGEMENT]},
            "_meta": {"hostvars": {name: dict(everything[name]) for name in kept}},
        }


class Runners:
    """ansible-runner before a stage; every run of it has a directory of its own, with the stage's playbook."""

    def __init__(self, stage: Stage, playbook: Path) -> None:
        self.stage, self._playbook = stage, playbook

    def slices(self, inventory: Inventory, count: int, told: Mapping[str, Any] | None = None) -> list[Job]:
        """All slices at once. ``told``: the extra variables; those of a slice of AWX if left out."""
        return self.jobs([(inventory.cut(number, count), ()) for number in range(1, count + 1)], told)

    def jobs(
        self, each: Iterable[tuple[Mapping[str, Any], Iterable[str]]], told: Mapping[str, Any] | None = None
    ) -> list[Job]:
        """One run for each inventory and its arguments, all at once, and a look whether anything is left behind."""
        directories, started = [], []
        try:
            for inventory, arguments in each:
                directories.append(self._directory(inventory, SLICED if told is None else told))
                started.append(start(self.stage, directories[-1], "play.yml", arguments))
            outputs = [process.communicate(timeout=PATIENCE)[0] for process in started]
        finally:
            for process in started:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        left = self.stage.left_behind()
        assert not left, f"left behind: {left}\n{''.join(outputs)}"
        return [ended(directory, output) for directory, output in zip(directories, outputs, strict=True)]

    def _directory(self, inventory: Mapping[str, Any], told: Mapping[str, Any]) -> Path:
        directory = Path(tempfile.mkdtemp(prefix="runner-", dir=self.stage.directory))
        for folder in ("env", "inventory", "project"):
            (directory / folder).mkdir()
        (directory / "env" / "extravars").write_text(json.dumps(told))
        (directory / "project" / "play.yml").write_text(self._playbook.read_text())
        script = directory / "inventory" / "hosts"
        script.write_text(f"#!/usr/bin/env python3\nprint({json.dumps(inventory)!r})\n")
        script.chmod(0o700)
        return directory
