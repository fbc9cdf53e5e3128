# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in, role and accounts, judged: a table for each point."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.accounts import Account
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.directory import Found
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Principal,
    Problem,
    ProblemKind,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.preflight import (
    Point,
    Purpose,
    Row,
    Status,
    failure_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.preflight_exchange import (
    judge_account,
    judge_roles,
    judge_sign_in,
    no_account,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import CmdletError

from .sessions import ACCOUNT, SALES

PASS, WARN, FAIL, SKIPPED = Status.PASS, Status.WARN, Status.FAIL, Status.SKIPPED
DENIED = CmdletError("User is not allowed to call Get-EXORecipient. Unauthorized")
BUSY = CmdletError("Too many requests", category="LimitsExceeded")
GONE = Problem(ProblemKind.NOT_FOUND, "no user or group of this name exists", "check how it is written")
UNCLEAR = Problem(ProblemKind.UNKNOWN, "Exchange answered: busy")
MAILBOX = replace(SALES, guid=ACCOUNT.guid, address="router@contoso.com")


def check(row: Row, status: Status, *says: str) -> None:
    assert row.status is status, row
    assert bool(row.remedy) is (status in (WARN, FAIL))
    for phrase in says:
        assert phrase in f"{row.found} | {row.remedy}"


def test_a_sign_in_names_the_organisation() -> None:
    row = judge_sign_in({"organization": "contoso.onmicrosoft.com", "tenant_id": "1111"}, None)
    check(row, PASS, "contoso.onmicrosoft.com, tenant 1111")


@pytest.mark.parametrize("remedy", ["Check app_id", ""])
def test_a_refused_sign_in_says_why_and_has_a_remedy_even_where_the_error_is_unknown(remedy: str) -> None:
    check(judge_sign_in({}, ("AADSTS700016", remedy)), FAIL, "AADSTS700016", remedy)


def test_what_may_pass_is_told_apart_from_what_somebody_must_mend() -> None:
    busy = Failure(FailureClass.SIGN_IN, retry_safe=True)
    assert failure_of([judge_sign_in({}, ("AADSTS90033", ""), busy)]) == busy
    assert failure_of([judge_sign_in({}, ("AADSTS700016", ""))]) == Failure(FailureClass.SIGN_IN)
    gone, unclear = (next(iter(judge_account("x", problem, None))) for problem in (GONE, UNCLEAR))
    assert failure_of([gone]) == Failure(FailureClass.INPUT)
    assert failure_of([unclear]) == Failure(FailureClass.EXCHANGE, retry_safe=True)
    assert failure_of([unclear, gone]) == Failure(FailureClass.EXCHANGE)


@pytest.mark.parametrize(
    ("missing", "probes", "purpose", "audit", "enforce", "says"),
    [
        ([], {"Get-EXORecipient": None}, Purpose.ENFORCE, PASS, PASS, "grants every cmdlet"),
        ([], {}, Purpose.AUDIT, PASS, SKIPPED, "purpose is audit"),
        (["Get-User", "Set-Mailbox"], {}, Purpose.ENFORCE, FAIL, FAIL, "the role lacks Get-User"),
        (["Get-User -Filter"], {}, Purpose.AUDIT, FAIL, SKIPPED, "lacks Get-User -Filter"),
        (["Add-MailboxPermission -AutoMapping"], {}, Purpose.ENFORCE, PASS, FAIL, "An audit does without them"),
        ([], {"Get-EXORecipient": DENIED}, Purpose.ENFORCE, FAIL, PASS, "the role lacks Get-EXORecipient"),
        ([], {"Get-EXORecipient": BUSY}, Purpose.ENFORCE, WARN, PASS, "could not be tried: Get-EXORecipient: Too many"),
        (["Get-User"], {"Get-EXORecipient": BUSY}, Purpose.ENFORCE, FAIL, PASS, "Mail Recipients"),
    ],
)
def test_roles(
    missing: list[str],
    probes: dict[str, CmdletError | None],
    purpose: Purpose,
    audit: Status,
    enforce: Status,
    says: str,
) -> None:
    rows = {row.point: row for row in judge_roles(missing, probes, purpose)}
    check(rows[Point.ROLE_AUDIT], audit)
    check(rows[Point.ROLE_ENFORCE], enforce)
    assert says in " ".join(f"{row.found} {row.remedy}" for row in rows.values())


@pytest.mark.parametrize(
    ("account", "mailbox", "statuses", "says"),
    [
        (ACCOUNT, MAILBOX, (PASS, PASS, PASS, PASS), "router@contoso.com"),
        (ACCOUNT, replace(MAILBOX, hidden=True), (PASS, PASS, WARN, PASS), "-HiddenFromAddressListsEnabled $false"),
        (
            replace(ACCOUNT, kind="MailUser"),
            replace(MAILBOX, recipient_type="MailUser", kind="MailUser"),
            (PASS, PASS, PASS, WARN),
            "it has no mailbox of its own",
        ),
        (
            replace(ACCOUNT, kind="MailUniversalSecurityGroup"),
            replace(MAILBOX, recipient_type="MailUniversalSecurityGroup", kind="MailUniversalSecurityGroup"),
            (PASS, PASS, PASS, SKIPPED),
            "a group has none",
        ),
        (
            replace(ACCOUNT, kind="UniversalSecurityGroup"),
            GONE,
            (PASS, FAIL, SKIPPED, SKIPPED),
            "mail-enabled security group",
        ),
        (replace(ACCOUNT, kind="User"), GONE, (PASS, FAIL, SKIPPED, SKIPPED), "of the kind User"),
        (ACCOUNT, UNCLEAR, (PASS, PASS, SKIPPED, SKIPPED), "could not tell: it@x.y: Exchange answered: busy"),
        (Principal("s-1-5-21-1", ("S-1-5-21-1-2",)), None, (FAIL, SKIPPED, SKIPPED, SKIPPED), "has this SID"),
        (GONE, None, (FAIL, SKIPPED, SKIPPED, SKIPPED), "Check how it is written"),
        (UNCLEAR, None, (FAIL, SKIPPED, SKIPPED, SKIPPED), "Run it again later"),
    ],
)
def test_accounts(account: Account, mailbox: Found | None, statuses: tuple[Status, ...], says: str) -> None:
    rows = list(judge_account("it@x.y", account, mailbox))
    assert [row.point for row in rows] == list(Point)[-4:]
    for row, status in zip(rows, statuses, strict=True):
        check(row, status, "it@x.y")
    assert says in " ".join(f"{row.found} {row.remedy}" for row in rows)


def test_without_accounts_their_points_are_skipped() -> None:
    assert [(row.point, row.status) for row in no_account()] == [(point, SKIPPED) for point in list(Point)[-4:]]
