# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking up accounts: whoever holds rights, with every SID that may stand for it in an access list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Union

from . import cmdlets, filters
from .directory import Found, ask_all, find_by_id, find_recipients, untold, why_no_evidence
from .identities import Principal, Problem, ProblemKind, Recipient, is_guid, is_sid, list_of, strange_sign, text_of
from .session import Answer, Call, Row, Session

Account = Union[Principal, Problem]


def account_fault(asked: str) -> str | None:
    """None for what may name an account (UPN, SMTP address, object id, SID), else what is wrong with it."""
    if not asked.strip():
        return "the account is empty"
    if is_guid(asked) or is_sid(asked):
        return None
    found = strange_sign(asked)
    if found or "@" not in asked.strip("@"):
        reason = f"; this holds {found}" if found else ""
        return f"an account is named by its user principal name, mail address, object id or SID{reason}"
    return None


def find_accounts(session: Session, asked: Iterable[str]) -> dict[str, Account]:
    """Each account, or why there is none. Keys: as asked, in lower case.

    A SID that nobody has gives a principal that is known by it alone: the account was deleted (design rule 11).
    """
    wanted = list(dict.fromkeys(one.lower() for one in asked))
    owners: dict[str, Found] = find_recipients(session, [one for one in wanted if not is_guid(one) and not is_sid(one)])
    owners.update(find_by_id(session, [one for one in wanted if is_guid(one)]))
    groups = {one for one in wanted if _is_group(owners.get(one))}
    answers = _ask_twice(session, {one: _user_call(one, owners.get(one)) for one in wanted if one not in groups})
    groups |= {one for one, answer in answers.items() if (is_guid(one) or is_sid(one)) and _is_empty(answer)}
    answers.update(_ask_twice(session, {one: _group_call(one, owners.get(one)) for one in wanted if one in groups}))
    return {one: _account(one, answers[one], owners) for one in wanted}


def _ask_twice(session: Session, calls: Mapping[str, Call]) -> dict[str, Answer]:
    """That nobody bears a name is asked for twice: a read that was answered with nothing would end the run, or have an
    account taken for deleted."""
    answers = ask_all(session, calls)
    empty = [one for one, answer in answers.items() if _is_empty(answer)]
    return {**answers, **ask_all(session, {one: replace(calls[one], fresh=True) for one in empty})}


def _is_group(owner: Found | None) -> bool:
    return isinstance(owner, Recipient) and "group" in owner.kind.lower()


def _is_empty(answer: Answer) -> bool:
    return why_no_evidence(answer) is None and not answer.rows


def _user_call(asked: str, owner: Found | None) -> Call:
    """Asks for whoever owns the address and whoever signs in with it at once, so as to notice where these are two."""
    if is_sid(asked):
        return cmdlets.get_users(_has_sid(asked))
    if is_guid(asked):
        return cmdlets.get_users(
            filters.any_of([filters.equals("ExternalDirectoryObjectId", asked), filters.equals("Guid", asked)])
        )
    conditions = [filters.equals("UserPrincipalName", asked)]
    if isinstance(owner, Recipient):
        conditions.append(filters.equals("Guid", owner.guid))
    return cmdlets.get_users(filters.any_of(conditions))


def _group_call(asked: str, owner: Found | None) -> Call:
    if is_sid(asked):
        return cmdlets.get_groups(_has_sid(asked))
    return cmdlets.get_groups(filters.equals("Guid", owner.guid if isinstance(owner, Recipient) else asked))


def _has_sid(sid: str) -> str:
    return filters.any_of([filters.equals("Sid", sid.upper()), filters.equals("SidHistory", sid.upper())])


def _account(asked: str, answer: Answer, owners: Mapping[str, Found]) -> Account:
    owner = owners.get(asked)
    problem = untold(answer)
    if problem:
        return problem
    if isinstance(owner, Problem) and owner.kind is not ProblemKind.NOT_FOUND:
        return owner
    principals = list({one.guid: one for one in (_principal(asked, row, owner) for row in answer.rows)}.values())
    if len(principals) > 1:
        names = ", ".join(sorted(f"{one.label} ({one.kind})" for one in principals))
        return Problem(ProblemKind.AMBIGUOUS, f"it may be any of {names}", "name the account by its object id")
    if not principals:
        return _nobody(asked, owner)
    if not principals[0].sids:
        return Problem(ProblemKind.UNKNOWN, "Exchange shows no SID for it, so its entries cannot be told from others'")
    return principals[0]


def _nobody(asked: str, owner: Found | None) -> Account:
    if is_sid(asked):
        return Principal(asked=asked, sids=(asked.upper(),))
    if isinstance(owner, Recipient):
        cause = f"it is of the kind {owner.kind}, which is no account"
        return Problem(ProblemKind.UNSUPPORTED, cause, "name a user or a mail-enabled security group")
    remedy = "check how it is written; if it was deleted, name it by its SID"
    return Problem(ProblemKind.NOT_FOUND, "no user or group of this name exists", remedy)


def _principal(asked: str, row: Row, owner: Found | None) -> Principal:
    guid = text_of(row.get("Guid")).lower()
    recipient = owner if isinstance(owner, Recipient) and owner.guid == guid else None
    sids = [one.upper() for one in (*list_of(row.get("Sid")), *list_of(row.get("SidHistory")))]
    return Principal(
        asked=asked,
        sids=tuple(dict.fromkeys(sid for sid in sids if is_sid(sid))),
        guid=guid,
        upn=text_of(row.get("UserPrincipalName")),
        address=recipient.address if recipient else text_of(row.get("WindowsEmailAddress")),
        name=text_of(row.get("Name")),
        alias=recipient.alias if recipient else "",
        object_id=text_of(row.get("ExternalDirectoryObjectId")),
        distinguished_name=text_of(row.get("DistinguishedName")),
        kind=recipient.kind if recipient else text_of(row.get("RecipientTypeDetails")),
    )
