# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection itself takes of the controller; writes its section of docs/bench.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from ...plugins.plugin_utils._exchange.rights import Right
from ...plugins.plugin_utils._exchange.session import Answer, Parameter
from ...plugins.plugin_utils._tenant.organisation import Organisation
from ...plugins.plugin_utils._tenant.session import TenantSession
from ...plugins.plugin_utils._tenant.tenant import Tenant
from ..integration.harness import CORES
from . import ours, pages, playbooks
from .site import Case, Site, Situation, organisation
from .usage import Usage, measured, memory, of_this_process

N = 10_000
MANY = (25_000, 50_000, 100_000)
CPU_GOAL, PEAK_GOAL, PLAYBOOK_GOAL = 1.0, 400.0, 30.0
BOTH = (Right.SEND_AS, Right.FULL_ACCESS)


class TimedTenant(Tenant):
    """``spent``: CPU seconds that the organisation itself took."""

    def __init__(self, made: Organisation) -> None:
        super().__init__(made)
        self.spent = 0.0

    def invoke(
        self,
        connection_id: str,
        cmdlet: str,
        parameters: Mapping[str, Parameter],
        *,
        lag: int = 0,
        falsified: str = "",
    ) -> Answer:
        begun = time.process_time()
        try:
            return super().invoke(connection_id, cmdlet, parameters, lag=lag, falsified=falsified)
        finally:
            self.spent += time.process_time() - begun
            self.calls.clear()  # nobody reads this log, which would be counted as ours


def in_process(case: Case) -> Usage:
    """A run of the heart with a session in the same process."""
    made = organisation(case)
    mailboxes = tuple(each.address for each in made.recipients[1 : 1 + case.mailboxes])
    account = made.recipients[0].address
    tenant = TimedTenant(made)
    session = TenantSession(tenant, tenant.admit().connection_id)
    session_is_warm(session, account)
    tenant.spent, before = 0.0, memory("VmRSS")
    rights = BOTH if case.both else BOTH[:1]
    used = of_this_process(lambda: ours.enforce(session, account, mailboxes, rights))
    return replace(used, aside=(tenant.spent, before))


def session_is_warm(session: TenantSession, account: str) -> None:
    """The organisation makes its indexes when it is first asked."""
    ours.enforce(session, account, (account,), BOTH)


def far(case: Case, local: bool) -> Usage:
    """A run over WinRM, or with a PowerShell of this machine; the organisation is in another process."""
    with Site() as site:
        place = site.stage(case)
        return of_this_process(lambda: ours.run(1, place, local))


def heart(tell: Callable[[str], None]) -> str:
    """The table of the runs without ansible."""
    steady, first = (Case(N, situation, True) for situation in (Situation.STEADY, Situation.FIRST))
    works: dict[str, Callable[[], Usage]] = {
        "in the same process, steady": partial(measured, in_process, steady),
        "in the same process, first run": partial(measured, in_process, first),
        "a PowerShell of this machine (stand-in), steady": partial(measured, far, steady, True),
        "WinRM with NTLM, steady": partial(measured, far, steady, False),
    }
    rows = []
    for name, work in works.items():
        used = work()
        tell(f"{name}: {used.own_cpu / N * 1000:.2f} ms a mailbox, {used.peak:.0f} MB")
        rows.append([name, f"{used.own_cpu / N * 1000:.2f} ms", f"{used.peak:.0f} MB", f"{used.wall:.1f} s"])
    return pages.table(["the organisation is behind", "CPU a mailbox", "peak memory", "wall"], rows)


def growth(tell: Callable[[str], None]) -> str:
    """The table of very many mailboxes."""
    rows = []
    for size in MANY:
        used = measured(in_process, Case(size, Situation.STEADY, False))
        tell(f"{size} mailboxes, Send As: {used.own_cpu:.1f} s, {used.own_peak:.0f} MB")
        memory_each, cpu_each = f"{used.own_peak / size * 1024:.1f} KB", f"{used.own_cpu / size * 1000:.2f} ms"
        rows.append([f"{size:,}", f"{used.own_cpu:.1f} s", f"{used.own_peak:.0f} MB", memory_each, cpu_each])
    return pages.table(["mailboxes", "CPU", "memory", "memory a mailbox", "CPU a mailbox"], rows)


def whole(cores: list[str], tell: Callable[[str], None]) -> str:
    """The table of whole programs, on every ansible-core that is there."""
    rows = []
    with playbooks.Desk(N) as desk:
        for core in cores:
            every = [measured(playbooks.run, desk.directory, core, program) for program in playbooks.Program]
            rows.append([core, *map(_figures, every)])
            tell(" | ".join(rows[-1]))
    header = [
        "ansible-core", "ansible-playbook, a task that does nothing", "the same with mailbox_delegation and snapshot",
        "ansible-inventory of a YAML file", "ansible-inventory of an export, with crm_mailboxes",
    ]  # fmt: skip
    return pages.table(header, rows)


def _figures(used: Usage) -> str:
    return f"{used.wall:.1f} s, {used.cpu:.1f} s CPU, {used.peak:.0f} MB"


def section(tell: Callable[[str], None]) -> str:
    """All of it. Takes some minutes."""
    cores = [core for core, directory in sorted(CORES.items()) if directory.exists()]
    return "\n\n".join([
        "## What it takes of the controller",
        _ABOUT.format(n=N, cpu=CPU_GOAL, peak=PEAK_GOAL, playbook=PLAYBOOK_GOAL),
        heart(tell),
        f"Whole programs with {N:,} hosts in the inventory, both rights, nothing to be granted:",
        whole(cores, tell),
        "Send As alone for very many mailboxes, in the same process; memory is what the run adds to the organisation:",
        growth(tell),
    ])  # fmt: skip


_ABOUT = """\
{n:,} mailboxes, both rights, an organisation that answers at once. CPU is that of the controller's process without the
simulated organisation, as the kernel counts it; peak memory is that of the whole process, where the organisation is in
the same one with it. The aim: at most {cpu:.0f} ms of CPU a mailbox and {peak:.0f} MB in the same process, and a whole
ansible-playbook in {playbook:.0f} s. Over WinRM a request is signed, sealed and sent for every few answers."""


def main(arguments: list[str]) -> int:
    argparse.ArgumentParser(prog="overhead", description=__doc__).parse_args(arguments)
    pages.write_section("overhead", section(lambda line: print(line, flush=True)))
    print("docs/bench.md written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
