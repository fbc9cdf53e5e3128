# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads that may succeed another time are made again, with pauses that grow, that end, and that hold nobody else up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import diagnose
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.pacer import Pacer
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.retry import (
    FRUITLESS,
    SLICE,
    THROTTLED_PAUSE,
    TRANSIENT_PAUSE,
    RetryingSession,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
    SessionLost,
)

from .resilience import BUSY, DENIED, THROTTLED, Clock, Far, answers, name_of, read, reads, write

HINTED = replace(THROTTLED, text="Too many requests. Retry after 77 seconds.")
TRIES = diagnose(BUSY).tries


def retrying(
    far: Far, clock: Clock | None = None, seconds: float | None = None, jitter: float = 0.0
) -> RetryingSession:
    clock = clock or Clock()
    return RetryingSession(far.open(), clock.deadline(seconds), clock.pause, Pacer(1, clock), lambda: jitter)


def test_a_read_that_fails_for_a_time_is_made_again_after_all_others() -> None:
    clock, far = Clock(), Far(b=[BUSY, BUSY])
    session = retrying(far, clock)
    made = answers(session.invoke, *reads("abcdef"))
    assert all(answer.error is None for answer in made.values())
    assert far.names == [*"abcdef", "b", "b"], "one slow mailbox does not hold the rest"
    assert [seconds for seconds, _why in clock.pauses] == [TRANSIENT_PAUSE, 2 * TRANSIENT_PAUSE]
    assert "LDAP" in clock.pauses[0][1]
    assert (session.repeats.total(), session.waited) == (2, 3 * TRANSIENT_PAUSE)


def test_answers_come_before_the_pause_for_those_that_failed() -> None:
    clock, far = Clock(), Far(a=BUSY)
    made = retrying(far, clock).invoke(reads("abc"))
    assert [name_of(next(made)[0]), name_of(next(made)[0])] == ["b", "c"]
    assert clock.pauses == []
    assert [name_of(call) for call, _answer in made] == ["a"]


def test_tries_are_bounded_and_the_last_error_is_the_answer() -> None:
    far = Far(b=[BUSY] * 99)
    assert answers(retrying(far).invoke, *reads("abc"))["b"].error == BUSY
    assert far.names.count("b") == TRIES


@pytest.mark.parametrize(
    ("text", "tries"),
    [
        ("A server side error has occurred because of which the operation could not be completed", 2),
        ("Expired or Invalid pagination request.", 2),
        ("The operation has timed out", 5),
        ("the words of nobody", 1),
        ("Access is denied.", 1),
    ],
)
def test_how_often_depends_on_what_the_error_means(text: str, tries: int) -> None:
    far = Far(b=[CmdletError(text)] * 9)
    answers(retrying(far).invoke, read("b"))
    assert far.names == ["b"] * tries


def test_a_throttled_read_holds_all_that_was_not_sent_and_pauses_grow() -> None:
    clock, far = Clock(), Far(a=[THROTTLED, THROTTLED])
    names = "abcdefghij"
    made = answers(retrying(far, clock).invoke, *reads(names))
    assert all(answer.error is None for answer in made.values())
    assert len(far.names) == len(names) + 2
    assert far.names.index("a", 1) < far.names.index("j"), "what is left waits for the pause"
    assert sum(seconds for seconds, _why in clock.pauses) == THROTTLED_PAUSE + 2 * THROTTLED_PAUSE


def test_the_time_that_exchange_asks_for_is_waited_and_the_session_kept_alive_meanwhile() -> None:
    clock, far = Clock(), Far(a=HINTED)
    assert answers(retrying(far, clock).invoke, read("a")) == {"a": Answer()}
    assert clock.now == 77
    assert max(seconds for seconds, _why in clock.pauses) <= SLICE
    assert far.kept_alive == len(clock.pauses)


def test_pauses_differ_between_runs_and_are_never_shorter_than_asked() -> None:
    clock, far = Clock(), Far(a=HINTED)
    answers(retrying(far, clock, jitter=1.0).invoke, read("a"))
    assert 77 < clock.now <= 77 * 1.25


def test_a_write_is_never_repeated_but_one_that_is_throttled_holds_the_next() -> None:
    clock, far = Clock(), Far(w=[THROTTLED], v=[BUSY])
    session = retrying(far, clock)
    assert answers(session.invoke, write("w"))["w"].error == THROTTLED
    assert clock.now == THROTTLED_PAUSE
    assert answers(session.invoke, write("v"))["v"].error == BUSY
    assert clock.now == THROTTLED_PAUSE
    assert far.names == ["w", "v"]


def test_a_service_that_throttles_on_and_on_is_not_waited_for_for_ever() -> None:
    clock = Clock()
    names = [f"x{number}" for number in range(60)]
    far = Far(**{name: [THROTTLED] * 99 for name in names})
    made = answers(retrying(far, clock).invoke, *(read(name) for name in names))
    assert all(answer.error == THROTTLED for answer in made.values())
    assert clock.now <= FRUITLESS


def test_after_one_good_answer_it_is_patient_again() -> None:
    clock, far = Clock(), Far(a=[THROTTLED] * 99, c=THROTTLED)
    session = retrying(far, clock)
    answers(session.invoke, read("a"))
    answers(session.invoke, read("b"))
    assert answers(session.invoke, read("c"))["c"].error is None


def test_nothing_waits_beyond_the_deadline() -> None:
    clock, far = Clock(), Far(a=HINTED)
    assert answers(retrying(far, clock, seconds=70).invoke, read("a"))["a"].error == HINTED
    assert clock.now == 0


def test_what_cannot_pass_is_told_at_once() -> None:
    clock, far = Clock(), Far(b=DENIED)
    assert answers(retrying(far, clock).invoke, *reads("abc"))["b"].error == DENIED
    assert clock.pauses == []


CUT_OFF = Answer(({"Name": "a"},), ("There are more results available than are currently displayed.",))


def everything(name: str) -> Call:
    return Call("Get-User", {"Identity": name, "ResultSize": "Unlimited"})


@pytest.mark.parametrize(("times", "asked"), [(1, "aba"), (2, "aba")])
def test_a_read_of_all_rows_that_brings_a_part_of_them_is_made_once_more(times: int, asked: str) -> None:
    clock, far = Clock(), Far(a=[CUT_OFF] * times)
    made = answers(retrying(far, clock).invoke, everything("a"), everything("b"))
    assert "".join(far.names) == asked
    assert made["a"] == (Answer() if times == 1 else CUT_OFF)
    assert clock.pauses == []


def test_errors_and_parts_are_counted_each_by_itself() -> None:
    far = Far(a=[BUSY, CUT_OFF])
    assert answers(retrying(far).invoke, everything("a"))["a"] == Answer()
    assert far.names == ["a"] * 3


@pytest.mark.parametrize("call", [read("a"), Call("Get-User", {"Identity": "a", "ResultSize": 1}), write("a")])
def test_what_is_limited_on_purpose_is_not_asked_again(call: Call) -> None:
    far = Far(a=CUT_OFF)
    assert answers(retrying(far).invoke, call)["a"] == CUT_OFF
    assert far.names == ["a"]


def test_what_was_to_come_again_when_the_session_is_lost_is_among_the_unanswered() -> None:
    """Another lane asks it then; what nobody asks would be missing without a word."""
    lost = SessionLost("PowerShell ended")
    with pytest.raises(SessionLost) as ended:
        answers(retrying(Far(a=BUSY, c=lost)).invoke, *reads("abc"))
    assert sorted(map(name_of, ended.value.unanswered)) == ["a", "c"]
