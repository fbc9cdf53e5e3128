# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-RecipientPermission and Get-MailboxPermission: access lists as rows, with their quirks (exchange facts 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .._exchange.session import Answer, Property, Scalar
from . import errors
from .access import SELF, Entry
from .binding import Bound
from .properties import Properties, with_text_booleans
from .quirks import Quirk
from .recipients import Recipient
from .state import SELF_NAME, State, mail_recipients, mailboxes

#: Q2.
_SELF_FULL_ACCESS = (
    Entry(SELF, ("FullAccess", "SendAs", "ReadPermission"), "All"),
    Entry(SELF, ("FullAccess", "SendAs", "ExternalAccount", "ReadPermission"), "All"),
)
_SELF_USUAL = (Entry(SELF, ("FullAccess", "ReadPermission"), "All"),)
_SELF_SEND_AS = (Entry(SELF, ("SendAs",), "None"),)


def read_recipient_permission(state: State, bound: Bound) -> Answer:
    """Send As. Without -Identity: of the whole organisation. Raises TenantError: E6, E7, E8, E20."""
    sid = state.sid(bound.text("Trustee")) if bound.text("Trustee") else ""
    reading = state.books.read()

    def rows() -> Iterator[Properties]:
        for each in _targets(state, bound, sid):
            own = self_entries(state, each, _SELF_SEND_AS, _SELF_SEND_AS * 2) if each.traits.user else ()
            for entry in (*own, *reading.of(each.guid).send_as):
                if sid in ("", entry.sid):
                    yield send_as_row(state, each, entry)

    return state.answer(bound, rows())


def _targets(state: State, bound: Bound, sid: str) -> Iterable[Recipient]:
    identity = bound.text("Identity")
    if identity:
        return state.several(identity, mail_recipients, bound.cmdlet)
    everything = state.books.with_sender(sid) if sid and sid != SELF else state.directory.recipients
    return filter(mail_recipients, everything)


def read_mailbox_permission(state: State, bound: Bound) -> Answer:
    """Full Access of one mailbox. Raises TenantError: E6, E7, E8."""
    scope = mailboxes(bound.switch("GroupMailbox"), bound.switch("SoftDeletedMailbox"))
    identity = bound.text("Identity")
    each = state.one(identity, scope, bound.cmdlet)
    if bound.switch("UseCustomRouting") and identity.casefold() not in _routable(each):
        raise errors.not_found(identity, bound.cmdlet)
    sid = state.sid(bound.text("User")) if bound.text("User") else ""
    own = self_entries(state, each, _SELF_USUAL, _SELF_FULL_ACCESS)
    entries = (*own, *state.books.read().of(each.guid).full_access)
    rows = (
        full_access_row(state, each, entry)
        for entry in entries
        if sid in ("", entry.sid) and _is_visible(state, bound, entry)
    )
    return state.answer(bound, rows)


def _routable(each: Recipient) -> set[str]:
    """What -UseCustomRouting takes: UPN, address, GUID (exchange facts 2)."""
    return {text.casefold() for text in (each.upn, each.address, *each.aliases, each.guid, each.object_id)}


def _is_visible(state: State, bound: Bound, entry: Entry) -> bool:
    """Q5: entries of deleted accounts are shown only where asked for."""
    if entry.sid in (SELF, ""):
        return True
    owner = state.directory.by_sid(entry.sid)
    if owner is None:
        return bound.switch("IncludeUnresolvedPermissions")
    return not owner.soft_deleted or bound.switch("IncludeSoftDeletedUserPermissions")


def self_entries(
    state: State, each: Recipient, usual: tuple[Entry, ...], double: tuple[Entry, ...]
) -> tuple[Entry, ...]:
    """Q2; and none at all, the sign of a broken read (exchange facts 3.3)."""
    if state.organisation.has(Quirk.NO_SELF, each):
        return ()
    return double if state.organisation.has(Quirk.DOUBLE_SELF, each) else usual


def send_as_row(state: State, each: Recipient, entry: Entry) -> Properties:
    row: Properties = {
        "Identity": each.name,
        "Trustee": shown(state, each, entry),
        "TrusteeSidString": entry.sid,
        "AccessControlType": "Deny" if entry.deny else "Allow",
        "TrusteeWithPrimarySmtpAddress": None,
    }
    return _finished(state, each, entry, row)


def full_access_row(state: State, each: Recipient, entry: Entry) -> Properties:
    row: Properties = {
        "Identity": each.name,
        "User": shown(state, each, entry),
        "UserSid": entry.sid,
        "Deny": entry.deny,
    }
    return _finished(state, each, entry, row)


def _finished(state: State, each: Recipient, entry: Entry, row: Properties) -> Properties:
    row["AccessRights"] = _rights(state, each, entry)
    row["IsInherited"] = entry.inherited
    row["InheritanceType"] = entry.inheritance_type
    row["PrimarySmtpAddress"] = None
    row["IsValid"] = True
    row["ObjectState"] = "Unchanged"
    return with_text_booleans(row) if state.organisation.has(Quirk.TEXT_BOOLEANS, each) else row


def _rights(state: State, each: Recipient, entry: Entry) -> Property:
    rights: list[Scalar] = list(entry.rights)
    return [", ".join(entry.rights)] if state.organisation.has(Quirk.JOINED_RIGHTS, each) else rights


def shown(state: State, each: Recipient, entry: Entry) -> str:
    """How an entry on a recipient names its trustee (Q3 to Q6)."""
    if entry.user:
        return entry.user
    if entry.sid == SELF:
        return SELF_NAME
    owner = state.directory.by_sid(entry.sid)
    if owner is None or owner.soft_deleted:
        return entry.sid
    has = state.organisation.has
    if owner.traits.group or has(Quirk.DISPLAY_NAMES, each):
        return owner.display_name
    if has(Quirk.DOMAIN_PREFIX, each):
        return f"NAMPR05A001\\{owner.name}"
    return owner.upn.upper() if has(Quirk.UPPER_CASE_USERS, each) else owner.upn
