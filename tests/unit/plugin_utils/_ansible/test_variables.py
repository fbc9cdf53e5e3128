# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A misspelt variable is not taken in silence: on the command line it is refused, in the inventory it is warned of."""

from __future__ import annotations

import re
from pathlib import Path
from time import perf_counter

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible import arguments, variables
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.variables import (
    INNER,
    VARIABLES,
    check_typed,
    meant_by,
    misspelt_in,
)

ROOT = Path(variables.__file__).parents[3]
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
ROLE = ROOT / "roles" / "mailbox_delegation"
#: Names that are written like variables, and are options of modules, modules, or groups.
NO_VARIABLES = {"apply_plan", "plan_file", "plan_max_age", "snapshot_update", "exchange_demo", "exchange_selftest_info"}
NO_VARIABLES |= {"exchange_connection_info", "exchange_online"}


def used() -> set[str]:
    """The names that the role and the playbooks use, under the prefixes of both."""
    prefixes = "|".join(["mailbox_delegation", "exchange", *(one.stem for one in PLAYBOOKS)])
    files = [*PLAYBOOKS, *(ROOT / "playbooks" / "templates").iterdir(), *ROLE.glob("*/*.yml")]
    texts = (one.read_text(encoding="utf-8") for one in files)
    return {name for text in texts for name in re.findall(rf"\b(?:{prefixes})_[a-z_]*[a-z]\b", text)} - NO_VARIABLES


def test_the_list_is_what_the_role_and_the_playbooks_use() -> None:
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    assert specs["argument_specs"]["main"]["options"].keys() <= VARIABLES
    assert len(PLAYBOOKS) > 10
    assert used() == VARIABLES | INNER


def test_what_a_task_registers_and_a_playbook_works_out_is_not_for_users() -> None:
    text = "".join(one.read_text(encoding="utf-8") for one in [*PLAYBOOKS, *ROLE.glob("tasks/*.yml")])
    registered = set(re.findall(r"register: (\w+)", text))
    assert "mailbox_delegation_report" in registered
    assert registered <= INNER
    assert not VARIABLES & INNER


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("exchange_snapshots", "exchange_snapshot"),
        ("exchange_snaphsot", "exchange_snapshot"),
        ("exchange_snapshot_file", "exchange_snapshot"),
        ("exchange-snapshot", "exchange_snapshot"),
        ("EXCHANGE_SNAPSHOT", "exchange_snapshot"),
        ("exchange_organisation", "exchange_organization"),
        ("mailbox_delegation_polcy", "mailbox_delegation_policy"),
        ("mailbox_delegation_max_grant", "mailbox_delegation_max_grants"),
        ("mailbox_delegation_report", "mailbox_delegation_reports"),
        ("mailboxdelegation_policy", "mailbox_delegation_policy"),
        ("plan_markdwn", "plan_markdown"),
        ("snapshot_detial", "snapshot_detail"),
        ("restore_runs", "restore_run"),
        ("restore_rnu", "restore_run"),
        ("withdraw_confrim", "withdraw_confirm"),
        ("rehearse_base_var", "rehearse_base_vars"),
    ],
)
def test_a_misspelt_variable_of_the_command_line_is_refused_with_the_one_that_is_meant(name: str, meant: str) -> None:
    with pytest.raises(InputError) as raised:
        check_typed(["mailbox_delegation_policy", name])
    (fault,) = raised.value.faults
    assert fault == f"{name} is set with -e, and is no variable of this collection: is {meant} meant?"


def test_every_misspelt_one_is_named_also_where_none_is_meant() -> None:
    with pytest.raises(InputError) as raised:
        check_typed(["mailbox_delegation_zzz", "plan_markdwn"])
    assert [fault.partition(" ")[0] for fault in raised.value.faults] == ["mailbox_delegation_zzz", "plan_markdwn"]
    assert raised.value.faults[0].endswith("take it away, or give it another name")


THEIRS = [
    *("exchange_server", "exchange_accounts", "exchange_access_key", "exchange_online_tenant", "exchange_version"),
    *("plan_path", "snapshot_dir", "restore_point", "sate", "mailbox_state", "ansible_host", "mailbox", "tenant"),
    *("crm_rejected_rows", "apply_changes", "report_file", "adopt"),
]


def test_variables_of_others_are_left_to_them() -> None:
    check_typed([*VARIABLES, *THEIRS])
    for name in [*VARIABLES, *INNER, *THEIRS, "exchange_snapshot_directory"]:
        assert meant_by(name) is None, name


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("sate", "state"),
        ("State", "state"),
        ("profil", "profile"),
        ("untill", "until"),
        ("organisation", "organization"),
        ("reasons", "reason"),
        ("max_grant", "max_grants"),
    ],
)
def test_a_misspelling_in_the_inventory_is_known_for_what_is_meant(name: str, meant: str) -> None:
    assert meant_by(f"mailbox_delegation_{name}") == f"mailbox_delegation_{meant}"


def test_what_the_task_sees_is_warned_of_and_what_somebody_registered_is_not() -> None:
    seen = {
        "mailbox_delegation_max_grant": 0,
        "exchange_snapshots": "x",
        "mailbox_delegation_zzz": 1,
        "mailbox_delegation_ran": {"changed": False, "failed": False},
        "mailbox_delegation_policy": "x",
        "hostvars": {},
    }
    assert list(misspelt_in(seen)) == [
        "mailbox_delegation_max_grant is no variable of this collection and was not read: is "
        "mailbox_delegation_max_grants meant?",
        "exchange_snapshots is no variable of this collection and was not read: is exchange_snapshot meant?",
        "mailbox_delegation_zzz is no variable of this collection and was not read",
    ]


def test_a_name_costs_next_to_nothing_also_where_each_host_has_its_own() -> None:
    began = perf_counter()
    for number in range(10_000):
        meant_by(f"host_{number:05d}_variable")
    assert perf_counter() - began < 5


def test_no_option_of_a_module_is_taken_for_a_variable_by_this_test() -> None:
    options = arguments.DELEGATION_ARGUMENTS.keys() | arguments.EXCHANGE_ARGUMENTS.keys()
    assert {name for name in NO_VARIABLES if not name.startswith("exchange_")} <= options
