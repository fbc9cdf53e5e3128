# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From ansible's connection to the channel: the same choices as ansible's own plugin makes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible import constants
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.channels import (
    channel_of,
    kind_of,
    winrm_options,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.process import ProcessChannel
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.pywinrm import WinRMOptions
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import WinRMChannel

#: What the winrm plugin gives for a host that sets nothing but address, user and password.
DEFAULTS: dict[str, Any] = {
    "remote_addr": "exo-mgmt01",
    "port": 5986,
    "scheme": None,
    "path": "/wsman",
    "transport": None,
    "remote_user": "svc",
    "remote_password": "secret",
    "connection_timeout": None,
    "kerberos_mode": None,
    "kerberos_command": "kinit",
    "kinit_args": None,
    "kinit_env_vars": [],
    "_extras": {},
}


class Connection:
    """What an action sees of a connection plugin."""

    def __init__(self, kind: str, options: dict[str, Any] | None = None) -> None:
        self.transport = kind
        self._options = {**DEFAULTS, **(options or {})}

    def get_option(self, name: str) -> Any:
        return self._options[name]


def options(extras: dict[str, Any] | None = None, **said: Any) -> dict[str, Any]:
    extras = {f"ansible_winrm_{name}": value for name, value in (extras or {}).items()}
    return winrm_options(Connection("winrm", {**said, "_extras": extras}).get_option)


def test_the_defaults_are_ansibles() -> None:
    assert options() == {
        "endpoint": "https://exo-mgmt01:5986/wsman",
        "transport": "ssl",
        "username": "svc",
        "password": "secret",
        "kinit_mode": None,
        "kinit_cmd": "kinit",
        "kinit_args": None,
        "kinit_env_vars": (),
        "kinit_directory": constants.DEFAULT_LOCAL_TMP,  # type: ignore[attr-defined]
    }


@pytest.mark.parametrize(
    ("said", "endpoint"),
    [
        ({"port": 5985}, "http://exo-mgmt01:5985/wsman"),
        ({"port": "5985"}, "http://exo-mgmt01:5985/wsman"),
        ({"port": 443}, "https://exo-mgmt01:443/wsman"),
        ({"port": 5985, "scheme": "https"}, "https://exo-mgmt01:5985/wsman"),
        ({"port": 5986, "scheme": "http"}, "http://exo-mgmt01:5986/wsman"),
        ({"path": "other"}, "https://exo-mgmt01:5986/other"),
        ({"path": "/a/b"}, "https://exo-mgmt01:5986/a/b"),
        ({"path": None}, "https://exo-mgmt01:5986/wsman"),
        ({"remote_addr": "10.0.0.7"}, "https://10.0.0.7:5986/wsman"),
        ({"remote_addr": "fe80::1"}, "https://[fe80::1]:5986/wsman"),
        ({"remote_addr": "[fe80::1]"}, "https://[fe80::1]:5986/wsman"),
    ],
)
def test_the_endpoint_follows_port_scheme_path_and_address(said: dict[str, Any], endpoint: str) -> None:
    assert options(**said)["endpoint"] == endpoint


@pytest.mark.parametrize(
    ("said", "transport"),
    [
        ({"transport": ["ntlm"]}, "ntlm"),
        ({"transport": ["credssp", "ntlm"]}, "credssp"),
        ({"transport": [None, "ntlm"]}, "ntlm"),
        ({"transport": []}, "ssl"),
        ({"transport": [None]}, "ssl"),
        ({"port": 5985}, "plaintext"),
        ({"remote_user": "svc@contoso.com"}, "kerberos"),
        ({"remote_user": "svc@contoso.com", "transport": ["ntlm"]}, "ntlm"),
        ({"remote_user": "svc@contoso.com", "port": 5985}, "kerberos"),
        ({"remote_user": None}, "ssl"),
    ],
)
def test_the_transport_is_the_first_that_is_named_else_the_one_that_the_user_name_and_scheme_suggest(
    said: dict[str, Any], transport: str
) -> None:
    assert options(**said)["transport"] == transport


@pytest.mark.parametrize("seconds", [60, "60"])
def test_the_connection_timeout_gives_both_timeouts_and_single_ones_win(seconds: Any) -> None:
    made = options(connection_timeout=seconds)
    assert (made["operation_timeout_sec"], made["read_timeout_sec"]) == (60, 70)
    made = options({"read_timeout_sec": 99}, connection_timeout=seconds)
    assert (made["operation_timeout_sec"], made["read_timeout_sec"]) == (60, 99)


def test_extra_variables_are_arguments_of_pywinrm_but_for_those_that_ansible_keeps() -> None:
    extras = {"server_cert_validation": "ignore", "message_encryption": "always", "kinit_mode": "manual"}
    kept = {"endpoint": "x", "username": "eve", "password": "x", "scheme": "x", "path": "x", "kinit_cmd": "x"}
    made = options({**extras, **kept, "transport": "basic"})
    assert made == {**options(), "server_cert_validation": "ignore", "message_encryption": "always"}


def test_no_extra_variables_may_be_nothing_at_all() -> None:
    assert winrm_options(Connection("winrm", {"_extras": None}).get_option) == options()


def test_what_is_made_of_the_options_is_what_the_channel_takes() -> None:
    made = WinRMOptions(**options({"ca_trust_path": "/etc/ssl/ca.pem"}, connection_timeout=30))
    assert (made.ca_trust_path, made.operation_timeout_sec, made.read_timeout_sec) == ("/etc/ssl/ca.pem", 30, 40)
    assert "secret" not in repr(made)


def test_kinit_is_what_the_plugin_says() -> None:
    said = {"kerberos_mode": "managed", "kerberos_command": "bin/kinit", "kinit_args": "-f -R"}
    made = WinRMOptions(**options({"kerberos_delegation": True}, **said, kinit_env_vars=["KRB5_CONFIG"]))
    assert (made.kinit_mode, made.kinit_cmd, made.kinit_args) == ("managed", "bin/kinit", "-f -R")
    assert (made.kinit_env_vars, made.kerberos_delegation) == (("KRB5_CONFIG",), True)


@pytest.mark.parametrize(
    ("said", "managed"),
    [
        ({}, True),
        ({"remote_password": None}, False),
        ({"remote_password": ""}, False),
        ({"remote_user": None}, False),
        ({"kerberos_mode": "manual"}, False),
        ({"kerberos_mode": "managed", "remote_password": None}, True),
        ({"transport": ["ntlm"]}, False),
    ],
)
def test_tickets_are_managed_where_user_and_password_are_given_unless_told_otherwise(
    said: dict[str, Any], managed: bool
) -> None:
    assert WinRMOptions(**options(**{"transport": ["kerberos"], **said})).manages_tickets is managed


def test_winrm_runs_windows_powershell_and_local_runs_pwsh_unless_told_otherwise() -> None:
    channel, program = channel_of(Connection("winrm"), None)
    assert (type(channel), program) == (WinRMChannel, "powershell.exe")
    channel, program = channel_of(Connection("local"), None)
    assert (type(channel), program) == (ProcessChannel, "pwsh")
    assert channel_of(Connection("winrm"), "pwsh.exe")[1] == "pwsh.exe"
    assert channel_of(Connection("local"), "bin/pwsh")[1] == "bin/pwsh"


@pytest.mark.parametrize("transport", ["ssh", "psrp", "docker"])
def test_another_connection_is_named_with_what_to_do(transport: str) -> None:
    for refusing in (kind_of, lambda connection: channel_of(connection, None)):
        with pytest.raises(InputError) as raised:
            refusing(Connection(transport))
        assert f"the task's connection is {transport!r}" in str(raised.value)
        assert "delegate_to" in str(raised.value)


@pytest.mark.parametrize("sign", ["&", "|", '"', "<", ">", "^", ";", "`", "*", "?", "\n", "\r", "\0", "\u2028"])
@pytest.mark.parametrize("kind", ["winrm", "local"])
def test_an_executable_is_no_command(kind: str, sign: str) -> None:
    """Over WinRM, cmd.exe starts it."""
    with pytest.raises(InputError, match="executable holds the character"):
        channel_of(Connection(kind), f"pwsh{sign}calc")


@pytest.mark.parametrize(
    "path", [r"C:\Program Files\PowerShell\7\pwsh.exe", "/usr/bin/pwsh", r"%ProgramFiles%\pwsh.exe"]
)
def test_an_executable_may_be_any_path(path: str) -> None:
    assert channel_of(Connection("winrm"), path)[1] == path


def test_a_local_powershell_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in an environment can be read in /proc, and goes on to whatever is started."""
    for name in ("CERTIFICATE_PASSWORD", "ACCESS_TOKEN", "APP_ID"):
        monkeypatch.setenv(f"EXCHANGE_ONLINE_{name}", "canary")
    channel, _program = channel_of(Connection("local"), None)
    channel.open("/usr/bin/env", [])
    said = b""
    while not (output := channel.receive()).ended:
        said += output.stdout
    channel.close()
    assert [line for line in (said + output.stdout).splitlines() if b"canary" in line] == [
        b"EXCHANGE_ONLINE_APP_ID=canary"
    ]
