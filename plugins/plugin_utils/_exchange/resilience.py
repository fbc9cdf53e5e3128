# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session for a whole run: in lanes, each of which outlives its PowerShell and asks again what may pass; in time."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from .deadline import Deadline, TimedSession
from .enduring import EnduringSession, LivingSession, Pause
from .failures import FailureClass
from .lanes import PATIENCE, Lanes
from .pacer import Pacer
from .retry import RetryingSession
from .session import Answer, Call, SessionError, SessionInfo


class _Door:
    """Signs in for every lane, until one is refused: another must not try the same again, for accounts lock out."""

    def __init__(self, open_session: Callable[[int], LivingSession]) -> None:
        self._open_session = open_session
        self._refusal: SessionError | None = None

    def open(self, number: int) -> LivingSession:
        """A session for the lane of that number. Raises SessionError."""
        if self._refusal is not None:
            raise SessionError(str(self._refusal), self._refusal.failure)
        try:
            return self._open_session(number)
        except SessionError as error:
            if error.failure.kind is FailureClass.HOST_LOGIN:
                self._refusal = error
            raise


class ResilientSession:
    """See :class:`~.session.Session`. Raises SessionError where the first session cannot be opened.

    ``open_session``: signs in for the lane of that number, from 1; called again whenever a session is lost. ``pause``:
    lets seconds pass and tells why, in any thread. ``jitter``: gives 0 to 1. ``lanes``: how many sessions there may be
    at once; ``lane_after``: seconds of work that make another worth its sign-in.
    """

    def __init__(
        self,
        open_session: Callable[[int], LivingSession],
        deadline: Deadline,
        pause: Pause,
        jitter: Callable[[], float] = random.random,
        lanes: int = 1,
        lane_after: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._opened: list[tuple[EnduringSession, RetryingSession]] = []
        pacer, door = Pacer(lanes, clock), _Door(open_session)

        def open_lane(number: int) -> RetryingSession:
            enduring = EnduringSession(partial(door.open, number), deadline, pause)
            retrying = RetryingSession(enduring, deadline, pause, pacer, jitter)
            self._opened.append((enduring, retrying))
            return retrying

        self._lanes = Lanes(open_lane, lanes, pacer, lane_after, clock)
        self._session = TimedSession(self._lanes, deadline)

    @property
    def info(self) -> SessionInfo:
        return self._session.info

    @property
    def opened(self) -> int:
        """How many sessions it took."""
        return sum(enduring.opened for enduring, _retrying in self._opened)

    @property
    def repeats(self) -> Counter[str]:
        """The calls that were made again, by cmdlet."""
        again = self._lanes.repeats.copy()
        for enduring, retrying in self._opened:
            again.update(enduring.repeats + retrying.repeats)
        return again

    @property
    def not_reached(self) -> Counter[str]:
        """The calls for which there was no time, by cmdlet."""
        return self._session.not_reached

    @property
    def waited(self) -> float:
        """Seconds of pauses that Exchange made necessary, of all lanes together."""
        return sum(retrying.waited for _enduring, retrying in self._opened)

    @property
    def trouble(self) -> str:
        """Why there were fewer lanes than there might have been, or empty."""
        return self._lanes.trouble

    def expect(self, seconds: float) -> None:
        """Told how much work of one session is to come, it may open others before they are missed."""
        self._lanes.expect(seconds)

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        return self._session.invoke(calls)

    def close(self) -> None:
        self._session.close()
