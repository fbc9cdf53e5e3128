# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several sessions at once, as one: calls are handed out one by one to whichever lane has room (design 6)."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter, deque
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
#: So many times as much work of one session makes more of them worth it from the start.
WORTH = 3
#: A session in silence ends after 60 seconds.
KEEP_ALIVE_EVERY = 20.0
#: Seconds to wait for lanes that are being opened when all is closed, lest they be left behind.
OPENING_GRACE = 60.0


@dataclass(frozen=True)
class _Ended:
    """A lane takes no more; ``error``: because of this."""

    lane: LivingSession
    error: BaseException | None = None


class _Work:
    """The calls of one invoke. Each is taken once, one at a time; never two writes to one object are under way."""

    def __init__(self, calls: Iterable[Call], repeats: Counter[str]) -> None:
        """``repeats``: counts what was given back and taken again, by cmdlet."""
        self._fresh = iter(calls)
        self._repeats = repeats
        self._again: deque[Call] = deque()
        self._changed = threading.Condition()
        self._writers: dict[str, int] = {}  # which thread changes an object
        self._is_stopped = self._is_left = False
        self.is_over = False

    def take(self, begin: Callable[[], None], idle: Callable[[], None]) -> Call | None:
        """The next call, or None at the end. ``begin`` is called while nobody else takes one.

        Waits while another write to the same object is under way: parallel changes of one are forbidden (exchange facts
        6.4). ``idle`` is called now and then meanwhile. May raise what the source raises.
        """
        with self._changed:
            if self._is_stopped or self.is_over:
                return None
            begin()
            call = self._next()
            if call is None:
                self.is_over = True
                return None
            claimed = self._claims(call, 0.0)
        while not claimed:
            idle()
            claimed = self._claims(call, KEEP_ALIVE_EVERY)
        return None if self._is_left else call

    def _next(self) -> Call | None:
        if not self._again:
            return next(self._fresh, None)
        self._repeats[self._again[0].cmdlet] += 1
        return self._again.popleft()

    def _claims(self, call: Call, seconds: float) -> bool:
        """Whether the call may be made now, or within so much time: its object is this thread's to change then."""
        if call.cmdlet not in WRITERS:
            return True
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_left or _object_of(call) not in self._writers, seconds):
                return False
            self._writers[_object_of(call)] = threading.get_ident()
            return True

    def done(self, call: Call) -> None:
        """It was answered."""
        if call.cmdlet in WRITERS:
            with self._changed:
                self._writers.pop(_object_of(call), None)
                self._changed.notify_all()

    def give_back(self, calls: Iterable[Call]) -> None:
        """Reads that a lane took and cannot make any more."""
        with self._changed:
            self._again.extend(calls)
            if self._again:
                self.is_over = self._is_stopped

    def retire(self) -> None:
        """This thread takes nothing more, and no object is its to change."""
        with self._changed:
            own = threading.get_ident()
            self._writers = {name: thread for name, thread in self._writers.items() if thread != own}
            self._changed.notify_all()

    def stop(self) -> None:
        """Nothing more is to be taken; what was taken is made."""
        with self._changed:
            self._is_stopped = self.is_over = True

    def leave(self) -> None:
        """Nobody waits for answers any more: what still waits for its turn is not made either."""
        with self._changed:
            self._is_stopped = self._is_left = self.is_over = True
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

    def end(self) -> None:
        """Waits until everything under way is done."""
        self.work.leave()
        for thread in self.busy.values():
            thread.join()

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
        self.work.retire()
        self._events.put(_Ended(lane, error))

    def _answered(self, call: Call, answer: Answer) -> None:
        self.work.done(call)
        self._events.put((call, answer))


class Lanes:
    """See :class:`~.session.Session`. One lane to begin with; more are opened while there is work for them, or when it
    is told that there will be.

    ``open_lane``: signs in the lane of that number, from 1; where the first cannot, it raises SessionError. That one of
    the others cannot is no error: ``trouble`` says why there are not as many as there might be. ``patience``: seconds
    of work after which more are opened. ``repeats``: calls that one lane took and another made, by cmdlet.
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
        self.repeats: Counter[str] = Counter()
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
        self._is_closed = False
        self._lost: SessionLost | None = None
        self._kept_alive = clock()

    @property
    def info(self) -> SessionInfo:
        """Of the lane that takes a call just now, for whoever hands it out; else of the one that did so last."""
        return self._taking.info

    def expect(self, seconds: float) -> None:
        """So much work of one lane is to come: if that is long, the others sign in at once."""
        if seconds >= WORTH * self._patience:
            self._open_more()

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        if self._most == 1:
            yield from self._alive[0].invoke(calls)
            return
        if self._run is not None:
            self._run.end()
        self._run = run = _Run(_Work(calls, self.repeats))
        try:
            yield from self._answers(run)
        finally:
            run.work.leave()

    def close(self) -> None:
        """Signs all lanes out, side by side. What is under way is not waited for: nobody would hear of it."""
        self._is_closed = True
        if self._run is not None:
            self._run.work.leave()
        closing = [_started(lane.close) for lane in self._alive]
        until = time.monotonic() + OPENING_GRACE
        for thread in self._opening:
            thread.join(max(0.0, until - time.monotonic()))
        closing += [_started(lane.close) for lane in self._arrived]
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
                ended = self._ended(event)
                fault = fault or ended
            elif event is not None:
                yield event
            if self._clock() - begun >= self._patience and not run.work.is_over:
                self._open_more()
            self._keep_alive(run)
            self._set_to_work(run)
        if fault is not None:
            raise fault
        if self._lost is not None and not self._alive:
            raise SessionLost(str(self._lost), run.work.left, self._lost.failure)

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
        """In a thread of its own: an error that went on from here would be shown as it is, by whoever runs threads."""
        try:
            lane = self._open_lane(number)
        except SessionError as error:
            self.trouble = str(error)
        except Exception as error:
            self.trouble = f"{type(error).__name__}: {error}"
        else:
            if self._is_closed:
                lane.close()
            else:
                self._arrived.append(lane)

    def _taken_by(self, lane: LivingSession, work: _Work) -> Iterator[Call]:
        """What a lane is fed with; it stops when all must go slower."""

        def begin() -> None:
            self._taking = lane

        while self._pacer.admits(self._alive.index(lane)) and (call := work.take(begin, lane.keep_alive)) is not None:
            yield call

    def _ended(self, event: _Ended) -> BaseException | None:
        """Why a lane ended, if it was for a fault of the run. One that is lost does not come back."""
        if not isinstance(event.error, SessionLost):
            return event.error
        self._alive.remove(event.lane)
        self.trouble, self._lost = str(event.error), event.error
        event.lane.close()
        return None

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
