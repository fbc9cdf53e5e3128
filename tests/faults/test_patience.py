# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits that are too long for a test with a playbook: the real channel, the simulator, and a clock that pauses move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.deadline import Deadline
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.enduring import (
    PAUSES,
    EnduringSession,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import FailureClass
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.pacer import Pacer
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.powershell import PowerShellSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.retry import RetryingSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Call, SessionLost
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.contact import RECONNECT_FOR
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import WinRMChannel
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from ansible_collections.email_router.exchange_online.tests.simulator.faults import Fault as TenantFault
from ansible_collections.email_router.exchange_online.tests.simulator.faults import Trouble
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import Simulator, SimulatorOptions
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action, Fault, Reset

from ..integration.faults import STAND_IN, boxes, organisation

READ = "Get-MailboxPermission"
FOR_EVER = 1_000_000


@dataclass
class Time:
    """Passes where somebody waits. ``away``: how long the channel waited for the host; ``pauses``: for all else."""

    now: float = 1000.0
    away: list[float] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.away.append(seconds)

    def pause(self, seconds: float, _why: str) -> None:
        self.now += seconds
        self.pauses.append(seconds)


@pytest.fixture
def time() -> Time:
    return Time()


def simulator_of(*faults: TenantFault) -> Simulator:
    options = SimulatorOptions(host=STAND_IN, tenant_faults=faults)
    return Simulator(Tenant(organisation(boxes(5))), options)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulator_of() as running:
        yield running


def session_over(simulator: Simulator, time: Time) -> tuple[RetryingSession, EnduringSession]:
    """One lane, as a run has it, and the part of it that outlives PowerShells."""
    application = simulator.applications[0]
    sign_in = {
        "way": "certificate_thumbprint",
        "app_id": application.app_id,
        "organization": simulator.organization,
        "certificate_thumbprint": application.thumbprint,
    }

    def opened() -> PowerShellSession:
        login = {"username": simulator.user, "password": simulator.password}
        quick = {"operation_timeout_sec": 1, "read_timeout_sec": 3}
        channel = WinRMChannel(time, time.sleep, endpoint=simulator.url, transport="ntlm", **login, **quick)
        return PowerShellSession.open(channel, "powershell.exe", sign_in, {READ: ["Identity"]}, read_only=True)

    enduring = EnduringSession(opened, Deadline(None, time), time.pause)
    pacer = Pacer(clock=time)
    return RetryingSession(enduring, Deadline(None, time), time.pause, pacer, jitter=lambda: 0.0), enduring


def reads(simulator: Simulator) -> list[Call]:
    everybody = simulator.tenant.organisation.recipients
    return [Call(READ, {"Identity": each.guid}, ("User",)) for each in everybody]


def test_contact_that_does_not_come_back_is_given_up_and_another_powershell_goes_on(
    simulator: Simulator, time: Time
) -> None:
    session, enduring = session_over(simulator, time)
    calls = reads(simulator)
    simulator.faults.add(Fault(Reset(), None, times=16))
    made = {id(call): answer for call, answer in session.invoke(calls)}
    session.close()
    assert sorted(made) == sorted(map(id, calls))
    assert [answer.error for answer in made.values() if answer.error] == []
    assert enduring.opened == 2
    assert sum(time.away) >= RECONNECT_FOR, "the old one was waited for"
    assert time.pauses == list(PAUSES[: len(time.pauses)])
    assert len(simulator.faults.fired) == 16


def test_a_host_that_stays_away_ends_the_run_after_all_pauses(simulator: Simulator, time: Time) -> None:
    session, _enduring = session_over(simulator, time)
    simulator.faults.add(Fault(Reset(), None, times=FOR_EVER))
    with pytest.raises(SessionLost, match="the connection broke") as lost:
        list(session.invoke(reads(simulator)))
    assert (lost.value.failure.kind, lost.value.failure.retry_safe) == (FailureClass.HOST_UNREACHABLE, True)
    assert time.pauses == list(PAUSES)
    session.close()


def test_throttling_without_a_hint_holds_the_run_and_keeps_powershell(time: Time) -> None:
    with simulator_of(TenantFault(READ, Trouble.THROTTLED, first=2, times=2)) as simulator:
        session, enduring = session_over(simulator, time)
        calls = reads(simulator)
        made = [answer for _call, answer in session.invoke(calls)]
        session.close()
        assert len(made) == len(calls)
        assert [answer.error for answer in made if answer.error] == []
        assert enduring.opened == simulator.tenant.sign_ins == 1
        assert session.waited == sum(time.pauses) >= 30
        assert max(time.pauses) <= 20, "whoever pauses for longer without a word loses the session"
        assert simulator.requests[Action.CREATE] == 1
