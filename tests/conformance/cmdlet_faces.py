# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three faces of a simulated organisation: a session in this process, the stand-in, a real PowerShell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import Enum
from pathlib import Path

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.powershell import PowerShellSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Session
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.process import ProcessChannel
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from ansible_collections.email_router.exchange_online.tests.simulator.faults import FaultyTenant
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions, ManagementHost
from ansible_collections.email_router.exchange_online.tests.simulator.tenant_server import TenantServer

from .cmdlet_powershell import required_powershell
from .cmdlet_stories import Story


class Face(Enum):
    """What stands between the caller and the organisation."""

    IN_PROCESS = "in_process"
    STAND_IN = "stand_in"
    POWERSHELL = "powershell"


def play(face: Face, story: Story, tenant: Tenant, directory: Path) -> list[Answer]:
    """The answers to the calls of a story, in one session; ``directory`` is for what a process needs."""
    with opened(face, story, tenant, directory) as (session, _faulty):
        return _answers(session, story)


@contextmanager
def opened(face: Face, story: Story, tenant: Tenant, directory: Path) -> Iterator[tuple[Session, FaultyTenant]]:
    """A session for a story, and the tenant that it meets."""
    organization = tenant.organisation.organization
    if face is Face.IN_PROCESS:
        sign_in = {"organization": organization, "access_token": story.token}
        faulty = FaultyTenant(tenant, faults=story.faults)
        with closing(faulty.session(sign_in)) as session:
            yield session, faulty
        return
    powershell = required_powershell() if face is Face.POWERSHELL else None
    sign_in = {"organization": organization, "way": "access_token", "access_token": story.token}
    with TenantServer(tenant, faults=story.faults) as server:
        host = ManagementHost(directory, server.environment, HostOptions(powershell))
        executable = str(host.local().executable)
        cmdlets: dict[str, list[str]] = {name: [] for name in story.cmdlets}
        with closing(
            PowerShellSession.open(ProcessChannel(), executable, sign_in, cmdlets, read_only=False)
        ) as session:
            yield session, server.tenant


def _answers(session: Session, story: Story) -> list[Answer]:
    """One call at a time, so that each sees what the one before has done."""
    return [answer for step in story.steps for call, answer in session.invoke([step.call])]
