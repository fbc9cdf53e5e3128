# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the rows of directory cmdlets to the recipients of an organisation: nothing is invented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .._exchange.identities import is_sid, list_of, recipient_of, text_of
from .._exchange.session import Answer, Call, Property, Row, Session, SessionInfo
from .._tenant.organisation import distinct
from .._tenant.recipients import TRAITS, Kind, Recipient

_RECIPIENT_CMDLETS = ("Get-EXORecipient", "Get-Recipient")
_ACCOUNT_CMDLETS = ("Get-User", "Get-Group")
_KINDS = {kind.value.lower(): kind for kind in Kind}
#: RecipientType in lower case → the kind that an object works as whose RecipientTypeDetails are none of the kinds.
_WORKS_AS = {
    "usermailbox": Kind.USER_MAILBOX,
    "mailuser": Kind.MAIL_USER,
    "mailuniversaldistributiongroup": Kind.DISTRIBUTION_GROUP,
    "mailuniversalsecuritygroup": Kind.MAIL_SECURITY_GROUP,
    "dynamicdistributiongroup": Kind.DYNAMIC_GROUP,
    "user": Kind.USER,
    "group": Kind.SECURITY_GROUP,
}


class RecordingSession:
    """A session that keeps what it heard."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.heard: list[tuple[Call, Answer]] = []

    @property
    def info(self) -> SessionInfo:
        return self._session.info

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        for call, answer in self._session.invoke(calls):
            self.heard.append((call, answer))
            yield call, answer

    def close(self) -> None:
        self._session.close()


@dataclass
class _Seen:
    """The rows of one object. ``living``: it was shown where deleted ones are not."""

    recipient: Row = field(default_factory=dict)
    account: Row = field(default_factory=dict)
    account_cmdlet: str = ""
    living: bool = False


def recipients_of(heard: Iterable[tuple[Call, Answer]]) -> tuple[Recipient, ...]:
    """Everybody and everything that directory cmdlets showed. A row without a GUID is of nobody that could be meant."""
    seen: dict[str, _Seen] = {}
    for call, answer in heard:
        if "RecipientTypeDetails" not in call.select:
            continue
        for row in answer.rows:
            guid = text_of(row.get("Guid")).lower()
            if guid:
                _note(seen.setdefault(guid, _Seen()), call, row)
    made = (_recipient(guid, one) for guid, one in seen.items())
    return distinct(tuple(sorted(made, key=lambda one: (one.address.lower() or one.name.lower(), one.guid))))


def _note(seen: _Seen, call: Call, row: Row) -> None:
    if call.cmdlet in _RECIPIENT_CMDLETS:
        seen.recipient = row
        seen.living = seen.living or not call.parameters.get("IncludeSoftDeletedRecipients")
    elif call.cmdlet in _ACCOUNT_CMDLETS:
        seen.account, seen.account_cmdlet, seen.living = row, call.cmdlet, True


def _recipient(guid: str, seen: _Seen) -> Recipient:
    row: Mapping[str, Property] = {**seen.account, **seen.recipient}
    mail = recipient_of(row)
    address = mail.address if seen.recipient else text_of(row.get("WindowsEmailAddress"))
    sids = [sid.upper() for sid in list_of(row.get("Sid")) if is_sid(sid)]
    history = [sid.upper() for sid in list_of(row.get("SidHistory")) if is_sid(sid)]
    kind = _kind_of(mail.kind, mail.recipient_type, seen)
    name = mail.name or guid
    return Recipient(
        kind=kind,
        name=name,
        display_name=name,
        alias=mail.alias,
        upn=text_of(row.get("UserPrincipalName")),
        address=address,
        aliases=tuple(sorted(mail.addresses - {address.lower()})),
        sid=sids[0] if sids else "",
        sid_history=tuple(history),
        guid=guid,
        object_id=mail.object_id.lower(),
        distinguished_name=mail.distinguished_name,
        soft_deleted=not seen.living,
        hidden=mail.hidden,
        details=mail.kind if mail.kind != kind.value else "",
        recipient_type=mail.recipient_type if mail.recipient_type != TRAITS[kind].recipient_type else "",
    )


def _kind_of(details: str, recipient_type: str, seen: _Seen) -> Kind:
    """The kind that it works as; whatever has an address and is nothing known works as a contact, which can least."""
    known = _KINDS.get(details.lower()) or _WORKS_AS.get(recipient_type.lower())
    if known:
        return known
    if seen.recipient:
        return Kind.CONTACT
    return Kind.SECURITY_GROUP if seen.account_cmdlet == "Get-Group" else Kind.USER
