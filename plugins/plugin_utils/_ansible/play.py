# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task for the mailboxes of the play, or of the option ``mailboxes``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleError
from ansible.utils.vars import load_extra_vars

from .._access.desired import MailboxItem
from .._access.model import Profile
from .action import ExchangeAction
from .hosts import HostVariables, items_from_hosts, items_from_option
from .misplaced import HOST_VARIABLES, check_extra, check_visible

_UNDEFINED = object()


class PlayAction(ExchangeAction):
    """Takes the options ``mailboxes``, ``profiles``, ``profile`` and ``state``."""

    def items(
        self,
        options: Mapping[str, Any],
        task_vars: Mapping[str, Any],
        hostvars: HostVariables,
        profiles: Mapping[str, Profile],
        organization: str,
        now: datetime,
    ) -> tuple[MailboxItem, ...]:
        """The option ``mailboxes``, else the hosts of this batch of the play (ansible facts 4.4)."""
        if options["mailboxes"] is not None:
            return items_from_option(options["mailboxes"], options["profile"], options["state"], now)
        first = task_vars["inventory_hostname"]
        items = items_from_hosts(task_vars["ansible_play_batch"], hostvars, profiles, options, organization, now)
        visible = {name: self._seen(task_vars[name]) for name in HOST_VARIABLES if name in task_vars}
        check_visible(visible, hostvars[first])
        check_extra(load_extra_vars(self._loader))
        return items

    def _seen(self, value: Any) -> Any:
        """A variable as the task sees it; what is undefined there is not what the inventory says."""
        try:
            return self._templar.template(value)
        except AnsibleError:
            return _UNDEFINED
