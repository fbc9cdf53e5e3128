# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of mailbox_permission and mailbox_permission_info in one play on localhost, and their results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from .harness import COLLECTION, Run
from .stage import Stage

PERMISSION = f"{COLLECTION}.mailbox_permission"
INFO = f"{COLLECTION}.mailbox_permission_info"
Results = list[Mapping[str, Any]]


def ensures(**options: Any) -> dict[str, Any]:
    """A task that grants or revokes."""
    return {PERMISSION: options}


def looks(**options: Any) -> dict[str, Any]:
    """A task that looks."""
    return {INFO: options}


def play(stage: Stage, *tasks: Mapping[str, Any], arguments: tuple[str, ...] = (), **keywords: Any) -> Run:
    """Once for the play, on localhost; PowerShell is where the stage has it. Signing in is said once for all."""
    delegated = [{"delegate_to": stage.transport.host, **task} for task in tasks]
    defaults = {f"group/{COLLECTION}.exchange": stage.sign_in}
    playbook = stage.playbook(*delegated, **{"hosts": "localhost", "module_defaults": defaults, **keywords})
    return stage.play("-i", stage.inventory(["unused@contoso.com"]), playbook, *arguments)


def results(run: Run) -> Results:
    """What each task of the two modules gave, in their order."""
    return [each.result for each in run.tasks if each.action in (PERMISSION, INFO)]


def outcomes(result: Mapping[str, Any]) -> dict[str, str]:
    """``mailbox right account`` → outcome."""
    return {f"{row['mailbox']} {row['right']} {row['account']}": row["outcome"] for row in result["grants"]}


def permissions(result: Mapping[str, Any]) -> list[str]:
    """Each row in words: mailbox, right, trustee, and what is not usual about it."""
    return [" ".join(filter(None, _words(row))) for row in result["permissions"]]


def _words(row: Mapping[str, Any]) -> list[str]:
    flags = [name for name in ("inherited", "orphan", "self") if row[name]]
    return [row["mailbox"], row["right"], row["trustee"], "deny" if row["access"] == "deny" else "", *flags]


def examples(stage: Stage, text: str) -> list[dict[str, Any]]:
    """The tasks of a page's examples, as they stand but for the sign-in and without names that only readers need."""
    tasks: list[dict[str, Any]] = yaml.safe_load(text)
    for task in tasks:
        (module,) = (name for name in task if name.startswith(COLLECTION))
        task[module].update(stage.sign_in)
        task["delegate_to"] = stage.transport.host
    return tasks
