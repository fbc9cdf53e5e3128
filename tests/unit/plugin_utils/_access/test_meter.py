# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session that counts: calls by cmdlet, writes, seconds by phase, and how far a phase has come."""

from __future__ import annotations

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.meter import (
    MeteredSession,
    SilentWatch,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    SessionInfo,
)

from .._exchange.sessions import ScriptedSession
from .runs import FakeWatch

READ = Call("Get-User", {})
WRITE = Call("Set-Mailbox", {})


def metered() -> tuple[MeteredSession, FakeWatch]:
    watch = FakeWatch()
    return MeteredSession(ScriptedSession(lambda call: Answer()), watch), watch


def test_calls_are_counted_by_cmdlet_and_writes_among_them() -> None:
    session, _watch = metered()
    list(session.invoke([READ, READ, WRITE]))
    assert session.statistics.calls == {"Get-User": 2, "Set-Mailbox": 1}
    assert session.statistics.writes == 1


def test_progress_is_told_after_every_answer_with_what_is_known_to_come() -> None:
    session, watch = metered()
    session.enter("read")
    list(session.invoke([READ, READ]))
    list(session.invoke([READ]))
    assert watch.told == [("read", 1, 2), ("read", 2, 2), ("read", 3, 3)]


def test_calls_that_come_lazily_count_as_expected_before() -> None:
    session, watch = metered()
    session.enter("write")
    session.expect(2)
    for _number in range(3):
        list(session.invoke(iter([WRITE])))
    assert watch.told == [("write", 1, 2), ("write", 2, 2), ("write", 3, 3)]


def test_a_new_phase_counts_from_the_start() -> None:
    session, watch = metered()
    for phase in ("resolve", "read"):
        session.enter(phase)
        list(session.invoke([READ]))
    assert watch.told == [("resolve", 1, 1), ("read", 1, 1)]


def test_seconds_are_kept_by_phase_and_added_up_where_one_comes_again() -> None:
    session, watch = metered()
    for phase, seconds in (("read", 2.0), ("write", 3.5), ("read", 1.0)):
        session.enter(phase)
        watch.sleep(seconds)
    session.enter("")
    assert session.statistics.seconds == {"read": 3.0, "write": 3.5}


def test_calls_are_taken_one_by_one_as_the_session_underneath_takes_them() -> None:
    session, _watch = metered()
    answers = session.invoke(iter([READ, WRITE]))
    next(answers)
    assert session.statistics.writes == 0
    next(answers)
    assert session.statistics.writes == 1


def test_info_and_close_are_those_of_the_session_underneath() -> None:
    closed: list[bool] = []

    class Closing(ScriptedSession):
        info = SessionInfo({"user": "me"})

        def close(self) -> None:
            closed.append(True)

    session = MeteredSession(Closing(lambda call: Answer()), SilentWatch())
    session.close()
    assert closed == [True]
    assert session.info.hello == {"user": "me"}


def test_the_real_clock_ascends_and_keeps_silent() -> None:
    watch = SilentWatch()
    before = watch.now()
    watch.sleep(0.0)
    watch.progress("read", 1, 1)
    assert watch.now() >= before
