# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host variables in places where they are not read, and those that are misspelt, are told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible import misplaced
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.misplaced import (
    HOST_VARIABLES,
    check_extra,
    check_visible,
    meant_by,
)

ROLE = Path(misplaced.__file__).parents[3] / "roles" / "mailbox_delegation"


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


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("sate", "state"),
        ("State", "state"),
        ("profil", "profile"),
        ("untill", "until"),
        ("organisation", "organization"),
        ("reasons", "reason"),
    ],
)
def test_a_misspelling_is_known_for_what_is_meant(name: str, meant: str) -> None:
    assert meant_by(f"mailbox_delegation_{name}") == f"mailbox_delegation_{meant}"


def test_names_of_the_collection_and_of_others_are_no_misspellings() -> None:
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    tasks = (ROLE / "tasks" / "main.yml").read_text(encoding="utf-8")
    registered = [line.split()[-1] for line in tasks.splitlines() if line.strip().startswith("register:")]
    assert "mailbox_delegation_report" in registered
    theirs = ["sate", "mailbox_state", "mailbox_delegation_ticket", "mailbox_delegation_hosts", "ansible_host"]
    for name in [*specs["argument_specs"]["main"]["options"], *registered, *HOST_VARIABLES, *theirs]:
        assert meant_by(name) is None, name
