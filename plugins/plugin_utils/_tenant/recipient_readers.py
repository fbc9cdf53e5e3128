# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-EXORecipient, Get-EXOMailbox, Get-Mailbox, Get-Recipient, Get-User, Get-Group."""

from __future__ import annotations

from collections.abc import Iterable

from .._exchange.session import Answer, Row
from .binding import Bound
from .books import Reading
from .directory import Scope
from .properties import MAKERS, PROPERTY_SETS, Portrait, chosen
from .recipients import Recipient
from .state import State, mail_recipients, mailboxes

_IDENTITIES = ("Identity", "UserPrincipalName", "PrimarySmtpAddress", "ExternalDirectoryObjectId")


def read(state: State, bound: Bound) -> Answer:
    """Raises TenantError: E6, E8, E20, a bad filter, an unknown property."""
    reading = state.books.read()
    scope = _scope(bound)
    portrait = Portrait(state.organisation, state.directory, reading)
    make = MAKERS[bound.cmdlet]
    found = _found(state, bound, scope, reading)
    columns = _columns(bound, make(portrait, state.directory.recipients[0])) if state.directory.recipients else None
    rows = (_only(make(portrait, each), columns) for each in found if scope(each))
    return state.answer(bound, rows)


def _scope(bound: Bound) -> Scope:
    details = {each.casefold() for each in bound.lists.get("RecipientTypeDetails", ())}
    types = {each.casefold() for each in bound.lists.get("RecipientType", ())}
    kind = _kind_scope(bound)

    def scope(each: Recipient) -> bool:
        if details and each.shown_details.casefold() not in details:
            return False
        return kind(each) and (not types or each.shown_type.casefold() in types)

    return scope


def _kind_scope(bound: Bound) -> Scope:
    if bound.cmdlet in ("Get-Mailbox", "Get-EXOMailbox"):
        return mailboxes(bound.switch("GroupMailbox"), bound.switch("SoftDeletedMailbox"))
    if bound.cmdlet == "Get-User":
        return lambda each: each.traits.user and not each.soft_deleted
    if bound.cmdlet == "Get-Group":
        return lambda each: each.traits.group and not each.soft_deleted
    if bound.switch("IncludeSoftDeletedRecipients"):
        return lambda each: each.traits.mail
    return mail_recipients


def _found(state: State, bound: Bound, scope: Scope, reading: Reading) -> Iterable[Recipient]:
    """Everything, where neither an identity nor a filter is given, or a blank one (exchange facts 1.4)."""
    identity = next(filter(None, map(bound.text, _IDENTITIES)), "")
    text = bound.text("Filter")
    if identity or bound.text("Anr"):
        found = (
            state.several(identity, scope, bound.cmdlet)
            if identity
            else state.directory.look_alikes(bound.text("Anr"), scope)
        )
        wanted = set(state.filters.matching(bound.cmdlet, text, reading)) if text else None
        return [each for each in found if wanted is None or each in wanted]
    return state.filters.matching(bound.cmdlet, text, reading) if text else state.directory.recipients


def _columns(bound: Bound, sample: Row) -> list[str] | None:
    """The properties that a Get-EXO* shows; None: all that there are, as of the other cmdlets."""
    if bound.cmdlet not in PROPERTY_SETS:
        return None
    return chosen(bound.cmdlet, sample, bound.lists.get("Properties", []), bound.lists.get("PropertySets", []))


def _only(row: Row, columns: list[str] | None) -> Row:
    return row if columns is None else {name: row[name] for name in columns}
