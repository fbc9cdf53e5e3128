# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session that asks again: reads that failed for a reason that passes are repeated, after a pause."""

from __future__ import annotations

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .deadline import Deadline
from .enduring import LivingSession, Pause
from .errors import Diagnosis, Meaning, diagnose, says_truncated
from .hints import retry_hint
from .pacer import Pacer
from .session import WRITERS, Answer, Call, CmdletError, SessionInfo, SessionLost

#: Seconds before the second try of a read; doubled for each further one (exchange facts E12, E16 to E21).
TRANSIENT_PAUSE = 2.0
#: The module itself has tried five times before this is seen (exchange facts 5.1, E13).
THROTTLED_PAUSE = 30.0
LONGEST_PAUSE = 300.0
#: Seconds of waiting without one good answer after which nothing is repeated until there is one.
FRUITLESS = 900.0
#: A session in silence ends after 60 seconds.
SLICE = 20.0


@dataclass
class _Failures:
    """Of one call so far. ``cut_off``: it was answered with a part of its rows (exchange facts E3)."""

    errors: int = 0
    cut_off: bool = False


class RetryingSession:
    """Repeats reads, never writes: those are settled by reading (design 5).

    What failed for itself comes again when all others have been asked, so that one slow mailbox does not hold the rest.
    One that asks for all rows and gets a part of them comes again once. A throttled call holds everything, writes and
    other lanes included: whatever is asked meanwhile makes it worse. ``repeats``: calls sent again, by cmdlet;
    ``waited``: seconds of pauses.
    """

    def __init__(
        self,
        session: LivingSession,
        deadline: Deadline,
        pause: Pause,
        pacer: Pacer,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.repeats: Counter[str] = Counter()
        self.waited = 0.0
        self._session = session
        self._deadline = deadline
        self._pause = pause
        self._jitter = jitter
        self._pacer = pacer
        self._fruitless = 0.0
        self._owed = 0.0
        self._why = ""

    @property
    def info(self) -> SessionInfo:
        return self._session.info

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        fresh = iter(calls)
        again: deque[Call] = deque()
        failures: defaultdict[int, _Failures] = defaultdict(_Failures)
        exhausted = False

        def flow() -> Iterator[Call]:
            nonlocal exhausted
            repeated = len(again)
            while self._pacer.left <= 0:
                if repeated:
                    repeated -= 1
                    call = again.popleft()
                    self.repeats[call.cmdlet] += 1
                elif (next_one := next(fresh, None)) is not None:
                    call = next_one
                else:
                    exhausted = True
                    return
                yield call

        try:
            while again or not exhausted:
                self._rest()
                for call, answer in self._session.invoke(flow()):
                    if self._comes_again(call, answer, failures[id(call)]):
                        again.append(call)
                    else:
                        failures.pop(id(call), None)
                        yield call, answer
        except SessionLost as lost:
            raise SessionLost(str(lost), (*lost.unanswered, *again), lost.failure, lost.overdue) from lost

    def close(self) -> None:
        self._session.close()

    def _comes_again(self, call: Call, answer: Answer, failures: _Failures) -> bool:
        if answer.error is None:
            self._fruitless = 0.0
            self._pacer.good()
            again = _is_cut_off(call, answer) and not failures.cut_off and not self._deadline.is_over
            failures.cut_off = again
            return again
        diagnosis = diagnose(answer.error)
        failures.errors += 1
        seconds = self._pause_after(answer.error, diagnosis, failures.errors)
        in_vain = self._fruitless + seconds > FRUITLESS or seconds >= self._deadline.left
        if diagnosis.meaning is Meaning.THROTTLED and not in_vain:
            self._pacer.rest(seconds)
            self._owe(seconds, answer.error)
        if call.cmdlet in WRITERS or in_vain or failures.errors >= diagnosis.tries:
            return False
        self._owe(seconds, answer.error)
        return True

    def _pause_after(self, error: CmdletError, diagnosis: Diagnosis, failures: int) -> float:
        """What Exchange asks for, else longer each time; never all at the same moment."""
        if diagnosis.meaning is not Meaning.THROTTLED:
            seconds = TRANSIENT_PAUSE * 2.0 ** (failures - 1)
        else:
            seconds = retry_hint(error.text) or min(THROTTLED_PAUSE * 2.0**self._pacer.throttles, LONGEST_PAUSE)
        return seconds * (1 + self._jitter() / 4)

    def _owe(self, seconds: float, error: CmdletError) -> None:
        self._owed = max(self._owed, seconds)
        self._why = f"Exchange answered: {error.text}"

    def _rest(self) -> None:
        """Before more is sent. Whoever pauses without a word for longer loses the session."""
        owed, self._owed = max(self._owed, self._pacer.left), 0.0
        while owed > 0:
            seconds = min(owed, SLICE)
            self._pause(seconds, self._why or "another lane is throttled")
            owed -= seconds
            self.waited += seconds
            self._fruitless += seconds
            self._session.keep_alive()

    def keep_alive(self) -> None:
        self._session.keep_alive()


def _is_cut_off(call: Call, answer: Answer) -> bool:
    """Whether rows are missing that were asked for. Whoever sets a limit expects no more."""
    everything = call.cmdlet not in WRITERS and call.parameters.get("ResultSize") == "Unlimited"
    return everything and says_truncated(answer.warnings)
