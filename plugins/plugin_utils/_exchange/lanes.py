# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several sessions at once, as one: calls are handed out one by one to whichever lane has room (design 6)."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Union

from .enduring import LivingSession
from .errors import UNANSWERED
from .pacer import Pacer
from .session import WRITERS, Answer, Call, CmdletError, SessionError, SessionInfo, SessionLost

#: Exchange is said to bear three sessions of one account (exchange facts 6.4).
MOST_LANES = 3
#: Seconds of work after which more lanes are opened: to sign in takes 5 to 20 (exchange facts 6.4).
PATIENCE = 10.0
#: A session in silence ends after 60 seconds.
KEEP_ALIVE_EVERY = 20.0
#: Seconds that each lane has to finish what is under way when all is closed.
GRACE = 10.0


@dataclass(frozen=True)
class _Ended:
    """A lane takes no more; ``error``: because of this."""

    lane: LivingSession
    error: BaseException | None = None


class _Work:
    """The calls of one invoke. Each is taken once, one at a time; never two writes to one object are under way."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self._fresh = iter(calls)
        self._again: deque[Call] = deque()
        self._changed = threading.Condition()
        self._written: set[str] = set()
        self._is_stopped = False
        self.is_over = False

    def take(self, begin: Callable[[], None]) -> Call | None:
        """The next call, or None at the end. ``begin`` is called while nobody else takes one.

        Waits while another write to the same object is under way: parallel changes of one are forbidden (exchange facts
        6.4). May raise what the source raises.
        """
        with self._changed:
            if self._is_stopped or self.is_over:
                return None
            begin()
            call = self._again.popleft() if self._again else next(self._fresh, None)
            if call is None:
                self.is_over = True
            elif call.cmdlet in WRITERS:
                self._changed.wait_for(lambda: self._is_stopped or _object_of(call) not in self._written)
                self._written.add(_object_of(call))
            return call

    def done(self, call: Call) -> None:
        """It was answered."""
        if call.cmdlet in WRITERS:
            with self._changed:
                self._written.discard(_object_of(call))
                self._changed.notify_all()

    def give_back(self, calls: Iterable[Call]) -> None:
        """Reads that a lane took and cannot make any more."""
        with self._changed:
            self._again.extend(calls)
            if self._again:
                self.is_over = self._is_stopped

    def stop(self) -> None:
        """Nothing more is to be taken."""
        with self._changed:
            self._is_stopped = self.is_over = True
            self._changed.notify_all()

    @property
    def left(self) -> tuple[Call, ...]:
        """What was given back, and not taken again."""
        return tuple(self._again)


def _object_of(call: Call) -> str:
    return str(call.parameters.get("Identity", "")).casefold()


class _Run:
    """One invoke: the lanes that work on it, each in a thread, and what they have to tell."""

    def __init__(self, work: _Work) -> None:
        self.work = work
        self.busy: dict[LivingSession, threading.Thread] = {}
        self._events: queue.SimpleQueue[Union[tuple[Call, Answer], _Ended]] = queue.SimpleQueue()

    def start(self, lane: LivingSession, calls: Iterator[Call]) -> None:
        self.busy[lane] = _started(lambda: self._serve(lane, calls))

    def event(self, seconds: float) -> tuple[Call, Answer] | _Ended | None:
        """The next, or None if none comes within so much time."""
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return None

    def end(self, seconds: float | None = None) -> None:
        """Waits until everything under way is done, at most for so long for each lane."""
        self.work.stop()
        for thread in self.busy.values():
            thread.join(seconds)

    def _serve(self, lane: LivingSession, calls: Iterator[Call]) -> None:
        """What one lane does, in a thread of its own."""
        error: BaseException | None = None
        try:
            for call, answer in lane.invoke(calls):
                self._answered(call, answer)
        except SessionLost as lost:
            error = lost
            for call in lost.unanswered:
                if call.cmdlet in WRITERS:
                    self._answered(call, Answer(error=CmdletError(f"never answered: {lost}", code=UNANSWERED)))
            self.work.give_back(call for call in lost.unanswered if call.cmdlet not in WRITERS)
        except BaseException as other:
            error = other
            self.work.stop()
        self._events.put(_Ended(lane, error))

    def _answered(self, call: Call, answer: Answer) -> None:
        self.work.done(call)
        self._events.put((call, answer))


class Lanes:
    """See :class:`~.session.Session`. One lane to begin with; more are opened while there is work for them.

    ``open_lane``: signs in the lane of that number, from 1; where the first cannot, it raises SessionError. That one of
    the others cannot is no error: ``trouble`` says why there are not as many as there might be. ``patience``: seconds
    of work after which more are opened.
    """

    def __init__(
        self,
        open_lane: Callable[[int], LivingSession],
        most: int,
        pacer: Pacer,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trouble = ""
        self._open_lane = open_lane
        self._most = most
        self._pacer = pacer
        self._patience = patience
        self._clock = clock
        self._alive = [open_lane(1)]
        self._taking = self._alive[0]
        self._opening: list[threading.Thread] = []
        self._arrived: deque[LivingSession] = deque()
        self._run: _Run | None = None
        self._kept_alive = clock()

    @property
    def info(self) -> SessionInfo:
        """Of the lane that takes a call just now, for whoever hands it out; else of the one that did so last."""
        return self._taking.info

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        if self._most == 1:
            yield from self._alive[0].invoke(calls)
            return
        if self._run is not None:
            self._run.end()
        self._run = run = _Run(_Work(calls))
        try:
            yield from self._answers(run)
        finally:
            run.work.stop()

    def close(self) -> None:
        """Signs all lanes out, after some seconds for what is under way."""
        if self._run is not None:
            self._run.end(GRACE)
        for thread in self._opening:
            thread.join(GRACE)
        closing = [_started(lane.close) for lane in (*self._alive, *self._arrived)]
        for thread in closing:
            thread.join()

    def _answers(self, run: _Run) -> Iterator[tuple[Call, Answer]]:
        fault: BaseException | None = None
        self._set_to_work(run)
        begun = self._clock()
        while run.busy:
            event = run.event(min(self._patience, KEEP_ALIVE_EVERY))
            if isinstance(event, _Ended):
                del run.busy[event.lane]
                fault = self._ended(event) or fault
            elif event is not None:
                yield event
            if self._clock() - begun >= self._patience and not run.work.is_over:
                self._open_more()
            self._keep_alive(run)
            self._set_to_work(run)
        if isinstance(fault, SessionLost):
            fault = SessionLost(str(fault), run.work.left, fault.failure) if not self._alive else None
        if fault is not None:
            raise fault

    def _set_to_work(self, run: _Run) -> None:
        """Lets every lane work that may."""
        while self._arrived:
            self._alive.append(self._arrived.popleft())
        for rank, lane in enumerate(self._alive):
            if lane not in run.busy and self._pacer.admits(rank) and not run.work.is_over:
                run.start(lane, self._taken_by(lane, run.work))

    def _open_more(self) -> None:
        """Once: whoever cannot sign in now is not to be tried again and again."""
        if not self._opening:
            numbers = range(2, self._most + 1)
            self._opening = [_started(partial(self._open, number)) for number in numbers]

    def _open(self, number: int) -> None:
        """In a thread of its own."""
        try:
            self._arrived.append(self._open_lane(number))
        except SessionError as error:
            self.trouble = str(error)

    def _taken_by(self, lane: LivingSession, work: _Work) -> Iterator[Call]:
        """What a lane is fed with; it stops when all must go slower."""

        def begin() -> None:
            self._taking = lane

        while self._pacer.admits(self._alive.index(lane)) and (call := work.take(begin)) is not None:
            yield call

    def _ended(self, event: _Ended) -> BaseException | None:
        """Why a lane ended, if it was for a fault. One that is lost does not come back."""
        if isinstance(event.error, SessionLost):
            self._alive.remove(event.lane)
            self.trouble = str(event.error)
            event.lane.close()
        return event.error

    def _keep_alive(self, run: _Run) -> None:
        """Lanes without work must not fall silent."""
        if self._clock() - self._kept_alive >= KEEP_ALIVE_EVERY:
            self._kept_alive = self._clock()
            for lane in self._alive:
                if lane not in run.busy:
                    lane.keep_alive()


def _started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
