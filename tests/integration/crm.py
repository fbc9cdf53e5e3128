# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of crm_mailboxes share: exports, an inventory that names them, and runs that show what comes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .harness import COLLECTION, NEWEST, ControlNode, Run

#: What a mailbox is asked for.
VARIABLES = (
    *("inventory_hostname", "group_names", "crm_entity", "crm_id", "crm_name", "crm_user_name", "crm_owner"),
    *("crm_regarding", "crm_server_profile", "crm_sources", "crm_rejected_rows", "composed"),
    *("mailbox_delegation_profile", "mailbox_delegation_mailbox"),
)
#: Other tests have ansible-core 2.19 fail on text that looks like a template. Here it is what comes in, and users have
#: what ansible-core does by itself.
AS_USERS_HAVE_IT = {"_ANSIBLE_TEMPLAR_UNTRUSTED_TEMPLATE_BEHAVIOR": "ignore"}


class Desk:
    """A directory with exports and an inventory that names them, and runs that show what comes of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, name: str, content: str | bytes) -> Path:
        file = self.directory / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def inventory(self, name: str = "crm_mailboxes.yml", **options: Any) -> Path:
        """An inventory file as a user writes it; the source is ``export`` if nothing else is said."""
        content = {"plugin": f"{COLLECTION}.crm_mailboxes", "source": "export", **options}
        return self.write(name, yaml.safe_dump(content, allow_unicode=True))

    def show(
        self, inventory: Path, *arguments: str, core: str = NEWEST, environment: Mapping[str, str] | None = None
    ) -> Run:
        """Every mailbox tells its variables in a task."""
        told = {name: f"{{{{ {name} | default('') }}}}" for name in VARIABLES}
        task = {"name": "Show", "ansible.builtin.debug": {"msg": told}}
        play = {"name": "Show", "hosts": "all", "gather_facts": False, "tasks": [task]}
        playbook = self.write("show.yml", json.dumps([play]))
        return self.node(core).play("-i", inventory, playbook, *arguments, environment=environment)

    def node(self, core: str = NEWEST) -> ControlNode:
        return ControlNode(core, self.directory, AS_USERS_HAVE_IT)


def shown(run: Run) -> dict[str, Mapping[str, Any]]:
    """Host → variables."""
    return {each.host: each.result["msg"] for each in run.tasks}
