# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the time of a run is over nothing more is sent, and what was not reached is said to be so."""

from __future__ import annotations

import math

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.deadline import TimedSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import NOT_REACHED, diagnose

from .resilience import Clock, Far, answers, name_of, reads, write


def test_calls_beyond_the_deadline_are_answered_without_being_sent() -> None:
    clock, far = Clock(), Far()
    session = TimedSession(far.open(), clock.deadline(10))
    made = session.invoke(reads("abcdefgh"))
    assert name_of(next(made)[0]) == "a"
    clock.now = 11
    rest = {name_of(call): answer for call, answer in made}
    assert sorted(rest) == list("bcdefgh")
    late = {name for name, answer in rest.items() if answer.error}
    assert late == set("efgh"), "what was under way is still heard"
    assert session.not_reached.total() == 4
    assert not set(far.names) & late


def test_a_write_that_was_not_sent_leaves_no_doubt() -> None:
    clock = Clock()
    session = TimedSession(Far().open(), clock.deadline(0))
    error = answers(session.invoke, write("w"))["w"].error
    assert error is not None
    assert error.code == NOT_REACHED
    assert not diagnose(error).leaves_doubt


def test_without_a_limit_there_is_no_end() -> None:
    clock = Clock()
    deadline = clock.deadline()
    clock.now = 1e9
    assert (deadline.left, deadline.is_over) == (math.inf, False)


def test_time_is_kept_to_read_back_what_was_written() -> None:
    clock, far = Clock(), Far()
    session = TimedSession(far.open(), clock.deadline(100))
    clock.now = 89
    assert answers(session.invoke, write("v"))["v"].error is None
    clock.now = 91
    error = answers(session.invoke, write("w"))["w"].error
    assert error is not None
    assert error.code == NOT_REACHED
    assert answers(session.invoke, *reads("a"))["a"].error is None
    assert far.names == ["v", "a"]
    long = clock.deadline(36000)
    clock.now += 36000 - 61
    assert not long.is_over_for_writes
    clock.now += 2
    assert long.is_over_for_writes
    assert not long.is_over
