# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run tells while it works and costs when it is done: a session that counts and reports."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from .._exchange.errors import NOT_REACHED
from .._exchange.session import WRITERS, Answer, Call, Session, SessionInfo
from .estimate import Estimate


class Watch(Protocol):
    """The world's clock, and whoever looks on."""

    def now(self) -> float:
        """Seconds, ascending."""

    def sleep(self, seconds: float) -> None:
        """Lets that much time pass."""

    def estimated(self, estimate: Estimate) -> None:
        """Called once, when the accounts are known, before anything else is read."""

    def progress(self, phase: str, done: int, total: int) -> None:
        """Called after every answer; ``total`` counts the calls of the phase that are known so far."""


class SilentWatch:
    """The real clock, and nobody looks on."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def estimated(self, estimate: Estimate) -> None:
        pass

    def progress(self, phase: str, done: int, total: int) -> None:
        pass


@dataclass
class Statistics:
    """Cmdlet calls by name, how many of them were writes, and seconds by phase."""

    calls: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


class MeteredSession:
    """A session that counts what goes through it and says how far the phase has come.

    ``is_over``: a call of the phase was not sent, for there was no time left for it.
    """

    def __init__(self, session: Session, watch: Watch) -> None:
        self._session = session
        self._watch = watch
        self._phase, self._since, self._done, self._total = "", watch.now(), 0, 0
        self.statistics = Statistics()
        self.is_over = False

    @property
    def info(self) -> SessionInfo:
        return self._session.info

    def enter(self, phase: str) -> None:
        """A new phase begins; the one before it ends."""
        now = self._watch.now()
        if self._phase:
            spent = self.statistics.seconds.get(self._phase, 0.0) + now - self._since
            self.statistics.seconds[self._phase] = round(spent, 3)
        self._phase, self._since, self._done, self._total = phase, now, 0, 0
        self.is_over = False

    def expect(self, calls: int) -> None:
        """That many calls are to come in this phase."""
        self._total += calls

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        if isinstance(calls, list):
            self.expect(len(calls))
        for call, answer in self._session.invoke(self._counted(calls)):
            self._done += 1
            self.is_over = self.is_over or (answer.error is not None and answer.error.code == NOT_REACHED)
            self._watch.progress(self._phase, self._done, max(self._total, self._done))
            yield call, answer

    def _counted(self, calls: Iterable[Call]) -> Iterator[Call]:
        for call in calls:
            self.statistics.calls[call.cmdlet] += 1
            self.statistics.writes += call.cmdlet in WRITERS
            yield call

    def close(self) -> None:
        self._session.close()
