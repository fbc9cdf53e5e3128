# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with a snapshot: it answers what the snapshot holds, and of the rest says so, never that there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from uuid import UUID, uuid5

from .._exchange.errors import NOT_HELD
from .._exchange.rights import Right
from .._exchange.session import WRITERS, Answer, Call, CmdletError, Row, Session, SessionInfo
from .._tenant.access import EMPTY, AccessList, Entry
from .._tenant.opath import All, Any, Comparison, Condition, FilterError, Not, parse
from .._tenant.organisation import Organisation, distinct
from .._tenant.recipients import Kind, Recipient
from .contents import DOES_NOT_HOLD, Count, Fate, Snapshot, Subject

_NAMESPACE = UUID("1d0f2a5e-8c2b-4f0e-9a57-3f6c0b7e4d21")
_ACCOUNT_CMDLETS = ("Get-User", "Get-Group")
_DIRECTORY_CMDLETS = (*_ACCOUNT_CMDLETS, "Get-EXORecipient", "Get-Recipient", "Get-EXOMailbox", "Get-Mailbox")
_UNREAD_DELEGATES = "who may send on behalf of some mailboxes could not be read when the snapshot was taken"


class HeldSession:
    """``inner``: a session with the organisation of the snapshot, others put in (``with_others``)."""

    def __init__(self, inner: Session, snapshot: Snapshot, organisation: Organisation) -> None:
        self._inner = inner
        self._held = _Held(snapshot, organisation)

    @property
    def info(self) -> SessionInfo:
        return self._inner.info

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        for call in calls:
            why = self._held.why_not(call)
            if why:
                yield call, Answer(error=CmdletError(why, code=NOT_HELD))
                continue
            for asked, answer in self._inner.invoke([call]):
                yield asked, self._held.with_doubts(call, answer)

    def close(self) -> None:
        self._inner.close()


class _Held:
    """What a snapshot can tell. Look-ups are by exact values, of which each is known or not."""

    def __init__(self, snapshot: Snapshot, organisation: Organisation) -> None:
        self._snapshot = snapshot
        self._gaps = {(one.subject, one.of.lower()): one.reason for one in snapshot.gaps}
        unread = {right: {one.of for one in snapshot.gaps if one.subject.value == right.value} for right in Right}
        self._unread_send_as = [one for one in organisation.recipients if one.guid in unread[Right.SEND_AS]]
        self._unread_names = {one.name.lower() for one in self._unread_send_as}
        guids = {one.guid for one in organisation.recipients}
        self._unread_delegates = bool(unread[Right.SEND_ON_BEHALF] & guids)
        found = _found(snapshot)
        read = [one for one in organisation.recipients if _is_any_of(one, found)]
        self._mail = {*snapshot.mailboxes, *snapshot.accounts, *_lower(_addresses(read))}
        self._names = {one.name.lower() for one in organisation.recipients}
        self._ids = {*snapshot.accounts}
        for one in organisation.recipients:
            self._ids |= {one.guid, one.object_id}
        accounts = [one for one in organisation.recipients if _is_any_of(one, snapshot.accounts)]
        self._accounts = {*snapshot.accounts, *_lower(name for one in accounts for name in _account_names(one))}
        self._accounts.discard("")
        self._account_names = {one.distinguished_name.lower() for one in accounts}

    def why_not(self, call: Call) -> str | None:
        """None where the snapshot can answer."""
        if call.cmdlet in WRITERS:
            return None
        identity = str(call.parameters.get("Identity") or "").lower()
        if call.cmdlet == "Get-RecipientPermission":
            trustee = str(call.parameters.get("Trustee") or "").lower()
            return self._why_no_senders(trustee) if not identity else self._why_no_list(Right.SEND_AS, identity)
        if call.cmdlet == "Get-MailboxPermission":
            return self._why_no_list(Right.FULL_ACCESS, identity)
        if call.cmdlet == "Get-EXOMailbox" and identity:
            return self._why_no_list(Right.SEND_ON_BEHALF, identity)
        if call.cmdlet not in _DIRECTORY_CMDLETS:
            return None
        opath = str(call.parameters.get("Filter") or "")
        return self._why_no_look_up(call.cmdlet, opath) if opath else self._why_no_listing(call.cmdlet)

    def with_doubts(self, call: Call, answer: Answer) -> Answer:
        """Of each mailbox whose list could not be read, Send As over the whole organisation shows nothing but an entry
        that names it by a path. Nobody takes that for a grant; whoever asks about the mailbox has to look at it itself,
        and is told there (design rule 3)."""
        everywhere = call.cmdlet == "Get-RecipientPermission" and not call.parameters.get("Identity")
        if not everywhere or not self._unread_send_as:
            return answer
        read = (row for row in answer.rows if str(row.get("Identity")).lower() not in self._unread_names)
        return replace(answer, rows=(*read, *(_doubt(one, call) for one in self._unread_send_as)))

    def _why_no_listing(self, cmdlet: str) -> str | None:
        if self._snapshot.is_partial:
            return self._not_held()
        return _UNREAD_DELEGATES if cmdlet == "Get-EXOMailbox" and self._unread_delegates else None

    def _why_no_senders(self, sid: str) -> str | None:
        gap = self._gap(Subject.SEND_AS, "") or self._gap(Subject.SEND_AS, sid)
        if gap or not self._snapshot.is_partial:
            return gap
        return None if sid in self._accounts else self._not_held()

    def _why_no_list(self, right: Right, guid: str) -> str | None:
        everywhere = self._gap(Subject.SEND_AS, "") if right is Right.SEND_AS else None
        gap = everywhere or self._gap(Subject(right.value), guid)
        if gap or not self._snapshot.is_partial:
            return gap
        return None if right in self._snapshot.others.get(guid, {}) else self._not_held()

    def _why_no_look_up(self, cmdlet: str, opath: str) -> str | None:
        try:
            asked = list(_comparisons(parse(opath)))
        except FilterError:
            return None
        for one in asked:
            why = self._why_not_known(cmdlet, one)
            if why:
                return why
        return None

    def _why_not_known(self, cmdlet: str, asked: Comparison) -> str | None:
        name, value = asked.prop.lower(), str(asked.value).lower().removeprefix("smtp:")
        if name == "grantsendonbehalfto":
            return self._why_no_delegators(value)
        if name == "guid" and cmdlet == "Get-EXOMailbox":
            return self._why_no_list(Right.SEND_ON_BEHALF, value)
        gap = self._gap(Subject.MAILBOX, value) or self._gap(Subject.ACCOUNT, value)
        if gap or not self._snapshot.is_partial:
            return gap
        known = self._accounts if cmdlet in _ACCOUNT_CMDLETS else self._known_by(name)
        return None if asked.operator == "eq" and value in known else self._not_held()

    def _known_by(self, name: str) -> set[str]:
        if name in ("guid", "externaldirectoryobjectid"):
            return self._ids
        return {"emailaddresses": self._mail, "name": self._names}.get(name, set())

    def _why_no_delegators(self, distinguished_name: str) -> str | None:
        """Of an account that was looked up, its own read decides; of another, the lists of all mailboxes together."""
        gap = self._gap(Subject.SEND_ON_BEHALF, distinguished_name)
        if gap or distinguished_name in self._account_names:
            return gap
        if self._snapshot.is_partial:
            return self._not_held()
        return _UNREAD_DELEGATES if self._unread_delegates else None

    def _gap(self, subject: Subject, of: str) -> str | None:
        reason = self._gaps.get((subject, of))
        taken = self._snapshot.taken
        return None if reason is None else f"it could not be read when the snapshot was taken ({taken}): {reason}"

    def _not_held(self) -> str:
        return (
            f"{DOES_NOT_HOLD}, which was taken {self._snapshot.taken}: "
            "take a new one whose play has it, or with detail full"
        )


def _doubt(unread: Recipient, call: Call) -> Row:
    trustee = str(call.parameters.get("Trustee") or "")
    return {
        "Identity": f"not read/{unread.name}",
        "Trustee": trustee,
        "TrusteeSidString": trustee,
        "AccessControlType": "Allow",
        "AccessRights": ["SendAs"],
        "IsInherited": False,
    }


def _comparisons(condition: Condition) -> Iterator[Comparison]:
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, Not):
        yield from _comparisons(condition.operand)
    elif isinstance(condition, (All, Any)):
        for operand in condition.operands:
            yield from _comparisons(operand)


def _addresses(recipients: Iterable[Recipient]) -> Iterator[str]:
    for one in recipients:
        yield from (one.address, *one.aliases)


def _found(snapshot: Snapshot) -> Mapping[str, Fate]:
    """What was looked up and is there. Of what was ambiguous nobody read who holds what, by whatever name it is asked
    for."""
    looked_up = [*snapshot.mailboxes.items(), *snapshot.accounts.items()]
    return {name: fate for name, fate in looked_up if fate is Fate.FOUND}


def _account_names(one: Recipient) -> tuple[str, ...]:
    return (one.guid, one.object_id, one.upn, one.sid, *one.sid_history)


def _is_any_of(one: Recipient, accounts: Mapping[str, object]) -> bool:
    names = _lower((*_account_names(one), one.address, *one.aliases))
    return any(name in accounts for name in names if name)


def _lower(texts: Iterable[str]) -> Iterator[str]:
    return (text.lower() for text in texts)


def with_others(snapshot: Snapshot) -> Organisation:
    """The organisation with as many nameless others in its lists as were counted, lest they be taken for none."""
    organisation = snapshot.organisation
    most = max((one[right].total for one in snapshot.others.values() for right in one), default=0)
    strangers = tuple(_stranger(number) for number in range(1, most + 1))
    access = dict(organisation.access)
    for guid, counts in snapshot.others.items():
        access[guid] = _joined(access.get(guid, EMPTY), counts, strangers)
    recipients = distinct((*organisation.recipients, *(strangers if _delegates_among(snapshot) else ())))
    return replace(organisation, recipients=recipients, access=access)


def _delegates_among(snapshot: Snapshot) -> bool:
    return any(one[Right.SEND_ON_BEHALF].total for one in snapshot.others.values() if Right.SEND_ON_BEHALF in one)


def _joined(lists: AccessList, counts: Mapping[Right, Count], strangers: tuple[Recipient, ...]) -> AccessList:
    send_as = _entries(counts.get(Right.SEND_AS, Count()), "SendAs", "None", strangers)
    full_access = _entries(counts.get(Right.FULL_ACCESS, Count()), "FullAccess", "All", strangers)
    delegates = tuple(one.guid for one in strangers[: counts.get(Right.SEND_ON_BEHALF, Count()).total])
    return AccessList(
        (*lists.full_access, *full_access), (*lists.send_as, *send_as), (*lists.send_on_behalf, *delegates)
    )


def _entries(count: Count, right: str, inheritance: str, strangers: tuple[Recipient, ...]) -> tuple[Entry, ...]:
    kinds = [(False, False)] * count.allow + [(True, False)] * count.deny + [(False, True)] * count.inherited
    return tuple(
        Entry(one.sid, (right,), inheritance, user=one.name, deny=deny, inherited=inherited)
        for one, (deny, inherited) in zip(strangers, kinds, strict=False)
    )


def _stranger(number: int) -> Recipient:
    """Somebody of whom the snapshot does not say who it is. No account has such a SID."""
    name = f"account {number} that the snapshot does not hold"
    return Recipient(
        kind=Kind.MAIL_USER,
        name=name,
        display_name=name,
        alias="",
        upn="",
        address="",
        aliases=(),
        sid=f"S-1-5-21-0-0-0-{number}",
        sid_history=(),
        guid=str(uuid5(_NAMESPACE, f"guid/{number}")),
        object_id=str(uuid5(_NAMESPACE, f"object/{number}")),
        distinguished_name=f"CN={name}",
    )
