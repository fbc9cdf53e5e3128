# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook as a user would, with nothing of the machine's own around it, and tells what came of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.email_router.exchange_online.tests.tools import newest

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "email_router.exchange_online"
TASK = f"{COLLECTION}.mailbox_delegation"
#: Version of ansible-core → the environment that holds it; made by ``make venvs``, and by ``make newest``.
ENVIRONMENTS = {
    "2.17": ROOT / ".venvs" / "2.17",
    "2.18": ROOT / ".venvs" / "2.18",
    "2.19": ROOT / ".venv",
    **newest.ENVIRONMENTS,
}
#: Those that the tests run on. ``make newest`` names others in this variable.
CORES = {core: ENVIRONMENTS[core] for core in os.environ.get("CORES", "2.17 2.18 2.19").split()}
NEWEST = max(CORES)
#: For long stories whose steps other tests run on every core.
OLDEST_AND_NEWEST = (min(CORES), max(CORES))
#: Seconds; the longest run takes a tenth of it.
PATIENCE = 240
_CALLBACKS = Path(__file__).parent / "callback_plugins"
#: What no run may ever say.
SHAMEFUL = ("Traceback (most recent call last)", "DEPRECATION WARNING", "Unexpected Exception", "MODULE FAILURE")


@dataclass(frozen=True)
class TaskResult:
    """What became of a task on a host. ``status``: ok, failed, skipped, unreachable."""

    task: str
    action: str
    host: str
    status: str
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """An ansible-playbook that has ended: its exit status, all that it printed, and the results of its tasks."""

    status: int
    output: str
    tasks: tuple[TaskResult, ...]

    @property
    def text(self) -> str:
        """The output in one line, as messages are found in it whatever their width."""
        return " ".join(self.output.split())

    def task(self, name: str) -> TaskResult:
        """The result of the only task of this name, on the only host that it ran on."""
        (found,) = (each for each in self.tasks if each.task.rpartition(" : ")[2] == name)
        return found

    @property
    def accesses(self) -> list[Mapping[str, Any]]:
        """The result of each task mailbox_delegation."""
        return [each.result for each in self.tasks if each.action == TASK]

    @property
    def access(self) -> Mapping[str, Any]:
        """The result of the only task mailbox_delegation."""
        (result,) = self.accesses
        return result

    @property
    def message(self) -> str:
        """What that task says, failed or not."""
        return str(self.access["msg"])

    @property
    def failed(self) -> bool:
        """Whether ansible calls that task failed."""
        (status,) = (each.status for each in self.tasks if each.action == TASK)
        return status == "failed"

    @property
    def changed(self) -> bool:
        """Whether ansible counts any task as changed."""
        return any(each.result.get("changed") for each in self.tasks)

    def rows(self, mailbox: str) -> dict[str, Mapping[str, Any]]:
        """The rows of a mailbox, by right."""
        return {row["right"]: row for row in self.access["grants"] if row["mailbox"] == mailbox}

    def outcomes(self) -> dict[str, str]:
        """``mailbox right`` → outcome."""
        return {f"{row['mailbox']} {row['right']}": row["outcome"] for row in self.access["grants"]}


@dataclass(frozen=True)
class ControlNode:
    """A machine with one version of ansible-core. ``directory``: for its files. ``environment``: on top of its own.

    ``cwd``: where ansible-playbook is started.
    """

    core: str
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = ROOT

    @property
    def records(self) -> Path:
        """Where the results of tasks are written down."""
        return self.directory / "records.jsonl"

    def play(self, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> Run:
        """Runs ``ansible-playbook`` with these arguments.

        Fails where it says what no run may say: an error of ours that nobody caught, or a deprecation.
        """
        self.records.unlink(missing_ok=True)
        command, surroundings = self.invocation(*arguments)
        status, output = _finished(command, self.cwd, {**surroundings, **(environment or {})})
        said = [phrase for phrase in SHAMEFUL if phrase in output]
        assert not said, f"{said} in the output of ansible-core {self.core}:\n{output}"
        lines = self.records.read_text(encoding="utf-8").splitlines() if self.records.exists() else []
        return Run(status, output, tuple(TaskResult(**json.loads(line)) for line in lines))

    def invocation(self, *arguments: str | Path) -> tuple[list[str], dict[str, str]]:
        """The command line of ansible-playbook and its whole environment, for whoever starts it otherwise."""
        return [str(self._program()), *map(str, arguments)], self._surroundings()

    def _program(self) -> Path:
        program = ENVIRONMENTS[self.core] / "bin" / "ansible-playbook"
        assert program.exists(), f"no ansible-core {self.core} at {ENVIRONMENTS[self.core]}: run `make venvs`"
        return program

    def _surroundings(self) -> dict[str, str]:
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_HOME": str(home / ".ansible"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_NOCOWS": "1",
            "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
            "RECORDER_FILE": str(self.records),
            **self.environment,
        }


def _finished(command: list[str], cwd: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Exit status and output. A run that takes too long is ended with all that it started in its session."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        output, _none = process.communicate(timeout=PATIENCE)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        output, _none = process.communicate()
        print(output)
        raise
    return process.returncode, output
