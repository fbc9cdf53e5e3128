# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The powershell.exe of the bench: takes as long to start as a real one, then runs our runner or an admin's script.

It does what the scripts in scripts/ say without being a PowerShell: for each there is a function here that makes the
same calls in the same order, which a test with a real PowerShell holds against it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..simulator import standin
    from ..simulator.standin_exchange import READERS, WRITERS, Exchange
    from .latencies import POWERSHELL, SIGN_IN, seconds_of
else:
    sys.path += [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "simulator")]
    import standin
    from latencies import POWERSHELL, SIGN_IN, seconds_of
    from standin_exchange import READERS, WRITERS, Exchange

#: Of real seconds; 0: nothing takes any time.
SCALE = float(os.environ.get("BENCH_SCALE", "0"))
Row = dict[str, Any]
_SETTINGS = re.compile(r"^\$settings = '(.*)' \| ConvertFrom-Json$", re.MULTILINE)
_NAME = re.compile(r"^# script: (\w+)$", re.MULTILINE)
_COLUMNS = ["Identity", "Name", "PrimarySmtpAddress", "User", "AccessRights", "Deny", "Trustee", "UserPrincipalName"]


class SlowExchange(Exchange):
    """A module whose cmdlets take as long as those of Exchange Online, all that goes on behind them included.

    ``late``: seconds by which its process started too late, for which it signs in faster.
    """

    def __init__(self, late: float) -> None:
        super().__init__()
        self._late = late

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        begun = time.monotonic() - (self._late if path == "/connect" else 0.0)
        reply = super()._post(path, body)
        seconds = {"/connect": SIGN_IN, "/disconnect": 0.0}.get(path)
        if seconds is None:
            seconds = seconds_of(body["cmdlet"], body["parameters"], len(reply.get("rows") or ()))
        time.sleep(max(0.0, begun + seconds * SCALE - time.monotonic()))
        return reply


class Shell:
    """What a script has at hand: its settings, and cmdlets once it has signed in."""

    def __init__(self, settings: dict[str, Any], exchange: SlowExchange) -> None:
        self.settings = settings
        self.account: str = settings["account"]
        self._exchange = exchange

    @property
    def mailboxes(self) -> list[str]:
        """Those of the settings, else those of standard input."""
        given: list[str] = self.settings["mailboxes"]
        return given or sys.stdin.read().split()

    def connect(self) -> None:
        way = {"way": "certificate_thumbprint", "certificate_thumbprint": self.settings["thumbprint"]}
        names = ("app_id", "organization")
        sign_in = {**way, **{name: self.settings[name] for name in names}}
        cmdlets: dict[str, list[str]] = {name: [] for name in (*READERS, *WRITERS)}
        self._exchange.connect({"minimum_module": "3.0.0", "cmdlets": cmdlets, "sign_in": sign_in})

    def run(self, cmdlet: str, **parameters: Any) -> list[Row]:
        answer = self._exchange.invoke(cmdlet, parameters, _COLUMNS)
        if not answer["ok"]:
            raise RuntimeError(f"{cmdlet}: {answer['error']['text']}")
        rows: list[Row] = answer["rows"]
        return rows

    def disconnect(self) -> None:
        self._exchange.disconnect()

    def add_send_as(self, mailbox: str) -> None:
        self.run(
            "Add-RecipientPermission", Identity=mailbox, Trustee=self.account, AccessRights=["SendAs"], Confirm=False
        )

    def add_full_access(self, mailbox: str) -> None:
        self.run(
            "Add-MailboxPermission", Identity=mailbox, User=self.account, AccessRights=["FullAccess"], AutoMapping=False
        )

    def has_send_as(self, mailbox: str) -> bool:
        return bool(self.run("Get-RecipientPermission", Identity=mailbox, Trustee=self.account))

    def has_full_access(self, mailbox: str) -> bool:
        rows = self.run("Get-MailboxPermission", Identity=mailbox)
        return any(row["User"] == self.account and "FullAccess" in row["AccessRights"] for row in rows)


def each(shell: Shell) -> None:
    """scripts/each.ps1."""
    for mailbox in shell.mailboxes:
        if not shell.has_send_as(mailbox):
            shell.add_send_as(mailbox)
        if shell.settings["full_access"] and not shell.has_full_access(mailbox):
            shell.add_full_access(mailbox)


def trustee(shell: Shell) -> None:
    """scripts/trustee.ps1."""
    rows = shell.run("Get-EXOMailbox", ResultSize="Unlimited")
    names = {row["PrimarySmtpAddress"].lower(): row["Name"] for row in rows}
    held = {
        row["Identity"] for row in shell.run("Get-RecipientPermission", Trustee=shell.account, ResultSize="Unlimited")
    }
    for mailbox in shell.mailboxes:
        if names[mailbox.lower()] not in held:
            shell.add_send_as(mailbox)
        if shell.settings["full_access"] and not shell.has_full_access(mailbox):
            shell.add_full_access(mailbox)


def states(shell: Shell) -> None:
    """scripts/states.ps1."""

    def send_as(mailbox: str) -> bool:
        return shell.has_send_as(mailbox)

    def full_access(mailbox: str) -> bool:
        if not shell.has_full_access(mailbox):
            return False
        return bool(shell.run("Get-User", Identity=shell.account))

    kinds: list[tuple[Callable[[str], bool], Callable[[str], None]]] = [(send_as, shell.add_send_as)]
    if shell.settings["full_access"]:
        kinds.append((full_access, shell.add_full_access))
    for mailbox in shell.mailboxes:
        for is_there, add in kinds:
            if not is_there(mailbox) and not is_there(mailbox):
                add(mailbox)


SCRIPTS = {script.__name__: script for script in (each, trustee, states)}


def run_script(text: str, exchange: SlowExchange) -> None:
    """Does what a script of scripts/ does. Raises where it would end with an error."""
    name, settings = _NAME.search(text), _SETTINGS.search(text)
    if name is None or settings is None:
        raise RuntimeError("this is no script of the bench")
    shell = Shell(json.loads(settings[1].replace("''", "'")), exchange)
    shell.connect()
    try:
        SCRIPTS[name[1]](shell)
    finally:
        shell.disconnect()


def take_time_to_start() -> float:
    """Until the process is as old as a PowerShell is when it begins to work; gives by how much it is older."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    time.sleep(max(0.0, POWERSHELL * SCALE - age))
    return max(0.0, age - POWERSHELL * SCALE)


def main(arguments: list[str]) -> int:
    exchange = SlowExchange(take_time_to_start() if SCALE else 0.0)
    text = base64.b64decode(arguments[-1]).decode("utf-16-le")
    if "OpenStandardInput" in text:
        return standin.main(arguments, exchange)
    run_script(text, exchange)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
