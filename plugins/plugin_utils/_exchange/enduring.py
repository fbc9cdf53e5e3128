# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session that outlives its PowerShell: when one is lost, another is started and signs in, and the work goes on."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from .deadline import Deadline
from .errors import UNANSWERED, Meaning, diagnose
from .failures import Failure, FailureClass
from .session import WRITERS, Answer, Call, CmdletError, Session, SessionError, SessionInfo, SessionLost

#: Seconds before each try to start another PowerShell; together they outlast the reboot of a host.
PAUSES = (0.0, 5.0, 15.0, 30.0, 60.0, 60.0, 60.0, 120.0, 120.0)
#: Seconds before each further try of the first sign-in, where Entra ID or Exchange says that its trouble passes.
SIGN_IN_PAUSES = (5.0, 15.0, 30.0)
#: How often in a row it may be lost without one answer in between.
LOSSES_IN_A_ROW = 3
#: How often in a row another PowerShell may fail to start for a reason that should stay: one did start here before, and
#: of what it was sent a part may have been lost.
STUMBLES = 2
#: How often in a run: to go on and on would do more harm than good.
LOSSES = 20
#: How often a read may be what PowerShell worked on when it was lost.
STRIKES = 2

#: Calls after which a session is ended for another: its memory grows with each (winrm facts 3.5, 7.7).
RENEW_AFTER = 4000

#: Lets seconds pass, and says why to whoever looks on.
Pause = Callable[[float, str], None]


class LivingSession(Session, Protocol):
    """A session that ends if it hears nothing for too long."""

    def keep_alive(self) -> None:
        """To be called at least once in 30 seconds while nothing is invoked. Raises SessionLost."""


class _Queue:
    """Calls to be sent: those that come again first, then those that were never sent, then those that were put off;
    until it is told to hold.

    ``repeats``: counts those that came again, by cmdlet.
    """

    def __init__(self, calls: Iterable[Call], repeats: Counter[str]) -> None:
        self.again: deque[Call] = deque()
        self._last: deque[Call] = deque()
        self._repeats = repeats
        self._struck: list[Call] = []
        self._fresh = iter(calls)
        self._hold = False
        self.exhausted = False
        self.taken = 0

    def hold(self) -> None:
        """Nothing more is to be sent to the session of now."""
        self._hold = True

    def flow(self, most: float = math.inf) -> Iterator[Call]:
        """What one session is fed with: so many calls at most. ``taken`` counts them."""
        self._hold, self.taken = False, 0
        while not self._hold and self.taken < most and (call := self._next()) is not None:
            self.taken += 1
            yield call

    @property
    def left(self) -> tuple[Call, ...]:
        """Those that were to come again."""
        return (*self.again, *self._last)

    def put_off(self, call: Call) -> None:
        """It comes again when all others have been sent."""
        (self.again if self.exhausted else self._last).append(call)

    def _next(self) -> Call | None:
        if not self.again and not self.exhausted:
            call = next(self._fresh, None)
            if call is not None:
                return call
            self.exhausted = True
            self.again.extend(self._last)
            self._last.clear()
        if not self.again:
            return None
        self._repeats[self.again[0].cmdlet] += 1
        return self.again.popleft()

    def strike(self, call: Call) -> int:
        """Counts against a call that the session was lost while it ran."""
        self._struck.append(call)
        return sum(one is call for one in self._struck)


class EnduringSession:
    """A session out of as many as it takes. ``opened``: how many they were. ``repeats``: calls sent again, by cmdlet.

    A read that was under way when one was lost is sent again. A write never is: it is answered with an error that
    leaves doubt, and whoever sent it reads what came of it (design 5). SessionLost is raised only when no other session
    can be opened.
    """

    def __init__(
        self,
        open_session: Callable[[], LivingSession],
        deadline: Deadline,
        pause: Pause,
        renew_after: int = RENEW_AFTER,
    ) -> None:
        self._open = open_session
        self._deadline = deadline
        self._pause = pause
        self._renew_after = renew_after
        self._calls_left = renew_after
        self._session: LivingSession | None = self._first()
        self._info = self._session.info
        self._why = Failure(FailureClass.SESSION_LOST, retry_safe=True)
        self._cause = ""
        self._losses = self._lost = 0
        self._is_over = self._is_closed = False
        self.opened = 1
        self.repeats: Counter[str] = Counter()

    @property
    def info(self) -> SessionInfo:
        """Of the session of now, or the one before."""
        return self._info

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        queue = _Queue(calls, self.repeats)
        while queue.again or not queue.exhausted:
            if self._deadline.is_over and (self._session is None or self._calls_left <= 0):
                for call in queue.flow():
                    yield call, self._deadline.answer
                return
            yield from self._through(self._living(queue), queue)

    def keep_alive(self) -> None:
        """Never raises: that a session was lost shows at the next call."""
        session = self._session
        if session is not None:
            try:
                session.keep_alive()
            except SessionLost as lost:
                self._drop(session, lost)

    def close(self) -> None:
        """From then on no other is opened, in whichever thread the work still goes on."""
        self._is_closed = True
        self._end()

    def _end(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _first(self) -> LivingSession:
        """The first session. A host that is not reached is nobody's to wait for. Raises SessionError."""
        for seconds in SIGN_IN_PAUSES:
            try:
                return self._open()
            except SessionError as error:
                passes = error.failure == Failure(FailureClass.SIGN_IN, retry_safe=True)
                if not passes or seconds >= self._deadline.left:
                    raise
                self._pause(seconds, f"{error}: signing in again")
        return self._open()

    def _through(self, session: LivingSession, queue: _Queue) -> Iterator[tuple[Call, Answer]]:
        """Feeds one session as long as it lives, or until it has done enough."""
        ended = False
        try:
            for call, answer in session.invoke(queue.flow(self._calls_left)):
                if _says_ended(answer) and self._lost < LOSSES:
                    queue.hold()
                    ended, trigger = True, not ended
                    if call.cmdlet not in WRITERS and not (trigger and queue.strike(call) >= STRIKES):
                        queue.again.append(call)
                        continue
                self._losses = 0
                yield call, answer
        except SessionLost as lost:
            self._drop(session, lost)
            yield from self._left(lost, queue)
        self._calls_left -= queue.taken
        if ended:
            text = "Exchange ended the session"
            self._drop(session, SessionLost(text, failure=Failure(FailureClass.SESSION_LOST, retry_safe=True)))

    def _left(self, lost: SessionLost, queue: _Queue) -> Iterator[tuple[Call, Answer]]:
        """The calls under way: the first of them is the one that PowerShell worked on.

        One that took too long is let go, but once more is asked what no mailbox alone depends on.
        """
        for number, call in enumerate(lost.unanswered):
            struck = queue.strike(call) if number == 0 else 0
            guilty = struck >= STRIKES or (struck > 0 and lost.overdue and not _is_of_many(call))
            if call.cmdlet in WRITERS or (guilty and not self._deadline.is_over):
                yield call, Answer(error=CmdletError(f"never answered: {lost}", code=UNANSWERED))
            elif struck and lost.overdue:
                queue.put_off(call)
            else:
                queue.again.append(call)

    def _drop(self, session: LivingSession, lost: SessionLost) -> None:
        self._cause, self._why = str(lost), lost.failure
        if self._session is session:
            self._session = None
            self._losses += 1
            self._lost += 1
            session.close()

    def _living(self, queue: _Queue) -> LivingSession:
        """The session of now, or a new one. Raises SessionLost."""
        if self._session is not None and self._calls_left > 0:
            return self._session
        if self._session is not None:
            self._cause = f"PowerShell is renewed after {self._renew_after} calls"
            self._end()
        trouble, stumbles = "", 0
        gives_up = self._is_over or self._losses > LOSSES_IN_A_ROW or self._lost > LOSSES
        for seconds in () if gives_up else PAUSES[max(self._losses - 1, 0) :]:
            if seconds >= self._deadline.left:
                break
            self._pause(seconds, f"{self._cause}: starting another PowerShell")
            if self._is_closed:
                break
            try:
                self._session = session = self._open()
            except SessionError as error:
                trouble, self._why = f". It could not be opened anew: {error}", error.failure
                stumbles += error.failure.kind is FailureClass.POWERSHELL
                stays = error.failure.kind is not FailureClass.POWERSHELL or stumbles > STUMBLES
                if not error.failure.retry_safe and stays:
                    break
            else:
                if self._is_closed:
                    self._end()
                    break
                self._calls_left = self._renew_after
                self._info = session.info
                self.opened += 1
                return session
        self._cause, self._is_over = f"{self._cause}{trouble}", True
        raise SessionLost(self._cause, queue.left, self._why)


def _is_of_many(call: Call) -> bool:
    """A look-up of twenty, an account, what one holds anywhere: its answer decides on more than one mailbox."""
    return "Identity" not in call.parameters


def _says_ended(answer: Answer) -> bool:
    return answer.error is not None and diagnose(answer.error).meaning is Meaning.SESSION
