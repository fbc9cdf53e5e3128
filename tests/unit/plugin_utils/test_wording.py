# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One of a thing is said otherwise than several, and an option by all names that it has."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._wording import (
    counted,
    counted_noun,
    option,
)
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "grant", "0 grants"),
        (1, "grant", "1 grant"),
        (2, "grant", "2 grants"),
        (1, "mailbox", "1 mailbox"),
        (2, "mailbox", "2 mailboxes"),
        (3, "address", "3 addresses"),
    ],
)
def test_a_counted_noun_is_in_the_number_of_its_count(number: int, noun: str, text: str) -> None:
    assert counted_noun(number, noun) == text


def test_what_belongs_to_the_noun_follows_its_number() -> None:
    assert counted(1, "write was", "writes were") == "1 write was"
    assert counted(2, "write was", "writes were") == "2 writes were"


def options_of(tasks: list[dict[str, Any]]) -> dict[str, str]:
    """The options of the modules in these tasks, and what is given to each."""
    given: dict[str, str] = {}
    for task in tasks:
        given |= options_of(task.get("block", []))
        for name, value in task.items():
            if name.startswith("email_router.exchange_online."):
                given |= value
    return given


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        *((name, "") for name in ("max_grants", "max_revocations", "max_runtime", "retired_accounts")),
        *((name, "") for name in ("surplus", "surplus_group", "surplus_group_minimum")),
        ("profile", "mailbox_delegation_default_profile"),
    ],
)
def test_the_variable_that_an_option_is_told_with_is_the_one_that_the_role_gives_it(name: str, variable: str) -> None:
    files = sorted((ROOT / "roles" / "mailbox_delegation" / "tasks").glob("*.yml"))
    tasks = [task for file in files for task in yaml.safe_load(file.read_text(encoding="utf-8"))]
    told = variable or f"mailbox_delegation_{name}"
    assert option(name, variable) == f"{name} (role: {told})"
    assert told in options_of(tasks)[name]


def test_a_variable_of_a_playbook_is_told_as_such() -> None:
    assert option("run", "restore_run", of="playbook restore") == "run (playbook restore: restore_run)"
