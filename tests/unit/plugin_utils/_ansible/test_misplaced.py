# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host variables in places where they are not read are told of."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.misplaced import (
    check_extra,
    check_visible,
)


def variables(**those: Any) -> dict[str, Any]:
    return {f"mailbox_delegation_{name}": value for name, value in those.items()}


@pytest.mark.parametrize("name", ["mailbox", "profile", "state", "organization", "until", "reason"])
def test_a_host_variable_that_is_set_where_it_cannot_be_seen_is_an_error(name: str) -> None:
    hidden = variables(**{name: "x"})
    with pytest.raises(InputError, match=f"mailbox_delegation_{name} is set in a play, role or task"):
        check_visible(hidden, {})
    with pytest.raises(InputError):
        check_visible(hidden, variables(**{name: "y"}))


def test_what_the_inventory_says_is_visible() -> None:
    check_visible({}, {})
    check_visible(variables(state="absent"), variables(state="absent", profile="reader"))
    with pytest.raises(InputError):
        check_visible(variables(state="absent"), variables(profile="reader"))


def test_every_hidden_variable_is_named() -> None:
    with pytest.raises(InputError) as raised:
        check_visible(variables(state="absent", profile="x"), {})
    assert len(raised.value.faults) == 2


def test_what_would_hold_for_every_mailbox_is_not_taken_from_the_command_line() -> None:
    with pytest.raises(InputError) as raised:
        check_extra(["mailbox_delegation_state", "mailbox_delegation_until", "mailbox_delegation_surplus"])
    assert [fault.partition(" ")[0] for fault in raised.value.faults] == [
        "mailbox_delegation_state",
        "mailbox_delegation_until",
    ]
    check_extra(["mailbox_delegation_organization", "mailbox_delegation_profile", "state"])
