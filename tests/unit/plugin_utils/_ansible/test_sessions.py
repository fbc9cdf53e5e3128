# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session adds to the result of its task: warnings, and that the time of the run was over."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Report, Stop
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.writing import OUT_OF_TIME
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.sessions import Opened
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.resilience import ResilientSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Call, SessionError

from .._exchange.resilience import Clock, Far, FarSession, answers, reads

BUSY = SessionError("too many connections", Failure(FailureClass.SIGN_IN))


class Host:
    """Bears one session. ``refused``: when it was asked for another."""

    def __init__(self, clock: Clock, seconds: float | None = None, lanes: int = 1) -> None:
        self.refused = threading.Event()
        self._far = Far()
        session = ResilientSession(self._sign_in, clock.deadline(seconds), clock.pause, lanes=lanes, lane_after=0.0)
        self.opened = Opened(session, resilient=session)

    def _sign_in(self, lane: int) -> FarSession:
        if lane > 1:
            self.refused.set()
            raise BUSY
        return self._far.open()


def test_a_session_that_could_not_be_opened_beside_the_others_is_a_warning() -> None:
    host = Host(Clock(), lanes=2)
    one = host.opened
    assert one.in_full(Report(())).warnings == ()

    def source() -> Iterator[Call]:
        assert host.refused.wait(20)
        yield from reads("ab")

    list(one.session.invoke(source()))
    one.session.close()
    (warning,) = one.in_full(Report((), warnings=("something else",))).warnings[:-1]
    assert warning.endswith("too many connections")


def test_that_time_was_over_is_told_unless_the_run_stopped_for_another_reason() -> None:
    clock = Clock()
    one = Host(clock, seconds=10).opened
    assert one.in_full(Report(())).stop is None
    clock.now = 10
    answers(one.session.invoke, *reads("ab"))
    assert one.in_full(Report(())).stop == OUT_OF_TIME
    other = Stop("the journal cannot be written", Failure(FailureClass.JOURNAL))
    assert one.in_full(Report((), stop=other)).stop == other
