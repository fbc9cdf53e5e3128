# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/interrupts.md: whoever ends a run, and however, it ends at once, signs out, and writes no further."""

from __future__ import annotations

import shlex
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.tests import simulator
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions, find_powershell

from .conftest import SetStage
from .harness import CORES, NEWEST, SHAMEFUL
from .interrupts import Interruption, Moment, Target, interrupt
from .stage import ROUTER, Stage, Transport, contoso

NAMES = tuple(f"box{number}@contoso.com" for number in range(12))
#: The calls after which the signal comes, and what Exchange works on meanwhile.
BEFORE, UNDER_WAY = 2, 1


@dataclass(frozen=True)
class Case:
    """A signal, who gets it, when, over which way to PowerShell, and the exit status of ansible-playbook."""

    number: signal.Signals
    target: Target
    moment: Moment
    transport: Transport
    status: int

    def __str__(self) -> str:
        return f"{self.number.name}-{self.target.value}-{self.moment.value}-{self.transport.name}".lower()


CASES = (
    Case(signal.SIGINT, Target.TERMINAL, Moment.WRITING, Transport.NTLM, 99),
    Case(signal.SIGINT, Target.TERMINAL, Moment.READING, Transport.LOCAL, 99),
    Case(signal.SIGTERM, Target.PARENT, Moment.WRITING, Transport.LOCAL, -signal.SIGTERM),
    Case(signal.SIGTERM, Target.GROUP, Moment.SIGNING_IN, Transport.NTLM, -signal.SIGTERM),
    Case(signal.SIGHUP, Target.GROUP, Moment.WAITING, Transport.LOCAL, -signal.SIGHUP),
    Case(signal.SIGKILL, Target.PARENT, Moment.WRITING, Transport.NTLM, -signal.SIGKILL),
    Case(signal.SIGKILL, Target.WORKER, Moment.WRITING, Transport.LOCAL, 1),
)


def organisation() -> Organisation:
    return contoso(*({"address": name} for name in NAMES))


def played(stage: Stage, case: Case) -> Interruption:
    """The task at hand, interrupted while it says all that it can; it signs in with a password and a file."""
    file = stage.simulator.applications[0].file
    rights = ["full_access"] if case.moment is Moment.READING else ["send_as"]
    task = stage.task(
        profiles={"router": {"account": ROUTER, "rights": rights}},
        certificate_thumbprint=None,
        certificate_file=str(file.path),
        certificate_password=file.password,
    )
    arguments = ("-i", stage.inventory(NAMES), stage.playbook(task), "-vvvvv")
    return interrupt(stage, case.moment, case.number, case.target, *arguments)


def assert_over(stage: Stage, case: Case, run: Interruption) -> None:
    assert run.status == case.status, run.output
    assert run.still_there == []
    assert stage.tenant.open == set(), "nobody signed out"
    assert run.terminal_is_as_before
    assert [phrase for phrase in SHAMEFUL if phrase in run.output] == []
    assert stage.simulator.password not in run.output, "of the account and of the file"
    assert len(stage.writes) == run.writes_at_end, "a write after all had ended"
    expected = {Moment.WRITING: BEFORE + UNDER_WAY, Moment.WAITING: len(NAMES)}
    assert len(stage.writes) == expected.get(case.moment, 0)
    assert sum(stage.holds(name, "send_as") for name in NAMES) == len(stage.writes)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("core", CORES)
def test_a_run_that_is_interrupted_ends_and_leaves_nothing_behind(set_stage: SetStage, core: str, case: Case) -> None:
    stage = set_stage(organisation(), transport=case.transport, core=core)
    run = played(stage, case)
    assert_over(stage, case, run)
    assert stage.left_behind() == []
    if case.moment is not Moment.WAITING:
        assert run.late == [], "what waits is not served"
    if case.transport is Transport.LOCAL:
        assert run.pipe_holders == set(), "PowerShell would not see the end of its input"


def impatient_powershell(directory: Path) -> HostOptions:
    """A PowerShell that is told to wait for a line for two seconds, not sixty."""
    standin = Path(simulator.__file__).with_name("standin.py")
    words = [pwsh] if (pwsh := find_powershell()) else [sys.executable, "-S", str(standin), "pwsh"]
    script = directory / "impatient"
    hello = '"op":"hello"'
    script.write_text(
        f'#!/bin/bash\nexec {shlex.join(words)} "$@" < <(exec sed -u \'s/{hello}/{hello},"idle_seconds":2/\')\n'
    )
    script.chmod(0o700)
    return HostOptions(pwsh=str(script))


def test_powershell_behind_winrm_signs_out_when_all_of_the_controller_is_gone(
    set_stage: SetStage, tmp_path: Path
) -> None:
    case = Case(signal.SIGKILL, Target.ALL, Moment.WRITING, Transport.NTLM, -signal.SIGKILL)
    stage = set_stage(organisation(), core=NEWEST, host=impatient_powershell(tmp_path))
    run = played(stage, case)
    assert_over(stage, case, run)
    assert stage.powershells() == []
