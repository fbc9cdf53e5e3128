# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's HTTP face: who is let in, and what every request is answered with."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from ansible_collections.email_router.exchange_online.tests.simulator.faults import CONNECT, Effect, Fault
from ansible_collections.email_router.exchange_online.tests.simulator.tenant_server import TenantServer

ORGANISATION = {
    "apps": [{"access_tokens": ["token"]}],
    "recipients": [{"kind": "UserMailbox", "address": "sales@contoso.com"}],
}
SIGN_IN = {"organization": "contoso.onmicrosoft.com", "access_token": "token"}


class Client:
    """One kept-alive connection."""

    def __init__(self, server: TenantServer, key: str | None = None) -> None:
        self._http = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        self._headers = {"Authorization": f"Bearer {server.key if key is None else key}"}

    def post(self, path: str, body: object) -> tuple[int, Any]:
        self._http.request("POST", path, json.dumps(body), self._headers)
        reply = self._http.getresponse()
        return reply.status, json.loads(reply.read())

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def server() -> Iterator[TenantServer]:
    with TenantServer(Tenant(Organisation.from_dict(ORGANISATION))) as running:
        yield running


@pytest.fixture
def client(server: TenantServer) -> Iterator[Client]:
    connected = Client(server)
    yield connected
    connected.close()


def test_a_sign_in_says_what_the_role_grants(client: Client) -> None:
    status, connection = client.post("/connect", SIGN_IN)
    assert status == 200
    assert connection["organization"] == "contoso.onmicrosoft.com"
    assert set(connection) == {"connection_id", "organization", "tenant_id", "token_expires", "cmdlets"}
    assert "Identity" in connection["cmdlets"]["Get-MailboxPermission"]


def test_a_refused_sign_in_is_answered_with_the_error_record(client: Client) -> None:
    status, answer = client.post("/connect", {**SIGN_IN, "access_token": "other"})
    assert status == 200
    assert set(answer["error"]) == {"code", "type", "text", "category", "fqid"}


def test_one_connection_carries_many_calls(client: Client) -> None:
    connection_id = client.post("/connect", SIGN_IN)[1]["connection_id"]
    call = {"connection_id": connection_id, "cmdlet": "Get-Mailbox", "parameters": {"Identity": "sales@contoso.com"}}
    answers = [client.post("/invoke", call)[1] for attempt in range(2)]
    assert [answer["rows"][0]["PrimarySmtpAddress"] for answer in answers] == ["sales@contoso.com"] * 2
    assert [answer["error"] for answer in answers] == [None, None]


def test_an_error_of_a_cmdlet_comes_beside_its_rows_and_warnings(client: Client) -> None:
    connection_id = client.post("/connect", SIGN_IN)[1]["connection_id"]
    call = {"connection_id": connection_id, "cmdlet": "Get-Mailbox", "parameters": {"Identity": "nobody@contoso.com"}}
    status, answer = client.post("/invoke", call)
    assert (status, answer["rows"], answer["warnings"]) == (200, [], [])
    assert answer["error"]["code"] == "Ex6F9304"


def test_who_has_disconnected_is_not_served_any_more(client: Client) -> None:
    connection_id = client.post("/connect", SIGN_IN)[1]["connection_id"]
    assert client.post("/disconnect", {"connection_id": connection_id}) == (200, {})
    call = {"connection_id": connection_id, "cmdlet": "Get-Mailbox", "parameters": {"Identity": "sales@contoso.com"}}
    assert client.post("/invoke", call)[1]["error"] is not None


def test_nobody_is_let_in_without_the_key(server: TenantServer) -> None:
    stranger = Client(server, key="guess")
    assert stranger.post("/connect", SIGN_IN) == (401, {})
    stranger.close()


def test_an_unknown_path_is_refused(client: Client) -> None:
    assert client.post("/other", {}) == (404, {})


def test_a_connection_that_is_kept_open_does_not_hold_up_the_stop() -> None:
    with TenantServer(Tenant(Organisation.from_dict(ORGANISATION))) as running:
        connected = Client(running)
        connected.post("/connect", SIGN_IN)
    connected.close()


@pytest.mark.parametrize("cmdlet", [CONNECT, "Get-Mailbox"])
def test_an_answer_that_never_comes_ends_with_the_server(cmdlet: str, capsys: pytest.CaptureFixture[str]) -> None:
    tenant = Tenant(Organisation.from_dict(ORGANISATION))
    running = TenantServer(tenant, faults=(Fault(cmdlet, effect=Effect.DONE_YET_SILENT),))
    with ThreadPoolExecutor(1) as pool, running.tenant as _let_go:
        with running:
            waiting, other = Client(running), Client(running)
            asked = pool.submit(ask, waiting)
            assert running.tenant.wait_for_silence(10)
            ask(other)
            other.close()
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            asked.result(10)
    assert capsys.readouterr().err == ""
    assert len(tenant.left_open) == 2


def ask(client: Client) -> tuple[int, Any]:
    connection_id = client.post("/connect", SIGN_IN)[1]["connection_id"]
    return client.post("/invoke", {"connection_id": connection_id, "cmdlet": "Get-Mailbox", "parameters": {}})


def test_a_signed_out_connection_lets_go_of_its_call() -> None:
    tenant = Tenant(Organisation.from_dict(ORGANISATION))
    with TenantServer(tenant, faults=(Fault("Get-Mailbox", effect=Effect.SILENT),)) as running:
        waiting, other = Client(running), Client(running)
        with ThreadPoolExecutor(1) as pool, running.tenant as _let_go:
            asked = pool.submit(ask, waiting)
            assert running.tenant.wait_for_silence(10)
            other.post("/disconnect", {"connection_id": tenant.left_open[0]})
            with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
                asked.result(10)
        other.close()
    assert tenant.left_open == ()
