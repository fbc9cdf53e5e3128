# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the outcome table (design section 4), one by one, by whole runs: in check mode and in normal mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome, State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, THROTTLED, mailbox, tenant_of
from .runs import BreakingSession, Run, is_write, run, wishes, writes

BOX = "sales@contoso.com"
P, A = State.PRESENT, State.ABSENT
SA, FA, SOB = Right.SEND_AS, Right.FULL_ACCESS, Right.SEND_ON_BEHALF
Parameters = Mapping[str, object]


def holding(right: Right, **more: object) -> dict[str, object]:
    """A mailbox on which the account holds the right."""
    return mailbox(BOX, **{right.value: [ROUTER]}, **more)


def denying(right: Right) -> dict[str, object]:
    return mailbox(BOX, **{right.value: [ROUTER, {"trustee": ROUTER, "deny": True}]})


def inheriting(right: Right) -> dict[str, object]:
    return mailbox(BOX, **{right.value: [{"trustee": ROUTER, "inherited": True}]})


def gone() -> dict[str, object]:
    return mailbox("another@contoso.com")


def soft_deleted() -> dict[str, object]:
    return mailbox(BOX, soft_deleted=True)


def on_premises() -> dict[str, object]:
    return {"kind": "MailUser", "address": BOX, "directory_synced": True}


def group_mailbox() -> dict[str, object]:
    return {"kind": "GroupMailbox", "address": BOX}


@dataclass(frozen=True)
class Row:
    """An organisation with one mailbox, what is wanted of it, and what comes of it: outcome, changed, fails.

    ``trouble``: what happens on the way. ``after``: whether the account holds the right in the end; None: not asked.
    """

    box: dict[str, object]
    state: State
    right: Right
    check: tuple[Outcome, bool, bool]
    normal: tuple[Outcome, bool, bool]
    trouble: str = ""
    after: bool | None = None


OK = (False, False)
CHANGED = (True, False)
FAILS = (False, True)
BOTH = (True, True)

ROWS: dict[str, Row] = {}
for _right in Right:
    _name = _right.value
    ROWS |= {
        f"compliant-present-{_name}": Row(
            holding(_right), P, _right, (Outcome.COMPLIANT, *OK), (Outcome.COMPLIANT, *OK), after=True
        ),
        f"compliant-absent-{_name}": Row(
            mailbox(BOX), A, _right, (Outcome.COMPLIANT, *OK), (Outcome.COMPLIANT, *OK), after=False
        ),
        f"compliant-absent-and-gone-{_name}": Row(
            gone(), A, _right, (Outcome.COMPLIANT, *OK), (Outcome.COMPLIANT, *OK)
        ),
        f"compliant-absent-and-soft-deleted-{_name}": Row(
            soft_deleted(), A, _right, (Outcome.COMPLIANT, *OK), (Outcome.COMPLIANT, *OK)
        ),
        f"granted-{_name}": Row(
            mailbox(BOX), P, _right, (Outcome.MISSING, *CHANGED), (Outcome.GRANTED, *CHANGED), after=True
        ),
        f"revoked-{_name}": Row(
            holding(_right), A, _right, (Outcome.UNWANTED, *CHANGED), (Outcome.REVOKED, *CHANGED), after=False
        ),
        f"pending-grant-{_name}": Row(
            mailbox(BOX), P, _right, (Outcome.MISSING, *CHANGED), (Outcome.PENDING, *CHANGED), "lag", True
        ),
        f"pending-revocation-{_name}": Row(
            holding(_right), A, _right, (Outcome.UNWANTED, *CHANGED), (Outcome.PENDING, *CHANGED), "lag", False
        ),
        f"granted-though-the-write-answered-a-time-out-{_name}": Row(
            mailbox(BOX, quirks=["write_answers_error"]),
            P,
            _right,
            (Outcome.MISSING, *CHANGED),
            (Outcome.GRANTED, *CHANGED),
            after=True,
        ),
        f"unknown-read-{_name}": Row(
            holding(_right), P, _right, (Outcome.UNKNOWN, *FAILS), (Outcome.UNKNOWN, *FAILS), "reads fail"
        ),
        f"unknown-read-absent-{_name}": Row(
            holding(_right), A, _right, (Outcome.UNKNOWN, *FAILS), (Outcome.UNKNOWN, *FAILS), "reads fail", True
        ),
        f"unknown-write-{_name}": Row(
            mailbox(BOX), P, _right, (Outcome.MISSING, *CHANGED), (Outcome.UNKNOWN, *BOTH), "writes time out", False
        ),
        f"unknown-read-back-{_name}": Row(
            mailbox(BOX), P, _right, (Outcome.MISSING, *CHANGED), (Outcome.UNKNOWN, *BOTH), "read-backs fail", True
        ),
        f"unknown-lost-{_name}": Row(
            mailbox(BOX), P, _right, (Outcome.MISSING, *CHANGED), (Outcome.UNKNOWN, *BOTH), "contact breaks"
        ),
        f"refused-{_name}": Row(
            mailbox(BOX, quirks=["out_of_scope"]),
            P,
            _right,
            (Outcome.MISSING, *CHANGED),
            (Outcome.REFUSED, *FAILS),
            after=False,
        ),
        f"refused-revocation-{_name}": Row(
            holding(_right, quirks=["out_of_scope"]),
            A,
            _right,
            (Outcome.UNWANTED, *CHANGED),
            (Outcome.REFUSED, *FAILS),
            after=True,
        ),
        f"not-found-{_name}": Row(gone(), P, _right, (Outcome.NOT_FOUND, *FAILS), (Outcome.NOT_FOUND, *FAILS)),
        f"not-found-soft-deleted-{_name}": Row(
            soft_deleted(), P, _right, (Outcome.NOT_FOUND, *FAILS), (Outcome.NOT_FOUND, *FAILS)
        ),
        f"unsupported-on-premises-{_name}": Row(
            on_premises(), P, _right, (Outcome.UNSUPPORTED, *FAILS), (Outcome.UNSUPPORTED, *FAILS)
        ),
        f"unsupported-group-{_name}": Row(
            group_mailbox(), P, _right, (Outcome.UNSUPPORTED, *FAILS), (Outcome.UNSUPPORTED, *FAILS)
        ),
    }
for _right in (SA, FA):
    _name = _right.value
    ROWS |= {
        f"denied-{_name}": Row(
            denying(_right), P, _right, (Outcome.DENIED, *FAILS), (Outcome.DENIED, *FAILS), after=True
        ),
        f"revoked-beside-a-deny-{_name}": Row(
            denying(_right), A, _right, (Outcome.UNWANTED, *CHANGED), (Outcome.REVOKED, *CHANGED), after=False
        ),
        f"granted-beside-an-inherited-entry-{_name}": Row(
            inheriting(_right), P, _right, (Outcome.MISSING, *CHANGED), (Outcome.GRANTED, *CHANGED), after=True
        ),
        f"compliant-absent-beside-an-inherited-entry-{_name}": Row(
            inheriting(_right), A, _right, (Outcome.COMPLIANT, *OK), (Outcome.COMPLIANT, *OK), after=False
        ),
    }


def troubled(trouble: str, tenant: Tenant) -> Callable[[str, Parameters], Answer | None] | None:
    """What the organisation answers instead, while the trouble lasts."""
    readers = {"Get-RecipientPermission", "Get-MailboxPermission", "Get-EXOMailbox"}
    if trouble == "reads fail":
        return lambda cmdlet, parameters: THROTTLED if cmdlet in readers else None
    if trouble == "read-backs fail":
        return lambda cmdlet, parameters: THROTTLED if cmdlet in readers and writes(tenant) else None
    if trouble == "writes time out":
        return lambda cmdlet, parameters: THROTTLED if not cmdlet.startswith("Get-") else None
    return None


def carried_out(row: Row, check_mode: bool) -> tuple[Run, Tenant]:
    tenant = tenant_of(row.box, settings={"replication_lag": 99 if row.trouble == "lag" else 0})
    tenant.before_invoke = troubled(row.trouble, tenant)
    session = BreakingSession(tenant, is_write) if row.trouble == "contact breaks" and not check_mode else None
    return run(tenant, wishes([BOX], (row.right,), row.state), check_mode, session), tenant


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_outcome_in_check_mode(row: Row) -> None:
    done, tenant = carried_out(row, check_mode=True)
    assert (done.only.outcome, done.changed, done.fails) == row.check
    assert writes(tenant) == []
    assert not done.only.write_sent


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_outcome_in_normal_mode(row: Row) -> None:
    done, tenant = carried_out(row, check_mode=False)
    assert (done.only.outcome, done.changed, done.fails) == row.normal
    if row.after is not None:
        assert (ROUTER in tenant.holders(BOX, row.right.value)) is row.after


def chosen(condition: Callable[[Row], bool]) -> list[object]:
    return [pytest.param(row, id=name) for name, row in ROWS.items() if condition(row)]


def needs_no_write(row: Row) -> bool:
    fine = {Outcome.COMPLIANT, Outcome.DENIED, Outcome.NOT_FOUND, Outcome.UNSUPPORTED}
    return row.normal[0] in fine or row.trouble == "reads fail"


@pytest.mark.parametrize("row", chosen(needs_no_write))
def test_nothing_is_written_where_nothing_is_to_be_done_or_it_is_not_known(row: Row) -> None:
    done, tenant = carried_out(row, check_mode=False)
    assert writes(tenant) == []
    assert not done.only.write_sent


@pytest.mark.parametrize("row", chosen(lambda row: row.normal[2]))
def test_whatever_fails_says_why_and_what_to_do(row: Row) -> None:
    finding = carried_out(row, check_mode=False)[0].only
    assert finding.cause
    assert finding.next_step


def test_every_outcome_of_this_stage_has_its_rows() -> None:
    reached = {outcome for row in ROWS.values() for outcome, _changed, _fails in (row.check, row.normal)}
    others = {Outcome.SURPLUS, Outcome.AMBIGUOUS}
    assert reached == set(Outcome) - others


def test_an_address_of_two_recipients_is_ambiguous() -> None:
    tenant = tenant_of(mailbox(BOX, name="One"), mailbox(BOX, name="Two", upn="two@contoso.com"))
    for check_mode in (True, False):
        done = run(tenant, wishes([BOX]), check_mode)
        assert (done.only.outcome, done.changed, done.fails) == (Outcome.AMBIGUOUS, *FAILS)
    assert writes(tenant) == []


def test_a_conflict_of_two_hosts_is_ambiguous_and_nothing_is_done() -> None:
    tenant = tenant_of(mailbox(BOX, aliases=["info@contoso.com"]))
    done = run(tenant, [*wishes([BOX]), *wishes(["info@contoso.com"], state=A)])
    assert done.outcomes == [Outcome.AMBIGUOUS, Outcome.AMBIGUOUS]
    assert (done.changed, done.fails) == FAILS
    assert writes(tenant) == []


def test_a_right_that_was_there_unseen_is_compliant_and_no_change() -> None:
    """The tenant-wide read misses the entry, the write answers that it is present already (exchange facts W1)."""
    tenant = tenant_of(holding(SA))
    tenant.before_invoke = lambda cmdlet, parameters: (
        Answer() if "Trustee" in parameters and cmdlet[:3] == "Get" else None
    )
    done = run(tenant, wishes([BOX]))
    assert (done.only.outcome, done.changed, done.fails) == (Outcome.COMPLIANT, *OK)
    assert writes(tenant) == ["Add-RecipientPermission"]


def test_a_full_access_list_refuses_one_more_entry_and_says_what_to_do() -> None:
    entries = [{"sid": f"S-1-5-21-7-7-7-{number}"} for number in range(499)]
    tenant = tenant_of(mailbox(BOX, full_access=entries))
    done = run(tenant, wishes([BOX], (FA,)))
    assert (done.only.outcome, done.changed, done.fails) == (Outcome.REFUSED, *FAILS)
    assert "entries of deleted accounts" in done.only.next_step
