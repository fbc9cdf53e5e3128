# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lanes of a run whose calls do what a test wants, in the threads of a run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.lanes import (
    Lanes,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.pacer import Pacer
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    SessionError,
    SessionInfo,
    SessionLost,
)

from .resilience import answers, name_of, read

WAIT = 20.0
GONE = SessionLost("the host is gone", failure=Failure(FailureClass.HOST_UNREACHABLE))
#: What happens when a lane makes a call; may block.
Deed = Callable[["Tower", int, Call], None]


def nothing(tower: Tower, lane: int, call: Call) -> None:
    return None


class Tower:
    """All lanes of a run. ``made``: (lane, name of the call) in the order of their beginning; ``all_there``: set when
    so many lanes have made a call."""

    def __init__(self, deed: Deed = nothing, refused: int = 0, wanted: int = 3) -> None:
        self.made: list[tuple[int, str]] = []
        self.pings: Counter[int] = Counter()
        self.closed: list[int] = []
        self.all_there = threading.Event()
        self.deed = deed
        self.refused = refused
        self.wanted = wanted
        self.changed = threading.Condition()

    def open(self, number: int) -> Lane:
        if number == self.refused:
            raise SessionError("too many connections", Failure(FailureClass.SIGN_IN, retry_safe=True))
        return Lane(self, number)

    def make(self, lane: int, call: Call) -> None:
        with self.changed:
            self.made.append((lane, name_of(call)))
            if len({one for one, _name in self.made}) >= self.wanted:
                self.all_there.set()
            self.changed.notify_all()
        self.deed(self, lane, call)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, WAIT)

    @property
    def names(self) -> list[str]:
        return [name for _lane, name in self.made]


class Lane:
    """One call at a time."""

    def __init__(self, tower: Tower, number: int) -> None:
        self.info = SessionInfo(place={"lane": number})
        self._tower = tower
        self._number = number

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        for call in calls:
            try:
                self._tower.make(self._number, call)
            except SessionLost as lost:
                raise SessionLost(str(lost), (call,), lost.failure) from lost
            yield call, Answer()

    def keep_alive(self) -> None:
        with self._tower.changed:
            self._tower.pings[self._number] += 1
            self._tower.changed.notify_all()

    def close(self) -> None:
        self._tower.closed.append(self._number)


def until_all_are_there(tower: Tower, lane: int, call: Call) -> None:
    """The first calls wait until every lane has one."""
    assert tower.all_there.wait(WAIT)


def lanes_of(tower: Tower, most: int = 3, patience: float = 0.0, pacer: Pacer | None = None) -> Lanes:
    return Lanes(tower.open, most, pacer or Pacer(most), patience)


def at_work(tower: Tower, most: int) -> Lanes:
    """All of them are there from the first call on; what is told of them afterwards begins with nothing."""
    deed, tower.deed, tower.wanted = tower.deed, until_all_are_there, most
    lanes = lanes_of(tower, most)
    answers(lanes.invoke, *many(2 * most))
    tower.deed = deed
    tower.made.clear()
    return lanes


def many(number: int) -> list[Call]:
    return [read(f"x{one}") for one in range(number)]
