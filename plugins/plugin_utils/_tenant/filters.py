# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a -Filter over recipients: which properties a cmdlet can filter on, and indexes for those compared by -eq."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Union

from . import errors, opath
from .books import Books, Reading
from .directory import Directory
from .opath import All, Any, Comparison, Condition, FilterError, Not
from .organisation import Organisation
from .quirks import Quirk
from .recipients import Recipient

#: What a recipient has of a property: texts (several for a multivalued one, none where it is empty), or a boolean.
Has = Union[tuple[str, ...], bool]
_GetAccount = ("Get-User", "Get-Group")
_GetMailbox = ("Get-Mailbox", "Get-EXOMailbox")
_GetRecipient = ("Get-Recipient", "Get-EXORecipient")
_MAIL = (*_GetMailbox, *_GetRecipient)
_ANY = (*_MAIL, *_GetAccount)


def _addresses(each: Recipient) -> tuple[str, ...]:
    return tuple(f"smtp:{address}" for address in (each.address, *each.aliases) if address)


#: Name in lower case → which cmdlets filter on it (MicrosoftDocs filter-properties.md, filters-v2.md), and what a
#: recipient has of it. GrantSendOnBehalfTo is in the books.
_FILTERABLE: dict[str, tuple[tuple[str, ...], Callable[[Recipient], Has]]] = {
    "name": (_ANY, lambda each: (each.name,)),
    "displayname": (_ANY, lambda each: (each.display_name,)),
    "alias": (_MAIL, lambda each: (each.alias,)),
    "emailaddresses": (_MAIL, _addresses),
    "primarysmtpaddress": (_MAIL, lambda each: (each.address,)),
    "windowsemailaddress": ((*_GetMailbox, *_GetAccount), lambda each: (each.address,)),
    "userprincipalname": ((*_GetMailbox, "Get-User"), lambda each: (each.upn,)),
    "windowsliveid": ((*_MAIL, "Get-User"), lambda each: (each.upn,)),
    "guid": (_ANY, lambda each: (each.guid,)),
    "externaldirectoryobjectid": ((*_GetMailbox, "Get-Recipient", "Get-User"), lambda each: (each.object_id,)),
    "distinguishedname": (_ANY, lambda each: (each.distinguished_name,)),
    "id": (_ANY, lambda each: (each.distinguished_name,)),
    "recipienttype": (_ANY, lambda each: (each.shown_type,)),
    "recipienttypedetails": (_ANY, lambda each: (each.shown_details,)),
    "sid": (_GetAccount, lambda each: (each.sid,)),
    "sidhistory": (_GetAccount, lambda each: each.sid_history),
    "isdirsynced": (_ANY, lambda each: each.directory_synced),
    "hiddenfromaddresslistsenabled": (_MAIL, lambda each: each.hidden),
}
_DELEGATES = "grantsendonbehalfto"


class Filters:
    """Runs filters over the recipients of an organisation."""

    def __init__(self, organisation: Organisation, directory: Directory, books: Books) -> None:
        self._organisation = organisation
        self._directory = directory
        self._books = books
        self._indexes: dict[str, dict[str, list[int]]] = {}

    def matching(self, cmdlet: str, text: str, reading: Reading) -> Iterable[Recipient]:
        """The recipients of any kind that match, in the order of the directory. Raises TenantError."""
        condition = self._parsed(cmdlet, text)
        candidates = self._candidates(condition)
        everything = self._directory.recipients
        chosen: Sequence[Recipient] = (
            everything if candidates is None else [everything[number] for number in sorted(candidates)]
        )
        return [each for each in chosen if self._holds(condition, each, reading)]

    def _parsed(self, cmdlet: str, text: str) -> Condition:
        limit = self._organisation.settings.filter_limit
        if limit and len(text) > limit:
            raise errors.filter_too_long(cmdlet)
        if "''" in text and errors.is_native(cmdlet) and self._organisation.has(Quirk.APOSTROPHES_REFUSED):
            raise errors.bad_filter(
                cmdlet, "The numbers of operators and operands don't match, please modify your filter."
            )
        try:
            condition = opath.parse(text)
            _check(cmdlet, condition)
        except FilterError as cause:
            raise errors.bad_filter(cmdlet, str(cause)) from cause
        return condition

    def _candidates(self, condition: Condition) -> set[int] | None:
        """The positions where it may hold, by index; None: anywhere."""
        if isinstance(condition, Comparison):
            return self._indexed(condition)
        if isinstance(condition, Not):
            return None
        each = [self._candidates(operand) for operand in condition.operands]
        known = [positions for positions in each if positions is not None]
        if isinstance(condition, Any):
            return set().union(*known) if len(known) == len(each) else None
        return min(known, key=len, default=None)

    def _indexed(self, condition: Comparison) -> set[int] | None:
        if condition.operator != "eq" or not isinstance(condition.value, str):
            return None
        prop = condition.prop.lower()
        if prop == _DELEGATES:
            delegates = self._directory.find(condition.value, lambda each: True)
            guids = set().union(*(self._books.with_delegate(each.guid) for each in delegates))
            return {self._directory.position[guid] for guid in guids}
        return set(self._index(prop).get(_wanted(prop, condition.value), ()))

    def _index(self, prop: str) -> dict[str, list[int]]:
        if prop not in self._indexes:
            index: dict[str, list[int]] = {}
            has = _FILTERABLE[prop][1]
            for number, each in enumerate(self._directory.recipients):
                for value in _texts(has(each)):
                    index.setdefault(value, []).append(number)
            self._indexes[prop] = index
        return self._indexes[prop]

    def _holds(self, condition: Condition, each: Recipient, reading: Reading) -> bool:
        if isinstance(condition, All):
            return all(self._holds(operand, each, reading) for operand in condition.operands)
        if isinstance(condition, Any):
            return any(self._holds(operand, each, reading) for operand in condition.operands)
        if isinstance(condition, Not):
            return not self._holds(condition.operand, each, reading)
        prop = condition.prop.lower()
        has = self._delegates(each, reading) if prop == _DELEGATES else _FILTERABLE[prop][1](each)
        return _compares(prop, condition, _texts(has))

    def _delegates(self, each: Recipient, reading: Reading) -> tuple[str, ...]:
        by_guid = self._directory.by_guid
        return tuple(by_guid(guid).distinguished_name for guid in reading.of(each.guid).send_on_behalf)


def _check(cmdlet: str, condition: Condition) -> None:
    if isinstance(condition, Not):
        _check(cmdlet, condition.operand)
    elif isinstance(condition, (All, Any)):
        for operand in condition.operands:
            _check(cmdlet, operand)
    else:
        _check_comparison(cmdlet, condition)


def _check_comparison(cmdlet: str, condition: Comparison) -> None:
    cmdlets = _GetMailbox if condition.prop.lower() == _DELEGATES else _FILTERABLE.get(condition.prop.lower(), ((),))[0]
    if cmdlet not in cmdlets:
        raise FilterError(f'"{condition.prop}" is not a recognized filterable property.')
    if condition.operator.endswith("like") and not isinstance(condition.value, str):
        raise FilterError(f"-{condition.operator} needs a text.")
    if condition.operator.endswith("like") and "*" in str(condition.value)[1:-1]:
        raise FilterError("A wildcard can only be used at the beginning or at the end of a value.")


def _texts(has: Has) -> tuple[str, ...]:
    """What is compared: without regard to case, booleans as text."""
    if isinstance(has, bool):
        return (str(has).lower(),)
    return tuple(value.casefold() for value in has if value)


def _wanted(prop: str, value: str) -> str:
    """A whole address needs no ``smtp:``, one with a wildcard does (MicrosoftDocs filter-properties.md)."""
    value = value.casefold()
    return f"smtp:{value}" if prop == "emailaddresses" and ":" not in value else value


def _compares(prop: str, condition: Comparison, has: tuple[str, ...]) -> bool:
    """A multivalued property matches where it contains the value; ``$null`` is what has no value."""
    if condition.operator in ("ne", "notlike"):
        positive = Comparison(condition.prop, "eq" if condition.operator == "ne" else "like", condition.value)
        return not _compares(prop, positive, has)
    if condition.value is None:
        return not has
    if isinstance(condition.value, bool):
        return str(condition.value).lower() in has
    if condition.operator == "eq":
        return _wanted(prop, condition.value) in has
    pattern = re.compile(".*".join(re.escape(part) for part in condition.value.casefold().split("*")), re.DOTALL)
    return any(pattern.fullmatch(value) for value in has)
