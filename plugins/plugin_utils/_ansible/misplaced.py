# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host variables that are set where they would say nothing of single mailboxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._access.desired import InputError

PREFIX = "mailbox_delegation_"
#: The host variables; they are read from the inventory (and facts and extra variables), not from plays, roles or tasks.
HOST_VARIABLES = (
    "mailbox_delegation_profile",
    "mailbox_delegation_state",
    "mailbox_delegation_mailbox",
    "mailbox_delegation_organization",
    "mailbox_delegation_until",
    "mailbox_delegation_reason",
)
#: Those that are of one mailbox: the same for all would revoke every grant, or mean one mailbox by every name.
_OF_ONE = ("mailbox_delegation_mailbox", "mailbox_delegation_state", "mailbox_delegation_until")


def check_visible(task_variables: Mapping[str, Any], host_variables: Mapping[str, Any]) -> None:
    """Raises InputError for host variables that a play, role or task sets: they would be read nowhere (design 2).

    Both mappings hold templated values: of the task for its first host, and of that host in ``hostvars``, which can be
    read.
    """
    hidden = [
        name for name in HOST_VARIABLES if name in task_variables and task_variables[name] != host_variables.get(name)
    ]
    if hidden:
        raise InputError(
            f"{name} is set in a play, role or task, where it says nothing of single mailboxes: set it in the "
            "inventory, or use the task's options profile and state"
            for name in hidden
        )


def check_extra(extra_variables: Iterable[str]) -> None:
    """Raises InputError for host variables of the command line that are of one mailbox: they win over what the
    inventory says of each host, so that one word would revoke the grants of them all."""
    everywhere = [name for name in _OF_ONE if name in extra_variables]
    if everywhere:
        raise InputError(
            f"{name} is set with -e, where it would hold for every mailbox, whatever the inventory says of each: set "
            "it in the inventory, or use the task's options profile and state"
            for name in everywhere
        )
