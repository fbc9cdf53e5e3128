# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the inventory says to what is wanted of which grant: first in the user's words, then in Exchange's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from .._exchange.accounts import Account, account_fault
from .._exchange.directory import Found
from .._exchange.failures import Failure, FailureClass
from .._exchange.identities import Principal, Problem, ProblemKind, Recipient, address_fault
from .._exchange.rights import Right
from .._wording import counted, option
from .model import Finding, Grant, GrantKey, Outcome, Profile, State, Want, Wish
from .terms import ENDLESS, SOON, Term

_OUTCOME_OF = {
    ProblemKind.NOT_FOUND: Outcome.NOT_FOUND,
    ProblemKind.AMBIGUOUS: Outcome.AMBIGUOUS,
    ProblemKind.UNSUPPORTED: Outcome.UNSUPPORTED,
    ProblemKind.UNKNOWN: Outcome.UNKNOWN,
}

_PROFILE = option("profile", variable="mailbox_delegation_default_profile")


class InputError(Exception):
    """The user's input cannot be meant; ``faults`` names every place and its remedy."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


class AccountsUnknown(Exception):
    """Exchange did not tell who the accounts are: no fault of the input, and another time it may."""

    def __init__(self, faults: Iterable[str], failure: Failure) -> None:
        super().__init__("; ".join(faults))
        self.failure = failure


@dataclass(frozen=True)
class MailboxItem:
    """A mailbox as listed: by a host of the inventory, or by an item of the option ``mailboxes``."""

    host: str
    address: str
    profiles: tuple[str, ...]
    state: State
    term: Term = ENDLESS

    def at(self, now: datetime) -> MailboxItem:
        """As it counts at that time: past its end it is wanted absent. A note says so, and shortly before it, too."""
        note, state = "", self.state
        if self.state is State.PRESENT and self.term.is_over(now):
            state, note = State.ABSENT, f"it was wanted until {self.term.until} only, so it is wanted absent since then"
        elif self.state is State.PRESENT and self.term.ends_soon(now):
            note = f"it is wanted until {self.term.until} only, which is within {SOON.days} days"
        return replace(self, state=state, term=replace(self.term, note=note))


def ending_soon(items: Iterable[MailboxItem], now: datetime) -> list[str]:
    """A warning of the mailboxes whose grants are wanted for a short time yet, or none."""
    ending = [item for item in items if item.state is State.PRESENT and item.term.ends_soon(now)]
    if not ending:
        return []
    first = min(ending, key=attrgetter("term.end"))
    many = counted(len(ending), "mailbox is", "mailboxes are")
    return [f"{many} wanted for {SOON.days} days or less yet, the first: {first.host}, until {first.term.until}"]


def wishes_of(items: Iterable[MailboxItem], profiles: Mapping[str, Profile]) -> tuple[Wish, ...]:
    """What is wished of every mailbox; profiles that ask for the same are united.

    A mailbox whose state is absent is to be without any of the three rights of the accounts of its profiles.
    Raises InputError for profiles that no one defined and mailboxes that have none.
    """
    faults: list[str] = []
    wishes: dict[tuple[str, str, Right, State, str, Term], Wish] = {}
    for item in items:
        faults.extend(_faults_of(item, profiles))
        for profile in (profiles[name] for name in item.profiles if name in profiles):
            for wish in _wishes(item, profile):
                key = (wish.host, wish.account.lower(), wish.right, wish.state, wish.after.lower(), wish.term)
                wishes.setdefault(key, wish)
    faults.extend(account_faults(profiles))
    if faults:
        raise InputError(dict.fromkeys(faults))
    return tuple(wishes.values())


def _wishes(item: MailboxItem, profile: Profile) -> Iterator[Wish]:
    """An account that is replaced loses what the new one gets, and only once the new one has it."""
    host, address, term = item.host, item.address, item.term
    if item.state is State.PRESENT:
        for right in profile.rights:
            yield Wish(host, address, profile.account, right, State.PRESENT, term=term)
            if profile.replaces:
                yield Wish(
                    host, address, profile.replaces, right, State.ABSENT, profile.account, replace(term, note="")
                )
    else:
        for right in Right:
            for account in filter(None, (profile.account, profile.replaces)):
                yield Wish(host, address, account, right, State.ABSENT, term=term)


def _faults_of(item: MailboxItem, profiles: Mapping[str, Profile]) -> Iterator[str]:
    known = ", ".join(sorted(profiles)) or "none"
    if not item.profiles:
        yield (
            f"{item.host}: no profile. Set mailbox_delegation_profile for it or its group, the option "
            f"{_PROFILE} for all, or groups in a profile (profiles: {known})"
        )
    for name in item.profiles:
        if name not in profiles:
            yield f"{item.host}: there is no profile {name!r} (profiles: {known})"


def account_faults(profiles: Mapping[str, Profile]) -> Iterator[str]:
    """What is wrong with how profiles name their accounts."""
    for profile in profiles.values():
        fault = account_fault(profile.account)
        if fault:
            yield f"profile {profile.name}: account {profile.account!r}: {fault}"
        replaced = account_fault(profile.replaces) if profile.replaces else None
        if replaced:
            yield f"profile {profile.name}: replaces {profile.replaces!r}: {replaced}"
        if profile.replaces and profile.replaces.lower() == profile.account.lower():
            yield f"profile {profile.name}: replaces names the account itself"


def split_by_address(wishes: Iterable[Wish]) -> tuple[tuple[Wish, ...], tuple[Finding, ...]]:
    """The wishes whose address may be sent to Exchange, and a finding for each of the others."""
    good: list[Wish] = []
    bad: list[Finding] = []
    for wish in wishes:
        fault = address_fault(wish.address)
        if fault is None:
            good.append(wish)
        else:
            step = "correct mailbox_delegation_mailbox, or the name of the host, which stands for it"
            bad.append(_finding(wish, Outcome.UNSUPPORTED, f"{fault}: {wish.address!r}", step))
    return tuple(good), tuple(bad)


def account_problems(wishes: Iterable[Wish], accounts: Mapping[str, Account]) -> tuple[str, ...]:
    """What is wrong with the accounts: nothing may be written before all are known for certain."""
    granted = {wish.account.lower() for wish in wishes if wish.state is State.PRESENT}
    return tuple(fault for asked, account in accounts.items() if (fault := _account_problem(asked, account, granted)))


def untold(accounts: Mapping[str, Account]) -> list[Problem]:
    """Of the accounts that are a problem only because Exchange did not tell who they are."""
    problems = (one for one in accounts.values() if isinstance(one, Problem))
    return [one for one in problems if one.kind is ProblemKind.UNKNOWN]


def failure_of(problems: Iterable[Problem]) -> Failure:
    """What a run fails at that is not told of these. What is not permitted somebody has to permit first."""
    may_pass = all(one.may_pass for one in problems)
    return Failure(FailureClass.EXCHANGE if may_pass else FailureClass.PERMISSION, retry_safe=may_pass)


def _account_problem(asked: str, account: Account, granted: set[str]) -> str:
    if isinstance(account, Problem):
        return _sentence(f"account {asked}: {account.cause}", account.remedy)
    reason = account.why_it_cannot_hold() if asked in granted else None
    if reason is None:
        return ""
    return _sentence(
        f"account {asked}: it {reason}, so it cannot be granted anything",
        "name a mailbox user, a mail user with an account, or a mail-enabled security group",
    )


def shared_sids(principals: Iterable[Principal]) -> Iterator[str]:
    """Accounts that one SID stands for: what is taken from one of them under it, the others would lose as well."""
    owners: dict[str, Principal] = {}
    for principal in principals:
        for sid in principal.sids:
            other = owners.setdefault(sid, principal)
            if other.key != principal.key:
                yield (
                    f"accounts {other.label} and {principal.label}: {sid} stands for both, so their entries cannot be "
                    "told apart (name one of them only, or mend their SID history)"
                )


def _sentence(what: str, remedy: str) -> str:
    return f"{what} ({remedy})" if remedy else what


def wants_of(
    wishes: Iterable[Wish],
    mailboxes: Mapping[str, Found],
    principals: Mapping[str, Principal],
    any_recipient: bool = False,
) -> tuple[tuple[Want, ...], tuple[Finding, ...]]:
    """What is wanted of each grant once, and a finding for each wish that cannot be worked on.

    Hosts that turn out to be the same mailbox are united with a note; where one wants present what another wants
    absent, neither is done. ``any_recipient``: Send As may be asked for on whatever has an address (exchange facts 2).
    """
    by_grant: dict[GrantKey, list[tuple[Wish, Grant]]] = {}
    findings: list[Finding] = []
    for wish in wishes:
        found, principal = mailboxes[wish.address.lower()], principals[wish.account.lower()]
        obstacle = _obstacle(wish, found, principal, any_recipient and wish.right is Right.SEND_AS)
        if obstacle is None and isinstance(found, Recipient):
            grant = Grant(found, principal, wish.right)
            by_grant.setdefault(grant.key, []).append((wish, grant))
        elif obstacle is not None:
            findings.append(obstacle)
    wants: list[Want] = []
    for claims in by_grant.values():
        if len({wish.state for wish, _grant in claims}) > 1:
            findings.extend(_conflict(claims))
        else:
            wants.append(_united(claims, principals))
    return tuple(wants), tuple(findings)


def _obstacle(wish: Wish, found: Found, principal: Principal, any_recipient: bool) -> Finding | None:
    if isinstance(found, Problem):
        if found.kind is ProblemKind.NOT_FOUND and wish.state is State.ABSENT:
            gone = _finding(wish, Outcome.COMPLIANT, "", "")
            return replace(gone, before="not held", notes=(*gone.notes, f"the mailbox is gone: {found.cause}"))
        hindered = _finding(wish, _OUTCOME_OF[found.kind], found.cause, found.remedy)
        return replace(hindered, may_pass=found.may_pass)
    if not found.is_mailbox and not any_recipient:
        return replace(_finding(wish, Outcome.UNSUPPORTED, *_not_a_mailbox(wish, found)), address=found.address)
    if found.guid == principal.guid and wish.state is State.PRESENT:
        step = "take it off the list, or its account out of the profile"
        return _finding(wish, Outcome.UNSUPPORTED, "it is the mailbox of the account itself", step)
    return None


#: What gives the right to a mailbox on-premises (Exchange Management Shell there).
_ON_PREMISES = {
    Right.SEND_AS: "Add-ADPermission -Identity '{mailbox}' -User '{account}' -ExtendedRights 'Send As'",
    Right.FULL_ACCESS: "Add-MailboxPermission -Identity '{mailbox}' -User '{account}' -AccessRights FullAccess",
    Right.SEND_ON_BEHALF: "Set-Mailbox -Identity '{mailbox}' -GrantSendOnBehalfTo @{{Add='{account}'}}",
}


def _not_a_mailbox(wish: Wish, found: Recipient) -> tuple[str, str]:
    kind = found.kind.lower()
    if kind == "mailuser":
        command = _ON_PREMISES[wish.right].format(mailbox=found.address, account=wish.account)
        return (
            "it is a mail user: its mailbox is not in this organisation but on-premises or elsewhere",
            f"work on it where the mailbox is; on-premises the right is given by {command}",
        )
    if kind == "groupmailbox":
        return (
            "it is the mailbox of a Microsoft 365 group",
            "grant through the group's own settings, or use a shared mailbox",
        )
    return (f"it is of the kind {found.kind}, which has no mailbox", "list the address of a mailbox")


def _conflict(claims: list[tuple[Wish, Grant]]) -> Iterator[Finding]:
    mailbox = claims[0][1].mailbox.address
    if len({wish.host for wish, _grant in claims}) > 1:
        said = ", ".join(sorted({_said(wish) for wish, _grant in claims}))
        what, step = f"these hosts are the same mailbox ({mailbox}): {said}", "let one host stand for the mailbox"
    elif any(wish.after for wish, _grant in claims):
        names = ", ".join(sorted({wish.account for wish, _grant in claims}))
        what = f"its profiles want the account ({names}) present, and absent as one that is replaced"
        step = "take one of these profiles off the mailbox, or replaces out of the profile"
    else:
        said = ", ".join(sorted({_said(wish) for wish, _grant in claims}))
        what, step = f"the mailbox is listed more than once: {said}", "list it once, with all of its profiles"
    for wish, _grant in claims:
        yield replace(_finding(wish, Outcome.AMBIGUOUS, f"conflict: {what}", step), address=mailbox)


def _said(wish: Wish) -> str:
    """Where it is absent by its date, that is said, for nobody wrote absent there."""
    over = f", for it was wanted until {wish.term.until} only" if wish.state is State.ABSENT and wish.term.note else ""
    return f"{wish.host} says {wish.state.value}{over}"


def _united(claims: list[tuple[Wish, Grant]], principals: Mapping[str, Principal]) -> Want:
    wish, grant = claims[0]
    others = [other.host for other, _grant in claims[1:] if other.host != wish.host]
    listed = (f"the same mailbox is listed as {', '.join(dict.fromkeys(others))} too",) if others else ()
    terms = [one.term for one, _grant in claims]
    notes = (*dict.fromkeys(term.note for term in terms if term.note), *listed)
    heirs = dict.fromkeys(principals[one.after.lower()].key for one, _grant in claims if one.after)
    after = tuple((grant.mailbox.guid, heir, grant.right.value) for heir in heirs)
    return Want(wish.host, grant, wish.state, grant.principal.label, notes, after, _strictest(terms))


def _strictest(terms: Sequence[Term]) -> Term:
    """That which ends first, for from then on not all want the grant; with the reasons of all."""
    first = min((term for term in terms if term.end), key=attrgetter("end"), default=terms[0])
    return replace(first, reason="; ".join(dict.fromkeys(term.reason for term in terms if term.reason)))


def _finding(wish: Wish, outcome: Outcome, cause: str, next_step: str) -> Finding:
    return Finding(
        host=wish.host,
        address=wish.address,
        account=wish.account,
        right=wish.right,
        state=wish.state,
        outcome=outcome,
        cause=cause,
        next_step=next_step,
        notes=(wish.term.note,) if wish.term.note else (),
        term=wish.term,
    )
