# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that cannot be used or are not told of: the run ends before its first write, and says why."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import (
    AccountsUnknown,
    InputError,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import NOT_REACHED
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, CmdletError

from .._exchange.sessions import THROTTLED, mailbox, tenant_of
from .runs import run, wishes, writes

A, B = "a@contoso.com", "b@contoso.com"


def test_an_account_that_cannot_be_used_stops_the_run_before_anything_is_written() -> None:
    tenant = tenant_of(mailbox(A), mailbox(B))
    with pytest.raises(InputError, match=r"account nobody@contoso\.com: no user or group of this name exists"):
        run(tenant, [*wishes([A]), *wishes([B], account="nobody@contoso.com")])
    assert writes(tenant) == []


def test_an_account_that_exchange_does_not_tell_of_is_no_fault_of_the_input() -> None:
    tenant = tenant_of(mailbox(A), mailbox(B))
    tenant.before_invoke = lambda cmdlet, parameters: THROTTLED if cmdlet == "Get-User" else None
    with pytest.raises(AccountsUnknown, match=r"account router@contoso\.com: Exchange answered: ") as raised:
        run(tenant, wishes([A]))
    assert raised.value.failure == Failure(FailureClass.EXCHANGE, retry_safe=True)
    assert writes(tenant) == []


@pytest.mark.parametrize("cmdlet", ["Get-User", "Get-EXORecipient"])
def test_an_account_that_it_is_not_permitted_to_look_up_is_not_tried_again(cmdlet: str) -> None:
    tenant = tenant_of(mailbox(A), mailbox(B))
    forbidden = Answer(error=CmdletError("Access is denied."))
    tenant.before_invoke = lambda asked, parameters: forbidden if asked == cmdlet else None
    with pytest.raises(AccountsUnknown, match=r"account router@contoso\.com: Exchange answered: ") as raised:
        run(tenant, wishes([A]))
    assert raised.value.failure == Failure(FailureClass.PERMISSION, retry_safe=False)


def test_a_mailbox_that_it_is_not_permitted_to_look_up_is_not_tried_again() -> None:
    tenant = tenant_of(mailbox(A), mailbox(B))
    forbidden = Answer(error=CmdletError("Access is denied."))
    tenant.before_invoke = lambda cmdlet, parameters: forbidden if A in str(parameters) else None
    (row,) = run(tenant, wishes([A])).report.findings
    assert (row.outcome, row.may_pass) == (Outcome.UNKNOWN, False)


def test_an_account_that_there_was_no_time_to_look_up_ends_the_run_for_that() -> None:
    tenant = tenant_of(mailbox(A), mailbox(B))
    over = Answer(error=CmdletError("not reached: max_runtime, 9 seconds, was over", code=NOT_REACHED))
    tenant.before_invoke = lambda cmdlet, parameters: over if cmdlet == "Get-User" else None
    with pytest.raises(AccountsUnknown, match="max_runtime") as raised:
        run(tenant, wishes([A]))
    assert raised.value.failure == Failure(FailureClass.MAX_RUNTIME, retry_safe=True)


def test_an_account_that_cannot_be_used_is_one_of_the_input_whatever_else_is_not_known() -> None:
    tenant = tenant_of(mailbox(A), mailbox(B))
    asked: list[str] = []

    def once(cmdlet: str, _parameters: object) -> Answer | None:
        asked.append(cmdlet)
        return THROTTLED if cmdlet == "Get-User" and asked.count("Get-User") == 1 else None

    tenant.before_invoke = once
    with pytest.raises(InputError, match=r"account nobody@contoso\.com: no user or group of this name exists"):
        run(tenant, [*wishes([A]), *wishes([B], account="nobody@contoso.com")])
