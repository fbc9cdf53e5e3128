# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where PowerShell cannot be reached the task fails before anything is done, and says what to look at."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.wsman.authentication import (
    Authenticator,
    Verdict,
)

from .harness import Run
from .stage import Exhibit, Stage, Transport, contoso

SALES = "sales@contoso.com"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("ntlm"), contoso({"address": SALES})) as stage:
        yield stage


@pytest.fixture(scope="module")
def tls_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("tls"), contoso({"address": SALES}), Transport.BASIC_TLS) as stage:
        yield stage


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every proof of a password that the endpoint is given, as the scheme that it came by."""
    seen: list[str] = []
    accept = Authenticator.accept

    def spying(self: Authenticator, header: str | None) -> Verdict:
        scheme, _space, token = (header or "").partition(" ")
        if scheme == "Basic" or (token and base64.b64decode(token).startswith(b"NTLMSSP\x00\x03")):
            seen.append(scheme)
        return accept(self, header)

    monkeypatch.setattr(Authenticator, "accept", spying)
    return seen


def refused(stage: Stage, *says: str, environment: Mapping[str, str] | None = None, **management: Any) -> Run:
    """A run that fails with a message that says so, and in which nobody signed in to the organisation."""
    inventory = stage.inventory([SALES], management=management)
    run = stage.play("-i", inventory, stage.playbook(stage.task()), environment=environment)
    assert run.status == 2, run.output
    for phrase in says:
        assert phrase in run.message
        assert phrase in run.text, "the message shows"
    assert not run.changed
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])
    return run


#: Variables of the host where PowerShell runs, and what the message says.
UNREACHABLE: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "ssh": (
        {"ansible_connection": "ssh"},
        (
            "the task's connection is 'ssh', but PowerShell is reached by winrm or local only",
            "delegate_to a Windows host with ansible_connection winrm, or delegate_to localhost",
        ),
    ),
    "psrp": ({"ansible_connection": "psrp"}, ("the task's connection is 'psrp', but PowerShell is reached by winrm",)),
    "no password": ({"ansible_password": None}, ("this transport needs a password; set ansible_password",)),
    "name not resolved": (
        {"ansible_host": "exo-mgmt01.invalid"},
        ("WinRM on exo-mgmt01.invalid:", "the name cannot be resolved. Check ansible_host, and the name service"),
    ),
    "password in plain text": (
        {"ansible_winrm_transport": "basic"},
        (
            "this transport would send the password and the sign-in to Exchange in plain text over http",
            "set ansible_winrm_scheme to https, or ansible_winrm_transport to ntlm or kerberos",
        ),
    ),
    "https where http is served": (
        {"ansible_winrm_scheme": "https"},
        ("TLS cannot be agreed on. Check that ansible_winrm_scheme fits the port",),
    ),
    "wrong path": (
        {"ansible_winrm_path": "/other"},
        ("nothing is served at this path (HTTP status 404). Check port and ansible_winrm_path",),
    ),
    "no package for a transport": (
        {"ansible_winrm_transport": "credssp"},
        ("Transport credssp needs more Python packages: run `pip install 'pywinrm[credssp]'`",),
    ),
    "client certificate that is not there": (
        {
            "ansible_winrm_scheme": "https",
            "ansible_winrm_transport": "certificate",
            "ansible_winrm_cert_pem": "nowhere.pem",
            "ansible_winrm_cert_key_pem": "nowhere.key",
        },
        ("there is no file nowhere.pem (ansible_winrm_cert_pem)",),
    ),
}
#: The task where it is not as it should be, and what the message says.
MISDIRECTED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "not delegated": ({"delegate_to": "{{ omit }}"}, ("delegate_to a Windows host",)),
    "delegated to a host that nobody knows": ({"delegate_to": "exo-mgmt99"}, ("delegate_to a Windows host",)),
    "executable that the host does not have": ({"executable": "pwsh-preview.exe"}, ("pwsh-preview.exe",)),
    "executable that the control node does not have": (
        {"delegate_to": "localhost", "executable": "pwsh-preview"},
        (
            "There is no PowerShell pwsh-preview on this machine. Install PowerShell 7.4 or newer",
            "or delegate the task to a Windows host",
        ),
    ),
}


@pytest.fixture(scope="module")
def exhibition(stage: Stage) -> Run:
    """All of them in one playbook, which goes on after each failure."""
    exhibits = {name: Exhibit(stage.task(), management=variables) for name, (variables, _says) in UNREACHABLE.items()}
    for name, (wrong, _says) in MISDIRECTED.items():
        options = {option: value for option, value in wrong.items() if option != "delegate_to"}
        keywords = {keyword: value for keyword, value in wrong.items() if keyword == "delegate_to"}
        exhibits[name] = Exhibit(stage.task(keywords, **options))
    return stage.exhibit(exhibits)


@pytest.mark.parametrize("name", [*UNREACHABLE, *MISDIRECTED])
def test_the_message_says_what_is_in_the_way(stage: Stage, exhibition: Run, name: str) -> None:
    result = exhibition.task(name)
    assert result.status == "failed"
    for phrase in {**UNREACHABLE, **MISDIRECTED}[name][1]:
        assert phrase in result.result["msg"]
        assert phrase in exhibition.text, "the message shows"
    assert not result.result.get("changed")
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])


def test_a_password_is_never_sent_in_plain_text(stage: Stage, attempts: list[str]) -> None:
    refused(stage, "in plain text", ansible_winrm_transport="basic")
    assert attempts == []


def test_a_wrong_password_is_tried_once_over_ntlm(stage: Stage, attempts: list[str]) -> None:
    refused(
        stage,
        f"WinRM on 127.0.0.1:{stage.simulator.port} (http, transport ntlm, user svc-exo): the sign-in was refused",
        "(tried once, so that the account is not locked out). Check ansible_user",
        ansible_password="wrong",
    )
    assert len(attempts) == 1


def test_a_wrong_password_is_tried_once_over_tls(tls_stage: Stage, attempts: list[str]) -> None:
    refused(
        tls_stage,
        "(https, transport basic, user svc-exo): the sign-in was refused (tried once",
        ansible_password="wrong",
    )
    assert attempts == ["Basic"]


def test_an_unknown_user_is_tried_once(stage: Stage, attempts: list[str]) -> None:
    refused(stage, "user nobody", "the sign-in was refused", "Check ansible_user", ansible_user="nobody")
    assert len(attempts) == 1


def test_a_refused_connection(stage: Stage) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        port = nobody_listens.getsockname()[1]
        refused(
            stage,
            f"WinRM on 127.0.0.1:{port}",
            "the connection was refused. Check ansible_host and ansible_port, the firewall, and that WinRM runs there",
            ansible_port=port,
        )


def test_an_untrusted_certificate(tls_stage: Stage, attempts: list[str]) -> None:
    refused(
        tls_stage,
        "its certificate is not trusted. Set ansible_winrm_ca_trust_path",
        ansible_winrm_ca_trust_path=None,
    )
    assert attempts == []


def shadowed(directory: Path, init: str, version: str = "") -> dict[str, str]:
    """An environment in which Python finds another pywinrm than the one that is installed."""
    package = directory / "winrm"
    package.mkdir()
    (package / "__init__.py").write_text(init)
    for module in ("exceptions", "transport", "protocol"):
        names = "class WinRMError(Exception): ...\nclass WinRMTransportError(WinRMError): ...\nclass Protocol: ...\n"
        (package / f"{module}.py").write_text(names)
    if version:
        about = directory / f"pywinrm-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pywinrm\nVersion: {version}\n")
    return {"PYTHONPATH": str(directory)}


def test_pywinrm_is_missing(stage: Stage, tmp_path: Path) -> None:
    environment = shadowed(tmp_path, "raise ImportError('not installed')\n")
    refused(
        stage,
        "The Python package pywinrm is missing: run `pip install 'pywinrm>=0.5.0'` for the Python that runs Ansible",
        environment=environment,
    )


def test_pywinrm_is_too_old(stage: Stage, tmp_path: Path) -> None:
    environment = shadowed(tmp_path, "from .protocol import Protocol\nclass Response: ...\n", "0.3.0")
    refused(
        stage,
        "The Python package pywinrm 0.3.0 is too old: run `pip install 'pywinrm>=0.5.0'` for the Python that runs",
        environment=environment,
    )
