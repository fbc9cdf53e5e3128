# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PowerShell behind WinRM, as a channel: one cmd shell with one command in it, kept over broken connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from .channel import ChannelError, ChannelInterrupted, ChannelStatistics, Ending, Output
from .contact import Contact, Faulted
from .faults import FOREIGN, Action
from .frames import BATCH_BYTES
from .pywinrm import WinRMOptions, options_of

CODE_PAGE = 65001
#: Ends the shell, and so PowerShell, if the client vanishes (winrm facts 3.6).
IDLE_TIMEOUT = "PT900S"
SMALLEST_PIECE = 1024
#: While input waits for the process to read, a Receive must not take long: after each the input is sent again.
BUSY_SECONDS = 5
#: A Receive waits at the host. One that brings nothing at once was answered by something else.
EMPTY_PAUSE = 1.0
MAX_EMPTY = 10
#: Between attempts to delete a shell that an earlier process left.
DELETE_PAUSES = (1.0, 5.0)


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
        self._clock = clock
        self._sleep = sleep
        self._made: Contact | None = None
        self._shell = ""
        self._command = ""
        self._piece = BATCH_BYTES
        self._unsent = b""
        self._empty = 0
        self._doomed: ChannelError | None = None

    @property
    def place(self) -> Mapping[str, object]:
        """The shell is what :func:`end_shell` takes."""
        if not self._shell:
            return {}
        return {
            "channel": "winrm",
            "endpoint": _without_user(self._contact.options.endpoint),
            "shell": self._shell,
            "command": self._command,
        }

    @property
    def _contact(self) -> Contact:
        if self._made is None:
            raise ChannelError("The channel was never opened")
        return self._made

    def open(self, executable: str, arguments: list[str]) -> None:
        """Opens the shell and starts the program. Raises ChannelError at the first fault: accounts lock out.

        Where the host was reached it is LoginRefused or ShellRefused.
        """
        self._made = contact = Contact(options_of(self._given), self.statistics, self._clock, self._sleep)
        protocol = contact.protocol
        program = f'"{executable}"' if " " in executable and '"' not in executable else executable
        try:
            self._shell = contact.perform(lambda: protocol.open_shell(codepage=CODE_PAGE, idle_timeout=IDLE_TIMEOUT))
            self._command = contact.perform(
                lambda: protocol.run_command(self._shell, program, arguments, console_mode_stdin=False)
            )
        except Faulted as stop:
            raise contact.refusal(stop) from stop.__cause__

    def send(self, data: bytes) -> None:
        """Writes to standard input. Raises ChannelInterrupted if it may not have arrived, or only in part.

        What the process has no room for waits here, and goes out between later receives.
        """
        data, self._unsent = self._unsent + data, b""
        while data:
            piece = self._cut(data)
            try:
                self._contact.perform(partial(self._send_piece, piece))
            except Faulted as stop:
                if stop.fault.action is Action.SMALLER and len(piece) > SMALLEST_PIECE:
                    self._piece = len(piece) // 2
                    continue
                if stop.fault.action is Action.LATER:
                    self._unsent = data
                    break
                if not self._taken_for_sent(piece, stop):
                    break
            data = data[len(piece) :]

    def receive(self) -> Output:
        """One Receive, of at most the operation timeout."""
        if self._unsent:
            self.send(b"")
        contact = self._contact
        longest = contact.options.operation_timeout_sec
        contact.protocol.operation_timeout_sec = min(longest, BUSY_SECONDS) if self._unsent else longest
        begun = self._clock()
        try:
            stdout, stderr, code, done = contact.perform(
                lambda: contact.protocol.get_command_output_raw(self._shell, self._command)
            )
        except Faulted as stop:
            if self._doomed and stop.fault.action is not Action.LOST:
                raise self._doomed from stop.__cause__
            if stop.fault.action is Action.NOTHING_CAME:
                return Output()
            if stop.fault.action is Action.RESUME and not stop.answered:
                self._outlive_orphan(begun)
            self._unsent = b""  # the client says it again
            raise contact.failure(stop) from stop.__cause__
        self._bear(bool(stdout or stderr or done) or self._clock() - begun >= EMPTY_PAUSE)
        return Output(stdout, stderr, code if done else None, done)

    def terminate(self) -> None:
        """Ends the program, unless contact is lost, when closing the shell must do."""
        command, self._command = self._command, ""
        if command and self._contact.trouble_since is None:
            self._contact.part(lambda: self._contact.protocol.cleanup_command(self._shell, command))

    def close(self) -> None:
        """Deletes the shell with all that runs in it, and closes the connection."""
        shell, self._shell = self._shell, ""
        if shell:
            self._contact.part(lambda: self._contact.protocol.close_shell(shell))
        if self._made is not None:
            self._made.close()

    def _send_piece(self, piece: bytes) -> None:
        self._contact.protocol.send_command_input(self._shell, self._command, piece)

    def _cut(self, data: bytes) -> bytes:
        """What one Send may carry, whole lines if it can be."""
        piece = data[: self._piece]
        lines = piece.rfind(b"\n") + 1
        return piece[:lines] if len(piece) < len(data) and lines > 1 else piece

    def _taken_for_sent(self, piece: bytes, stop: Faulted) -> bool:
        """Whether the next piece may follow. A rest without its beginning might make a line that nobody has said."""
        if stop.fault.action is not Action.NOTHING_CAME:
            self._fail_send(stop)
            return False
        if piece.endswith(b"\n"):
            return True
        self._fail_send(Faulted(replace(stop.fault, action=Action.RESUME, tries=3), stop.answered))
        return False

    def _fail_send(self, stop: Faulted) -> None:
        """What the process said before it ended is still there to be received (winrm facts F21): that comes first."""
        error = self._contact.failure(stop)
        if isinstance(error, ChannelInterrupted):
            raise error from stop.__cause__
        self._doomed = error

    def _outlive_orphan(self, begun: float) -> None:
        """A Receive whose connection broke may live on at the host, and take output with it (winrm facts 3.6)."""
        self._sleep(max(0.0, begun + self._contact.options.operation_timeout_sec - self._clock()))

    def _bear(self, waited: bool) -> None:
        """A page that happens to be XML reads like an answer without output."""
        self._empty = 0 if waited else self._empty + 1
        if self._empty > MAX_EMPTY:
            raise ChannelError(self._contact.message(FOREIGN))
        if self._empty:
            self._sleep(EMPTY_PAUSE)


def _without_user(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def end_shell(options: WinRMOptions, shell: str, sleep: Callable[[float], None] = time.sleep) -> Ending:
    """Deletes a shell, and so ends all that runs in it, over a connection of its own (winrm facts 3.6).

    ENDED, or WAS_GONE. Raises ChannelError if the host does not say so: the shell may live on then.
    """
    contact = Contact(options, ChannelStatistics(), sleep=sleep)
    pauses = iter(DELETE_PAUSES)
    try:
        while True:
            try:
                contact.perform(lambda: contact.protocol.close_shell(shell))
                return Ending.ENDED
            except Faulted as stop:
                if stop.is_gone:
                    return Ending.WAS_GONE
                pause = next(pauses, None) if stop.fault.action is Action.RESUME else None
                if pause is None:
                    raise contact.refusal(stop) from stop.__cause__
                sleep(pause)
    finally:
        contact.close()
