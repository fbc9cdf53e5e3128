# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time by which a run has to be done, and a session that sends nothing after it."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from .._wording import counted_noun
from .errors import NOT_REACHED
from .session import WRITERS, Answer, Call, CmdletError, Session, SessionInfo

#: Of the time of a run, and at most so many seconds, in which nothing more is written.
RESERVE, LONGEST_RESERVE = 0.1, 60.0


class Deadline:
    """``seconds`` from now on; None: there is no end. On a clock that ascends."""

    def __init__(self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = math.inf if seconds is None else clock() + seconds

    @property
    def left(self) -> float:
        """Seconds, 0 when it is over."""
        return max(0.0, self._end - self._clock())

    @property
    def is_over(self) -> bool:
        return self.left <= 0

    @property
    def is_over_for_writes(self) -> bool:
        """Some time is kept to read back what was written: it would be unknown otherwise."""
        return self.left <= min((self.seconds or 0) * RESERVE, LONGEST_RESERVE)

    @property
    def text(self) -> str:
        """Why something was not reached."""
        return f"not reached: max_runtime, {counted_noun(round(self.seconds or 0), 'second')}, was over"

    @property
    def answer(self) -> Answer:
        """In place of Exchange's to a call that was not sent."""
        return Answer(error=CmdletError(self.text, code=NOT_REACHED))


class TimedSession:
    """A session that takes no more calls once the time is over: reads are answered as not reached.

    Of writes one is answered so, and the others are left where they are: nobody is to note them as sent.
    ``not_reached``: the calls that were never sent, by cmdlet.
    """

    def __init__(self, session: Session, deadline: Deadline) -> None:
        self.not_reached: Counter[str] = Counter()
        self._session = session
        self._deadline = deadline

    @property
    def info(self) -> SessionInfo:
        return self._session.info

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        late: list[Call] = []
        for call, answer in self._session.invoke(self._in_time(calls, late)):
            self._count(call, answer)
            yield call, answer
        for call in late:
            self._count(call, self._deadline.answer)
            yield call, self._deadline.answer

    def _count(self, call: Call, answer: Answer) -> None:
        if answer.error is not None and answer.error.code == NOT_REACHED:
            self.not_reached[call.cmdlet] += 1

    def _in_time(self, calls: Iterable[Call], late: list[Call]) -> Iterator[Call]:
        for call in calls:
            writes = call.cmdlet in WRITERS
            if not (self._deadline.is_over_for_writes if writes else self._deadline.is_over):
                yield call
                continue
            late.append(call)
            if writes:
                return

    def close(self) -> None:
        self._session.close()
