# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pywinrm: its options, what is refused before anything is sent, and its absence."""

from __future__ import annotations

import importlib.metadata
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import requests
import winrm
import winrm.exceptions
import winrm.transport
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import (
    ChannelError,
    ChannelStatistics,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.kerberos import Kinit, ManagedTickets
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.pywinrm import (
    WinRMOptions,
    connect,
    options_of,
    refusal,
)

OPTIONS = WinRMOptions("http://host:5985/wsman", username="CORP\\svc", password="secret")
TLS = replace(OPTIONS, endpoint="https://host:5986/wsman")
KERBEROS = replace(OPTIONS, transport="kerberos", username="svc@EXO.TEST")


def refused(options: WinRMOptions = OPTIONS) -> str:
    with pytest.raises(ChannelError) as caught:
        connect(options, ChannelStatistics())
    return str(caught.value)


def test_a_message_names_the_far_end_and_no_secret() -> None:
    assert OPTIONS.where == "host:5985 (http, transport ntlm, user CORP\\svc)"
    assert replace(TLS, username=None).where == "host:5986 (https, transport ntlm)"
    assert "secret" not in repr(OPTIONS)


def test_every_option_is_one_of_pywinrm() -> None:
    protocol, _excerpt, _tickets = connect(OPTIONS, ChannelStatistics())
    assert protocol.transport.username == "CORP\\svc"
    assert asdict(OPTIONS)["proxy"] is None


@pytest.mark.parametrize("options", [OPTIONS, TLS, replace(TLS, transport="basic"), replace(TLS, transport="ssl")])
def test_what_works_is_not_refused(options: WinRMOptions) -> None:
    assert refusal(options) is None


def test_options_are_taken_as_inventories_hold_them() -> None:
    given = {"endpoint": "e", "send_cbt": "False", "kerberos_delegation": "yes", "read_timeout_sec": "40", "realm": "R"}
    options = options_of({**given, "operation_timeout_sec": "15", "proxy": None, "credssp_disable_tlsv1_2": True})
    assert (options.send_cbt, options.kerberos_delegation, options.credssp_disable_tlsv1_2) == (False, True, True)
    assert (options.read_timeout_sec, options.operation_timeout_sec, options.proxy) == (40, 15, None)


def test_a_receive_is_never_so_long_that_a_ping_comes_too_late() -> None:
    options = options_of({"endpoint": "e", "operation_timeout_sec": 600, "read_timeout_sec": 700})
    assert (options.operation_timeout_sec, options.read_timeout_sec) == (30, 700)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"read_timeout_sec": "long"}, "ansible_winrm_read_timeout_sec cannot be 'long'"),
        ({"send_cbt": "maybe"}, "ansible_winrm_send_cbt cannot be 'maybe'"),
        ({"colour": "blue", "age": 1}, "no option ansible_winrm_age, ansible_winrm_colour"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ChannelError, match=named):
        options_of({"endpoint": "e", **given})


def test_kerberos_needs_no_password() -> None:
    assert refusal(replace(KERBEROS, username=None, password=None)) is None
    assert refusal(replace(KERBEROS, kinit_mode="managed", kinit_args="-k -t svc.keytab", password=None)) is None


def test_kinit_is_told_all_and_pywinrm_nothing_of_it() -> None:
    options = replace(
        KERBEROS,
        kinit_cmd="bin/kinit",
        kinit_args="-R",
        kinit_env_vars=("KRB5_CONFIG",),
        kinit_directory="/run/user",
        kerberos_delegation=True,
    )
    known = Kinit("svc@EXO.TEST", "secret", "bin/kinit", "-R", True, ("KRB5_CONFIG",), "/run/user")
    tickets = options.tickets()
    assert isinstance(tickets, ManagedTickets)
    assert tickets.kinit == known
    assert not {name for name in options.of_protocol() if name.startswith("kinit")}
    assert not isinstance(replace(options, kinit_mode="manual").tickets(), ManagedTickets)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (replace(OPTIONS, transport="basic"), "plain text"),
        (replace(OPTIONS, transport="plaintext"), "plain text"),
        (replace(OPTIONS, transport="ssl"), "plain text"),
        (replace(OPTIONS, message_encryption="never"), "plain text"),
        (replace(KERBEROS, message_encryption="never"), "plain text"),
        (replace(OPTIONS, transport="auto"), "ansible_winrm_transport"),
        (replace(OPTIONS, username=None), "ansible_user"),
        (replace(OPTIONS, password=None), "ansible_password"),
        (replace(OPTIONS, transport="certificate"), "https"),
        (replace(TLS, transport="certificate"), "ansible_winrm_cert_pem"),
        (replace(TLS, transport="ssl", cert_pem=__file__), "ansible_winrm_cert_key_pem"),
        (replace(TLS, transport="certificate", cert_pem="absent.pem"), "no file absent.pem"),
        (replace(KERBEROS, kinit_mode="sometimes"), "ansible_winrm_kinit_mode is neither managed nor manual"),
        (replace(KERBEROS, kinit_mode="managed", username=None), "set ansible_user, or ansible_winrm_kinit_mode to"),
        (replace(KERBEROS, username="-k"), "kinit would take the user name for an option"),
        (replace(KERBEROS, kinit_args="-l '1 h"), "ansible_winrm_kinit_args cannot be read"),
        (replace(KERBEROS, read_timeout_sec=20), "ansible_winrm_read_timeout_sec"),
        (replace(OPTIONS, read_timeout_sec=20), "ansible_winrm_read_timeout_sec"),
        (replace(OPTIONS, operation_timeout_sec=0), "ansible_winrm_operation_timeout_sec"),
    ],
)
def test_what_cannot_work_is_refused_before_any_contact(options: WinRMOptions, named: str) -> None:
    text = refused(options)
    assert named in text
    assert options.where in text


def test_what_pywinrm_itself_refuses() -> None:
    assert "pywinrm refuses the options" in refused(replace(OPTIONS, message_encryption="sometimes"))


def test_pywinrm_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "winrm", None)
    text = refused()
    assert "pip install 'pywinrm>=0.5.0'" in text
    assert sys.executable in text


@pytest.mark.parametrize(("version", "lacks"), [("0.3.0", True), ("0.4.3", False), ("0.5.0", True)])
def test_pywinrm_is_too_old(monkeypatch: pytest.MonkeyPatch, version: str, lacks: bool) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    if lacks:
        monkeypatch.delattr(winrm.exceptions, "WSManFaultError")
    text = refused()
    assert f"pywinrm {version} is too old" in text
    assert "pip install 'pywinrm>=0.5.0'" in text


@pytest.mark.parametrize("version", ["0.5.0", "0.5.1.dev3", "1.0", "10.0.0rc1"])
def test_newer_versions_are_taken(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    assert connect(OPTIONS, ChannelStatistics())


@pytest.mark.parametrize(
    ("transport", "flag", "package"),
    [
        ("ntlm", "HAVE_NTLM", "requests-ntlm"),
        ("kerberos", "HAVE_KERBEROS", "'pywinrm[kerberos]'"),
        ("credssp", "HAVE_CREDSSP", "'pywinrm[credssp]'"),
    ],
)
def test_a_transport_needs_its_packages(
    monkeypatch: pytest.MonkeyPatch, transport: str, flag: str, package: str
) -> None:
    monkeypatch.setattr(winrm.transport, flag, False)
    assert f"pip install {package}" in refused(replace(OPTIONS, transport=transport))


def test_the_environment_stays_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "absent.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://absent:3128")
    protocol, _excerpt, _tickets = connect(TLS, ChannelStatistics())
    session = protocol.transport.build_session()
    assert session.trust_env is False
    assert session.max_redirects == 0, "a message goes nowhere but to the host"
    assert session.verify is True
    assert not {"http", "https", "all"} & set(session.proxies)


def test_sessions_of_several_lanes_are_made_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """requests changes the environment of the process while it makes one, which another would stumble over."""
    inside: list[int] = []
    original = requests.Session.merge_environment_settings

    def noted(self: requests.Session, *arguments: Any, **keywords: Any) -> Any:
        inside.append(1)
        assert len(inside) == 1, "two at once"
        made = original(self, *arguments, **keywords)
        inside.pop()
        return made

    monkeypatch.setattr(requests.Session, "merge_environment_settings", noted)
    transports = [connect(replace(TLS, transport="basic"), ChannelStatistics())[0].transport for _each in range(200)]
    with ThreadPoolExecutor(8) as pool:
        sessions = list(pool.map(lambda transport: transport.build_session(), transports))
    assert not any(session.trust_env for session in sessions)
