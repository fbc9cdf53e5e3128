# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of mailbox_permission: what they wish, what they need, and what they cannot mean."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Scope
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.arguments import (
    PERMISSION_ARGUMENTS,
    validated,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.permission import (
    needed_by,
    scope_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import WRITERS

SALES, ROUTER = "sales@contoso.com", "router@contoso.com"
TASK: dict[str, Any] = {"mailboxes": [SALES], "trustees": [ROUTER], "rights": ["send_as"]}


def scope(**options: Any) -> Scope:
    return scope_of(validated(PERMISSION_ARGUMENTS, {**TASK, **options}))


def faults(**options: Any) -> list[str]:
    with pytest.raises(InputError) as raised:
        scope(**options)
    return list(raised.value.faults)


def test_each_mailbox_trustee_and_right_is_wished_with_each() -> None:
    made = scope(mailboxes=["a@x.y", "b@x.y"], trustees=[ROUTER, "S-1-5-21-1-2-3-4"], rights=["send_as", "full_access"])
    assert len({(wish.address, wish.account, wish.right) for wish in made.wishes}) == len(made.wishes) == 8
    assert {wish.state for wish in made.wishes} == {State.PRESENT}
    assert not made.exclusive


def test_what_is_written_twice_or_with_blanks_is_wished_once_as_it_was_written_first() -> None:
    made = scope(mailboxes=[" Sales@contoso.com", SALES, ""], trustees=[ROUTER.upper(), ROUTER])
    assert [(wish.host, wish.address, wish.account) for wish in made.wishes] == [
        ("Sales@contoso.com", "Sales@contoso.com", ROUTER.upper())
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("mailboxes", []), ("mailboxes", [" "]), ("trustees", []), ("trustees", [""]), ("rights", [])],
)
def test_an_empty_list_is_not_everything_and_not_nothing(name: str, value: list[str]) -> None:
    assert faults(**{name: value}) == [f"{name} is empty: name at least one"]


@pytest.mark.parametrize("name", ["mailboxes", "trustees", "rights"])
def test_no_list_is_an_error(name: str) -> None:
    with pytest.raises(InputError, match=f"missing required arguments: {name}"):
        validated(PERMISSION_ARGUMENTS, {key: value for key, value in TASK.items() if key != name})


def test_every_fault_is_named_at_once() -> None:
    assert faults(mailboxes=[], trustees=["CRM Email Router"], exclusive=True) == [
        "mailboxes is empty: name at least one",
        "trustees: 'CRM Email Router': an account is named by its user principal name, mail address, object id or SID; "
        "this holds white space",
        "exclusive needs max_revocations: the most entries of others that it may revoke",
    ]


def test_exclusive_goes_with_present_and_a_limit_only() -> None:
    assert scope(exclusive=True, max_revocations="0").exclusive
    assert faults(exclusive=True, max_revocations="5", state="absent") == [
        "exclusive goes with state present only: it says who alone is to hold the rights"
    ]


@pytest.mark.parametrize(
    ("options", "writers"),
    [
        ({}, {"Add-RecipientPermission"}),
        ({"state": "absent"}, {"Remove-RecipientPermission"}),
        ({"exclusive": True, "max_revocations": "1"}, {"Add-RecipientPermission", "Remove-RecipientPermission"}),
        ({"rights": ["full_access"]}, {"Add-MailboxPermission"}),
        ({"rights": ["send_on_behalf"], "state": "absent"}, {"Set-Mailbox"}),
    ],
)
def test_only_the_cmdlets_are_asked_for_that_the_task_may_use(options: dict[str, Any], writers: set[str]) -> None:
    assert WRITERS & needed_by(scope(**options), read_only=False).keys() == writers
    assert not WRITERS & needed_by(scope(**options), read_only=True).keys()


@pytest.mark.parametrize(
    ("options", "deleted"),
    [
        ({}, False),
        ({"trustees": ["S-1-5-21-1-2-3-4"], "state": "absent"}, True),
        ({"exclusive": True, "max_revocations": "1"}, True),
    ],
)
def test_entries_of_deleted_accounts_are_needed_where_one_may_be_meant(options: dict[str, Any], deleted: bool) -> None:
    needed = needed_by(scope(rights=["full_access"], **options), read_only=True)
    assert ("IncludeUnresolvedPermissions" in needed["Get-MailboxPermission"]) is deleted
