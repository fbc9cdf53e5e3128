# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the inventory, or the option ``mailboxes``, to mailboxes with profiles and a state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleError

from .._access.desired import InputError, MailboxItem
from .._access.model import Profile, State
from .._access.terms import Term, term_of
from .._exchange.rights import Right
from .misplaced import HOST_VARIABLES, PREFIX
from .variables import meant_by

#: The Email Router's words for what its outgoing profile was set up with (KB 2708727, router facts 1.1).
ACCESS_TYPES = {"send_as": (Right.SEND_AS,), "delegate_access": (Right.FULL_ACCESS,)}

#: What the inventory plugin crm_mailboxes says of the exports that its group was read from.
REJECTED_ROWS = "crm_rejected_rows"

_PROFILE_KEYS = ("account", "access_type", "rights", "groups", "replaces")


def profiles_of(option: Mapping[str, Any]) -> dict[str, Profile]:
    """The option ``profiles``; raises InputError that names each profile which cannot be meant."""
    faults: list[str] = []
    profiles: dict[str, Profile] = {}
    for name, value in option.items():
        try:
            profiles[str(name)] = _profile(str(name), value)
        except InputError as error:
            faults.extend(f"profile {name}: {fault}" for fault in error.faults)
    if not option:
        faults.append("profiles is empty: define at least one, with account and access_type or rights")
    if faults:
        raise InputError(faults)
    return profiles


def _profile(name: str, value: Any) -> Profile:
    if not isinstance(value, Mapping):
        raise InputError(["must be a dictionary with account, and access_type or rights"])
    strange = sorted(set(value) - set(_PROFILE_KEYS))
    if strange:
        raise InputError([f"unknown key {key!r} (known: {', '.join(_PROFILE_KEYS)})" for key in strange])
    if not isinstance(value.get("account"), str):
        raise InputError(["account is missing: the user principal name of the service account"])
    replaces = str(value.get("replaces") or "").strip()
    return Profile(name, value["account"].strip(), _rights(value), tuple(texts_of(value.get("groups"))), replaces)


def _rights(value: Mapping[str, Any]) -> tuple[Right, ...]:
    access_type, rights = value.get("access_type"), texts_of(value.get("rights"))
    if bool(access_type) == bool(rights):
        raise InputError(["exactly one of access_type and rights is needed"])
    if access_type:
        if access_type not in ACCESS_TYPES:
            raise InputError([f"access_type {access_type!r} is none of {', '.join(ACCESS_TYPES)}"])
        return ACCESS_TYPES[access_type]
    known = {right.value: right for right in Right}
    strange = [one for one in rights if one not in known]
    if strange:
        raise InputError([f"right {one!r} is none of {', '.join(known)}" for one in strange])
    return tuple(dict.fromkeys(known[one] for one in rights))


def texts_of(value: Any) -> list[str]:
    """One name or a list of names, as a list; nothing is no name."""
    if value is None:
        return []
    items = value if isinstance(value, (list, tuple)) else [value]
    return [str(item).strip() for item in items if str(item).strip()]


def items_from_option(
    mailboxes: Iterable[Mapping[str, Any]], profile: Sequence[str], state: str, now: datetime
) -> tuple[MailboxItem, ...]:
    """The option ``mailboxes``; what an item leaves out is taken from the task.

    Raises InputError that names each item whose ``until`` is no date.
    """
    faults: list[str] = []
    items: list[MailboxItem] = []
    for item in mailboxes:
        name = str(item["mailbox"])
        listed = MailboxItem(
            host=name,
            address=name.strip(),
            profiles=tuple(item.get("profile") or profile),
            state=State(item.get("state") or state),
        )
        try:
            items.append(_judged(listed, item, "", now))
        except InputError as error:
            faults.extend(f"mailboxes: {name}: {fault}" for fault in error.faults)
    if faults:
        raise InputError(faults)
    return tuple(items)


def _judged(item: MailboxItem, said: Mapping[str, Any], prefix: str, now: datetime) -> MailboxItem:
    """The item as it counts now. ``said``: what is said of it under names with that prefix. Raises InputError."""
    reason = said.get(f"{prefix}reason")
    if isinstance(reason, (Mapping, list, tuple)):
        raise InputError([f"{prefix}reason must be a text, and is {reason!r}"])
    try:
        term: Term = term_of(said.get(f"{prefix}until"), reason)
    except ValueError as error:
        raise InputError([f"{prefix}until {error}"]) from error
    return replace(item, term=term).at(now)


class HostVariables(Mapping[str, Mapping[str, Any]]):
    """What hosts say of themselves, each asked once and for no more than is needed.

    For each host that ``hostvars`` is asked for, ansible puts all its variables together anew, and templates each one
    that is looked at. Reading one raises what ansible raises. ``misspelt``: what looks like a variable of ours and is
    none, the one that is meant or empty, and the first host that has it.
    """

    def __init__(self, hostvars: Mapping[str, Mapping[str, Any]], profiles: Mapping[str, Profile]) -> None:
        self._hostvars = hostvars
        grouped = any(profile.groups for profile in profiles.values())
        self._names = (*HOST_VARIABLES, REJECTED_ROWS, *(("group_names",) if grouped else ()))
        self._read: dict[str, dict[str, Any]] = {}
        self.misspelt: dict[str, tuple[str, str]] = {}

    def __getitem__(self, host: str) -> Mapping[str, Any]:
        if host not in self._read:
            variables = self._hostvars[host]
            self._read[host] = {name: variables[name] for name in self._names if name in variables}
            for name in variables:
                meant = meant_by(str(name))
                if meant is not None:
                    self.misspelt.setdefault(name, (meant, host))
        return self._read[host]

    def __iter__(self) -> Iterator[str]:
        return iter(self._hostvars)

    def __len__(self) -> int:
        return len(self._hostvars)


def items_from_hosts(
    hosts: Iterable[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    profiles: Mapping[str, Profile],
    options: Mapping[str, Any],
    organization: str,
    now: datetime,
) -> tuple[MailboxItem, ...]:
    """The play's hosts as mailboxes, as they count now.

    A host has the profiles that its variable names and those whose ``groups`` hold it; where it has neither, those of
    the task. Raises InputError that names each host whose variables cannot be read or meant.
    """
    faults: list[str] = []
    items: list[MailboxItem] = []
    for host in hosts:
        try:
            variables = _resolved(hostvars[host])
            _check_organization(variables.get("mailbox_delegation_organization"), organization)
            items.append(_judged(_item(str(host), variables, profiles, options), variables, PREFIX, now))
        except InputError as error:
            faults.extend(f"{host}: {fault}" for fault in error.faults)
        except AnsibleError as error:
            faults.append(f"{host}: its variables cannot be read: {error}")
    if faults:
        raise InputError(faults)
    return tuple(items)


def _resolved(variables: Mapping[str, Any]) -> dict[str, Any]:
    """What a host says of itself. An undefined variable in it raises AnsibleError from ansible-core 2.19 on; before,
    the template is left as it stands."""
    said = {name: variables.get(name) for name in HOST_VARIABLES}
    templates = [f"{name} is {value!r}" for name, value in said.items() if "{{" in str(value)]
    if templates:
        raise InputError(f"its variables cannot be read: {one}, in which something is undefined" for one in templates)
    return {**said, "group_names": variables.get("group_names")}


def _check_organization(wanted: Any, organization: str) -> None:
    """The task's options are those of its first host, so one task serves one organisation."""
    if wanted and organization and str(wanted).lower() != organization.lower():
        raise InputError([f"it belongs to {wanted}, while the task signs in to {organization}: use a play for each"])


def _item(
    host: str, variables: Mapping[str, Any], profiles: Mapping[str, Profile], options: Mapping[str, Any]
) -> MailboxItem:
    state = str(variables.get("mailbox_delegation_state") or options["state"])
    if state not in {one.value for one in State}:
        raise InputError([f"mailbox_delegation_state {state!r} is neither present nor absent"])
    named = texts_of(variables.get("mailbox_delegation_profile"))
    grouped = _by_group(variables.get("group_names") or (), profiles)
    address = variables.get("mailbox_delegation_mailbox")
    return MailboxItem(
        host=host,
        address=str(host if address is None else address).strip(),
        profiles=tuple(dict.fromkeys([*named, *grouped])) or tuple(options["profile"]),
        state=State(state),
    )


def _by_group(groups: Iterable[str], profiles: Mapping[str, Profile]) -> Iterator[str]:
    held = set(groups)
    return (profile.name for profile in profiles.values() if held.intersection(profile.groups))
