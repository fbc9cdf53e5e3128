# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two servers of the wire protocol, each on a host of its own, before a tenant that echoes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions, ManagementHost
from ansible_collections.email_router.exchange_online.tests.simulator.tenant_server import TenantServer

from .cmdlet_powershell import required_powershell
from .driver import Conversation, EchoTenant, Server

SERVERS = ["standin", pytest.param("powershell", marks=pytest.mark.powershell)]


@contextmanager
def serve(directory: Path, kind: str, **options: object) -> Iterator[Server]:
    """A server of the kind asked for."""
    pwsh = required_powershell() if kind == "powershell" else None
    tenant = EchoTenant()
    with TenantServer(tenant) as http:
        host = ManagementHost(directory, http.environment, HostOptions(pwsh, **options))  # type: ignore[arg-type]
        program = host.programs()["powershell.exe"]
        yield Server(program.words, program.environment, directory, tenant, host.store)


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path, request.param) as server:
        yield server


@pytest.fixture(scope="module", params=SERVERS)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """For tests that only ask, and leave the tenant as it was."""
    with serve(tmp_path_factory.mktemp(request.param), request.param) as server:
        yield server


@pytest.fixture(scope="module")
def enforcing(shared: Server) -> Iterator[Conversation]:
    """Signed in, and may write."""
    with shared.connected() as conversation:
        yield conversation


@pytest.fixture(scope="module")
def auditing(shared: Server) -> Iterator[Conversation]:
    """Signed in, and may only read."""
    with shared.connected(read_only=True) as conversation:
        yield conversation


@pytest.fixture
def powershell(tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path, "powershell") as server:
        yield server


@pytest.fixture
def constrained(tmp_path: Path) -> Iterator[Server]:
    """On a host with application control."""
    with serve(tmp_path, "powershell", constrained=True) as server:
        yield server
