# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session adds to the result of its task: warnings, and that the time of the run was over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.estimate import Estimate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Report, Stop
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.writing import OUT_OF_TIME
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible import sessions
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.progress import ProgressWatch
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.sessions import Opened, opened
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.sign_in import SignIn
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.powershell import PowerShellSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.resilience import ResilientSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Call, SessionError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelStatistics

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


@pytest.mark.parametrize(("seconds", "signed_in"), [(300.0, 3), (20.0, 1)])
def test_a_task_whose_estimate_is_long_signs_in_with_all_its_sessions_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, seconds: float, signed_in: int
) -> None:
    far = Far()

    def sign_in(*_given: Any, **_options: Any) -> FarSession:
        return far.open()

    monkeypatch.setattr(PowerShellSession, "open", sign_in)
    channel = SimpleNamespace(statistics=ChannelStatistics())
    monkeypatch.setattr(sessions, "channel_of", lambda connection, executable: (channel, "pwsh"))
    options = {"max_runtime": None, "request_timeout": 1200, "sessions": 3, "executable": None}
    watch = ProgressWatch(lambda line: None)
    with opened(None, options, SignIn("managed_identity", "contoso.onmicrosoft.com", "", {}), {}, True, watch):
        watch.estimated(Estimate(calls=99, seconds=seconds))
    assert (far.opened, far.closed, far.names) == (signed_in, signed_in, [])
