# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task ``mailbox_permission_info``: from options to an inquiry, and from what it saw to a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._access.desired import InputError
from .._access.inquiry import Inquiry, Overview, inquire
from .._access.model import Stop
from .._access.notebook import Gap, Permission
from .._exchange.accounts import account_fault
from .._exchange.failures import Failure, FailureClass
from .._exchange.needs import needed_cmdlets
from .._exchange.rights import Right
from .._wording import counted_noun
from .action import ExchangeAction
from .arguments import PERMISSION_INFO_ARGUMENTS
from .result import FAILED_ROWS
from .sessions import opened
from .sign_in import choose_sign_in


class PermissionInfoAction(ExchangeAction):
    """Shows who holds what on mailboxes, or what accounts hold anywhere."""

    ARGUMENTS = PERMISSION_INFO_ARGUMENTS

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        inquiry = inquiry_of(options)
        sign_in = choose_sign_in(options, self.environment())
        cmdlets = needed_cmdlets((), (), read_only=True, read=inquiry.rights, unresolved=True)
        watch = self.watch()
        with opened(self._connection, options, sign_in, cmdlets, True, watch) as far:
            overview, statistics = inquire(far.session, inquiry, watch)
        overview = replace(overview, warnings=(*far.warnings, *overview.warnings))
        return result_of(overview, far.figures(statistics), options["on_failure"], far.stop)


def inquiry_of(options: Mapping[str, Any]) -> Inquiry:
    """Raises InputError for options that leave nothing to look at, or name an account as none can be named."""
    mailboxes = tuple(one for one in options["mailboxes"] or () if one.strip())
    trustees = tuple(one.strip() for one in options["trustees"] or ())
    rights = tuple(Right(one) for one in dict.fromkeys(options["rights"]))
    faults = [f"trustees: {one!r}: {fault}" for one in trustees if (fault := account_fault(one))]
    if not (mailboxes or trustees or options["all_mailboxes"]):
        faults.append("there is nothing to look at: name mailboxes or trustees, or set all_mailboxes")
    if mailboxes and options["all_mailboxes"]:
        faults.append("mailboxes and all_mailboxes cannot be given together: all are more than those")
    if not rights:
        faults.append("rights is empty: name at least one, or leave it out for all three")
    if rights == (Right.FULL_ACCESS,) and not (mailboxes or options["all_mailboxes"]):
        faults.append("Full Access is shown by single mailboxes only: name mailboxes, or set all_mailboxes")
    if faults:
        raise InputError(faults)
    return Inquiry(mailboxes, trustees, rights, options["all_mailboxes"], options["include_self"])


def result_of(
    overview: Overview, statistics: Mapping[str, Any], on_failure: str, stop: Stop | None = None
) -> dict[str, Any]:
    """What could not be read fails the task, unless it was asked to leave that to its reader. ``stop``: why all of it
    could not."""
    message = f"{stop.why}. {sentence_of(overview)}" if stop else sentence_of(overview)
    failed = bool(overview.gaps or stop)
    failure = stop.failure if stop else _failure_of(overview.gaps)
    result: dict[str, Any] = {
        "changed": False,
        "msg": message,
        "permissions": [row_of(one) for one in overview.permissions],
        "unresolved": [gap_of(one) for one in overview.gaps],
        "coverage": dict(overview.coverage),
        "statistics": dict(statistics),
        "verdict": {"failed": failed, "msg": message},
        "failure_class": failure.kind.value,
        "retry_safe": failure.retry_safe,
    }
    if overview.warnings:
        result["warnings"] = list(overview.warnings)
    if not failed or on_failure == "report":
        return result
    shortened = {name: result[name][:FAILED_ROWS] for name in ("permissions", "unresolved")}
    omitted = {f"{name}_omitted": max(0, len(result[name]) - FAILED_ROWS) for name in shortened}
    return {**result, **shortened, **omitted, "failed": True}


def _failure_of(gaps: Sequence[Gap]) -> Failure:
    kind = FailureClass.MAILBOXES if gaps else FailureClass.NONE
    return Failure(kind, retry_safe=all(gap.may_pass for gap in gaps))


def row_of(permission: Permission) -> dict[str, Any]:
    return {
        "mailbox": permission.mailbox,
        "address": permission.recipient.address,
        "kind": permission.recipient.kind,
        "right": permission.right.value,
        "trustee": permission.trustee,
        "sid": permission.sid,
        "access": "allow" if permission.allows else "deny",
        "inherited": permission.inherited,
        "inheritance_type": permission.inheritance_type,
        "orphan": permission.orphan,
        "self": permission.is_self,
    }


def gap_of(gap: Gap) -> dict[str, Any]:
    return {
        "mailbox": gap.mailbox,
        "trustee": gap.trustee,
        "right": gap.right.value if gap.right else "",
        "cause": gap.cause,
        "next_step": gap.next_step,
    }


def sentence_of(overview: Overview) -> str:
    """What was seen, and the first of what was not."""
    mailboxes = len({one.recipient.guid for one in overview.permissions})
    text = f"{counted_noun(len(overview.permissions), 'permission')} on {counted_noun(mailboxes, 'mailbox')}"
    if not overview.gaps:
        return text
    first = overview.gaps[0]
    about = ", ".join(filter(None, (first.mailbox, first.trustee, first.right.wording if first.right else "")))
    step = f" ({first.next_step})" if first.next_step else ""
    return f"{text}; not read: {len(overview.gaps)}, the first {about}: {first.cause}{step}"
