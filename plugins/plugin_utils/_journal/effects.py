# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run did to each grant in the end, as far as the journal knows, and what later runs of it made of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._access.plan import Verb
from .._exchange.rights import Right
from .entries import Box, Holder, Place, Sent, WriteState
from .history import RecordedRun, Write

#: GUID of the mailbox, key of the account, right.
GrantName = tuple[str, str, Right]
#: What stands for the entry of a delegate: Send on Behalf has no access list.
DELEGATE = Place("")


@dataclass(frozen=True)
class Touch:
    """What became of one entry. ``left``: whether the run left it there, or else took it away.

    ``stands``: where it may stand. An entry under an earlier SID of the account that was taken away can only be given
    back under the present one.

    ``certain``: Exchange said so. ``undone``: a later run of the journal put it back as it was before, for certain or
    not. ``rival``: a later run that is no restore left it as this one had, and has a claim to it of its own.
    """

    place: Place
    stands: frozenset[Place]
    left: bool
    certain: bool
    undone: bool = False
    undone_for_certain: bool = False
    rival: str = ""


@dataclass(frozen=True)
class Trace:
    """A grant that a run may have changed. ``before``: the entries that gave the right before it.

    ``denied``: an entry denied it before the run.
    """

    mailbox: Box
    account: Holder
    right: Right
    before: frozenset[Place]
    touches: tuple[Touch, ...]
    denied: bool = False

    @property
    def granted(self) -> bool:
        """Whether the run gave the right, so that it is to be taken back; else the other way round."""
        return any(touch.left for touch in self.touches)

    @property
    def places(self) -> frozenset[Place]:
        """Wherever what the run touched may stand."""
        return frozenset[Place]().union(*(touch.stands for touch in self.touches))


def normal(place: Place, right: Right, current_sid: str) -> Place:
    """An entry as it is compared: one without a SID is the account's present one; only Full Access has a type."""
    if right is Right.SEND_ON_BEHALF:
        return DELEGATE
    inheritance_type = place.inheritance_type or "All"
    return Place((place.sid or current_sid).upper(), inheritance_type if right is Right.FULL_ACCESS else "")


class _Accounts:
    """Who is who in a journal: a write may name an account by its SID alone, and another the same with its GUID."""

    def __init__(self, runs: Iterable[RecordedRun]) -> None:
        self._owners: dict[str, Holder] = {}
        for account in (write.sent.account for run in runs for write in run.writes):
            if account.guid:
                self._owners.update(dict.fromkeys(account.sids, account))

    def key(self, account: Holder) -> str:
        """Equal for the same account."""
        return account.guid or self._owner(account).key

    def present_sid(self, account: Holder) -> str:
        """The SID that a grant goes to; empty for a delegate without one."""
        return (self._owner(account).sids or account.sids or ("",))[0]

    def _owner(self, account: Holder) -> Holder:
        return account if account.guid or not account.sids else self._owners.get(account.sids[0], account)


def traces_of(runs: Sequence[RecordedRun], run: RecordedRun) -> tuple[Trace, ...]:
    """Every grant that the run may have changed. ``runs``: all of the journal, in their order."""
    kin = _kin(runs, run.id)
    accounts = _Accounts(runs)
    later = [(one.id, _by_grant(one.writes, accounts)) for one in runs[runs.index(run) + 1 :]]
    traces = []
    for name, writes in _by_grant(run.writes, accounts).items():
        after = [(whose, write) for whose, grants in later for write in grants.get(name, ())]
        trace = _trace(writes, after, kin, accounts.present_sid(writes[0].sent.account))
        if trace.touches:
            traces.append(trace)
    return tuple(traces)


def powershells_of(runs: Sequence[RecordedRun], run: RecordedRun) -> tuple[Mapping[str, object], ...]:
    """Where the PowerShells of a run, and of what restored it, were; each once."""
    kin = _kin(runs, run.id)
    found: list[Mapping[str, object]] = []
    for write in (write for one in runs if one.id in kin for write in one.writes):
        if write.sent.place and write.sent.place not in found:
            found.append(write.sent.place)
    return tuple(found)


def _kin(runs: Iterable[RecordedRun], name: str) -> frozenset[str]:
    """The run, what restored it, what restored that, and so on."""
    kin = {name}
    for one in runs:
        if one.begun.of in kin:
            kin.add(one.id)
    return frozenset(kin)


def _by_grant(writes: Iterable[Write], accounts: _Accounts) -> dict[GrantName, list[Write]]:
    """Only those that may have changed something."""
    grouped: dict[GrantName, list[Write]] = {}
    for write in writes:
        if write.state.may_have_changed:
            sent = write.sent
            grouped.setdefault((sent.mailbox.guid, accounts.key(sent.account), sent.right), []).append(write)
    return grouped


def _trace(writes: Sequence[Write], after: Sequence[tuple[str, Write]], kin: frozenset[str], present_sid: str) -> Trace:
    first = writes[0].sent
    before = _before(first)
    mine = {place_of(write.sent): write for write in writes}
    touches = [
        _touch(place, write, after, kin, present_sid)
        for place, write in mine.items()
        if (place in before) is not (write.sent.verb is Verb.GRANT)
    ]
    return Trace(first.mailbox, first.account, first.right, before, tuple(touches), first.denied)


def _before(sent: Sent) -> frozenset[Place]:
    if sent.right is Right.SEND_ON_BEHALF:
        return frozenset([DELEGATE] if sent.held else [])
    return frozenset(normal(entry, sent.right, _own_sid(sent.account)) for entry in sent.entries)


def place_of(sent: Sent) -> Place:
    """The entry that a write made or took away: it stands under the SID of whom the write named."""
    own = _own_sid(sent.account)
    earlier = sent.verb is Verb.REVOKE and sent.trustee != sent.account.guid
    return normal(Place(sent.trustee if earlier else own, sent.inheritance_type), sent.right, own)


def _own_sid(account: Holder) -> str:
    return account.sids[0] if account.sids else ""


def _touch(
    place: Place, write: Write, after: Sequence[tuple[str, Write]], kin: frozenset[str], present_sid: str
) -> Touch:
    left = write.sent.verb is Verb.GRANT
    present = normal(Place(present_sid, place.inheritance_type), write.sent.right, present_sid)
    stands = frozenset([place] if left else [place, present])
    same = [one for one in after if place_of(one[1].sent) in stands]
    whose, last = same[-1] if same else ("", write)
    certain = last.state is WriteState.DONE
    if (last.sent.verb is Verb.GRANT) is not left:
        return Touch(place, stands, left, write.state is WriteState.DONE, undone=True, undone_for_certain=certain)
    return Touch(place, stands, left, certain, rival=whose if whose and whose not in kin else "")
