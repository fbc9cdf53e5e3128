# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several sessions at once: each call is made once, no two change one object, and what one loses another does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from threading import Event

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.journal import JournalError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import UNANSWERED
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.lanes import (
    KEEP_ALIVE_EVERY,
    WORTH,
    Lanes,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.pacer import RECOVERED, Pacer
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Call,
    SessionLost,
)

from .resilience import Clock, answers, name_of, read, reads, write
from .towers import GONE, WAIT, Tower, lanes_of, many, until_all_are_there


def test_every_call_is_made_once_by_whichever_lane_has_room() -> None:
    tower = Tower(until_all_are_there)
    assert len(answers(lanes_of(tower).invoke, *many(50))) == 50
    assert sorted(tower.names) == sorted(name_of(call) for call in many(50))
    assert {lane for lane, _name in tower.made} == {1, 2, 3}


def test_a_run_that_is_soon_done_stays_with_one() -> None:
    tower = Tower()
    lanes = lanes_of(tower, patience=60)
    assert len(answers(lanes.invoke, *many(50))) == 50
    lanes.close()
    assert {lane for lane, _name in tower.made} == {1}
    assert tower.closed == [1]


def test_a_run_that_is_long_by_its_own_estimate_has_all_lanes_from_the_start() -> None:
    tower = Tower(until_all_are_there)
    lanes = lanes_of(tower, patience=WAIT)
    lanes.expect(WORTH * WAIT)
    assert len(answers(lanes.invoke, *many(50))) == 50
    assert {lane for lane, _name in tower.made} == {1, 2, 3}


@pytest.mark.parametrize(("most", "seconds"), [(3, 0.9 * WORTH * WAIT), (1, 9 * WORTH * WAIT)])
def test_no_other_signs_in_for_a_run_that_is_short_or_where_there_may_be_but_one(most: int, seconds: float) -> None:
    tower = Tower()
    lanes = lanes_of(tower, most, patience=WAIT)
    lanes.expect(seconds)
    answers(lanes.invoke, *many(50))
    lanes.close()
    assert tower.closed == [1]


def test_two_writes_to_one_object_are_never_under_way_at_once() -> None:
    """The lane that takes the second one waits for the answer to the first."""
    under_way: Counter[str] = Counter()
    worst: list[int] = []

    def deed(tower: Tower, lane: int, call: Call) -> None:
        until_all_are_there(tower, lane, call)
        under_way[name_of(call)] += 1
        worst.append(under_way[name_of(call)])
        under_way[name_of(call)] -= 1

    tower = Tower(deed, wanted=2)
    calls = [write(name) for _each in range(20) for name in "ab"]
    assert len(list(lanes_of(tower).invoke(calls))) == 40
    assert max(worst) == 1


def test_writes_to_different_objects_go_side_by_side() -> None:
    tower = Tower(until_all_are_there)
    assert len(answers(lanes_of(tower).invoke, *map(write, "abc"))) == 3
    assert {lane for lane, _name in tower.made} == {1, 2, 3}


def test_what_a_lane_that_is_lost_had_taken_is_made_by_another() -> None:
    def deed(tower: Tower, lane: int, call: Call) -> None:
        until_all_are_there(tower, lane, call)
        if lane == 2:
            raise GONE

    tower = Tower(deed)
    lanes = lanes_of(tower)
    made = answers(lanes.invoke, *many(30))
    assert len(made) == 30
    assert all(answer.error is None for answer in made.values())
    assert len(tower.names) == 31
    assert lanes.repeats.total() == 1
    assert lanes.trouble == "the host is gone"
    assert tower.closed == [2]
    assert len(answers(lanes.invoke, *many(5))) == 5, "the others work on"


def test_a_write_that_a_lane_is_lost_with_is_answered_and_leaves_doubt() -> None:
    def deed(tower: Tower, lane: int, call: Call) -> None:
        until_all_are_there(tower, lane, call)
        if lane == 2:
            raise GONE

    tower = Tower(deed)
    made = answers(lanes_of(tower).invoke, *map(write, "abcdef"))
    assert len(made) == len(tower.names) == 6, "it is not sent again"
    assert [answer.error.code for answer in made.values() if answer.error] == [UNANSWERED]


def test_when_all_lanes_are_lost_the_run_is_and_says_what_was_not_answered() -> None:
    def deed(tower: Tower, lane: int, call: Call) -> None:
        until_all_are_there(tower, lane, call)
        raise GONE

    tower = Tower(deed)
    with pytest.raises(SessionLost, match="the host is gone") as lost:
        list(lanes_of(tower).invoke(many(30)))
    assert sorted(map(name_of, lost.value.unanswered)) == sorted(tower.names)
    assert lost.value.failure == GONE.failure


def test_a_source_that_fails_ends_all_after_what_is_under_way_was_answered() -> None:
    """Such as a journal that cannot be written: what was noted is answered, nothing more is sent."""

    def source() -> Iterator[Call]:
        yield from map(write, "abc")
        raise JournalError("disk full")

    tower = Tower(until_all_are_there)
    made: list[str] = []
    with pytest.raises(JournalError, match="disk full"):
        made.extend(name_of(call) for call, _answer in lanes_of(tower).invoke(source()))
    assert sorted(made) == sorted(tower.names) == list("abc")


def test_whoever_hands_a_call_out_sees_the_lane_that_takes_it() -> None:
    tower = Tower(until_all_are_there)
    lanes = lanes_of(tower)
    places: dict[str, object] = {}

    def source() -> Iterator[Call]:
        for call in many(30):
            places[name_of(call)] = lanes.info.place["lane"]
            yield call

    list(lanes.invoke(source()))
    assert places == {name: lane for lane, name in tower.made}


def test_a_lane_that_cannot_sign_in_is_done_without() -> None:
    def deed(tower: Tower, lane: int, call: Call) -> None:
        assert tower.all_there.wait(WAIT)

    tower = Tower(deed, refused=2, wanted=2)
    lanes = lanes_of(tower)
    assert len(answers(lanes.invoke, *many(20))) == 20
    assert {lane for lane, _name in tower.made} == {1, 3}
    assert lanes.trouble == "too many connections"


def test_a_throttled_lane_lets_all_go_slower_and_one_comes_back_when_exchange_has_recovered() -> None:
    clock = Clock()
    pacer = Pacer(3, clock)
    assert [pacer.admits(rank) for rank in range(3)] == [True, True, True]
    pacer.rest(30)
    pacer.rest(20)
    assert (pacer.left, pacer.throttles) == (30, 1), "two answers of one moment are one"
    assert [pacer.admits(rank) for rank in range(3)] == [True, True, False]
    pacer.good()
    assert pacer.throttles == 1, "an answer to what was asked before is no recovery"
    clock.now = 31
    for _each in range(RECOVERED - 1):
        pacer.good()
    assert not pacer.admits(2)
    pacer.good()
    assert pacer.admits(2)
    for _each in range(9):
        clock.now += 100
        pacer.rest(30)
    assert pacer.admits(0), "one always goes on"
    assert not pacer.admits(1)


def test_a_lane_that_is_not_admitted_takes_nothing_until_it_is_again() -> None:
    clock = Clock()
    pacer = Pacer(2, clock)
    pacer.rest(0)
    tower = Tower(wanted=1)
    assert len(answers(lanes_of(tower, 2, pacer=pacer).invoke, *many(40))) == 40
    assert {lane for lane, _name in tower.made} == {1}


def test_lanes_without_work_are_kept_alive() -> None:
    clock, tower = Clock(), Tower(until_all_are_there)
    lanes = Lanes(tower.open, 3, Pacer(3), 0.0, clock)
    answers(lanes.invoke, *reads("abc"))
    assert tower.pings.total() == 0
    clock.now += KEEP_ALIVE_EVERY
    answers(lanes.invoke, read("d"))
    assert tower.pings.total() >= 2
    lanes.close()
    assert sorted(tower.closed) == [1, 2, 3]


def test_an_invoke_that_is_left_early_takes_no_more_and_the_next_one_gets_its_own_answers() -> None:
    """Each lane is in the middle of a call when it is left."""
    left = Event()

    def deed(tower: Tower, lane: int, call: Call) -> None:
        until_all_are_there(tower, lane, call)
        assert len(tower.made) <= 100 or left.wait(WAIT)

    tower = Tower(deed)
    lanes = lanes_of(tower)
    first = lanes.invoke(many(500))
    assert isinstance(first, Generator)
    next(first)
    first.close()
    left.set()
    assert set(answers(lanes.invoke, *reads("abc"))) == set("abc")
    assert len(tower.names) <= 100 + 3 + len("abc")
