# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session for a whole run: it starts PowerShell again where one is lost, asks again what may pass, ends in time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from .deadline import Deadline, TimedSession
from .enduring import EnduringSession, LivingSession, Pause
from .retry import RetryingSession
from .session import Answer, Call, SessionInfo


class ResilientSession:
    """See :class:`~.session.Session`. Raises SessionError where the first session cannot be opened.

    ``open_session``: signs in; called again whenever a session is lost. ``pause``: lets seconds pass and tells why.
    ``jitter``: gives 0 to 1.
    """

    def __init__(
        self,
        open_session: Callable[[], LivingSession],
        deadline: Deadline,
        pause: Pause,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._enduring = EnduringSession(open_session, deadline, pause)
        self._retrying = RetryingSession(self._enduring, deadline, pause, jitter)
        self._session = TimedSession(self._retrying, deadline)

    @property
    def info(self) -> SessionInfo:
        return self._session.info

    @property
    def opened(self) -> int:
        """How many sessions it took."""
        return self._enduring.opened

    @property
    def repeats(self) -> Counter[str]:
        """The calls that were made again, by cmdlet."""
        return self._enduring.repeats + self._retrying.repeats

    @property
    def not_reached(self) -> Counter[str]:
        """The calls for which there was no time, by cmdlet."""
        return self._session.not_reached

    @property
    def waited(self) -> float:
        """Seconds of pauses that Exchange made necessary."""
        return self._retrying.waited

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        return self._session.invoke(calls)

    def close(self) -> None:
        self._session.close()
