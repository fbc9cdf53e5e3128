# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session of a whole run: what all its lanes share, and what it tells of them together."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.resilience import ResilientSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Call,
    SessionError,
    SessionLost,
)

from .resilience import Clock, Far, FarSession, reads

WAIT = 20.0


class Host:
    """Signs in lane 1 the first time; whatever comes after that is refused. Lane 1 loses its session at ``x``."""

    def __init__(self, refusal: SessionError) -> None:
        self.tried: list[int] = []
        self.far = Far(x=SessionLost("PowerShell ended"))
        self._refusal = refusal
        self._second = threading.Event()
        self._opener: list[threading.Thread] = []

    def open(self, lane: int) -> FarSession:
        self.tried.append(lane)
        if len(self.tried) == 1:
            return self.far.open()
        self._opener.append(threading.current_thread())
        self._second.set()
        raise self._refusal

    def source(self) -> Iterator[Call]:
        """Until the second lane was refused there is nothing to do."""
        assert self._second.wait(WAIT)
        self._opener[0].join(WAIT)
        yield from reads("xy")


@pytest.mark.parametrize(
    ("kind", "tried"),
    [(FailureClass.HOST_LOGIN, [1, 2]), (FailureClass.SIGN_IN, [1, 2, 1])],
)
def test_a_login_that_was_refused_to_one_lane_is_not_tried_by_another(kind: FailureClass, tried: list[int]) -> None:
    """Accounts of hosts lock out. That Exchange bears no third session says nothing of the first."""
    clock, host = Clock(), Host(SessionError("the door is shut", Failure(kind)))
    session = ResilientSession(host.open, clock.deadline(), clock.pause, lanes=2, lane_after=0.0)
    with pytest.raises(SessionLost, match="the door is shut") as lost:
        list(session.invoke(host.source()))
    session.close()
    assert host.tried == tried
    assert lost.value.failure.kind is kind
    assert session.opened == 1


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_first_login_that_is_refused_is_told_as_it_is(lanes: int) -> None:
    clock, far = Clock(), Far()
    far.refusals = [SessionError("no such login", Failure(FailureClass.HOST_LOGIN))]
    with pytest.raises(SessionError, match="no such login"):
        ResilientSession(lambda lane: far.open(), clock.deadline(), clock.pause, lanes=lanes)
    assert far.opened == 1
