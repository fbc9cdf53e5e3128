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
from .lanes import PATIENCE, Lanes
from .pacer import Pacer
from .retry import RetryingSession
from .session import Answer, Call, SessionInfo


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
        self._enduring: list[EnduringSession] = []
        self._retrying: list[RetryingSession] = []
        pacer = Pacer(lanes, clock)

        def open_lane(number: int) -> RetryingSession:
            enduring = EnduringSession(partial(open_session, number), deadline, pause)
            retrying = RetryingSession(enduring, deadline, pause, pacer, jitter)
            self._enduring.append(enduring)
            self._retrying.append(retrying)
            return retrying

        self._lanes = Lanes(open_lane, lanes, pacer, lane_after, clock)
        self._session = TimedSession(self._lanes, deadline)

    @property
    def info(self) -> SessionInfo:
        return self._session.info

    @property
    def opened(self) -> int:
        """How many sessions it took."""
        return sum(one.opened for one in self._enduring)

    @property
    def repeats(self) -> Counter[str]:
        """The calls that were made again, by cmdlet."""
        again: Counter[str] = Counter()
        for lane in zip(self._enduring, self._retrying, strict=True):
            again.update(lane[0].repeats + lane[1].repeats)
        return again

    @property
    def not_reached(self) -> Counter[str]:
        """The calls for which there was no time, by cmdlet."""
        return self._session.not_reached

    @property
    def waited(self) -> float:
        """Seconds of pauses that Exchange made necessary, of all lanes together."""
        return sum(one.waited for one in self._retrying)

    @property
    def trouble(self) -> str:
        """Why there were fewer lanes than there might have been, or empty."""
        return self._lanes.trouble

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        return self._session.invoke(calls)

    def close(self) -> None:
        self._session.close()
