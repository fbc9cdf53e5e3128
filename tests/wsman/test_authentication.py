# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is let in, and what a client that is not hears."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import spnego
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action, Authority, Code, Scheme
from ansible_collections.email_router.exchange_online.tests.simulator.wsman.authentication import (
    Accounts,
    Authenticator,
)
from spnego.channel_bindings import GssChannelBindings
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError, WSManFaultError

from .client import PASSWORD, USER, connect, converse
from .conftest import Serve


@pytest.mark.parametrize("transport", ["ntlm", "basic"])
@pytest.mark.parametrize("wrong", [{"password": "falsch"}, {"username": "nobody"}, {"username": "DOMAIN\\svc"}])
def test_wrong_credentials_are_rejected(transport: str, wrong: dict[str, Any], serve: Serve) -> None:
    endpoint = serve(allow_unencrypted=True)
    with pytest.raises(InvalidCredentialsError):
        connect(endpoint, transport=transport, **wrong).open_shell()
    assert set(endpoint.requests) == {Action.HANDSHAKE}
    assert endpoint.rejections == 1


@pytest.mark.parametrize("name", ["svc", "SVC", ".\\svc", "EXO\\admin", "exo\\Admin", "router@contoso.com"])
def test_users_may_write_their_names_as_windows_lets_them(name: str, serve: Serve) -> None:
    endpoint = serve(passwords={"svc": PASSWORD, "EXO\\admin": PASSWORD, "router@contoso.com": PASSWORD})
    assert converse(connect(endpoint, username=name), "exit", "3").drain() == (b"", b"", 3)


def test_a_scheme_that_is_not_offered_is_refused(serve: Serve) -> None:
    endpoint = serve(schemes=frozenset({Scheme.NTLM}))
    with pytest.raises(InvalidCredentialsError):
        connect(endpoint, transport="basic").open_shell()
    assert endpoint.rejections == 0


@pytest.mark.parametrize("options", [{"transport": "basic"}, {"transport": "ntlm", "message_encryption": "never"}])
def test_messages_in_the_clear_are_refused_unless_allowed(options: dict[str, Any], serve: Serve) -> None:
    with pytest.raises(WinRMTransportError) as refused:
        connect(serve(), **options).open_shell()
    assert (refused.value.code, refused.value.response_text) == (500, "")
    assert connect(serve(allow_unencrypted=True), **options).open_shell()


def test_over_tls_ntlm_must_be_bound_to_the_channel(serve: Serve, authority: Authority) -> None:
    endpoint = serve(authority=authority)
    assert connect(endpoint).open_shell()
    with pytest.raises(InvalidCredentialsError):
        connect(endpoint, send_cbt=False).open_shell()


@pytest.mark.parametrize(("seen_by_client", "accepted"), [(b"server", True), (b"interceptor", False)])
def test_a_client_bound_to_another_certificate_is_refused(
    seen_by_client: bytes, accepted: bool, tmp_path: Path
) -> None:
    server = Authenticator(Accounts({USER: PASSWORD}, {}, tmp_path), frozenset({Scheme.NTLM}), b"server")
    bindings = GssChannelBindings(application_data=b"tls-server-end-point:" + seen_by_client)
    client = spnego.client(USER, PASSWORD, protocol="ntlm", channel_bindings=bindings)
    challenge = server.accept(_authorization(client.step())).headers[0]
    token = client.step(_token(challenge))
    assert server.accept(_authorization(token)).user == (USER if accepted else None)


def test_a_client_certificate_of_nobody_is_refused(serve: Serve, authority: Authority) -> None:
    known, unknown = authority.issue_client("known@example.com"), authority.issue_client("unknown@example.com")
    endpoint = serve(
        schemes=frozenset({Scheme.CERTIFICATE}), authority=authority, certificates={known.fingerprint: USER}
    )
    for client in (known, unknown):
        files = {"cert_pem": str(client.certificate), "cert_key_pem": str(client.key)}
        protocol = connect(endpoint, transport="certificate", username=None, password=None, **files)
        if client is known:
            assert protocol.open_shell()
        else:
            with pytest.raises(InvalidCredentialsError):
                protocol.open_shell()


def test_a_shell_belongs_to_its_user(serve: Serve) -> None:
    endpoint = serve(passwords={USER: PASSWORD, "other": PASSWORD})
    talk = converse(connect(endpoint), "echo")
    with pytest.raises(WSManFaultError) as denied:
        connect(endpoint, username="other").get_command_output_raw(talk.shell, talk.command)
    assert denied.value.wsman_fault_code == Code.ACCESS_DENIED


def test_a_colon_cannot_be_part_of_a_password(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="svc"):
        Accounts({"svc": "a:b"}, {}, tmp_path)


def _authorization(token: bytes | None) -> str:
    return f"NTLM {base64.b64encode(token or b'').decode()}"


def _token(header: str) -> bytes:
    return base64.b64decode(header.split()[1])
