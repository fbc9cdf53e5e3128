# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What signing in to Exchange Online showed, judged: the sign-in, what the role grants, and each account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .accounts import Account
from .directory import Found
from .errors import Meaning, diagnose
from .failures import Failure, FailureClass
from .identities import Principal, Problem, ProblemKind, Recipient
from .powershell import ROLE
from .preflight import Point, Purpose, Row, failed, passed, skipped, untold, warned
from .session import WRITERS, CmdletError

_ACCOUNT_POINTS = (Point.ACCOUNT, Point.ACCOUNT_KIND, Point.ACCOUNT_ADDRESS_LISTS, Point.ACCOUNT_MAILBOX)
_LATER = "Run it again later"
_DELETED = (
    "no account that exists has this SID",
    "Name an account that exists; what a deleted one holds can only be taken back",
)


def judge_sign_in(
    connection: Mapping[str, Any], refusal: tuple[str, str] | None, failure: Failure | None = None
) -> Row:
    """``connection``: the answer to ``connect``. ``refusal``: why there is none, and what to do. ``failure``: its
    class, where more is known than that it was the sign-in."""
    if refusal is not None:
        cause, remedy = refusal
        remedy = remedy or "Look the message up, and try the same sign-in there by hand"
        return failed(Point.SIGN_IN, cause, remedy, failure)
    return passed(Point.SIGN_IN, f"{connection.get('organization')}, tenant {connection.get('tenant_id')}")


def judge_roles(missing: Iterable[str], probes: Mapping[str, CmdletError | None], purpose: Purpose) -> Iterator[Row]:
    """``missing``: as ``connect`` says. ``probes``: cmdlets that come with the module, which the service alone refuses
    (exchange facts 2), each with the error with which it answered."""
    lacking = list(missing)
    refused = {name: error for name, error in probes.items() if error is not None}
    denied = [name for name, error in refused.items() if diagnose(error).meaning is Meaning.NOT_PERMITTED]
    unclear = [f"{name}: {error.text}" for name, error in refused.items() if name not in denied]
    readers = [part for part in lacking if part.split()[0] not in WRITERS] + denied
    if readers:
        yield failed(Point.ROLE_AUDIT, f"the role lacks {', '.join(readers)}", ROLE)
    elif unclear:
        yield warned(Point.ROLE_AUDIT, f"could not be tried: {'; '.join(unclear)}", _LATER)
    else:
        yield passed(Point.ROLE_AUDIT, "the role grants every cmdlet and parameter with which an audit reads")
    writers = [part for part in lacking if part.split()[0] in WRITERS]
    if purpose is Purpose.AUDIT:
        yield skipped(Point.ROLE_ENFORCE, "not looked at: purpose is audit")
    elif writers:
        yield failed(Point.ROLE_ENFORCE, f"the role lacks {', '.join(writers)}", f"{ROLE}. An audit does without them")
    else:
        yield passed(Point.ROLE_ENFORCE, "the role grants every cmdlet and parameter with which rights are written")


def no_account() -> Iterator[Row]:
    """For a preflight in which no account was named."""
    return (skipped(point, "no account was named") for point in _ACCOUNT_POINTS)


def judge_account(asked: str, account: Account, mailbox: Found | None) -> Iterator[Row]:
    """Four rows for one account. ``mailbox``: the recipient that it is."""
    if isinstance(account, Problem) or account.is_bare_sid:
        cause, remedy = _DELETED if isinstance(account, Principal) else (account.cause, account.remedy or _LATER)
        is_open = isinstance(account, Problem) and account.kind is ProblemKind.UNKNOWN
        failure = Failure(FailureClass.EXCHANGE, retry_safe=True) if is_open else None
        yield failed(Point.ACCOUNT, f"{asked}: {cause}", remedy[0].upper() + remedy[1:], failure)
        yield from (skipped(point, f"{asked}: not looked at, because account failed") for point in _ACCOUNT_POINTS[1:])
        return
    yield passed(Point.ACCOUNT, f"{asked}: {account.label}")
    yield _kind(asked, account)
    yield _address_lists(asked, mailbox)
    yield _mailbox(asked, account, mailbox)


def _kind(asked: str, account: Principal) -> Row:
    why_not = account.why_it_cannot_hold()
    if why_not:
        remedy = "Name a mailbox user, a mail user with an account, or a mail-enabled security group"
        return failed(Point.ACCOUNT_KIND, f"{asked}: it {why_not}", remedy)
    return passed(Point.ACCOUNT_KIND, f"{asked}: {account.kind}")


def _address_lists(asked: str, mailbox: Found | None) -> Row:
    """Neither Full Access nor Send As works there, says the documentation of Exchange (exchange facts W15)."""
    if not isinstance(mailbox, Recipient):
        return untold(Point.ACCOUNT_ADDRESS_LISTS, _why(asked, mailbox))
    if mailbox.hidden:
        found = f"{asked}: hidden from address lists, where delegation is documented not to work"
        remedy = "Show it in address lists: Set-Mailbox -HiddenFromAddressListsEnabled $false"
        return warned(Point.ACCOUNT_ADDRESS_LISTS, found, remedy)
    return passed(Point.ACCOUNT_ADDRESS_LISTS, f"{asked}: shown")


def _mailbox(asked: str, account: Principal, mailbox: Found | None) -> Row:
    point = Point.ACCOUNT_MAILBOX
    if "group" in account.kind.lower():
        return skipped(point, f"{asked}: a group has none")
    if not isinstance(mailbox, Recipient):
        return untold(point, _why(asked, mailbox))
    if not mailbox.is_mailbox:
        remedy = "Give it a mailbox, unless the program that uses it signs in to no mailbox"
        return warned(point, f"{asked}: it has no mailbox of its own", remedy)
    return passed(point, f"{asked}: {mailbox.address}")


def _why(asked: str, mailbox: Problem | None) -> str:
    return f"{asked}: {mailbox.cause}" if mailbox else asked
