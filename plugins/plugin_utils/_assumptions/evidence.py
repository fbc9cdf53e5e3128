# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the assumptions are held against: the answers to reads of an organisation, and how they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .._exchange import cmdlets, filters
from .._exchange.accounts import Account
from .._exchange.delegates import find_delegates
from .._exchange.directory import ask_all
from .._exchange.identities import Principal, Recipient, is_guid, list_of, recipient_of
from .._exchange.needs import needed_cmdlets
from .._exchange.rights import AccessEntry, Right, mailbox_entry, recipient_entry
from .._exchange.session import Answer, Call, CmdletError, Session, SessionInfo, SessionLost
from .finding import LOST
from .probes import Probe, constant_probes, page, probes_of_sample, probes_of_trustees

#: Accounts and delegates that are followed over the whole organisation, one call each.
FOLLOWED = 5
#: Accounts that are looked up, all in one call.
LOOKED_UP = 10
_NEVER_ANSWERED = Answer(error=CmdletError("", code=LOST))


def wanted_cmdlets() -> dict[str, list[str]]:
    """What is used where the role grants it: readers alone."""
    needed = needed_cmdlets((), (), read_only=True, read=tuple(Right), unresolved=True)
    return {**needed, "Get-EXORecipient": [*needed["Get-EXORecipient"], "RecipientType"]}


class Recorder:
    """A session that takes times, and answers for one that is lost: the rest can then not be told."""

    def __init__(self, session: Session) -> None:
        self.times: dict[str, list[int]] = {}
        self.asked = self.answered = 0
        self._session = session
        self._lost = False

    @property
    def info(self) -> SessionInfo:
        return self._session.info

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        waiting = {id(call): call for call in calls}
        self.asked += len(waiting)
        if not self._lost:
            try:
                for call, answer in self._session.invoke(list(waiting.values())):
                    del waiting[id(call)]
                    self.answered += 1
                    self.times.setdefault(call.cmdlet, []).append(answer.milliseconds)
                    yield call, answer
            except SessionLost:
                self._lost = True
        for call in waiting.values():
            yield call, _NEVER_ANSWERED

    def close(self) -> None:
        self._session.close()


@dataclass(frozen=True)
class Evidence:
    """Everything that was read. Lists of the sampled ``mailboxes`` by GUID, in a dict for each kind of read.

    ``sign_in_seconds``: 0 where nobody signed in. ``trustees``: entries of accounts on the sampled mailboxes, one for
    each way in which one is shown. ``send_as_of``: what was read of an account over the organisation, by SID.
    ``delegates``: whom a value of GrantSendOnBehalfTo means, by value; ``delegators``: the mailboxes that name it.
    ``times``: milliseconds, by cmdlet.
    """

    info: SessionInfo
    sign_in_seconds: float
    sample: Answer
    mailboxes: tuple[Recipient, ...]
    full_access: Mapping[str, Answer]
    with_deleted: Mapping[str, Answer]
    send_as: Mapping[str, Answer]
    delegate_lists: Mapping[str, Answer]
    probes: Mapping[Probe, Answer]
    trustees: tuple[AccessEntry, ...]
    send_as_of: Mapping[str, Answer]
    delegates: Mapping[str, Account]
    delegators: Mapping[str, Answer]
    asked: int = 0
    answered: int = 0
    times: Mapping[str, list[int]] = field(default_factory=dict)


def gather(session: Session, sample: int, sign_in_seconds: float) -> Evidence:
    """Reads of at most ``sample`` mailboxes and of what their access lists name; nothing is written, ever."""
    recorder = Recorder(session)
    (first,) = ask_all(recorder, {"": _sample(sample)}).values()
    mailboxes = tuple(one for one in map(recipient_of, first.rows) if one.is_mailbox and is_guid(one.guid))
    guids = [one.guid for one in mailboxes]
    full_access = ask_all(recorder, {guid: cmdlets.get_full_access_on(guid, False) for guid in guids})
    with_deleted = ask_all(recorder, {guid: cmdlets.get_full_access_on(guid, True) for guid in guids})
    send_as = ask_all(recorder, {guid: cmdlets.get_send_as_on(guid) for guid in guids})
    delegate_lists = ask_all(recorder, {guid: cmdlets.get_delegates_on(guid) for guid in guids})
    senders = _of_accounts(recipient_entry(row) for answer in send_as.values() for row in answer.rows)
    openers = _of_accounts(mailbox_entry(row) for answer in full_access.values() for row in answer.rows)
    trustees = _first_accounts([*senders, *openers])
    calls = {**constant_probes(), **probes_of_sample(mailboxes), **probes_of_trustees(trustees)}
    probes = ask_all(recorder, calls)
    send_as_of = ask_all(recorder, {sid: cmdlets.get_send_as_of(sid) for sid in _sids(senders)[:FOLLOWED]})
    values = [value for one in delegate_lists.values() for row in one.rows for value in _delegates(row)]
    delegates = find_delegates(recorder, list(dict.fromkeys(values))[:FOLLOWED])
    delegators = ask_all(recorder, {value: _delegators(one) for value, one in delegates.items() if _has_name(one)})
    probes.update(ask_all(recorder, {Probe.PAGE: page()}))  # last, for it may be too much for the way
    return Evidence(
        session.info, sign_in_seconds, first, mailboxes, full_access, with_deleted, send_as, delegate_lists, probes,
        trustees, send_as_of, delegates, delegators, recorder.asked, recorder.answered, recorder.times,
    )  # fmt: skip


def _sample(size: int) -> Call:
    everything = cmdlets.list_recipients()
    return replace(
        everything, parameters={**everything.parameters, "RecipientType": ["UserMailbox"], "ResultSize": size}
    )


def _of_accounts(entries: Iterable[AccessEntry]) -> list[AccessEntry]:
    """Those of accounts that somebody made: SELF and the like have other SIDs."""
    return [one for one in entries if one.sid.startswith("S-1-5-21-")]


def _sids(entries: Iterable[AccessEntry]) -> list[str]:
    return list(dict.fromkeys(one.sid for one in entries))


def _first_accounts(entries: Sequence[AccessEntry]) -> tuple[AccessEntry, ...]:
    """Entries of the first few accounts, one for each way in which an account is shown."""
    chosen = _sids(entries)[:LOOKED_UP]
    return tuple({(one.sid, one.trustee): one for one in entries if one.sid in chosen}.values())


def _delegates(row: Mapping[str, object]) -> list[str]:
    return list_of(row.get("GrantSendOnBehalfTo"))


def _has_name(account: Account) -> bool:
    return isinstance(account, Principal) and bool(account.distinguished_name)


def _delegators(account: Account) -> Call:
    name = account.distinguished_name if isinstance(account, Principal) else ""
    return cmdlets.get_send_on_behalf_of(filters.equals("GrantSendOnBehalfTo", name))
