# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in, by three independent clients: the same conversation, and the round trips of winrm facts section 4."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action, Authority, Endpoint, Scheme
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan
from winrm import Session

from .client import PASSWORD, USER, connect, converse
from .conftest import Serve

BOTH = frozenset({Scheme.NEGOTIATE, Scheme.NTLM})
#: schemes offered, TLS, transport of pywinrm, HTTP requests of the handshake (winrm facts section 4)
WAYS = {
    "ntlm": (BOTH, False, "ntlm", 3),
    "raw ntlm under negotiate, as Windows offers it": (frozenset({Scheme.NEGOTIATE}), False, "ntlm", 3),
    "ntlm over tls": (BOTH, True, "ntlm", 2),
    "basic over tls": (frozenset({Scheme.BASIC}), True, "basic", 0),
    "certificate": (frozenset({Scheme.CERTIFICATE}), True, "certificate", 0),
}


@pytest.mark.parametrize("way", WAYS)
def test_pywinrm_talks_to_a_process_with_the_round_trips_of_the_protocol(
    way: str, serve: Serve, authority: Authority
) -> None:
    schemes, tls, transport, handshake = WAYS[way]
    client = authority.issue_client("svc@example.com")
    endpoint = serve(schemes=schemes, authority=authority if tls else None, certificates={client.fingerprint: USER})
    files: dict[str, Any] = {"cert_pem": str(client.certificate), "cert_key_pem": str(client.key)}
    talk = converse(connect(endpoint, transport=transport, **(files if transport == "certificate" else {})), "echo")

    lines = [f"Zeile {number} ü€\n".encode() for number in range(20)]
    assert [talk.lockstep(line) for line in lines] == lines
    talk.send(b"", end=True)
    assert talk.receive() == (b"", b"", 0, True)
    talk.protocol.cleanup_command(talk.shell, talk.command)
    talk.protocol.close_shell(talk.shell)

    # pipes may split what was written, so a Receive more than lines is no fault of the client
    assert endpoint.requests.pop(Action.RECEIVE) >= len(lines) + 1
    single = {Action.CREATE: 1, Action.COMMAND: 1, Action.SIGNAL: 1, Action.DELETE: 1, Action.SEND: len(lines) + 1}
    assert endpoint.requests == {**single, **({Action.HANDSHAKE: handshake} if handshake else {})}
    assert endpoint.connections == 1
    assert [process.alive for process in endpoint.processes] == [False]


@pytest.mark.parametrize(("transport", "requests"), [("basic", 5), ("ntlm", 8)])
def test_run_ps_costs_as_many_requests_as_measured(transport: Any, requests: int, serve: Serve) -> None:
    endpoint = serve(allow_unencrypted=True)
    session = Session(endpoint.url, auth=(USER, PASSWORD), transport=transport, proxy=None)
    for count in (1, 2):
        assert session.run_ps("exit 7").status_code == 7
        assert endpoint.requests.total() == count * requests
        assert endpoint.connections == count


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
@pytest.mark.parametrize("tls", [False, True])
def test_pypsrp_has_the_same_conversation(auth: str, tls: bool, serve: Serve, authority: Authority) -> None:
    endpoint = serve(authority=authority if tls else None)
    with (
        WSMan("127.0.0.1", **_pypsrp(endpoint), auth=auth, username=USER, password=PASSWORD) as wsman,
        WinRS(wsman, codepage=65001, idle_time_out=900) as shell,
    ):
        process = Process(shell, "program.exe", ["echo"])
        process.begin_invoke()
        process.send(b"first\n", end=False)
        process.send("zweite ü\n".encode(), end=True)
        process.end_invoke()
        assert (process.rc, process.stdout, process.stderr) == (0, "first\nzweite ü\n".encode(), b"")
        assert shell._get_shell()["IdleTimeOut"] == "PT900.000S"
        process.signal("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/Terminate")


def _pypsrp(endpoint: Endpoint) -> dict[str, Any]:
    authority = endpoint.options.authority
    return {
        "port": endpoint.port,
        "ssl": authority is not None,
        "cert_validation": str(authority.ca_file) if authority else True,
        "no_proxy": True,
    }


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(("password", "status"), [(PASSWORD, "200"), ("falsch", "401")])
def test_curl_agrees_with_the_ntlm_acceptor(password: str, status: str, serve: Serve, authority: Authority) -> None:
    endpoint = serve(authority=authority, check_channel_binding=False)
    options = ["--silent", "--noproxy", "*", "--cacert", str(authority.ca_file), "--ntlm", "--user"]
    request = ["--output", "-", "--write-out", "%{http_code}", "--request", "POST", "--data", ""]
    done = subprocess.run(
        ["curl", *options, f"{USER}:{password}", *request, endpoint.url], capture_output=True, text=True, check=True
    )
    assert done.stdout == status
