# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The points of a preflight: what there is to look at, what depends on what, and how the whole of it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Union

from .._wording import counted_noun
from .failures import Failure, FailureClass


class Status(str, Enum):
    """What was found of a point; ``skipped`` also where it could not be told."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class Purpose(str, Enum):
    """What the connection is wanted for: an audit needs no right to write; for the host alone nobody signs in."""

    HOST = "host"
    AUDIT = "audit"
    ENFORCE = "enforce"


class Point(str, Enum):
    """In the order in which they are reported."""

    REACHABILITY = "reachability"
    AUTHENTICATION = "authentication"
    POWERSHELL_START = "powershell_start"
    LANGUAGE_MODE = "language_mode"
    POWERSHELL_VERSION = "powershell_version"
    EXECUTION_POLICY = "execution_policy"
    TEMP = "temp"
    TLS = "tls"
    NETWORK = "network"
    MODULE = "module"
    CERTIFICATE = "certificate"
    CERTIFICATE_KEY = "certificate_key"
    CERTIFICATE_EXPIRY = "certificate_expiry"
    SIGN_IN = "sign_in"
    ROLE_AUDIT = "role_audit"
    ROLE_ENFORCE = "role_enforce"
    ACCOUNT = "account"
    ACCOUNT_KIND = "account_kind"
    ACCOUNT_ADDRESS_LISTS = "account_address_lists"
    ACCOUNT_MAILBOX = "account_mailbox"


_HOST = (
    Point.POWERSHELL_VERSION, Point.EXECUTION_POLICY, Point.TEMP, Point.TLS, Point.NETWORK, Point.MODULE,
    Point.CERTIFICATE,
)  # fmt: skip
#: Point → those that must hold for it to be looked at.
_NEEDS: dict[Point, tuple[Point, ...]] = {
    Point.REACHABILITY: (),
    Point.AUTHENTICATION: (Point.REACHABILITY,),
    Point.POWERSHELL_START: (Point.AUTHENTICATION,),
    Point.LANGUAGE_MODE: (Point.POWERSHELL_START,),
    **dict.fromkeys(_HOST, (Point.LANGUAGE_MODE,)),
    Point.CERTIFICATE_KEY: (Point.CERTIFICATE,),
    Point.CERTIFICATE_EXPIRY: (Point.CERTIFICATE,),
    # Not of the network: signing in knows proxies that a probe does not, and proves the way itself.
    Point.SIGN_IN: (
        *(each for each in _HOST if each is not Point.NETWORK),
        Point.CERTIFICATE_KEY,
        Point.CERTIFICATE_EXPIRY,
    ),
    Point.ROLE_AUDIT: (Point.SIGN_IN,),
    Point.ROLE_ENFORCE: (Point.SIGN_IN,),
    Point.ACCOUNT: (Point.ROLE_AUDIT,),
    **dict.fromkeys((Point.ACCOUNT_KIND, Point.ACCOUNT_ADDRESS_LISTS, Point.ACCOUNT_MAILBOX), (Point.ACCOUNT,)),
}


#: What a run fails at where a point does, for points that do not know it better (the points of ``_HOST`` and more).
_CLASSES: dict[Point, FailureClass] = {
    **dict.fromkeys(Point, FailureClass.POWERSHELL),
    Point.REACHABILITY: FailureClass.HOST_UNREACHABLE,
    Point.AUTHENTICATION: FailureClass.HOST_LOGIN,
    **dict.fromkeys(
        (Point.NETWORK, Point.CERTIFICATE, Point.CERTIFICATE_KEY, Point.CERTIFICATE_EXPIRY, Point.SIGN_IN),
        FailureClass.SIGN_IN,
    ),
    **dict.fromkeys((Point.ROLE_AUDIT, Point.ROLE_ENFORCE), FailureClass.PERMISSION),
    **dict.fromkeys(
        (Point.ACCOUNT, Point.ACCOUNT_KIND, Point.ACCOUNT_ADDRESS_LISTS, Point.ACCOUNT_MAILBOX), FailureClass.INPUT
    ),
}


@dataclass(frozen=True)
class Row:
    """What was found of one point; a point may have several rows. A warning or failure has a remedy.

    ``failure``: what a run would fail at, where the error told; None: what the point stands for, and no retry mends it.
    """

    point: Point
    status: Status
    found: str
    remedy: str = ""
    failure: Union[Failure, None] = None


def passed(point: Point, found: str) -> Row:
    return Row(point, Status.PASS, found)


def warned(point: Point, found: str, remedy: str) -> Row:
    return Row(point, Status.WARN, found, remedy)


def failed(point: Point, found: str, remedy: str, failure: Union[Failure, None] = None) -> Row:
    return Row(point, Status.FAIL, found, remedy, failure)


def skipped(point: Point, why: str) -> Row:
    return Row(point, Status.SKIPPED, why)


def untold(point: Point, why: str = "") -> Row:
    """For a fact that is not there."""
    return skipped(point, f"could not tell: {why}" if why else "could not tell")


def without_sign_in() -> list[Row]:
    """For the points that take one, where somebody else will sign in."""
    takes_one = (point for point in Point if point is Point.SIGN_IN or Point.SIGN_IN in _ancestors(point))
    return [skipped(point, "not looked at: purpose is host") for point in takes_one]


def blocker(point: Point, rows: Iterable[Row]) -> Point | None:
    """The first point that failed of those on which this one depends."""
    failures = {row.point for row in rows if row.status is Status.FAIL}
    return next((each for each in Point if each in failures and each in _ancestors(point)), None)


def _ancestors(point: Point) -> Iterator[Point]:
    for each in _NEEDS[point]:
        yield each
        yield from _ancestors(each)


def complete(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows in the order of the points, with one for each point that was not looked at: it says why.

    What a probe could not reach is no more than a warning where signing in worked, or will show.
    """
    sign_in = next((row.status for row in rows if row.point is Point.SIGN_IN), None)
    yet = {Status.PASS: "yet signing in worked", Status.SKIPPED: "yet signing in may know a way"}
    ordered = (row for point in Point for row in _rows_of(point, rows))
    return tuple(_refuted(row, yet[sign_in]) if sign_in in yet else row for row in ordered)


def _refuted(row: Row, yet: str) -> Row:
    if row.point is not Point.NETWORK or row.status is not Status.FAIL:
        return row
    return warned(row.point, f"{row.found}; {yet}", row.remedy)


def _rows_of(point: Point, rows: Sequence[Row]) -> list[Row]:
    own = [row for row in rows if row.point is point]
    if own:
        return own
    cause = blocker(point, rows)
    return [skipped(point, f"not looked at, because {cause.value} failed") if cause else untold(point)]


def lost(rows: Iterable[Row], cause: str, remedy: str) -> list[Row]:
    """The rows, after contact to the host broke on the way."""
    return [
        *(row for row in rows if row.point is not Point.REACHABILITY),
        failed(
            Point.REACHABILITY,
            f"contact was lost: {cause}",
            remedy,
            Failure(FailureClass.SESSION_LOST, retry_safe=True),
        ),
    ]


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows there are, and of each status; one that did not occur is named, too."""
    counted = Counter(row.status for row in rows)
    return {"total": counted.total(), **{status.value: counted[status] for status in Status}}


def sentence(rows: Sequence[Row]) -> str:
    """The counts, and the first row that is worst."""
    counted = counts(rows)
    numbers = ", ".join(f"{counted[status.value]} {status.value}" for status in Status if counted[status.value])
    worst = next((row for status in (Status.FAIL, Status.WARN) for row in rows if row.status is status), None)
    text = f"{counted_noun(counted['total'], 'point')}: {numbers}"
    return text if worst is None else f"{text}. First: {in_words(worst)}"


def failure_of(failing: Sequence[Row]) -> Failure:
    """What the first of the rows stands for; safe to retry only if all of them may pass by themselves."""
    if not failing:
        return Failure(FailureClass.NONE, retry_safe=True)
    failures = [row.failure or Failure(_CLASSES[row.point]) for row in failing]
    return Failure(failures[0].kind, all(one.retry_safe for one in failures))


def in_words(row: Row) -> str:
    text = f"{row.point.value}: {row.found}"
    return f"{text}. {row.remedy}" if row.remedy else text


def report(rows: Iterable[Row]) -> list[str]:
    """A line for each row, to be read by people: status, point, what was found, and what to do."""
    return [f"{row.status.value:7}  {in_words(row)}" for row in rows]
