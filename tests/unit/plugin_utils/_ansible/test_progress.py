# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress: at most one line in ten seconds, with count, rate and time left."""

from __future__ import annotations

from itertools import pairwise

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible import progress
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.progress import (
    ProgressWatch,
    line_of,
)


class Clock:
    """Takes the place of the module time."""

    def __init__(self) -> None:
        self.seconds = 5000.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


class Listener:
    """A watch, and when it said what."""

    def __init__(self, clock: Clock) -> None:
        self.said: list[tuple[float, str]] = []
        began = clock.seconds
        self.watch = ProgressWatch(lambda line: self.said.append((clock.seconds - began, line)))

    @property
    def lines(self) -> list[str]:
        return [line for _when, line in self.said]

    @property
    def gaps(self) -> list[float]:
        moments = [0.0, *(when for when, _line in self.said)]
        return [after - before for before, after in pairwise(moments)]


def test_a_short_run_says_nothing(clock: Clock) -> None:
    listener = Listener(clock)
    for done in range(90):
        clock.sleep(0.1)
        listener.watch.progress("read", done + 1, 90)
    assert listener.said == []


def test_a_long_run_says_one_line_in_ten_seconds(clock: Clock) -> None:
    listener = Listener(clock)
    for done in range(800):
        clock.sleep(0.125)
        listener.watch.progress("read", done + 1, 800)
    assert listener.gaps == [10.0] * 10
    assert listener.lines[0].startswith("reading who holds what: ")


def test_a_change_of_phase_is_no_reason_to_speak_sooner(clock: Clock) -> None:
    listener = Listener(clock)
    for second in range(40):
        clock.sleep(1)
        listener.watch.progress(("resolve", "read", "write", "verify")[second % 4], 1, 2)
    assert len(listener.said) == 4
    assert min(listener.gaps) >= 10


def test_waiting_and_looking_again_say_no_more_than_one_line_in_ten_seconds(clock: Clock) -> None:
    listener = Listener(clock)
    for done in range(12):
        listener.watch.sleep(10)
        listener.watch.progress("verify", done + 1, done + 1)
    assert min(listener.gaps[1:]) >= 10
    assert len(listener.said) == 12


def test_the_first_wait_is_announced_at_once_if_nothing_was_said_lately(clock: Clock) -> None:
    listener = Listener(clock)
    clock.sleep(30)
    listener.watch.sleep(10)
    assert listener.said == [(30.0, "waiting for the directory to show what was written")]


def test_sleeping_lets_the_time_pass(clock: Clock) -> None:
    listener = Listener(clock)
    before = listener.watch.now()
    listener.watch.sleep(10)
    assert listener.watch.now() == before + 10


def test_the_rate_is_that_of_the_phase(clock: Clock) -> None:
    listener = Listener(clock)
    listener.watch.progress("resolve", 1, 1)
    clock.sleep(100)
    listener.watch.progress("read", 0, 40)
    clock.sleep(10)
    listener.watch.progress("read", 20, 40)
    assert listener.lines[-1] == "reading who holds what: 20 of 40 calls, 2.0/s, about 10 s left"


@pytest.mark.parametrize(
    ("phase", "done", "total", "elapsed", "line"),
    [
        ("read", 50, 200, 10.0, "reading who holds what: 50 of 200 calls, 5.0/s, about 30 s left"),
        ("read", 10, 1000, 10.0, "reading who holds what: 10 of 1000 calls, 1.0/s, about 16 min 30 s left"),
        ("read", 119, 120, 1.0, "reading who holds what: 119 of 120 calls, 119.0/s, about 0 s left"),
        ("write", 7, 7, 14.0, "granting and revoking: 7 of 7 calls, 0.5/s"),
        ("verify", 1, 2, 0.0, "reading back what was written: 1 of 2 calls, 0.0/s, about 0 s left"),
        ("resolve", 1, 1, 1.0, "looking up mailboxes and accounts: 1 of 1 call, 1.0/s"),
        ("other", 3, 6, 3.0, "other: 3 of 6 calls, 1.0/s, about 3 s left"),
    ],
)
def test_a_line_says_count_rate_and_time_left(phase: str, done: int, total: int, elapsed: float, line: str) -> None:
    assert line_of(phase, done, total, elapsed) == line
