# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was read to what is known of each grant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from .._exchange.access_lists import (
    AccessList,
    Delegators,
    NoEvidence,
    read_full_access_on,
    read_send_as_of,
    read_send_as_on,
    read_send_on_behalf_of,
)
from .._exchange.directory import NameCheck, check_names
from .._exchange.identities import Principal, Recipient
from .._exchange.rights import AccessEntry, Right
from .._exchange.session import Session
from .._wording import counted
from .model import Facts, Grant, Observed, Unknown

_NOT_HELD = Facts(allowed=False, denied=False, inherited=False)

#: None where one tenant-wide answer does not decide and the mailbox itself must be looked at.
_Undecided = None


def observe(session: Session, grants: Iterable[Grant], unresolved: bool = False) -> dict[Grant, Observed]:
    """What is known of each grant, with as few calls as the right allows (design 6).

    ``unresolved``: access lists are read with their deleted accounts, for whoever will look at those, too.
    """
    by_right: dict[Right, list[Grant]] = {right: [] for right in Right}
    for grant in grants:
        by_right[grant.right].append(grant)
    observed: dict[Grant, Observed] = {}
    observed.update(_observe_send_as(session, by_right[Right.SEND_AS]))
    observed.update(_observe_full_access(session, by_right[Right.FULL_ACCESS], unresolved))
    observed.update(_observe_send_on_behalf(session, by_right[Right.SEND_ON_BEHALF]))
    return observed


def _principals(grants: Iterable[Grant]) -> list[Principal]:
    return list({grant.principal.key: grant.principal for grant in grants}.values())


def _mailboxes(grants: Iterable[Grant]) -> list[Recipient]:
    return list({grant.mailbox.guid: grant.mailbox for grant in grants}.values())


def _observe_send_as(session: Session, grants: Sequence[Grant]) -> dict[Grant, Observed]:
    if not grants:
        return {}
    held = read_send_as_of(session, _principals(grants))
    named = {entry.mailbox.lower() for one in held.values() for entry in entries_of(one)}
    names = check_names(session, [one.name for one in _mailboxes(grants) if one.name.lower() in named])
    first = {grant: from_tenant_wide(grant, held[grant.principal.key], names) for grant in grants}
    undecided = [grant for grant, seen in first.items() if seen is _Undecided]
    alone = read_send_as_on(session, _mailboxes(undecided)) if undecided else {}
    return {grant: seen or from_list(grant, alone[grant.mailbox.guid]) for grant, seen in first.items()}


def _observe_full_access(session: Session, grants: Sequence[Grant], unresolved: bool) -> dict[Grant, Observed]:
    deleted = unresolved or any(grant.principal.is_bare_sid for grant in grants)
    lists = read_full_access_on(session, _mailboxes(grants), unresolved=deleted) if grants else {}
    return {grant: from_list(grant, lists[grant.mailbox.guid]) for grant in grants}


def _observe_send_on_behalf(session: Session, grants: Sequence[Grant]) -> dict[Grant, Observed]:
    delegators = read_send_on_behalf_of(session, _principals(grants)) if grants else {}
    return {grant: from_delegators(grant, delegators[grant.principal.key]) for grant in grants}


def entries_of(read: AccessList) -> tuple[AccessEntry, ...]:
    return () if isinstance(read, NoEvidence) else read.entries


def _may_be_of(grant: Grant, entries: Iterable[AccessEntry]) -> str:
    """The trustee of an entry without a SID that bears a name of the account, which others may bear, or empty."""
    for entry in entries:
        nameless = not entry.sid and entry.gives(grant.right) and not entry.is_of(grant.principal)
        if nameless and grant.principal.is_called(entry.trustee):
            return entry.trustee
    return ""


def from_tenant_wide(grant: Grant, held: AccessList, names: NameCheck) -> Facts | None:
    """What the Send As entries of the account over the whole tenant say of one mailbox; None: look at the mailbox.

    They name the mailbox by its Name, which others may bear (design rule 3). An account with several SIDs may have
    entries that such a read does not show (exchange facts 1.1), so for it a miss decides nothing.
    """
    if isinstance(held, NoEvidence):
        return None
    called = held.on(grant.mailbox)
    if not called:
        return None if len(grant.principal.sids) > 1 else _NOT_HELD
    by_name = all(entry.mailbox.lower() == grant.mailbox.name.lower() for entry in called)
    if not by_name or not names.is_only(grant.mailbox) or _may_be_of(grant, called):
        return None
    return facts_of(grant, called)


def from_list(grant: Grant, read: AccessList) -> Observed:
    """What the access list of the mailbox itself says."""
    if isinstance(read, NoEvidence):
        return Unknown(read.reason, read.may_pass)
    name = _may_be_of(grant, read.entries)
    if name:
        return Unknown(f"an entry came without a SID, by which alone it is certain whether {name!r} is the account")
    return facts_of(grant, read.entries, read.doubt)


def from_delegators(grant: Grant, read: Delegators) -> Observed:
    """What the mailboxes that name the account in GrantSendOnBehalfTo say: there is no Deny and no inheritance."""
    if isinstance(read, NoEvidence):
        return Unknown(read.reason, read.may_pass)
    return Facts(allowed=grant.mailbox.guid in read, denied=False, inherited=False)


def facts_of(grant: Grant, entries: Iterable[AccessEntry], doubt: str = "") -> Facts:
    """The three facts of a grant; a Deny counts wherever it comes from (design section 4)."""
    mine = entries_on(grant, entries)
    direct = tuple(entry for entry in mine if entry.allows and not entry.inherited)
    return Facts(
        allowed=bool(direct),
        denied=any(not entry.allows for entry in mine),
        inherited=any(entry.allows and entry.inherited for entry in mine),
        entries=direct,
        doubt=doubt,
    )


def entries_on(grant: Grant, entries: Iterable[AccessEntry]) -> tuple[AccessEntry, ...]:
    """The entries that speak of a grant, whatever they say of it."""
    return tuple(entry for entry in entries if entry.gives(grant.right) and entry.is_of(grant.principal))


def doubts_of(observed: Mapping[Grant, Observed]) -> dict[str, str]:
    """Reads that were odd but believed: address of the mailbox → what was odd."""
    facts = ((grant.mailbox.address, seen.doubt) for grant, seen in observed.items() if isinstance(seen, Facts))
    return {address: doubt for address, doubt in facts if doubt}


def doubts_in_words(addresses: Collection[str]) -> list[str]:
    """A warning about reads that were odd but believed, or none."""
    if not addresses:
        return []
    shown = ", ".join(sorted(addresses)[:5]) + (", …" if len(addresses) > 5 else "")
    odd = "came without the entry of SELF, twice, and"
    many = counted(len(addresses), f"access list {odd} was", f"access lists {odd} were")
    return [f"{many} believed: {shown}"]
