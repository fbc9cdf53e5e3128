# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the things asked for a policy does not allow, and which of its lines says so.

Whoever asks chooses by which of its addresses a mailbox is named, and others may give a mailbox one more address. So
each rule errs towards refusing: *protected* holds where any address of the mailbox matches, look-alikes and letter case
aside, so that no other address gets around it; what an *account* is allowed holds where the primary address matches, so
that another address lends a mailbox nothing. Accounts are who Exchange says they are: user principal name, primary
address, object ids and SIDs; a display name or alias is anybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from .._access.plan import Verb
from .._exchange.identities import Principal
from .._exchange.rights import Right
from .asked import Asked
from .document import AccountRule, Policy, ProtectedRule
from .patterns import Patterns, loose, plain

#: Patterns are quoted in messages up to that many.
_SHOWN = 3


class _Allowance:
    """What an account may be granted, and on which mailboxes it was asked for so far."""

    def __init__(self, rule: AccountRule) -> None:
        self.rule = rule
        self.wanted: set[str] = set()
        self._places = Patterns((plain(one), rule) for one in rule.mailboxes)

    def covers(self, one: Asked) -> bool:
        return not self.rule.mailboxes or self._places.match(plain(one.address))


class Judge:
    """A policy made ready for the questions of one run."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._allowances = [_Allowance(rule) for rule in policy.accounts]
        self._accounts: dict[str, list[_Allowance]] = {}
        for each in self._allowances:
            self._accounts.setdefault(plain(each.rule.account), []).append(each)
        self._patterns = [(one, number) for number, rule in enumerate(policy.protected) for one in rule.mailboxes]
        self._protected = Patterns((loose(pattern), number) for pattern, number in self._patterns)
        self._found: dict[str, tuple[ProtectedRule, ...]] = {}
        self._known: dict[str, tuple[_Allowance, ...]] = {}

    def refusals(self, asked: Iterable[Asked]) -> Iterator[str]:
        """Each with ``FILE:LINE``, the rule in words, mailbox, account and right; last, what is too much of it."""
        for one in asked:
            yield from self._of_account(one) if one.verb is Verb.GRANT else ()
            yield from self._of_mailbox(one)
        for each in self._allowances:
            yield from self._too_many(each.rule, len(each.wanted))

    def _of_mailbox(self, one: Asked) -> Iterator[str]:
        for rule in self._protecting(one):
            if one.right in rule.rights and (one.verb is Verb.GRANT or not rule.revocations):
                yield f"{self._policy.at(rule.line)}: {_protection(rule, one.verb)}: {one}"
                return

    def _of_account(self, one: Asked) -> Iterator[str]:
        listed = self._allowances_of(one)
        fitting = [each for each in listed if one.right in each.rule.rights]
        covering = [each for each in fitting if each.covers(one)]
        for each in covering:
            each.wanted.add(one.mailbox_key)
        if covering or self._policy.anybody:
            return
        line, says = self._why_not([each.rule for each in listed], [each.rule for each in fitting])
        yield f"{self._policy.at(line)}: {one.account} {says}: {one}"

    def _why_not(self, listed: Sequence[AccountRule], fitting: Sequence[AccountRule]) -> tuple[int, str]:
        """``listed``: what speaks of the account; ``fitting``: of those, what speaks of the right, too."""
        if fitting:
            places = _named([place for rule in fitting for place in rule.mailboxes])
            return fitting[0].line, f"may be granted that only where the primary address is {places}"
        if listed:
            rights = sorted({right.wording for rule in listed for right in rule.rights})
            return listed[0].line, f"may be granted {' and '.join(rights)} only"
        nobody = "is refused, for the policy lists no account"
        return self._policy.accounts_line, "is not among the accounts" if self._policy.accounts else nobody

    def _allowances_of(self, one: Asked) -> tuple[_Allowance, ...]:
        key = one.account_key
        if key not in self._known:
            names = _names(one.principal) if one.principal else {plain(one.account)}
            found = {id(each): each for name in names for each in self._accounts.get(name, ())}
            self._known[key] = tuple(sorted(found.values(), key=lambda each: each.rule.line))
        return self._known[key]

    def _protecting(self, one: Asked) -> tuple[ProtectedRule, ...]:
        """In the order of the file."""
        key = one.mailbox_key
        if key not in self._found:
            addresses = {one.address, *(one.recipient.addresses if one.recipient else ())}
            numbers = {number for each in addresses for number in self._matching(each)}
            self._found[key] = tuple(self._policy.protected[number] for number in sorted(numbers))
        return self._found[key]

    @cached_property
    def _protected_as_written(self) -> Patterns[int]:
        """A question mark stands for one character; what looks alike may be two."""
        return Patterns((plain(pattern), number) for pattern, number in self._patterns)

    def _matching(self, address: str) -> Iterator[int]:
        yield from self._protected.owners(loose(address))
        if not address.isascii():
            yield from self._protected_as_written.owners(plain(address))

    def _too_many(self, rule: AccountRule, wanted: int) -> Iterator[str]:
        most = rule.most_mailboxes
        if most and wanted > most.number:
            allowed = f"{rule.account} may be granted rights on at most {most.number} mailboxes of a run"
            yield f"{self._policy.at(most.line)}: {allowed}: {wanted} are asked for"


def _names(principal: Principal) -> set[str]:
    known = (principal.upn, principal.address, principal.guid, principal.object_id, *principal.sids)
    return {plain(name) for name in known if name}


def _protection(rule: ProtectedRule, verb: Verb) -> str:
    every = len(set(rule.rights)) == len(Right)
    what = "nothing" if every else f"no {' and no '.join(dict.fromkeys(right.wording for right in rule.rights))}"
    done = "granted" if verb is Verb.GRANT else "granted or revoked"
    reason = f" ({rule.reason})" if rule.reason else ""
    return f"{what} is {done} on {_named(rule.mailboxes)}{reason}"


def _named(patterns: Sequence[str]) -> str:
    shown = list(dict.fromkeys(patterns))
    more = f" or {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return " or ".join(shown[:_SHOWN]) + more
