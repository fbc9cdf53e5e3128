# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real runner, and the stand-in, behind WinRM with faults that can be outlived: Exchange hears each call once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import rpc
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.bootstrap import launch
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import Ending
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import ProcessEnded, ShellLost
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.frames import Reply
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.pywinrm import WinRMOptions
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.rpc import RpcClient
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import WinRMChannel, end_shell
from ansible_collections.email_router.exchange_online.tests.conformance.cmdlet_powershell import required_powershell
from ansible_collections.email_router.exchange_online.tests.conformance.driver import CONNECT, EchoTenant
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions, ManagementHost
from ansible_collections.email_router.exchange_online.tests.simulator.tenant_server import TenantServer
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Action,
    BadMic,
    CutSend,
    DropIdle,
    Endpoint,
    EndpointOptions,
    Fault,
    ForgetSignIn,
    KillProcess,
    OrphanReceive,
    Reset,
)
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._remote.test_rpc import (
    READ,
    WRITE,
    is_write,
)

from .client import PASSWORD, USER
from .far_end import shortly

FAULTS = (
    Fault(Reset(), Action.SEND, nth=2, acted=True),
    Fault(CutSend(), Action.SEND, nth=5),
    Fault(CutSend(0.9, silent=True), Action.SEND, nth=9),
    Fault(ForgetSignIn(), Action.SEND, nth=13),
    Fault(Reset(), Action.RECEIVE, nth=2, acted=True),
    Fault(OrphanReceive(), Action.RECEIVE, nth=6),
    Fault(BadMic(), Action.RECEIVE, nth=10),
    Fault(DropIdle(), Action.RECEIVE, nth=14),
)


class Far:
    """An endpoint whose PowerShell is ``kind``, before a tenant that echoes; a client that is signed in there."""

    def __init__(self, kind: str, directory: Path) -> None:
        self.tenant = EchoTenant()
        with ExitStack() as stack:
            http = stack.enter_context(TenantServer(self.tenant))
            pwsh = required_powershell() if kind == "powershell" else None
            host = ManagementHost(directory, http.environment, HostOptions(pwsh))
            self.endpoint = stack.enter_context(Endpoint(EndpointOptions(host.programs(), {USER: PASSWORD})))
            self.options = WinRMOptions(
                self.endpoint.url, username=USER, password=PASSWORD, operation_timeout_sec=2, read_timeout_sec=8
            )
            self._stack = stack.pop_all()

    def client(self) -> RpcClient:
        channel = WinRMChannel(sleep=shortly, **asdict(self.options))
        client = RpcClient(channel, is_write)
        client.start("powershell.exe", launch("powershell.exe"), read_only=False)
        fields: dict[str, Any] = dict(CONNECT)
        client.request("connect", 60.0, **fields)
        return client

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(params=["standin", pytest.param("powershell", marks=pytest.mark.powershell)])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Far]:
    running = Far(request.param, tmp_path)
    yield running
    running.close()


def call(number: int) -> tuple[int, dict[str, Any]]:
    """Every eighth writes."""
    parameters = {"Identity": str(number)}
    if number % 8 != 5:
        return number, {**READ, "parameters": parameters, "select": ["Parameters"]}
    grant = {"User": "svc", "AccessRights": ["FullAccess"], "AutoMapping": False, "Confirm": False}
    return number, {**WRITE, "parameters": {**parameters, **grant}, "select": ["Parameters"]}


def identity(reply: Reply) -> str:
    """Which call it was, of the row of a tenant that echoes."""
    return str(json.loads(reply.body["rows"][0]["Parameters"])["Identity"])


def test_every_call_reaches_exchange_once_and_the_session_is_signed_out(far: Far) -> None:
    client = far.client()
    far.endpoint.faults.add(*FAULTS)
    with mock.patch.object(rpc, "PING_AFTER", 2.0):
        answers = {token: identity(reply) for token, reply in client.stream(map(call, range(80)), patience=60.0)}
    assert answers == {number: str(number) for number in range(80)}
    asked = [str(record.parameters["Identity"]) for record in far.tenant.calls if "Permission" in record.cmdlet]
    assert sorted(asked, key=int) == [str(number) for number in range(80)]
    assert len(far.endpoint.faults.fired) == len(FAULTS)
    client.close()
    assert far.tenant.open == set()
    assert not any(process.alive for process in far.endpoint.processes)
    assert len(far.endpoint.service.shells) == 0


def test_a_process_that_is_killed_is_told_and_leaves_nothing(far: Far) -> None:
    client = far.client()
    far.endpoint.faults.add(Fault(KillProcess(), Action.SEND))
    with pytest.raises(ProcessEnded, match="PowerShell ended before it had answered"):
        list(client.stream([call(0)]))
    client.close()
    assert len(far.endpoint.service.shells) == 0


def test_a_later_process_ends_what_a_killed_one_left(far: Far) -> None:
    client = far.client()
    shell = str(client.place["shell"])
    assert end_shell(far.options, shell) is Ending.ENDED
    assert not any(process.alive for process in far.endpoint.processes)
    assert end_shell(far.options, shell) is Ending.WAS_GONE
    with pytest.raises(ShellLost):
        client.request("ping")
    client.close()
