# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The remote shells of the endpoint: who owns them, how many there may be, when they are idle for too long."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from .fault import Code, WsmanFault
from .process import CommandLine, ShellProcess


@dataclass(frozen=True)
class Limits:
    """The service's configuration, with the defaults of Windows (winrm facts 3.5); times in seconds."""

    max_envelope_bytes: int = 500 * 1024
    max_timeout: float = 60.0
    max_shells: int = 30
    max_operations: int = 1500
    idle_timeout: float = 7200.0
    minimum_idle_timeout: float = 60.0


@dataclass
class Command:
    """A command of a shell: running, or ended and not yet signalled. Without console mode Ctrl+C does not reach it."""

    process: ShellProcess
    console_mode: bool
    id: str = field(default_factory=lambda: str(uuid.uuid4()).upper())


@dataclass
class Shell:
    """A shell and its commands. ``operations`` counts every command ever started in it (MS-WSMV note 118)."""

    owner: str
    idle_timeout: float
    environment: Mapping[str, str]
    id: str = field(default_factory=lambda: str(uuid.uuid4()).upper())
    commands: dict[str, Command] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    operations: int = 0
    pending: int = 0
    created: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)

    def command(self, command_id: str) -> Command:
        if command_id in self.closed:
            raise WsmanFault(Code.COMMAND_ALREADY_CLOSED)
        if command_id not in self.commands:
            raise WsmanFault(Code.UNEXPECTED_SELECTORS)
        return self.commands[command_id]

    def close(self) -> None:
        for command in tuple(self.commands.values()):
            command.process.close()

    def close_commands(self) -> None:
        """The service ends them; unlike after a signal of the client it still knows their ids."""
        self.close()
        self.closed.update(self.commands)
        self.commands.clear()

    def left(self, now: float) -> float:
        """Seconds until the shell has been idle for too long; a request under way holds the clock."""
        return self.idle_timeout if self.pending else self.used + self.idle_timeout - now


class Shells:
    """All shells. Every method that takes a shell id and a user answers 2150858843 for an unknown shell and 5 for
    another user's."""

    def __init__(self, limits: Limits) -> None:
        self.processes: list[ShellProcess] = []
        self._limits = limits
        self._shells: dict[str, Shell] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._reaper = threading.Thread(target=self._reap, name="wsman-idle", daemon=True)
        self._reaper.start()

    def __len__(self) -> int:
        return len(self._shells)

    def create(self, owner: str, environment: Mapping[str, str], idle_timeout: float | None) -> Shell:
        """Opens a shell; ``idle_timeout`` in seconds is held between the minimum and the service's own."""
        wanted = self._limits.idle_timeout if idle_timeout is None else idle_timeout
        timeout = max(self._limits.minimum_idle_timeout, min(wanted, self._limits.idle_timeout))
        with self._changed:
            if sum(shell.owner == owner for shell in self._shells.values()) >= self._limits.max_shells:
                raise WsmanFault(Code.MAX_SHELLS)
            shell = Shell(owner, timeout, environment)
            self._shells[shell.id] = shell
            self._changed.notify_all()
            return shell

    @contextmanager
    def use(self, shell_id: str, user: str) -> Iterator[Shell]:
        """The shell for one request; the idle clock starts anew at its end."""
        with self._changed:
            shell = self._find(shell_id, user)
            shell.pending += 1
        try:
            yield shell
        finally:
            with self._changed:
                shell.pending -= 1
                shell.used = time.monotonic()
                self._changed.notify_all()

    def start(self, shell: Shell, line: CommandLine, console_mode: bool) -> Command:
        """Runs a command. A second one while another runs is refused (MS-WSMV note 121), as is one too many."""
        with self._changed:
            if any(command.process.alive for command in shell.commands.values()):
                raise WsmanFault(Code.CONCURRENCY)
            spent = sum(each.operations for each in self._shells.values() if each.owner == shell.owner)
            if spent >= self._limits.max_operations:
                raise WsmanFault(Code.MAX_OPERATIONS)
            command = Command(ShellProcess(line), console_mode)
            self.processes.append(command.process)
            shell.commands[command.id] = command
            shell.operations += 1
            return command

    def delete(self, shell_id: str, user: str) -> None:
        with self._changed:
            shell = self._shells.pop(self._find(shell_id, user).id)
        shell.close()

    def delete_all(self) -> None:
        """Ends every shell with its processes."""
        with self._changed:
            left = tuple(self._shells.values())
            self._shells.clear()
            self._changed.notify_all()
        for shell in left:
            shell.close()

    def close(self) -> None:
        """Ends every shell with its processes; none can be opened afterwards."""
        with self._changed:
            self._stopping = True
        self.delete_all()
        self._reaper.join()

    def _find(self, shell_id: str, user: str) -> Shell:
        shell = self._shells.get(shell_id.upper())
        if shell is None:
            raise WsmanFault(Code.UNEXPECTED_SELECTORS)
        if shell.owner != user:
            raise WsmanFault(Code.ACCESS_DENIED)
        return shell

    def _reap(self) -> None:
        while not self._stopping:
            with self._changed:
                now = time.monotonic()
                idle = [shell for shell in self._shells.values() if shell.left(now) <= 0]
                for shell in idle:
                    del self._shells[shell.id]
                if not idle and not self._stopping:
                    self._changed.wait(min((shell.left(now) for shell in self._shells.values()), default=None))
            for shell in idle:
                shell.close()
