# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From options and inventory to what a run of ``mailbox_delegation`` is about, and how far it may go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._access.brakes import Brakes, Limit
from .._access.desired import InputError, MailboxItem, wishes_of
from .._access.engine import Scope
from .._access.model import Profile
from .._access.surplus import SurplusRule
from .._exchange.accounts import account_fault
from .._wording import option
from .hosts import REJECTED_ROWS, items_from_hosts
from .slices import slice_faults, sliced_template

DEFAULT_REVOCATIONS = "10"
_GROUP, _MINIMUM = option("surplus_group"), option("surplus_group_minimum")


@dataclass(frozen=True)
class Play:
    """The hosts of this batch, of the whole play, and the inventory, as ansible tells them (ansible facts 4.4).

    Hosts that failed are in neither: were the first of all to count, one that failed would skip what is done once.
    ``template``: the job template of AWX of which this is a slice, if it is known to be one.
    """

    batch: tuple[str, ...]
    hosts: tuple[str, ...]
    groups: Mapping[str, Iterable[str]]
    hostvars: Mapping[str, Mapping[str, Any]]
    template: str = ""

    @classmethod
    def of(cls, task_vars: Mapping[str, Any], hostvars: Mapping[str, Mapping[str, Any]]) -> Play:
        return cls(
            batch=tuple(task_vars["ansible_play_batch"]),
            hosts=tuple(task_vars["ansible_play_hosts"]),
            groups=task_vars["groups"],
            hostvars=hostvars,
            template=sliced_template(task_vars),
        )

    @property
    def has_first_host(self) -> bool:
        """Whether this is the batch for what is to be done once in a ``serial`` play."""
        return not self.hosts or self.hosts[0] in self.batch


def scope_of(
    options: Mapping[str, Any],
    profiles: Mapping[str, Profile],
    items: tuple[MailboxItem, ...],
    play: Play,
    organization: str,
    now: datetime,
) -> Scope:
    """Raises InputError that names every option which cannot be meant. ``now``: when the items were judged."""
    faults = [
        f"{option('retired_accounts')}: {account!r}: {fault}"
        for account in options["retired_accounts"]
        if (fault := account_fault(account))
    ]
    if options["surplus"] == "revoke" and not (options["surplus_group"] and options["surplus_group_minimum"]):
        faults.append(f"surplus: revoke needs {_GROUP} and {_MINIMUM}, the least number of its hosts")
    if options["surplus"] == "revoke" and options["state"] == "absent":
        faults.append(
            "surplus: revoke and state: absent cannot be given together: every host of surplus_group that says nothing "
            "would count as absent. Set mailbox_delegation_state where it is meant"
        )
    faults += slice_faults(options, play.template)
    if faults:
        raise InputError(faults)
    wishes = wishes_of(items, profiles)
    if not play.has_first_host:
        return Scope(wishes)
    return Scope(wishes, tuple(options["retired_accounts"]), _surplus(options, profiles, play, organization, now))


def _surplus(
    options: Mapping[str, Any], profiles: Mapping[str, Profile], play: Play, organization: str, now: datetime
) -> SurplusRule | None:
    """Reads every host of the group, whatever ``--limit``, ``serial`` or failed hosts say."""
    group = options["surplus_group"]
    if not group:
        return None
    if group not in play.groups:
        raise InputError([f"{_GROUP}: there is no group {group!r} in the inventory"])
    hosts = [str(host) for host in play.groups[group]]
    items = items_from_hosts(hosts, play.hostvars, profiles, options, organization, now)
    revoke = options["surplus"] == "revoke"
    return SurplusRule(
        listed=wishes_of(items, profiles),
        hosts=len(hosts),
        accounts=tuple(profile.account for profile in profiles.values()),
        revoke=revoke,
        minimum=options["surplus_group_minimum"] or 0,
        rejected=max((_rejected_rows(play.hostvars[host]) for host in hosts), default=0) if revoke else 0,
    )


def _rejected_rows(variables: Mapping[str, Any]) -> int:
    return int(variables.get(REJECTED_ROWS) or 0)


def brakes_of(options: Mapping[str, Any], is_serial: bool) -> Brakes:
    """Raises InputError for limits that are none, or that could not hold over the batches of a ``serial`` play."""
    faults, limits = [], {}
    for name, default in (("max_grants", None), ("max_revocations", DEFAULT_REVOCATIONS)):
        if is_serial and options[name] is not None:
            faults.append(
                f"{option(name)} cannot hold in a serial play, where each batch would count anew: take serial away"
            )
        text = options[name] if options[name] is not None else default
        try:
            limits[name] = Limit(text.strip()) if text is not None else None
        except ValueError as error:
            faults.append(f"{option(name)}: {error}")
    if faults:
        raise InputError(faults)
    return Brakes(limits["max_grants"], limits["max_revocations"])


def is_serial(task_vars: Mapping[str, Any]) -> bool:
    """In a ``serial`` play the hosts of the play are more than those of the batch (ansible facts 4.4)."""
    return not set(task_vars["ansible_play_hosts"]) <= set(task_vars["ansible_play_batch"])
