# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the heart: wishes, grants, what was observed of them, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Union

from .._exchange.failures import Failure
from .._exchange.identities import Principal, Recipient
from .._exchange.rights import AccessEntry, Right
from .terms import ENDLESS, Term

if TYPE_CHECKING:
    from .gate import Decided


class State(str, Enum):
    """What is wanted of a grant."""

    PRESENT = "present"
    ABSENT = "absent"


@dataclass(frozen=True)
class Profile:
    """A service account and the rights that it needs on the mailboxes it serves.

    ``replaces``: the account whose same rights it takes over, or empty.
    """

    name: str
    account: str
    rights: tuple[Right, ...]
    groups: tuple[str, ...] = ()
    replaces: str = ""


@dataclass(frozen=True)
class Wish:
    """What the inventory says of a mailbox, account and right. ``host``: what the user calls the mailbox.

    ``after``: the account that must hold the right before this one may lose it, or empty.
    """

    host: str
    address: str
    account: str
    right: Right
    state: State
    after: str = ""
    term: Term = ENDLESS


#: GUID of the mailbox, key of the account, right.
GrantKey = tuple[str, str, str]


@dataclass(frozen=True)
class Grant:
    """A mailbox, an account and a right: what is held or not."""

    mailbox: Recipient
    principal: Principal
    right: Right

    @property
    def key(self) -> GrantKey:
        return (self.mailbox.guid, self.principal.key, self.right.value)

    def __hash__(self) -> int:
        """Of the key alone: hashing all that is known of both ends would take a run of ten thousand seconds longer."""
        return hash(self.key)


@dataclass(frozen=True)
class Want:
    """A grant and what is wanted of it, whoever wished it. ``notes``: what a reader of the result should know.

    ``after``: the keys of the grants that must all be held before this one may be revoked.
    """

    host: str
    grant: Grant
    state: State
    account: str
    notes: tuple[str, ...] = ()
    after: tuple[GrantKey, ...] = ()
    term: Term = ENDLESS


@dataclass(frozen=True)
class Facts:
    """What an access list says of a grant; only a direct Allow counts as held. ``entries``: those that say so."""

    allowed: bool
    denied: bool
    inherited: bool
    entries: tuple[AccessEntry, ...] = ()
    doubt: str = ""

    @property
    def before(self) -> str:
        """In one word, for people."""
        if self.denied:
            return "denied"
        return "held" if self.allowed else "not held"


@dataclass(frozen=True)
class Unknown:
    """It could not be established whether the grant is held, and why. ``may_pass``: by itself, for another run."""

    reason: str
    may_pass: bool = True

    before = "unknown"


Observed = Union[Facts, Unknown]


class Outcome(str, Enum):
    """What came of a wish: the table of design section 4."""

    COMPLIANT = "compliant"
    MISSING = "missing"
    UNWANTED = "unwanted"
    SURPLUS = "surplus"
    GRANTED = "granted"
    REVOKED = "revoked"
    PENDING = "pending"
    DENIED = "denied"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    UNSUPPORTED = "unsupported"

    @property
    def is_drift(self) -> bool:
        """Found otherwise than wanted, and left so."""
        return self in (Outcome.MISSING, Outcome.UNWANTED)

    def fails(self, check_mode: bool) -> bool:
        """Whether the task fails for it. Drift that check mode left is the auditor's to judge."""
        return not check_mode if self.is_drift else self in _FAILURES

    def changes(self, check_mode: bool) -> bool:
        """Whether the organisation was changed by it, or would be, were this not check mode."""
        return check_mode if self.is_drift else self in _CHANGES


_FAILURES = frozenset(
    {
        Outcome.DENIED,
        Outcome.UNKNOWN,
        Outcome.REFUSED,
        Outcome.NOT_FOUND,
        Outcome.AMBIGUOUS,
        Outcome.UNSUPPORTED,
    }
)
_CHANGES = frozenset({Outcome.GRANTED, Outcome.REVOKED, Outcome.PENDING})


@dataclass(frozen=True)
class Finding:
    """One row of the result: a mailbox, an account, a right, and what came of them.

    ``may_pass``: what is unknown may be established another time, without anybody doing anything.
    """

    host: str
    address: str
    account: str
    right: Right
    state: State
    outcome: Outcome
    before: str = "unknown"
    cause: str = ""
    next_step: str = ""
    notes: tuple[str, ...] = ()
    write_sent: bool = False
    term: Term = ENDLESS
    may_pass: bool = True

    def changes(self, check_mode: bool) -> bool:
        """A write counts where its effect is unknown (design section 4), where a Deny beats it, where others failed."""
        if self.outcome in (Outcome.UNKNOWN, Outcome.DENIED, Outcome.REFUSED):
            return self.write_sent
        return self.outcome.changes(check_mode)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By host, account and right, as a report has them."""
    return tuple(sorted(findings, key=lambda one: (one.host.lower(), one.account.lower(), one.right.value)))


@dataclass(frozen=True)
class Stop:
    """Why a run stopped before its end. ``can_read``: what was written until then may still be read back.

    ``briefly``: the same for each row that it left, if ``why`` is too long to be told that often.
    """

    why: str
    failure: Failure
    can_read: bool = True
    briefly: str = ""

    @property
    def of_a_row(self) -> str:
        return self.briefly or self.why


@dataclass(frozen=True)
class Report:
    """What a run came to. ``stop``: why it stopped before its end, if it did. ``decided``: what it was to do.

    ``brake``: which limits hold its writes back, or in check mode would; or empty.
    """

    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()
    stop: Stop | None = None
    coverage: dict[str, str] = field(default_factory=dict)
    decided: Decided | None = None
    brake: str = ""

    @property
    def aborted(self) -> str:
        """Why it stopped before its end, or empty."""
        return self.stop.why if self.stop else ""
