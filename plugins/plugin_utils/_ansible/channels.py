# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the task's connection, as ansible configured it, to the channel that carries PowerShell."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from ansible import constants

from .._access.desired import InputError
from .._remote.channel import Channel
from .._remote.process import ProcessChannel
from .._remote.winrm import WinRMChannel

#: What ansible's winrm connection plugin keeps for itself of the ansible_winrm_* variables.
_NOT_PASSED_ON = frozenset(
    {"endpoint", "transport", "username", "password", "scheme", "path", "kinit_mode", "kinit_cmd"}
)
_DEFAULT_EXECUTABLE = {"winrm": "powershell.exe", "local": "pwsh"}
#: What cmd.exe takes for more than a name, where the program is started over WinRM, and what no path holds.
_FORBIDDEN_IN_PROGRAM = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029\"&|<>^;`*?]")
#: Options that an environment variable may hold (sign_in.py), and nobody else needs to know.
_SECRET = ("CERTIFICATE_PASSWORD", "ACCESS_TOKEN")


def kind_of(connection: Any) -> str:
    """``winrm`` or ``local``; raises InputError for any other connection."""
    kind = str(connection.transport)
    if kind not in _DEFAULT_EXECUTABLE:
        raise InputError(
            [
                f"the task's connection is {kind!r}, but PowerShell is reached by winrm or local only: delegate_to a "
                "Windows host with ansible_connection winrm, or delegate_to localhost for a pwsh on the controller"
            ]
        )
    return kind


def channel_of(connection: Any, executable: str | None) -> tuple[Channel, str]:
    """A channel, not yet open, and the executable to start through it."""
    kind = kind_of(connection)
    program = executable or _DEFAULT_EXECUTABLE[kind]
    found = _FORBIDDEN_IN_PROGRAM.search(program)
    if found:
        raise InputError(
            [f"executable holds the character {found.group()!a}: give the path of a program, nothing else"]
        )
    if kind == "local":
        return ProcessChannel(_without_secrets(os.environ)), program
    return WinRMChannel(**winrm_options(connection.get_option)), program


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """What a process of the same machine inherits: its environment stands in /proc, and goes on to what it starts."""
    secret = {f"EXCHANGE_ONLINE_{name}" for name in _SECRET}
    return {name: value for name, value in environment.items() if name not in secret}


def winrm_options(get_option: Any) -> dict[str, Any]:
    """The keyword arguments of the channel, derived as ansible's own plugin derives its (winrm facts 2, 2.1)."""
    port = int(get_option("port"))
    scheme = get_option("scheme") or ("http" if port == 5985 else "https")
    user = get_option("remote_user")
    options = {
        "endpoint": f"{scheme}://{_bracketed(str(get_option('remote_addr')))}:{port}{_path(get_option('path'))}",
        "transport": _transport(get_option("transport"), scheme, user),
        "username": user,
        "password": get_option("remote_password"),
        **_timeouts(get_option("connection_timeout")),
    }
    return {**options, **_extras(get_option("_extras") or {}), **_kinit(get_option)}


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _path(path: Any) -> str:
    text = str(path or "/wsman")
    return text if text.startswith("/") else f"/{text}"


def _transport(transports: Any, scheme: str, user: Any) -> str:
    """The first of the list. None was chosen: Kerberos for a UPN, else the plain one, as ansible does."""
    chosen = [one for one in (transports or []) if one]
    if chosen:
        return str(chosen[0])
    if user and "@" in str(user):
        return "kerberos"
    return "ssl" if scheme == "https" else "plaintext"


def _kinit(get_option: Any) -> dict[str, Any]:
    """Tickets lie in the run's own temporary directory: ansible removes it, even where this process is killed."""
    return {
        "kinit_mode": get_option("kerberos_mode"),
        "kinit_cmd": get_option("kerberos_command"),
        "kinit_args": get_option("kinit_args"),
        "kinit_env_vars": tuple(get_option("kinit_env_vars") or ()),
        "kinit_directory": str(constants.DEFAULT_LOCAL_TMP),  # type: ignore[attr-defined]
    }


def _timeouts(connection_timeout: Any) -> dict[str, int]:
    if connection_timeout is None:
        return {}
    seconds = int(connection_timeout)
    return {"operation_timeout_sec": seconds, "read_timeout_sec": seconds + 10}


def _extras(extras: Mapping[str, Any]) -> dict[str, Any]:
    """Variables ansible_winrm_X that no option of the plugin claims: X is an argument of pywinrm's Protocol."""
    named = {name.removeprefix("ansible_winrm_"): value for name, value in extras.items()}
    return {name: value for name, value in named.items() if name not in _NOT_PASSED_ON}
