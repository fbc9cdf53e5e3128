# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the soak: the organisation, its host, a client before it, and what all of them say afterwards."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any
from unittest.mock import patch

from ..integration.stage import _processes_with as processes_with
from ..simulator import simulator as simulators
from ..simulator.certificates import make_certificate
from ..simulator.host import HostOptions, find_powershell
from ..simulator.latency import MEASURED, Latency
from ..simulator.simulator import Simulator, SimulatorOptions
from ..simulator.wsman import Authority
from . import playbook
from .evidence import Evidence
from .job import Job
from .scenario import TOKEN, Scenario, Way
from .witness import Witness, WitnessedTenant

#: Seconds that a client has, and that what it left behind has to end by itself: a PowerShell that was not even greeted
#: waits for a minute.
PATIENCE, ENDING = 90.0, 80.0
#: Seconds without a line after which PowerShell ends, where a client may vanish.
IDLE = 3
#: In every other run Exchange takes its time, a part of what it takes in truth, and more lanes are opened soon, after
#: so many seconds: so they have something to do.
LATENCY, LANE_AFTER = Latency({**MEASURED, "Connect-ExchangeOnline": 0.0}, scale=0.04), 0.05


class Workshop:
    """Where clients are made, one at a time; a context manager. ``mutants``: faults of their own, by name."""

    def __init__(self, mutants: tuple[str, ...] = ()) -> None:
        self.mutants = mutants
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
            authority = Authority(directory)
            # Keys take longer to make than most runs.
            stack.enter_context(patch.object(simulators, "make_certificate", cache(make_certificate)))
            stack.enter_context(patch.object(simulators, "Authority", lambda _directory: authority))
            self._forks = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.forks"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "HOME": str(directory), "ANSIBLE_HOME": str(directory), "ANSIBLE_NOCOLOR": "1"},
            )
            stack.callback(self._stop)
            self._stack = stack.pop_all()

    def __enter__(self) -> Workshop:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def live(self, job: Job, started: Callable[[int], None]) -> int | None:
        """A client from its start to its end; its exit status, None where it had to be ended."""
        assert self._forks.stdin
        assert self._forks.stdout
        self._forks.stdin.write(job.to_line())
        self._forks.stdin.flush()
        pid = int(self._forks.stdout.readline())
        started(pid)
        late = not select.select([self._forks.stdout], [], [], PATIENCE)[0]
        if late:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(int(self._forks.stdout.readline()))
        return None if late else status

    def _stop(self) -> None:
        assert self._forks.stdin
        self._forks.stdin.close()
        self._forks.wait()


def play(scenario: Scenario, workshop: Workshop) -> Evidence:
    """The run, from its beginning to the end of all that belongs to it."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as name, _stage(scenario) as (simulator, tenant):
        directory = Path(name)
        journal = directory / "journal"
        before = dict(tenant.organisation.access)
        witness = Witness(tenant, simulator.tenant_server.tenant, journal, scenario.kill)
        arguments = {**scenario.options, "journal": str(journal), **_sign_in(scenario, simulator)}
        status: int | None
        if scenario.playbook:
            status, result, output = playbook.play(scenario, simulator, directory, arguments)
        else:
            job = _job(scenario, simulator, directory, arguments, workshop.mutants)
            status = workshop.live(job, witness.started)
            witness.ended()
            result, output = _read(Path(job.result)), _text(Path(job.log))
        left = _left_behind(scenario, simulator, witness.killed or status is None)
        return Evidence(
            scenario,
            tuple(witness.calls),
            before,
            dict(tenant.organisation.access),
            result,
            status,
            output,
            journal.read_bytes() if journal.exists() else b"",
            journal.stat().st_mode & 0o777 if journal.exists() else 0,
            tuple(simulator.tenant_server.tenant.strikes),
            tuple(simulator.faults.fired),
            witness.killed,
            left,
            len(tenant.left_open),
            (simulator.password, TOKEN),
            time.monotonic() - begun,
        )


@contextmanager
def _stage(scenario: Scenario) -> Iterator[tuple[Simulator, WitnessedTenant]]:
    tenant = WitnessedTenant(scenario.organisation)
    options = SimulatorOptions(
        tls=scenario.way is Way.WINRM_TLS,
        host=HostOptions(pwsh=find_powershell() if scenario.real_powershell else None),
        tenant_faults=scenario.exchange_faults,
        tenant_latency=LATENCY if is_slow(scenario) else None,
    )
    with Simulator(tenant, options) as simulator:
        if scenario.at_once:
            simulator.faults.add(*scenario.host_faults)
        else:
            waiting = list(scenario.host_faults)

            def add_once() -> None:
                simulator.faults.add(*waiting)
                waiting.clear()

            tenant.at_sign_in = add_once
        yield simulator, tenant


def is_slow(scenario: Scenario) -> bool:
    """Whether there is work for several sessions."""
    return bool(scenario.seed % 2) and scenario.options["sessions"] > 1


def _sign_in(scenario: Scenario, simulator: Simulator) -> dict[str, str]:
    application = simulator.applications[0]
    ways: dict[str, dict[str, str]] = {
        "thumbprint": {"app_id": application.app_id, "certificate_thumbprint": application.thumbprint},
        "file": {
            "app_id": application.app_id,
            "certificate_file": str(application.file.path),
            "certificate_password": application.file.password,
        },
        "token": {"access_token": TOKEN},
    }
    return {"organization": simulator.organization, **ways[scenario.sign_in]}


def _job(
    scenario: Scenario,
    simulator: Simulator,
    directory: Path,
    arguments: Mapping[str, Any],
    mutants: tuple[str, ...],
) -> Job:
    is_local = scenario.way is Way.LOCAL
    may_vanish = scenario.kill is not None or scenario.at_once
    return Job(
        scenario.seed,
        "local" if is_local else "winrm",
        {
            **arguments,
            **({"executable": str(simulator.local().executable)} if is_local else {}),
            **({"request_timeout": 600} if scenario.hush else {}),
        },
        {} if is_local else _connection(scenario, simulator),
        scenario.check_mode,
        str(directory / "result"),
        str(directory / "log"),
        idle_seconds=IDLE if may_vanish else 0,
        hush=scenario.hush,
        patient=scenario.real_powershell,
        lane_after=LANE_AFTER if is_slow(scenario) else 0.0,
        mutants=mutants,
    )


def _connection(scenario: Scenario, simulator: Simulator) -> dict[str, Any]:
    """The options of ansible's winrm plugin."""
    tls = scenario.way is Way.WINRM_TLS
    return {
        "remote_addr": simulator.address,
        "remote_user": simulator.user,
        "remote_password": simulator.password,
        "port": simulator.port,
        "scheme": "https" if tls else "http",
        "path": "/wsman",
        "transport": ["basic" if tls and scenario.seed % 2 else "ntlm"],
        "kerberos_mode": "managed",
        "kerberos_command": "kinit",
        "connection_timeout": 1,
        "_extras": {"ansible_winrm_ca_trust_path": str(simulator.ca_file)} if tls else {},
    }


def _left_behind(scenario: Scenario, simulator: Simulator, killed: bool) -> tuple[str, ...]:
    """What does not go by itself. Where the client is no more, no call is kept waiting for its time to be up, and the
    shell stays until its own idle limit, or until somebody takes it from the journal."""
    if killed:
        simulator.tenant_server.tenant.stop()
    deadline = time.monotonic() + ENDING
    while True:
        left = [f"process {pid}" for pid in processes_with(simulator.tenant_server.key)]
        shells = 0 if killed else len(simulator.endpoint.service.shells)
        if shells:
            left.append(f"{shells} shells")
        if not left or time.monotonic() > deadline:
            return tuple(left)
        time.sleep(0.05)


def _read(file: Path) -> dict[str, Any] | None:
    """None where the client had no time to write it whole."""
    with suppress(OSError, ValueError):
        result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return result
    return None


def _text(file: Path) -> str:
    with suppress(OSError):
        return file.read_text(encoding="utf-8", errors="replace")
    return ""
