# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session that remembers: equal reads are made once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.memory import RememberingSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Call

from .sessions import THROTTLED, ScriptedSession

READ = Call("Get-User", {"Filter": "a"}, ("Guid",))
OTHER = Call("Get-User", {"Filter": "b"}, ("Guid",))


def numbered() -> ScriptedSession:
    session = ScriptedSession(lambda call: Answer(({"Guid": str(len(session.calls))},)))
    return session


def test_an_equal_call_gets_the_same_answer_and_is_not_made_again() -> None:
    inner = numbered()
    session = RememberingSession(inner)
    first = dict_of(session, [READ, OTHER])
    again = dict_of(session, [Call("Get-User", {"Filter": "a"}, ("Guid",)), OTHER])
    assert again == first
    assert len(inner.calls) == 2


def test_another_selection_of_properties_is_another_call() -> None:
    inner = numbered()
    session = RememberingSession(inner)
    dict_of(session, [READ])
    dict_of(session, [replace(READ, select=("Sid",))])
    assert len(inner.calls) == 2


def test_a_call_that_wants_a_fresh_answer_is_made_and_remembered() -> None:
    inner = numbered()
    session = RememberingSession(inner)
    dict_of(session, [READ])
    assert dict_of(session, [replace(READ, fresh=True)]) == ["2"]
    assert dict_of(session, [READ]) == ["2"]


def test_an_error_is_not_remembered() -> None:
    answers = iter([THROTTLED, Answer(({"Guid": "x"},))])
    session = RememberingSession(ScriptedSession(lambda call: next(answers)))
    assert [answer for _call, answer in session.invoke([READ])] == [THROTTLED]
    assert dict_of(session, [READ]) == ["x"]


def test_what_is_foreseen_goes_out_with_what_is_asked_for_next_and_is_not_asked_again() -> None:
    inner = numbered()
    session = RememberingSession(inner)
    session.foresee([READ])
    assert inner.calls == []
    assert dict_of(session, [OTHER]) == ["2"]
    assert dict_of(session, [replace(READ)]) == ["1"]
    assert inner.calls == [READ, OTHER]


def test_what_is_known_is_not_foreseen() -> None:
    inner = numbered()
    session = RememberingSession(inner)
    dict_of(session, [READ])
    session.foresee([READ])
    dict_of(session, [OTHER])
    assert inner.calls == [READ, OTHER]


def test_an_error_of_what_was_foreseen_is_told_once_to_whoever_asks() -> None:
    """It was tried as often as it is worth; the next one to ask may try again."""
    answers = iter([THROTTLED, Answer(), Answer(({"Guid": "x"},))])
    session = RememberingSession(ScriptedSession(lambda call: next(answers)))
    session.foresee([READ])
    list(session.invoke([OTHER]))
    assert [answer for _call, answer in session.invoke([READ])] == [THROTTLED]
    assert dict_of(session, [READ]) == ["x"]


def test_whoever_counts_is_told_how_many_calls_come() -> None:
    """A list stays one, so that progress knows the time that is left."""
    told: list[int] = []

    class Counting(ScriptedSession):
        def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
            told.append(len(calls) if isinstance(calls, list) else -1)
            return super().invoke(calls)

    session = RememberingSession(Counting(lambda call: Answer(({"Guid": "x"},))))
    dict_of(session, [READ])
    dict_of(session, [READ, OTHER])
    list(session.invoke(iter([OTHER])))
    assert told == [1, 1, -1]


def dict_of(session: RememberingSession, calls: list[Call]) -> list[str]:
    answers = {id(call): answer for call, answer in session.invoke(calls)}
    return [str(answers[id(call)].rows[0]["Guid"]) for call in calls]
