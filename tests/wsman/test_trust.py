# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the collection talks to: by default no certificate is taken unseen, no password goes to a stranger, and no
variable of the environment changes that."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.channels import winrm_options
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import LoginRefused
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.pywinrm import options_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import WinRMChannel
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action, Authority, Endpoint

from .client import PASSWORD, USER
from .conftest import Serve

#: What may make Python, requests, curl, OpenSSL or ansible trust whom they should not.
VARIABLES = {
    "PYTHONHTTPSVERIFY": "0",
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_WINRM_SERVER_CERT_VALIDATION": "ignore",
    "ANSIBLE_WINRM_SEND_CBT": "false",
    "ANSIBLE_WINRM_TRANSPORT": "basic",
    "ANSIBLE_WINRM_SCHEME": "http",
    "WINRM_SERVER_CERT_VALIDATION": "ignore",
}
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def channel(port: int, **variables: Any) -> WinRMChannel:
    """As an action makes it of the variables of a host: all that is not named has the default of ansible's plugin."""
    said: dict[str, Any] = {
        "remote_addr": "127.0.0.1",
        "port": port,
        "scheme": "https",
        "path": "/wsman",
        "transport": ["ntlm"],
        "remote_user": USER,
        "remote_password": PASSWORD,
        "connection_timeout": 4,
        "kerberos_mode": "managed",
        "kerberos_command": "kinit",
        "kinit_args": None,
        "kinit_env_vars": [],
    }
    own = {name: variables.pop(name) for name in tuple(variables) if name in said}
    extras = {f"ansible_winrm_{name}": value for name, value in variables.items()}
    return WinRMChannel(**winrm_options({**said, **own, "_extras": extras}.__getitem__))


def opens(port: int, **variables: Any) -> bool:
    """Whether a program is started there."""
    made = channel(port, **variables)
    try:
        made.open("program.exe", ["exit", "0"])
    finally:
        made.close()
    return True


@pytest.fixture
def tls(serve: Serve, authority: Authority) -> Endpoint:
    return serve(authority=authority)


@pytest.fixture
def stranger(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextmanager
def intercepted(endpoint: Endpoint, authority: Authority) -> Iterator[int]:
    """Somebody in between with another certificate, which the client has reason to trust: the port to come to."""
    theirs = Authority.__new__(Authority)
    theirs.__dict__.update(authority.__dict__)
    theirs._server = authority._authority.issue_cert("127.0.0.1")
    context = theirs.server_context(ask_client=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_relay, args=(listener, context, endpoint.port), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _relay(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError):
        while True:
            threading.Thread(target=_pass_on, args=(listener.accept()[0], context, port), daemon=True).start()


def _pass_on(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """Requests and answers take turns, so one thread will do."""
    blind = ssl.create_default_context()
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError), client, socket.create_connection(("127.0.0.1", port)) as far:
        near, beyond = context.wrap_socket(client, server_side=True), blind.wrap_socket(far)
        for one in (near, beyond):
            one.settimeout(0.02)
        while True:
            for source, target in ((near, beyond), (beyond, near)):
                with suppress(TimeoutError):
                    data = source.recv(65536)
                    if not data:
                        return
                    target.sendall(data)


def test_certificates_are_checked_and_channels_bound_by_default() -> None:
    options = options_of({"endpoint": "https://x:5986/wsman"})
    assert options.server_cert_validation == "validate"
    assert options.send_cbt is True
    assert options.ca_trust_path is None
    assert options.proxy is None
    assert options.message_encryption == "auto"


def test_a_certificate_of_a_known_authority_is_taken(tls: Endpoint, authority: Authority) -> None:
    assert opens(tls.port, ca_trust_path=str(authority.ca_file))


@pytest.mark.parametrize("transport", ["ntlm", "basic"])
def test_a_certificate_of_an_unknown_authority_is_refused_before_a_password_goes_out(
    transport: str, tls: Endpoint, stranger: Authority
) -> None:
    for trust in ({}, {"ca_trust_path": str(stranger.ca_file)}):
        with pytest.raises(ChannelError, match=r"(?i)certificate"):
            opens(tls.port, transport=[transport], **trust)
    assert tls.requests == {}


def test_a_certificate_of_another_host_is_refused(
    tls: Endpoint, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made out to 127.0.0.1 and localhost."""
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: look_up("127.0.0.1", *more, **named))
    with pytest.raises(ChannelError, match=r"(?i)certificate"):
        opens(tls.port, remote_addr="exo-mgmt01", **_trust(authority))
    assert tls.requests == {}


def test_no_variable_of_the_environment_makes_trust(
    tls: Endpoint, authority: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**VARIABLES, **dict.fromkeys(BUNDLES, str(authority.ca_file))}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ChannelError, match=r"(?i)certificate"):
        opens(tls.port, ca_trust_path=str(stranger.ca_file))
    assert tls.requests == {}
    with pytest.raises(ChannelError, match=r"(?i)certificate"):
        opens(tls.port)


def test_no_variable_of_the_environment_takes_trust_away(
    tls: Endpoint, authority: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in BUNDLES:
        monkeypatch.setenv(name, str(stranger.ca_file))
    assert opens(tls.port, **_trust(authority))


def test_a_password_is_of_no_use_to_somebody_in_between(
    tls: Endpoint, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate would do; but NTLM is bound to the one that the client saw."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    with intercepted(tls, authority) as port, pytest.raises(LoginRefused):
        opens(port, **_trust(authority))
    assert set(tls.requests) == {Action.HANDSHAKE}
    assert tls.rejections == 1


def test_somebody_in_between_is_served_where_the_far_end_does_not_look(serve: Serve, authority: Authority) -> None:
    """So it is the binding that stops them above, and no fault of the double."""
    careless = serve(authority=authority, check_channel_binding=False)
    with intercepted(careless, authority) as port:
        assert opens(port, **_trust(authority))


@pytest.mark.parametrize("transport", ["basic", "plaintext", "ssl"])
def test_a_password_never_goes_out_in_the_clear(transport: str, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = serve(allow_unencrypted=True)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    for more in ({}, {"message_encryption": "always"}, {"message_encryption": "never"}, {"send_cbt": "false"}):
        with pytest.raises(ChannelError, match="in plain text over http"):
            opens(endpoint.port, scheme="http", transport=[transport], **more)
    assert endpoint.requests == {}
    assert endpoint.connections == 0


def _trust(authority: Authority) -> dict[str, str]:
    return {"ca_trust_path": str(authority.ca_file)}
