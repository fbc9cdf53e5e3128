# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of mailbox_permission_info, and its result: whole where it is asked for, short where it fails."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.inquiry import Inquiry, Overview
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.notebook import Gap, Permission
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.writing import OUT_OF_TIME
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.arguments import (
    PERMISSION_INFO_ARGUMENTS,
    validated,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.permission_info import (
    inquiry_of,
    result_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Problem,
    ProblemKind,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right

from .._exchange.sessions import SALES

ROUTER = "router@contoso.com"
SID = "S-1-5-21-1-2-3-4"
PERMISSION = Permission("sales", SALES, Right.FULL_ACCESS, ROUTER, SID, inheritance_type="All")
GAP = Gap("gone@contoso.com", "", Right.SEND_AS, "it failed", "try again")


def inquiry(**options: Any) -> Inquiry:
    return inquiry_of(validated(PERMISSION_INFO_ARGUMENTS, options))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"mailboxes": ["a@x.y"]}, Inquiry(("a@x.y",))),
        ({"trustees": [f" {ROUTER} "]}, Inquiry(trustees=(ROUTER,))),
        ({"all_mailboxes": True}, Inquiry(all_mailboxes=True)),
        (
            {"mailboxes": ["a@x.y"], "trustees": [SID], "rights": ["send_as", "send_as"], "include_self": True},
            Inquiry(("a@x.y",), (SID,), (Right.SEND_AS,), include_self=True),
        ),
    ],
)
def test_options_become_an_inquiry(options: dict[str, Any], expected: Inquiry) -> None:
    assert inquiry(**options) == expected


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({}, "there is nothing to look at: name mailboxes or trustees, or set all_mailboxes"),
        ({"mailboxes": [" "]}, "there is nothing to look at: name mailboxes or trustees, or set all_mailboxes"),
        ({"mailboxes": ["a@x.y"], "all_mailboxes": True}, "cannot be given together"),
        ({"mailboxes": ["a@x.y"], "rights": []}, "rights is empty"),
        ({"trustees": [ROUTER], "rights": ["full_access"]}, "Full Access is shown by single mailboxes only"),
        ({"trustees": ["The Router"]}, "trustees: 'The Router': an account is named by"),
        ({"trustees": [""]}, "trustees: '': the account is empty"),
        ({"mailboxes": ["a@x.y"], "rights": ["read"]}, "rights"),
    ],
)
def test_options_that_leave_nothing_to_look_at_or_cannot_be_meant_are_refused(
    options: dict[str, Any], fault: str
) -> None:
    with pytest.raises(InputError) as raised:
        inquiry(**options)
    assert [one for one in raised.value.faults if fault in one] == list(raised.value.faults)


def result(permissions: int = 1, gaps: int = 0, on_failure: str = "fail", warnings: tuple[str, ...] = ()) -> Any:
    overview = Overview((PERMISSION,) * permissions, (GAP,) * gaps, {"send_as": "1 of 1 recipients"}, warnings)
    return result_of(overview, {"writes": 0}, on_failure)


def test_a_row_says_all_of_an_entry() -> None:
    (row,) = result()["permissions"]
    assert row == {
        "mailbox": "sales",
        "address": SALES.address,
        "kind": SALES.kind,
        "right": "full_access",
        "trustee": ROUTER,
        "sid": SID,
        "access": "allow",
        "inherited": False,
        "inheritance_type": "All",
        "orphan": False,
        "self": False,
    }


def test_where_everything_was_read_it_never_fails_and_never_changed() -> None:
    seen = result(permissions=70)
    assert "failed" not in seen
    assert seen["changed"] is False
    assert len(seen["permissions"]) == 70
    assert seen["verdict"] == {"failed": False, "msg": "70 permissions on 1 mailbox"}
    assert seen["unresolved"] == []
    assert "warnings" not in seen


def test_a_gap_fails_the_task_with_one_sentence_and_no_more_rows_than_a_person_reads() -> None:
    seen = result(permissions=70, gaps=60)
    assert seen["failed"] is True
    assert seen["msg"] == (
        "70 permissions on 1 mailbox; not read: 60, the first gone@contoso.com, Send As: it failed (try again)"
    )
    assert (len(seen["permissions"]), seen["permissions_omitted"]) == (50, 20)
    assert (len(seen["unresolved"]), seen["unresolved_omitted"]) == (50, 10)


def test_a_gap_is_left_to_whoever_asked_for_it_with_all_rows() -> None:
    seen = result(permissions=70, gaps=60, on_failure="report")
    assert "failed" not in seen
    assert seen["verdict"]["failed"] is True
    assert (len(seen["permissions"]), len(seen["unresolved"])) == (70, 60)
    assert seen["unresolved"][0] == {
        "mailbox": "gone@contoso.com",
        "trustee": "",
        "right": "send_as",
        "cause": "it failed",
        "next_step": "try again",
    }


def test_warnings_are_passed_on() -> None:
    assert result(warnings=("odd",))["warnings"] == ["odd"]


def test_a_run_that_had_no_time_for_the_rest_says_so_first() -> None:
    result = result_of(Overview((PERMISSION,), (GAP,), {}), {}, "report", OUT_OF_TIME)
    assert result["msg"].startswith("the time of the run (max_runtime) was over. 1 permission")
    assert (result["failure_class"], result["retry_safe"], result["verdict"]["failed"]) == ("max_runtime", True, True)


def test_what_does_not_exist_is_not_worth_another_try_and_what_is_not_known_is() -> None:
    gone = Gap.of(Problem(ProblemKind.NOT_FOUND, "no recipient has this address"), mailbox="gone@contoso.com")
    unknown = Gap.of(Problem(ProblemKind.UNKNOWN, "Exchange answered: busy"), trustee=ROUTER)
    for gaps, retry_safe in (((gone, unknown), False), ((unknown, GAP), True)):
        assert result_of(Overview((), gaps, {}), {}, "fail")["retry_safe"] is retry_safe
