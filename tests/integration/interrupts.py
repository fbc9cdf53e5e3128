# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are interrupted: the moment to wait for, the signals that ansible-playbook can get then, and the end."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    WRITERS,
    Answer,
    Parameter,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Connection

from .stage import Stage

#: Seconds until the moment comes, and from the signal until everything has ended.
PATIENCE, BOUND = 240.0, 45.0
#: Seconds that Exchange works on the call which the signal meets.
LATENCY = 1.5
_CTRL_C = b"\x03"


class Moment(Enum):
    """When the signal comes: while Exchange works on a call, or after the first look at what was written."""

    SIGNING_IN = "signing in"
    READING = "reading"
    WRITING = "writing"
    WAITING = "waiting"


class Target(Enum):
    """Who gets the signal. TERMINAL: somebody types Ctrl-C. GROUP: the process group of ansible-playbook."""

    TERMINAL = "terminal"
    PARENT = "parent"
    GROUP = "group"
    WORKER = "worker"
    ALL = "all"


class Scene:
    """Watches an organisation: ``reached`` when the moment has come, ``late`` are the cmdlets that were begun after it.

    The moment of reading and that of writing is the third such call.
    """

    def __init__(self, stage: Stage, moment: Moment) -> None:
        self.reached = threading.Event()
        self.late: list[str] = []
        self._moment = moment
        self._seen = 0
        self._sign_in = stage.tenant.connect
        stage.tenant.connect = self._connect  # type: ignore[method-assign]
        stage.tenant.before_invoke = self._invoke

    def _connect(self, sign_in: Mapping[str, object]) -> Connection:
        if self._moment is Moment.SIGNING_IN:
            self._meet()
        return self._sign_in(sign_in)

    def _invoke(self, cmdlet: str, _parameters: Mapping[str, Parameter]) -> Answer | None:
        if self.reached.is_set():
            self.late.append(cmdlet)
        writes = cmdlet in WRITERS
        if self._moment is Moment.WAITING and self._seen and not writes:
            self.reached.set()
            return Answer()  # the directory does not show it yet
        if writes or cmdlet == "Get-MailboxPermission":
            self._seen += 1
            if self._seen == 3 and self._moment is (Moment.WRITING if writes else Moment.READING):
                self._meet()
        return None

    def _meet(self) -> None:
        self.reached.set()
        time.sleep(LATENCY)


@dataclass(frozen=True)
class Interruption:
    """What came of it. ``pipe_holders``: who had PowerShell's standard input in hand when the signal came."""

    status: int
    output: str
    late: list[str]
    writes_at_end: int
    still_there: list[int]
    terminal_is_as_before: bool
    pipe_holders: set[int]


def interrupt(
    stage: Stage, moment: Moment, number: signal.Signals, target: Target, *arguments: str | Path
) -> Interruption:
    """Plays until the moment, sends the signal, and waits for the end of every process, at most BOUND seconds each."""
    scene = Scene(stage, moment)
    with _Terminal() as terminal:
        before = termios.tcgetattr(terminal.slave)
        process = _started(stage, terminal, target is Target.TERMINAL, arguments)
        try:
            assert scene.reached.wait(PATIENCE), terminal.text
            workers = [pid for pid in stage.control_processes() if pid != process.pid]
            powershells = stage.powershells()
            holders = {pid for powershell in powershells for pid in _holders(f"/proc/{powershell}/fd/0")}
            with _ends([*workers, *powershells]) as ends:
                _send(number, target, process.pid, workers, terminal)
                status = process.wait(BOUND)
                still_there = [pid for pid, end in ends.items() if not select.select([end], [], [], BOUND)[0]]
                writes = len(stage.writes)
        finally:
            for pid in (*stage.control_processes(), *stage.powershells()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
        as_before = termios.tcgetattr(terminal.slave) == before
        return Interruption(
            status, terminal.text, scene.late, writes, still_there, as_before, holders.difference(workers, powershells)
        )


class _Terminal:
    """A terminal, and what was written to it so far; a context manager."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        self._written = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> _Terminal:
        return self

    def __exit__(self, *_error: object) -> None:
        for descriptor in (self.slave, self.master):
            os.close(descriptor)

    @property
    def text(self) -> str:
        return self._written.decode("utf-8", "replace")

    def _read(self) -> None:
        with suppress(OSError):  # the slave's last holder has gone
            while data := os.read(self.master, 65536):
                self._written += data


def _started(
    stage: Stage, terminal: _Terminal, has_terminal: bool, arguments: Iterable[str | Path]
) -> subprocess.Popen[bytes]:
    """ansible-playbook in a session of its own, which has the terminal if somebody sits there; else a pipeline."""
    command, environment = stage.node.invocation(*arguments)
    return subprocess.Popen(
        command,
        cwd=stage.node.cwd,
        env=environment,
        stdin=terminal.slave if has_terminal else subprocess.DEVNULL,
        stdout=terminal.slave,
        stderr=terminal.slave,
        start_new_session=True,
        preexec_fn=_take_terminal if has_terminal else None,
    )


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _send(number: signal.Signals, target: Target, parent: int, workers: list[int], terminal: _Terminal) -> None:
    if target is Target.TERMINAL:
        os.write(terminal.master, _CTRL_C)
    elif target is Target.GROUP:
        os.killpg(parent, number)
    else:
        chosen = {Target.PARENT: [parent], Target.WORKER: workers, Target.ALL: [parent, *workers]}[target]
        for pid in chosen:
            os.kill(pid, number)


@contextmanager
def _ends(pids: Iterable[int]) -> Iterator[Mapping[int, int]]:
    """For each process a descriptor that is readable once it has ended."""
    descriptors = {pid: os.pidfd_open(pid) for pid in pids}
    try:
        yield descriptors
    finally:
        for descriptor in descriptors.values():
            os.close(descriptor)


def _holders(link: str) -> set[int]:
    """The processes that have the same pipe open."""
    with suppress(OSError):
        pipe = os.readlink(link)
        return {int(each.parts[2]) for each in Path("/proc").glob("[0-9]*/fd/*") if _target(each) == pipe}
    return set()


def _target(link: Path) -> str:
    """Empty where the process, or the descriptor, has gone."""
    try:
        return os.readlink(link)
    except OSError:
        return ""
