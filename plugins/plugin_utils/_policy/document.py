# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy says, with the line of its file where it says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from .._access.plan import Verb
from .._exchange.rights import Right

VERSION = 1


@dataclass(frozen=True)
class Most:
    """The most of something that a run may ask for."""

    number: int
    line: int


@dataclass(frozen=True)
class AccountRule:
    """What an account may be granted. ``account``: user principal name, primary address, object id or SID.

    ``mailboxes``: patterns for the primary address, or empty: on all. ``most_mailboxes``: on so many of a run.
    """

    account: str
    rights: tuple[Right, ...]
    line: int
    mailboxes: tuple[str, ...] = ()
    most_mailboxes: Union[Most, None] = None


@dataclass(frozen=True)
class ProtectedRule:
    """Mailboxes where nothing is granted. ``mailboxes``: patterns, each of which may match any of their addresses.

    ``revocations``: whether rights may be taken back there.
    """

    mailboxes: tuple[str, ...]
    rights: tuple[Right, ...]
    line: int
    reason: str = ""
    revocations: bool = True


@dataclass(frozen=True)
class Cap:
    """The most writes of a kind."""

    verb: Verb
    most: Most


@dataclass(frozen=True)
class Policy:
    """``file``: as it was named. ``digest``: SHA-256 of the file, in hexadecimal digits.

    ``anybody``: it says that whoever is granted something need not be among ``accounts``. ``accounts_line``: where they
    are said, or the first line where they are not.
    """

    file: str
    digest: str
    accounts: tuple[AccountRule, ...] = ()
    anybody: bool = False
    accounts_line: int = 1
    protected: tuple[ProtectedRule, ...] = ()
    caps: tuple[Cap, ...] = ()

    def at(self, line: int) -> str:
        """A place of the file, as messages name it."""
        return f"{self.file}:{line}"

    @property
    def counts(self) -> tuple[int, ...]:
        """The lines of what is counted over a run."""
        kept = (rule.most_mailboxes for rule in self.accounts)
        return tuple(sorted(most.line for most in (*(cap.most for cap in self.caps), *kept) if most))
