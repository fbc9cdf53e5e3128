# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole ansible programs over an inventory of many mailboxes, with a simulated organisation from a file."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import tempfile
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any

from ..integration.harness import COLLECTION, CORES, ROOT, TASK
from .site import Case, Situation, organisation
from .usage import Usage, of_children

_GROUP = "crm_mailboxes"
_ROW = {
    "(Do Not Modify) Mailbox": "",
    "Name": "",
    "Email Address": "",
    "Outgoing Email": "Server-Side Synchronization or Email Router",
    "Email Address Status": "Approved",
    "Is Forward Mailbox": "No",
    "Status": "Active",
    "Owner": "Sales Team",
}


class Program(Enum):
    """What is run, with its arguments."""

    EMPTY_PLAY = ("ansible-playbook", "-i", "mailboxes.yml", "nothing.yml")
    TASK = ("ansible-playbook", "-i", "mailboxes.yml", "enforce.yml")
    PLAIN_INVENTORY = ("ansible-inventory", "-i", "mailboxes.yml", "--list", "--output", "listed.json")
    CRM_INVENTORY = ("ansible-inventory", "-i", "export.crm_mailboxes.yml", "--list", "--output", "listed.json")


class Desk:
    """A directory with all that the programs need, for so many mailboxes; a context manager."""

    def __init__(self, size: int) -> None:
        self._holder = tempfile.TemporaryDirectory(prefix="bench-")
        self.directory = Path(self._holder.name)
        made = organisation(Case(size, Situation.STEADY, True))
        made.save(self.directory / "organisation.json")
        account, *listed = made.recipients[: 1 + size]
        hosts: dict[str, dict[str, str]] = {each.address: {} for each in listed}
        self._write("mailboxes.yml", {_GROUP: {"hosts": hosts}})
        task = {
            "organization": made.organization,
            "app_id": "00000000-0000-0000-0000-000000000000",
            "certificate_thumbprint": "0" * 40,
            "profiles": {"router": {"account": account.address, "rights": ["send_as", "full_access"]}},
            "profile": "router",
            "snapshot": "{{ playbook_dir }}/organisation.json",
        }
        self._write("enforce.yml", [_play({TASK: task, "delegate_to": "localhost", "run_once": True})])
        self._write("nothing.yml", [_play({"ansible.builtin.debug": {"msg": ""}, "run_once": True})])
        plugin = {
            "plugin": f"{COLLECTION}.crm_mailboxes",
            "source": "export.csv",
            "profile_rules": [{"profile": "router"}],
        }
        self._write("export.crm_mailboxes.yml", plugin)
        with (self.directory / "export.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.DictWriter(file, list(_ROW))
            rows.writeheader()
            for each in listed:
                own = {"(Do Not Modify) Mailbox": each.guid, "Name": each.name, "Email Address": each.address}
                rows.writerow({**_ROW, **own})

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._holder.cleanup()

    def _write(self, name: str, content: Any) -> None:
        (self.directory / name).write_text(json.dumps(content, indent=1), encoding="utf-8")


def _play(task: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Mailboxes", "hosts": _GROUP, "gather_facts": False, "tasks": [{"name": "The task", **task}]}


def run(directory: Path, core: str, program: Program) -> Usage:
    """One program. Raises CalledProcessError, with what it said."""
    name, *arguments = program.value
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
    }
    command = [str(CORES[core] / "bin" / name), *arguments]

    def work() -> None:
        done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program.name} on {core}: {done.stdout[-1500:]} {done.stderr[-1500:]}")

    return of_children(work)
