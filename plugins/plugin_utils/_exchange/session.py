# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What everything above PowerShell sees of Exchange Online: calls go in, answers come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Union

from .failures import Failure, FailureClass

Scalar = Union[str, bool, int]
#: A parameter is a scalar, a list of scalars, or (for a multivalued property) an edit such as ``{"Add": ["a"]}``.
Parameter = Union[Scalar, list[Scalar], dict[str, list[Scalar]]]
Parameters = dict[str, Parameter]
#: A property that Exchange leaves empty is None.
Property = Union[Scalar, list[Scalar], None]
Row = Mapping[str, Property]

#: The cmdlets that change something; whatever else is called only reads.
WRITERS = frozenset(
    {
        "Add-RecipientPermission",
        "Remove-RecipientPermission",
        "Add-MailboxPermission",
        "Remove-MailboxPermission",
        "Set-Mailbox",
    }
)


@dataclass(frozen=True)
class Call:
    """One cmdlet to run, and the properties wanted of each object that it returns.

    ``fresh``: to be asked even if an equal call was answered before.
    """

    cmdlet: str
    parameters: Mapping[str, Parameter]
    select: tuple[str, ...] = ()
    fresh: bool = False


@dataclass(frozen=True)
class CmdletError:
    """An error record in the layout of module v3: ``<code>|<type>|<text>``, taken apart (exchange facts 5.1)."""

    text: str
    type: str = ""
    code: str = ""
    category: str = ""
    fqid: str = ""


@dataclass(frozen=True)
class Answer:
    """What one call came to: rows and warnings, or an error; never silence."""

    rows: tuple[Row, ...] = ()
    warnings: tuple[str, ...] = ()
    error: CmdletError | None = None
    milliseconds: int = 0


@dataclass(frozen=True)
class SessionInfo:
    """What the far end said of itself when the session was opened; keys as in docs/wire-protocol.md.

    ``place``: where it runs, so that somebody else can find and end it; empty for one in this process.
    """

    hello: Mapping[str, object] = field(default_factory=dict)
    connection: Mapping[str, object] = field(default_factory=dict)
    place: Mapping[str, object] = field(default_factory=dict)


class Session(Protocol):
    """A signed-in Exchange Online session."""

    @property
    def info(self) -> SessionInfo:
        """Of the far end as it is now."""

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        """Takes calls lazily, keeps several reads in flight, and yields each call with its answer, in any order.

        Writing calls are sent one at a time. Raises :class:`SessionLost` when calls stay without an answer.
        """

    def close(self) -> None:
        """Signs out and gives back everything."""


class SessionError(Exception):
    """The session could not be opened; the message says what, where and how to mend it."""

    def __init__(self, message: str, failure: Failure) -> None:
        super().__init__(message)
        self.failure = failure


_PASSING = Failure(FailureClass.SESSION_LOST, retry_safe=True)


class SessionLost(Exception):
    """The session ended before every call was answered; ``unanswered`` lists those calls, in the order they were sent.

    ``overdue``: it was ended because the first of them took too long.
    """

    def __init__(
        self,
        message: str,
        unanswered: tuple[Call, ...] = (),
        failure: Failure = _PASSING,
        overdue: bool = False,
    ) -> None:
        super().__init__(message)
        self.unanswered = unanswered
        self.failure = failure
        self.overdue = overdue
