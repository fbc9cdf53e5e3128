# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated organisation with its management host, in a process of its own, so that it takes nobody's time."""

from __future__ import annotations

import multiprocessing
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import Enum
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from ...plugins.plugin_utils._exchange.session import Answer, Parameter
from ...plugins.plugin_utils._tenant.access import EMPTY
from ...plugins.plugin_utils._tenant.generator import ROUTER, generate
from ...plugins.plugin_utils._tenant.organisation import Organisation
from ...plugins.plugin_utils._tenant.recipients import Recipient
from ...plugins.plugin_utils._tenant.tenant import Tenant
from ..simulator.host import HostOptions
from ..simulator.simulator import Simulator, SimulatorOptions
from ..simulator.wsman import EndpointOptions
from .latencies import ROUND_TRIP, SIGN_IN, seconds_of

_POWERSHELL = Path(__file__).with_name("powershell.py")
_SEED = 1
#: The scale of the bench: what takes 20 seconds takes one.
BENCH = 1 / 20


class Situation(Enum):
    """How much of what is wanted is there before a run."""

    FIRST = "first run"
    STEADY = "steady run"
    DRIFT = "1 % drift"


@dataclass(frozen=True)
class Case:
    """``both``: Full Access as well as Send As is wanted on each of so many mailboxes.

    ``scale``: of all seconds; 0: nothing takes any time.
    """

    mailboxes: int
    situation: Situation
    both: bool
    scale: float = 0.0

    @property
    def lacking(self) -> int:
        """Mailboxes on which every right is missing."""
        every = {Situation.FIRST: 1, Situation.DRIFT: 100}.get(self.situation)
        return -(-self.mailboxes // every) if every else 0

    @property
    def grants(self) -> int:
        """Writes that are needed."""
        return self.lacking * (2 if self.both else 1)


@dataclass(frozen=True)
class Place:
    """What whoever drives a case is told: where, as whom, and which mailboxes.

    ``pwsh``: the same PowerShell on this machine.
    """

    case: Case
    url: str
    user: str
    password: str
    organization: str
    app_id: str
    thumbprint: str
    pwsh: str
    mailboxes: tuple[str, ...]
    account: str = ROUTER


@dataclass(frozen=True)
class Bill:
    """What a case cost, by the books of the simulated organisation and of its host.

    ``service``: seconds, at scale, that Exchange took for the calls and sign-ins. ``undone``: grants still missing.
    ``largest_send``: bytes. ``left_open``: connections that nobody signed out.
    """

    calls: Counter[str]
    writes: int
    sign_ins: int
    requests: int
    bytes: int
    service: float
    undone: int
    largest_send: int
    left_open: int


class Site:
    """A context manager; one case at a time."""

    def __init__(self, pwsh: str | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, far = context.Pipe()
        self._process = context.Process(target=_serve, args=(far, pwsh), daemon=True)
        self._process.start()
        far.close()

    def __enter__(self) -> Site:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._line.close()
        self._process.join()

    def stage(self, case: Case) -> Place:
        """Sets the case; what was there before is gone."""
        place: Place = self._ask(case)
        return place

    def bill(self) -> Bill:
        """Of the case that is set."""
        bill: Bill = self._ask(None)
        return bill

    def _ask(self, question: Case | None) -> Any:
        self._line.send(question)
        return self._line.recv()


def organisation(case: Case) -> Organisation:
    """The organisation as it is before the case."""
    made = generate(case.mailboxes, _SEED, granted=1.0)
    lacking = set(_guids(made, case)[:: case.mailboxes // case.lacking][: case.lacking]) if case.lacking else set()
    return replace(made, access={guid: lists for guid, lists in made.access.items() if guid not in lacking})


def _listed(made: Organisation, case: Case) -> list[Recipient]:
    """The mailboxes of the case: the generator puts them behind the account."""
    return list(made.recipients[1 : 1 + case.mailboxes])


def _guids(made: Organisation, case: Case) -> list[str]:
    return [each.guid for each in _listed(made, case)]


def _serve(line: Connection, pwsh: str | None) -> None:
    """The process: sets cases and says what they cost, until nobody asks any more."""
    with ExitStack() as stack:
        stage: _Stage | None = None
        while True:
            try:
                question = line.recv()
            except EOFError:
                return
            if isinstance(question, Case):
                stack.close()
                stage = stack.enter_context(_Stage(question, pwsh))
                line.send(stage.place)
            elif stage is not None:
                line.send(stage.bill)


class CountingTenant(Tenant):
    """``service``: real seconds that all calls so far would have taken in Exchange Online."""

    service = 0.0

    def invoke(
        self,
        connection_id: str,
        cmdlet: str,
        parameters: Mapping[str, Parameter],
        *,
        lag: int = 0,
        falsified: str = "",
    ) -> Answer:
        answer = super().invoke(connection_id, cmdlet, parameters, lag=lag, falsified=falsified)
        seconds = seconds_of(cmdlet, parameters, len(answer.rows))
        with self._lock:
            self.service += seconds
        return answer


class _Stage:
    """One case; a context manager."""

    def __init__(self, case: Case, pwsh: str | None) -> None:
        self._case = case
        self._tenant = CountingTenant(organisation(case))
        self._directory = tempfile.TemporaryDirectory(prefix="bench-")
        host = HostOptions(pwsh or self._stand_in(), environment={"BENCH_SCALE": str(case.scale)})
        endpoint = EndpointOptions(latency=ROUND_TRIP * case.scale)
        self._simulator = Simulator(self._tenant, SimulatorOptions(host=host, endpoint=endpoint))

    def __enter__(self) -> _Stage:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._simulator.stop()
        self._directory.cleanup()

    @property
    def place(self) -> Place:
        simulator, application = self._simulator, self._simulator.applications[0]
        mailboxes = tuple(each.address for each in _listed(self._tenant.organisation, self._case))
        return Place(
            self._case, simulator.url, simulator.user, simulator.password, simulator.organization,
            application.app_id, application.thumbprint, str(simulator.local().executable), mailboxes,
        )  # fmt: skip

    @property
    def bill(self) -> Bill:
        tenant, endpoint = self._tenant, self._simulator.endpoint
        return Bill(
            Counter(call.cmdlet for call in tenant.calls),
            sum(call.writes for call in tenant.calls),
            tenant.sign_ins,
            endpoint.requests.total(),
            endpoint.bytes_received + endpoint.bytes_sent,
            (tenant.service + SIGN_IN * tenant.sign_ins) * self._case.scale,
            sum(self._lacks(each) for each in _guids(tenant.organisation, self._case)),
            max((process.largest_send for process in endpoint.processes), default=0),
            len(tenant.left_open),
        )

    def _lacks(self, guid: str) -> int:
        lists = self._tenant.organisation.access.get(guid, EMPTY)
        return (not lists.send_as) + (self._case.both and not lists.full_access)

    def _stand_in(self) -> str:
        """An executable that is the PowerShell of the bench."""
        program = Path(self._directory.name, "powershell")
        program.touch(mode=0o700)
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -S {shlex.quote(str(_POWERSHELL))} "$@"\n')
        return str(program)
