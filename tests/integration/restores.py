# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs with a journal that are killed, and the playbook that undoes them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.history import (
    RecordedRun,
    runs_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import (
    EMPTY,
    AccessList,
    Entry,
)

from .harness import COLLECTION, Run
from .playbooks import ENFORCE, extra, for_localhost, for_mailboxes
from .stage import Hosts, Stage

RESTORE = f"{COLLECTION}.restore"
WRITERS = ("Add-RecipientPermission", "Add-MailboxPermission", "Set-Mailbox", "Remove-RecipientPermission",
           "Remove-MailboxPermission")  # fmt: skip


def journal(stage: Stage) -> Path:
    return stage.directory / "journal.jsonl"


def enforce(stage: Stage, hosts: Hosts, **variables: Any) -> Run:
    """Playbook enforce with a journal. What it leaves behind is for the test to look at."""
    more = {"mailbox_delegation_journal": str(journal(stage)), "mailbox_delegation_preflight": False, **variables}
    return stage.node.play("-i", for_mailboxes(stage, hosts, more), ENFORCE)


def restore(stage: Stage, *arguments: str, **variables: Any) -> Run:
    """Playbook restore. Unless it only looked, nothing may run that it or an earlier run left behind.

    A PowerShell that was ended from outside could not sign out, so its connection is left.
    """
    named = {"mailbox_delegation_journal": str(journal(stage)), "mailbox_delegation_verify": 0, **variables}
    before = set(stage.tenant.open)
    run = stage.node.play("-i", for_localhost(stage), RESTORE, *extra(**named), *arguments)
    left = set(stage.left_behind()) - before
    assert "--check" in arguments or not left, f"{left} is left:\n{run.output}"
    return run


def at_write(stage: Stage, number: int, act: Callable[[], None]) -> None:
    """Something happens just before the write of that number is done."""
    seen: list[str] = []

    def hook(cmdlet: str, _parameters: Mapping[str, Parameter]) -> Answer | None:
        if cmdlet in WRITERS:
            seen.append(cmdlet)
            if len(seen) == number:
                act()
        return None

    stage.tenant.before_invoke = hook


def kill_control_node(stage: Stage) -> None:
    """As kill -9 of ansible-playbook and its workers does; PowerShell is not told."""
    for pid in stage.control_processes():
        os.kill(pid, signal.SIGKILL)


def recorded(stage: Stage) -> tuple[RecordedRun, ...]:
    return runs_of(journal(stage).read_bytes())


def held(stage: Stage) -> dict[str, AccessList]:
    """The organisation's books, without lists that are empty, and all in an order that says nothing."""
    return {mailbox: in_order(access) for mailbox, access in stage.books().items() if access != EMPTY}


def in_order(access: AccessList) -> AccessList:
    """What was taken and given back comes last where it is."""
    return AccessList(_sorted(access.full_access), _sorted(access.send_as), tuple(sorted(access.send_on_behalf)))


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted((replace(one, rights=tuple(sorted(one.rights))) for one in entries), key=repr))


def restored(run: Run) -> Mapping[str, Any]:
    """The result of the task that undoes."""
    return run.task("Undo the run").result
