# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PowerShell behind WinRM, as a channel: one cmd shell with one command in it, kept over broken connections."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from .channel import ChannelError, ChannelInterrupted, ChannelStatistics, Ending, Output
from .errors import LoginRefused, ShellLost, ShellRefused
from .faults import FOREIGN, Action, Fault, classify
from .kerberos import Tickets
from .pywinrm import WinRMOptions, connect, options_of

T = TypeVar("T")

CODE_PAGE = 65001
#: Ends the shell, and so PowerShell, if the client vanishes (winrm facts 3.6).
IDLE_TIMEOUT = "PT900S"
#: The far end drops idle connections after 120 seconds, which pywinrm does not survive (winrm facts 1.3).
FRESH_FOR = 60.0
#: Seconds without contact until the run ends; the runner itself waits for 60.
RECONNECT_FOR = 120.0
LONGEST_PAUSE = 30.0
SMALLEST_PIECE = 1024
#: Between attempts to delete a shell that an earlier process left.
DELETE_PAUSES = (1.0, 5.0)


class _Faulted(Exception):
    """An operation that failed; ``answered``: the service itself said so."""

    def __init__(self, fault: Fault, answered: bool) -> None:
        super().__init__(fault.row)
        self.fault = fault
        self.answered = answered


class WinRMChannel:
    """``options``: the arguments of ``winrm.Protocol`` by the same names (:class:`~.pywinrm.WinRMOptions`).

    They are looked at by ``open``.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        **options: Any,
    ) -> None:
        self.statistics = ChannelStatistics()
        self._given = options
        self._options = WinRMOptions("")
        self._clock = clock
        self._sleep = sleep
        self._protocol: Any = None
        self._excerpt: Callable[[], str] = str
        self._tickets = Tickets()
        self._shell = ""
        self._command = ""
        self._in_contact = False
        self._last_request = clock()
        self._trouble_since: float | None = None
        self._in_a_row: dict[str, int] = {}
        self._piece: int | None = None
        self._doomed: ChannelError | None = None

    @property
    def place(self) -> Mapping[str, object]:
        """The shell is what :func:`end_shell` takes."""
        if not self._shell:
            return {}
        return {
            "channel": "winrm",
            "endpoint": _without_user(self._options.endpoint),
            "shell": self._shell,
            "command": self._command,
        }

    def open(self, executable: str, arguments: list[str]) -> None:
        """Opens the shell and starts the program. Raises ChannelError at the first fault: accounts lock out.

        Where the host was reached it is LoginRefused or ShellRefused.
        """
        self._prepare(options_of(self._given))
        program = f'"{executable}"' if " " in executable and '"' not in executable else executable
        try:
            self._shell = self._perform(
                lambda: self._protocol.open_shell(codepage=CODE_PAGE, idle_timeout=IDLE_TIMEOUT)
            )
            self._command = self._perform(
                lambda: self._protocol.run_command(self._shell, program, arguments, console_mode_stdin=False)
            )
        except _Faulted as stop:
            raise self._refusal(stop) from stop.__cause__

    def send(self, data: bytes) -> None:
        """Writes to standard input. Raises ChannelInterrupted if it may not have arrived, or only in part."""
        while data:
            piece = data[: self._piece]
            try:
                self._perform(partial(self._send_piece, piece))
            except _Faulted as stop:
                if stop.fault.action is Action.SMALLER and len(piece) > SMALLEST_PIECE:
                    self._piece = len(piece) // 2
                    continue
                if stop.fault.action is not Action.NOTHING_CAME:
                    self._fail_send(stop)
                    break
            data = data[len(piece) :]

    def receive(self) -> Output:
        """One Receive, of at most the operation timeout."""
        begun = self._clock()
        try:
            stdout, stderr, code, done = self._perform(
                lambda: self._protocol.get_command_output_raw(self._shell, self._command)
            )
        except _Faulted as stop:
            if self._doomed and stop.fault.action is not Action.LOST:
                raise self._doomed from stop.__cause__
            if stop.fault.action is Action.NOTHING_CAME:
                return Output()
            if stop.fault.action is Action.RESUME and not stop.answered:
                self._outlive_orphan(begun)
            raise self._end(stop) from stop.__cause__
        return Output(stdout, stderr, code if done else None, done)

    def terminate(self) -> None:
        """Ends the program, unless contact is lost, when closing the shell must do."""
        command, self._command = self._command, ""
        if command and self._trouble_since is None:
            with suppress(Exception):
                self._attempt(lambda: self._protocol.cleanup_command(self._shell, command))

    def close(self) -> None:
        """Deletes the shell with all that runs in it, and closes the connection."""
        shell, self._shell = self._shell, ""
        if shell:
            with suppress(Exception):
                self._attempt(lambda: self._protocol.close_shell(shell))
        self._disconnect()
        self._tickets.forget()

    def delete(self, options: WinRMOptions, shell: str) -> Ending:
        """Deletes a shell that another channel opened."""
        self._prepare(options)
        pauses = iter(DELETE_PAUSES)
        while True:
            try:
                self._perform(lambda: self._protocol.close_shell(shell))
                return Ending.ENDED
            except _Faulted as stop:
                if stop.answered and stop.fault.action is Action.LOST:
                    return Ending.WAS_GONE
                pause = next(pauses, None) if stop.fault.action is Action.RESUME else None
                if pause is None:
                    raise self._refusal(stop) from stop.__cause__
                self._sleep(pause)
            finally:
                self._disconnect()
                self._tickets.forget()

    def _prepare(self, options: WinRMOptions) -> None:
        self._options = options
        self._protocol, self._excerpt, self._tickets = connect(options, self.statistics)

    def _refusal(self, stop: _Faulted) -> ChannelError:
        fault = FOREIGN if stop.fault.action is Action.LOST else stop.fault
        if fault.refuses_login:
            return LoginRefused(self._message(fault))
        return ShellRefused(self._message(fault)) if stop.answered else ChannelError(self._message(fault))

    def _fail_send(self, stop: _Faulted) -> None:
        """What the process said before it ended is still there to be received (winrm facts F21): that comes first."""
        error = self._end(stop)
        if isinstance(error, ChannelInterrupted):
            raise error from stop.__cause__
        self._doomed = error

    def _send_piece(self, piece: bytes) -> None:
        self._protocol.send_command_input(self._shell, self._command, piece)

    def _perform(self, operation: Callable[[], T]) -> T:
        """Runs it, again where it was certainly not served. Raises _Faulted."""
        tries: dict[str, int] = {}
        while True:
            try:
                return self._attempt(operation)
            except _Faulted as stop:
                fault = stop.fault
                tries[fault.row] = tries.get(fault.row, 0) + 1
                again = fault.action is Action.WAIT or (fault.action is Action.REPEAT and self._in_contact)
                if not again or tries[fault.row] > fault.tries:
                    raise
                self._sleep(fault.pause)

    def _attempt(self, operation: Callable[[], T]) -> T:
        if self._clock() - self._last_request > FRESH_FOR:
            self._disconnect()
        handled = sys.exc_info()[1]
        try:
            result = operation()
        except Exception as cause:
            fault = classify(cause, handled)
            answered = type(cause).__name__ in ("WSManFaultError", "WinRMOperationTimeoutError")
            if answered:
                self._in_contact = True
            if fault.action is Action.NOTHING_CAME:
                self._well()
            elif not answered or fault.action is Action.RESUME:
                self._disconnect()
            raise _Faulted(fault, answered) from cause
        except BaseException:
            self._disconnect()
            raise
        finally:
            self._last_request = self._clock()
        self._in_contact = True
        self._well()
        return result

    def _well(self) -> None:
        self._trouble_since = None
        self._in_a_row.clear()

    def _disconnect(self) -> None:
        """The next request signs in anew. What is left of the old encryption must not be used (winrm facts 1.3)."""
        if self._protocol is not None:
            with suppress(Exception):
                self._protocol.transport.close_session()
            self._protocol.transport.session = None
            self._protocol.transport.encryption = None

    def _end(self, stop: _Faulted) -> ChannelError:
        """The error for the client; for one that may pass, after a pause."""
        fault = stop.fault
        if fault.action is Action.LOST:
            return ShellLost(self._message(fault))
        if fault.action is not Action.RESUME:
            return ChannelError(self._message(fault))
        now = self._clock()
        self._trouble_since = self._trouble_since or now
        self._in_a_row[fault.row] = count = self._in_a_row.get(fault.row, 0) + 1
        if count > fault.tries or now - self._trouble_since > RECONNECT_FOR:
            return ChannelError(f"Contact was lost. {self._message(fault)}")
        failures = sum(self._in_a_row.values())
        self._sleep(min(2.0 ** (failures - 2), LONGEST_PAUSE) if failures > 1 else 0.0)
        return ChannelInterrupted(self._message(fault))

    def _outlive_orphan(self, begun: float) -> None:
        """A Receive whose connection broke may live on at the host, and take output with it (winrm facts 3.6)."""
        self._sleep(max(0.0, begun + self._options.operation_timeout_sec - self._clock()))

    def _message(self, fault: Fault) -> str:
        excerpt = self._excerpt() if fault.row == FOREIGN.row else ""
        begins = f" (it begins: {excerpt})" if excerpt else ""
        remedy = f". {fault.remedy}" if fault.remedy else ""
        return f"WinRM on {self._options.where}: {fault.text}{begins}{remedy}"


def _without_user(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def end_shell(options: WinRMOptions, shell: str) -> Ending:
    """Deletes a shell, and so ends all that runs in it, over a connection of its own (winrm facts 3.6).

    ENDED, or WAS_GONE. Raises ChannelError if the host does not say so: the shell may live on then.
    """
    return WinRMChannel().delete(options, shell)
