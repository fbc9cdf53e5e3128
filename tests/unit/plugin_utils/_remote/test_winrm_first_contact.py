# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first contact over WinRM: each way in which it fails says what, where and how to mend it, after one try."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
import trustme
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import (
    ChannelError,
    ChannelInterrupted,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import (
    LoginRefused,
    ShellRefused,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import WinRMChannel
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Action,
    Authority,
    Code,
    Endpoint,
    Fault,
    HttpAnswer,
    Scheme,
    SoapFault,
)

from .test_winrm import PASSWORD, USER, channel_to, endpoint_options


def refused(channel: WinRMChannel) -> str:
    """What the user reads; it is never an invitation to go on."""
    with pytest.raises(ChannelError) as caught:
        channel.open("powershell.exe", [])
    assert not isinstance(caught.value, ChannelInterrupted)
    assert PASSWORD not in str(caught.value)
    channel.close()
    return str(caught.value)


def channel(endpoint: str, **options: Any) -> WinRMChannel:
    return WinRMChannel(endpoint=endpoint, **{"username": USER, "password": PASSWORD, **options})


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else takes."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


class OnePage(HTTPServer):
    """Answers every request with one page, as a captive portal or a proxy does."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), PageHandler)
        self.page = (status, body, headers)
        self.seen: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/wsman"

    def __enter__(self) -> OnePage:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()


class PageHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast(OnePage, self.server)
        server.seen.append(self.path)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body, headers = server.page
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing is logged."""


def test_a_wrong_password_is_tried_once() -> None:
    with Endpoint(endpoint_options()) as endpoint:
        text = refused(channel(endpoint.url, password="wrong"))
        assert f"WinRM on 127.0.0.1:{endpoint.port} (http, transport ntlm, user {USER})" in text
        assert "the sign-in was refused" in text
        assert "ansible_password" in text
        assert sum(endpoint.requests.values()) == 3, "one handshake of NTLM"


def test_a_wrong_password_over_tls_is_tried_once(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Endpoint(endpoint_options(authority=authority, schemes=frozenset({Scheme.BASIC}))) as endpoint:
        trusted = {"transport": "basic", "ca_trust_path": str(authority.ca_file)}
        assert "the sign-in was refused" in refused(channel(endpoint.url, password="wrong", **trusted))
        assert sum(endpoint.requests.values()) == 1


def test_a_host_that_offers_no_ntlm(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Endpoint(endpoint_options(authority=authority, schemes=frozenset({Scheme.BASIC}))) as endpoint:
        text = refused(channel(endpoint.url, ca_trust_path=str(authority.ca_file)))
        assert "that the host offers this transport" in text


def test_without_channel_binding_the_hint_names_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Endpoint(endpoint_options(authority=authority)) as endpoint:
        options = {"ca_trust_path": str(authority.ca_file), "send_cbt": False}
        assert "ansible_winrm_send_cbt" in refused(channel(endpoint.url, **options))


def test_a_refused_connection(closed_port: int) -> None:
    text = refused(channel(f"http://127.0.0.1:{closed_port}/wsman"))
    assert f"127.0.0.1:{closed_port}" in text
    assert "the connection was refused" in text
    assert "Enable-PSRemoting" in text


def test_a_name_that_cannot_be_resolved() -> None:
    assert "the name cannot be resolved" in refused(channel("http://no-such-host.invalid:5985/wsman"))


def test_a_host_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/wsman"
        text = refused(channel(url, operation_timeout_sec=1, read_timeout_sec=2))
    assert "did not answer in time" in text


def test_a_certificate_that_is_not_trusted_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.ca_file))
    with Endpoint(endpoint_options(authority=authority)) as endpoint:
        text = refused(channel(endpoint.url))
        assert "its certificate is not trusted" in text
        assert "ansible_winrm_ca_trust_path" in text
        assert "ansible_winrm_server_cert_validation" in text


@pytest.mark.parametrize(
    ("identity", "not_after", "named"),
    [
        ("exo-mgmt01.example", None, "its certificate is for another name"),
        ("127.0.0.2", None, "its certificate is for another name"),
        ("127.0.0.1", datetime(2020, 1, 2, tzinfo=timezone.utc), "its certificate has expired"),
    ],
)
def test_a_certificate_that_does_not_fit(tmp_path: Path, identity: str, not_after: datetime | None, named: str) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(identity, not_after=not_after).configure_cert(context)
    with OnePage(200, b"", {}) as page:
        page.socket = context.wrap_socket(page.socket, server_side=True)
        text = refused(channel(page.url.replace("http:", "https:"), ca_trust_path=str(tmp_path / "ca.pem")))
        assert named in text
        assert page.seen == []


def test_tls_where_there_is_none() -> None:
    with Endpoint(endpoint_options()) as endpoint:
        text = refused(channel(endpoint.url.replace("http:", "https:")))
        assert "ansible_winrm_scheme" in text


def test_tls_that_ends_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection = listener.accept()[0]
            connection.recv(65536)
            connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        text = refused(channel(f"https://127.0.0.1:{listener.getsockname()[1]}/wsman"))
    assert "the connection ended within TLS" in text
    assert "ansible_winrm_scheme" in text


def test_plain_text_where_it_is_refused() -> None:
    with Endpoint(endpoint_options()) as endpoint:
        endpoint.faults.add(Fault(HttpAnswer(500), None, times=9))
        text = refused(channel(endpoint.url))
        assert "HTTP status 500" in text
        assert "ansible_winrm_message_encryption" in text


def test_nothing_goes_out_in_plain_text_even_where_it_is_allowed() -> None:
    with Endpoint(replace(endpoint_options(), allow_unencrypted=True)) as endpoint:
        assert "in plain text over http" in refused(channel(endpoint.url, message_encryption="never"))
        assert endpoint.connections == 0


def test_a_wrong_path() -> None:
    with Endpoint(endpoint_options()) as endpoint:
        assert "ansible_winrm_path" in refused(channel(endpoint.url + "/else"))


@pytest.mark.parametrize(
    ("code", "named"),
    [
        (Code.ACCESS_DENIED, "Remote Management Users"),
        (Code.MAX_SHELLS, "MaxShellsPerUser"),
        (Code.SHELLS_NOT_ALLOWED, "AllowRemoteShellAccess"),
        (Code.OPERATION_TIMEOUT, "overloaded"),
    ],
)
@pytest.mark.parametrize("action", [Action.CREATE, Action.COMMAND])
def test_a_fault_of_the_service_names_its_remedy(code: Code, named: str, action: Action) -> None:
    with Endpoint(endpoint_options()) as endpoint:
        endpoint.faults.add(Fault(SoapFault(code), action))
        assert named in refused(channel_to(endpoint))
        assert len(endpoint.faults.fired) == 1
        assert len(endpoint.processes) == 0


def test_a_profile_that_is_being_unloaded_is_waited_for() -> None:
    with Endpoint(endpoint_options()) as endpoint:
        endpoint.faults.add(Fault(SoapFault(Code.PROFILE_BEING_UNLOADED), Action.CREATE))
        patient = channel_to(endpoint)
        patient.open("powershell.exe", [])
        assert len(endpoint.processes) == 1
        patient.close()


@pytest.mark.parametrize(
    ("status", "body", "named"),
    [
        (200, b"<html>Welcome to the\r\n hotel</html>", "it begins: <html>Welcome to the hotel</html>"),
        (200, b"", "not that of a WSMan service"),
        (200, b"<a/>", "not that of a WSMan service"),
        (400, b"", "HTTP status 400"),
        (403, b"no", "HTTP status 403"),
        (404, b"", "ansible_winrm_path"),
        (407, b"", "ansible_winrm_proxy"),
        (418, b"teapot", "HTTP status 418"),
        (500, b"<html>", "HTTP status 500"),
        (502, b"", "ansible_winrm_proxy"),
        (503, b"", "HTTP status 503"),
    ],
)
def test_an_answer_of_something_else(status: int, body: bytes, named: str) -> None:
    with OnePage(status, body, {"Content-Type": "text/html"}) as page:
        assert named in refused(channel(page.url))
        assert len(page.seen) <= 2


def test_a_proxy_is_used_only_where_it_is_named(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    with Endpoint(endpoint_options()) as endpoint:
        direct = channel_to(endpoint)
        direct.open("powershell.exe", [])
        direct.close()
        text = refused(channel(endpoint.url, proxy=f"http://127.0.0.1:{closed_port}"))
        assert "the proxy cannot be used" in text


def test_an_envelope_is_never_quoted() -> None:
    with OnePage(200, b"<a>secret</a>", {"Content-Type": "application/soap+xml"}) as page:
        assert "secret" not in refused(channel(page.url))


def test_the_class_of_a_refusal_says_how_far_it_went(closed_port: int) -> None:
    with Endpoint(endpoint_options()) as endpoint, OnePage(404, b"", {}) as page:
        endpoint.faults.add(Fault(SoapFault(Code.ACCESS_DENIED), Action.COMMAND))
        refusals = [
            (channel(f"http://127.0.0.1:{closed_port}/wsman"), ChannelError),
            (channel(page.url), ChannelError),
            (channel(endpoint.url, password=None), ChannelError),
            (channel(endpoint.url, password="wrong"), LoginRefused),
            (channel_to(endpoint), ShellRefused),
        ]
        for attempt, kind in refusals:
            with pytest.raises(ChannelError) as caught:
                attempt.open("powershell.exe", [])
            assert caught.type is kind
            attempt.close()
