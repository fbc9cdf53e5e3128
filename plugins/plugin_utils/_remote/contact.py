# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a WSMan service, made anew whenever it breaks: what is tried again, and when it is given up."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from .channel import ChannelError, ChannelInterrupted, ChannelStatistics
from .errors import LoginRefused, NoTicket, ShellLost, ShellRefused
from .faults import FOREIGN, Action, Fault, classify
from .pywinrm import WinRMOptions, connect
from .sealed import believe_only_sealed

T = TypeVar("T")

#: The far end drops idle connections after 120 seconds, which pywinrm does not survive (winrm facts 1.3).
FRESH_FOR = 60.0
#: Seconds without contact until the run ends; the runner itself waits for 60.
RECONNECT_FOR = 120.0
LONGEST_PAUSE = 30.0
#: A user's read timeout counts only up to this much more than the operation timeout.
LONGEST_SILENCE = 30
#: Of each exchange while the shell is being ended, and of all of them: a host that is gone must not hold up the end.
PARTING_SECONDS = 4
PARTING_FOR = 6.0
PARTING_PAUSES = (0.5, 1.0, 2.0, 2.0)
#: The sign-in is not tried again after so many refusals in a row: accounts lock out (winrm facts F12).
MAX_REJECTIONS = 2


class Faulted(Exception):
    """An operation that failed; ``answered``: the service itself said so."""

    def __init__(self, fault: Fault, answered: bool) -> None:
        super().__init__(fault.row)
        self.fault = fault
        self.answered = answered

    @property
    def is_gone(self) -> bool:
        """Whether the service says that there is no such shell or command."""
        return self.answered and self.fault.action is Action.LOST


class Contact:
    """``protocol``: a ``winrm.Protocol``, to be used within ``perform`` and ``part`` only. Nothing is sent before."""

    def __init__(
        self,
        options: WinRMOptions,
        statistics: ChannelStatistics,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        silence = min(options.read_timeout_sec, options.operation_timeout_sec + LONGEST_SILENCE)
        self.options = replace(options, read_timeout_sec=silence)
        self._statistics = statistics
        self.protocol, self._excerpt, self._tickets = connect(self.options, statistics)
        believe_only_sealed(self.protocol.transport)
        self.trouble_since: float | None = None
        self._clock = clock
        self._sleep = sleep
        self._made = False
        self._last_request = clock()
        self._in_a_row: dict[str, int] = {}
        self._rejections = 0
        self._rejection: Faulted | None = None

    @property
    def _shut_out(self) -> bool:
        return self._rejections >= MAX_REJECTIONS

    def perform(self, operation: Callable[[], T]) -> T:
        """Runs it, again where it was certainly not served. Raises Faulted."""
        tries: dict[str, int] = {}
        while True:
            try:
                return self._attempt(operation)
            except Faulted as stop:
                fault = stop.fault
                tries[fault.row] = tries.get(fault.row, 0) + 1
                again = fault.action is Action.WAIT or (fault.action is Action.REPEAT and self._made)
                if not again or tries[fault.row] > fault.tries:
                    raise
                self._sleep(fault.pause)

    def part(self, operation: Callable[[], object]) -> None:
        """Again until there is nothing more to part from; over soon, whatever the host does."""
        self.protocol.transport.read_timeout_sec = PARTING_SECONDS
        until = self._clock() + PARTING_FOR
        for pause in (*PARTING_PAUSES, PARTING_FOR):
            try:
                self._attempt(operation)
                return
            except Faulted as stop:
                if stop.is_gone or self._shut_out or self._clock() + pause > until:
                    return
            self._sleep(pause)

    def _attempt(self, operation: Callable[[], T]) -> T:
        if self._rejection is not None and self._shut_out:
            raise self._rejection
        if self._clock() - self._last_request > FRESH_FOR:
            self.disconnect()
        handled = sys.exc_info()[1]
        try:
            result = operation()
        except Exception as cause:
            fault = classify(cause, handled)
            answered = type(cause).__name__ in ("WSManFaultError", "WinRMOperationTimeoutError")
            if answered:
                self._made = True
            if fault.action is Action.NOTHING_CAME:
                self._well()
            elif not answered or fault.action is Action.RESUME:
                self.disconnect()
            raise self._counted(Faulted(fault, answered)) from cause
        except BaseException:
            self.disconnect()
            raise
        finally:
            self._last_request = self._clock()
        self._made = True
        self._well()
        return result

    def _counted(self, stop: Faulted) -> Faulted:
        if stop.fault.row == "F12":
            self._rejections += 1
            self._rejection = stop
        elif stop.answered:
            self._rejections = 0
        return stop

    def _well(self) -> None:
        self.trouble_since = None
        self._rejections = 0
        self._in_a_row.clear()

    def disconnect(self) -> None:
        """The next request signs in anew. What is left of the old encryption must not be used (winrm facts 1.3)."""
        with suppress(Exception):
            self.protocol.transport.close_session()
        self.protocol.transport.session = None
        self.protocol.transport.encryption = None

    def close(self) -> None:
        """Gives back the connection, and the tickets that were got for it."""
        self.disconnect()
        self._tickets.forget()

    def failure(self, stop: Faulted) -> ChannelError:
        """The error for the client; for one that may pass, after a pause."""
        fault = stop.fault
        if fault.action is Action.LOST:
            return ShellLost(self.message(fault))
        if fault.action not in (Action.RESUME, Action.LATER):
            return ChannelError(self.message(fault), lives=fault.action is Action.FAIL)
        now = self._clock()
        self.trouble_since = now if self.trouble_since is None else self.trouble_since
        self._in_a_row[fault.row] = count = self._in_a_row.get(fault.row, 0) + 1
        if count > fault.tries or now - self.trouble_since > RECONNECT_FOR:
            return ChannelError(f"Contact was lost. {self.message(fault)}")
        failures = sum(self._in_a_row.values())
        self._sleep(min(2.0 ** min(failures - 2, 9), LONGEST_PAUSE) if failures > 1 else 0.0)
        return ChannelInterrupted(self.message(fault))

    def refusal(self, stop: Faulted) -> ChannelError:
        unread = stop.fault.action is Action.LOST and not stop.answered
        fault = FOREIGN if unread else stop.fault
        if fault.refuses_login:
            return (LoginRefused if self._statistics.requests else NoTicket)(self.message(fault))
        may_pass = fault.row == "F7" or fault.action is not Action.FAIL
        kind = ShellRefused if stop.answered else ChannelError
        return kind(self.message(fault), may_pass)

    def message(self, fault: Fault) -> str:
        excerpt = self._excerpt() if fault.row == FOREIGN.row else ""
        begins = f" (it begins: {excerpt})" if excerpt else ""
        remedy = f". {fault.remedy}" if fault.remedy else ""
        return f"WinRM on {self.options.where}: {fault.text}{begins}{remedy}"
