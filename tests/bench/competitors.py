# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others do for the same end: the same organisation, the same host, pywinrm, and an admin's scripts."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import winrm
from winrm.protocol import Protocol

from .site import Place

_SCRIPTS = Path(__file__).with_name("scripts")
_ALL_AT_ONCE = 96 * 1024


class ScriptFailed(Exception):
    """A script ended with an error, and this is what it said."""


def text_of(script: str, place: Place, mailboxes: Sequence[str] = ()) -> str:
    """A script with its settings in it; without mailboxes it reads them from standard input."""
    settings = {
        "app_id": place.app_id,
        "thumbprint": place.thumbprint,
        "organization": place.organization,
        "account": place.account,
        "full_access": place.case.both,
        "mailboxes": list(mailboxes),
    }
    written = json.dumps(settings, separators=(",", ":")).replace("'", "''")
    return (_SCRIPTS / f"{script}.ps1").read_text(encoding="utf-8").replace("'{}'", f"'{written}'", 1)


def one_by_one(place: Place) -> None:
    """A sign-in for each mailbox: a loop of win_powershell tasks, each its own process and connection."""
    for mailbox in place.mailboxes:
        session = winrm.Session(place.url, auth=(place.user, place.password), transport="ntlm")
        answer = session.run_ps(text_of("each", place, [mailbox]))
        _check(answer.status_code, answer.std_err)


def in_one_script(script: str, place: Place) -> None:
    """One sign-in, and all mailboxes in a loop of the script."""
    protocol = Protocol(place.url, transport="ntlm", username=place.user, password=place.password)
    encoded = base64.b64encode(text_of(script, place).encode("utf-16-le")).decode()
    shell = protocol.open_shell(codepage=65001)
    arguments = ["-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]
    command = protocol.run_command(shell, "powershell", arguments, console_mode_stdin=False)
    listed = "\n".join(place.mailboxes).encode()
    for start in range(0, len(listed), _ALL_AT_ONCE):
        piece = listed[start : start + _ALL_AT_ONCE]
        protocol.send_command_input(shell, command, piece, end=start + len(piece) == len(listed))
    _out, errors, status = protocol.get_command_output(shell, command)
    protocol.cleanup_command(shell, command)
    protocol.close_shell(shell)
    _check(status, errors)


foreach = partial(in_one_script, "each")
trustee = partial(in_one_script, "trustee")
states = partial(in_one_script, "states")


def _check(status: int, errors: bytes) -> None:
    if status != 0:
        raise ScriptFailed(errors.decode("utf-8", "replace")[-2000:])
