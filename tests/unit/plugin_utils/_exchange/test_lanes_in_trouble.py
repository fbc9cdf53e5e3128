# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lanes that are lost, crash, wait for each other or are being opened when all ends: nothing hangs, nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.journal import JournalError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Call,
    SessionLost,
)

from .resilience import answers, name_of, read, write
from .towers import GONE, WAIT, Lane, Tower, at_work, lanes_of, many, until_all_are_there


def test_once_all_lanes_are_lost_nothing_passes_for_answered() -> None:
    def deed(tower: Tower, lane: int, call: Call) -> None:
        raise GONE

    lanes = at_work(Tower(deed), 2)
    for _each in range(2):
        with pytest.raises(SessionLost, match="the host is gone"):
            list(lanes.invoke(many(3)))


def test_a_journal_that_failed_is_told_though_a_lane_is_lost_after_it() -> None:
    failing: list[threading.Thread] = []
    failed = threading.Event()

    def deed(tower: Tower, lane: int, call: Call) -> None:
        assert failed.wait(WAIT)
        failing[0].join(WAIT)
        raise GONE

    def source() -> Iterator[Call]:
        yield write("a")
        failing.append(threading.current_thread())
        failed.set()
        raise JournalError("disk full")

    tower = Tower(deed)
    with pytest.raises(JournalError, match="disk full"):
        list(at_work(tower, 2).invoke(source()))
    assert tower.closed == [lane for lane, _name in tower.made], "the lane that is lost is done with"


def test_a_write_that_waits_for_its_turn_is_not_made_once_nobody_waits_for_it() -> None:
    """Whoever was interrupted writes no more, least of all beside the write that it waited for."""
    taken, released = threading.Event(), threading.Event()

    def deed(tower: Tower, lane: int, call: Call) -> None:
        if name_of(call) == "a":
            assert released.wait(WAIT)

    def source() -> Iterator[Call]:
        yield read("r")
        yield write("a")
        taken.set()
        yield write("a")

    tower = Tower(deed)
    lanes = at_work(tower, 2)
    run = lanes.invoke(source())
    assert isinstance(run, Generator)
    next(run)
    assert taken.wait(WAIT)
    run.close()
    released.set()
    answers(lanes.invoke)  # what was begun has ended then
    assert tower.names.count("a") == 1


def test_a_write_that_waits_for_its_turn_is_made_when_the_source_fails_behind_it() -> None:
    """The journal has it; it would be in doubt, though nobody sent it."""
    failed = threading.Event()

    def deed(tower: Tower, lane: int, call: Call) -> None:
        assert failed.wait(WAIT)

    def source() -> Iterator[Call]:
        yield write("a")
        yield write("a")
        failed.set()
        raise JournalError("disk full")

    tower = Tower(deed)
    made: list[str] = []
    with pytest.raises(JournalError, match="disk full"):
        made.extend(name_of(call) for call, _answer in at_work(tower, 3).invoke(source()))
    assert made == tower.names == ["a", "a"]


def test_a_crash_of_a_lane_lets_nobody_wait_for_its_write() -> None:
    taken = threading.Event()

    def deed(tower: Tower, lane: int, call: Call) -> None:
        assert taken.wait(WAIT)
        if len(tower.made) == 1:
            raise ZeroDivisionError

    def source() -> Iterator[Call]:
        yield write("a")
        taken.set()
        yield write("a")

    with pytest.raises(ZeroDivisionError):
        list(at_work(Tower(deed), 2).invoke(source()))


def test_a_lane_that_waits_for_its_turn_does_not_fall_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write may take longer than the minute after which PowerShell ends in silence."""

    def deed(tower: Tower, lane: int, call: Call) -> None:
        first = len(tower.made) == 1
        if first:
            tower.wait_for(lambda: tower.pings[3 - lane] > 0)

    tower = Tower(deed)
    lanes = at_work(tower, 2)
    tower.pings.clear()
    monkeypatch.setattr(
        "ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.lanes.KEEP_ALIVE_EVERY", 0.01
    )
    assert len(list(lanes.invoke([write("a"), write("a")]))) == 2


def test_a_lane_that_is_being_opened_when_all_is_closed_is_closed_too() -> None:
    opening, closing = threading.Event(), threading.Event()

    class Slow(Tower):
        def open(self, number: int) -> Lane:
            if number == 2:
                opening.set()
                assert closing.wait(WAIT)
            return Closing(self, number)

    class Closing(Lane):
        def close(self) -> None:
            closing.set()
            super().close()

    def deed(tower: Tower, lane: int, call: Call) -> None:
        if len(tower.made) > 1:
            assert opening.wait(WAIT)

    tower = Slow(deed)
    lanes = lanes_of(tower, 2)
    answers(lanes.invoke, *many(5))
    lanes.close()
    assert sorted(tower.closed) == [1, 2]


def test_a_fault_in_opening_a_lane_is_trouble_and_no_more() -> None:
    """A thread that raises would show it with all its values."""

    class Broken(Tower):
        def open(self, number: int) -> Lane:
            if number == 2:
                self.all_there.set()
                raise ValueError("no such option")
            return super().open(number)

    def deed(tower: Tower, lane: int, call: Call) -> None:
        if len(tower.made) > 1:
            until_all_are_there(tower, lane, call)

    lanes = lanes_of(Broken(deed), 2)
    assert len(answers(lanes.invoke, *many(5))) == 5
    lanes.close()
    assert lanes.trouble == "ValueError: no such option"
