# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of CRM exports as a user has it: hostile cells, what is told, what fails, what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._crm.samples import (
    ID,
    csv_text,
    mailbox,
    xlsx,
)

from .crm import Desk, shown
from .harness import CORES, NEWEST, TASK

KINDS = ("csv", "json", "xlsx")
ANN, BOB = "ann@contoso.com", "bob@contoso.com"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def hostile(canary: Path) -> list[str]:
    """Cells that make a file if anything takes them for more than text."""
    lookup = f"lookup('pipe', 'touch {canary}')"
    return [
        f"{{{{ {lookup} }}}}",
        f"{{% set x = {lookup} %}}",
        f"#jinja2:variable_start_string:'[%',variable_end_string:'%]'\n[% {lookup} %]",
    ]


def hostile_exports(cells: list[str]) -> dict[str, bytes]:
    """The cells as names, and numbers that look like templates as profiles, in each kind of file."""
    rows = {
        kind: [(f"{{{{{at}}}}}@{kind}.com", cell, f"{{{{ {at} }}}}") for at, cell in enumerate(cells)] for kind in KINDS
    }
    lines = {kind: [mailbox(address, Name=name, Owner=owner) for address, name, owner in rows[kind]] for kind in KINDS}
    approved = {"outgoingemaildeliverymethod": 2, "emailrouteraccessapproval": 1, "statecode": 0}
    records = [
        {"emailaddress": address, "name": name, "owner": owner, "isforwardmailbox": False, "mailboxid": ID, **approved}
        for address, name, owner in rows["json"]
    ]
    return {
        "csv": csv_text(*lines["csv"]).encode(),
        "xlsx": xlsx(*lines["xlsx"]),
        "json": json.dumps({"value": records}).encode(),
    }


@pytest.mark.parametrize("core", CORES)
def test_a_cell_that_looks_like_a_template_stays_text(desk: Desk, core: str) -> None:
    """In host variables, in what is composed of them, in names of hosts and groups; fresh, and from the cache."""
    canary = desk.directory / "canary"
    cells = hostile(canary)
    for kind, content in hostile_exports(cells).items():
        desk.write(kind, content)
    inventory = desk.inventory(
        source=list(KINDS),
        profile_column="Owner",
        compose={"composed": "crm_name ~ '!'"},
        groups={"named": "crm_name | length > 0"},
        keyed_groups=[{"key": "crm_name"}, {"key": "mailbox_delegation_profile", "prefix": "of"}],
        cache=True,
        cache_plugin="ansible.builtin.jsonfile",
        cache_connection=str(desk.directory / "cache"),
    )
    for _source in ("export", "cache"):
        run = desk.show(inventory, core=core)
        assert run.status == 0
        told = sorted(shown(run).values(), key=lambda each: str(each["crm_sources"]))
        assert [each["crm_name"] for each in told] == cells * len(KINDS)
        assert [each["composed"] for each in told] == [f"{cell}!" for cell in cells] * len(KINDS)
        numbers = [f"{{{{ {number} }}}}" for number in range(len(cells))]
        assert [each["mailbox_delegation_profile"] for each in told] == [[each] for each in numbers] * len(KINDS)
        assert [each["mailbox_delegation_mailbox"] for each in told] == [
            f"{{{{{number}}}}}@{kind}.com" for kind in KINDS for number in range(len(cells))
        ]
        assert all("named" in each["group_names"] and len(each["group_names"]) == 4 for each in told)
        assert all(name.replace("_", "a").isalnum() for each in told for name in each["group_names"])
        assert not any("{" in each["inventory_hostname"] for each in told)
    assert not canary.exists()


@pytest.mark.parametrize("core", CORES)
def test_the_same_cell_does_its_work_where_it_is_taken_for_a_template(desk: Desk, core: str) -> None:
    """The test above could not fail otherwise."""
    canary = desk.directory / "canary"
    hosts = {ANN: {"crm_name": hostile(canary)[0]}}
    inventory = desk.write("trusted.yml", json.dumps({"crm_mailboxes": {"hosts": hosts}}))
    assert desk.show(inventory, core=core).status == 0
    assert canary.exists()


@pytest.mark.parametrize("core", CORES)
def test_a_profile_that_looks_like_a_template_is_text_to_the_task_too(desk: Desk, core: str) -> None:
    cell = "{{ 7 * 7 }}"
    desk.write("export", csv_text(mailbox(ANN, Owner=cell)))
    sign_in = {"organization": "contoso.onmicrosoft.com", "app_id": ID, "access_token": "token"}
    options = {**sign_in, "profiles": {"router": {"account": BOB, "access_type": "send_as"}}}
    task = {"name": "Access", TASK: options, "delegate_to": "localhost", "run_once": True}
    play = {"name": "Mailboxes", "hosts": "crm_mailboxes", "gather_facts": False, "tasks": [task]}
    playbook = desk.write("playbook.yml", json.dumps([play]))
    run = desk.node(core).play("-i", desk.inventory(profile_column="Owner"), playbook)
    assert run.status == 2
    assert cell in run.message


@pytest.mark.parametrize("core", CORES)
def test_rejected_rows_are_one_warning_and_are_listed_when_asked_for(desk: Desk, core: str) -> None:
    rows = [
        mailbox(ANN),
        mailbox(ANN.upper()),
        mailbox(BOB, Status="Inactive"),
        mailbox(""),
        mailbox("x@contoso.com", Status="?"),
    ]
    desk.write("export", csv_text(*rows, delimiter=";").encode("utf-16"))
    run = desk.show(desk.inventory(), core=core)
    warning = (
        "[WARNING]: export: 5 rows, 1 mailbox; 1 joined with one of the same address; 1 left out (1 inactive); "
        "2 rejected (1 without an address, 1 with an unknown value in column 'Status'). Run it with -v to see which."
    )
    assert run.status == 0
    assert warning in run.text
    assert "rejected: " not in run.text
    told = shown(run)
    assert list(told) == [ANN]
    assert (told[ANN]["crm_sources"], int(told[ANN]["crm_rejected_rows"])) == (["export, row 2", "export, row 3"], 2)
    listed = desk.show(desk.inventory(), "-v", core=core).text
    assert "left out: export, row 4: inactive (column 'Status' says 'Inactive')" in listed
    assert "rejected: export, row 5: without an address" in listed
    assert "rejected: export, row 6: with an unknown value in column 'Status' ('?': add it to labels:" in listed


def test_with_strict_rejected_rows_are_an_error_that_lists_them(desk: Desk) -> None:
    desk.write("export", csv_text(mailbox(ANN), *[mailbox("")] * 25))
    run = desk.show(desk.inventory(strict=True))
    assert (run.status, shown(run)) == (1, {})
    assert "export, row 3: without an address (nothing in column 'Email Address': set it in CRM)" in run.text
    assert "and 5 more (run it with -v)" in run.text


def test_the_rejected_rows_of_all_inventories_of_a_group_are_counted(desk: Desk) -> None:
    desk.write("export", csv_text(mailbox(ANN), mailbox("")))
    desk.inventory("first.crm_mailboxes.yml")
    desk.inventory("second.crm_mailboxes.yaml")
    inventories = ["-i", str(desk.directory / "second.crm_mailboxes.yaml")]
    run = desk.show(desk.directory / "first.crm_mailboxes.yml", *inventories)
    assert int(shown(run)[ANN]["crm_rejected_rows"]) == 2


@pytest.mark.parametrize(
    ("export", "options", "message"),
    [
        (csv_text(mailbox(ANN)), {"source": ["export", "gone.csv"]}, "gone.csv cannot be read"),
        (csv_text(mailbox("")), {}, "there is no mailbox in export: 1 row, 0 mailboxes; 1 rejected"),
        (csv_text(), {}, "there is no mailbox in export: 0 rows, 0 mailboxes"),
        ("Name;Fax\nAnn;1", {}, "export: it cannot be told what it lists (its columns: 'Name', 'Fax'): set entity"),
        ('Name,Email Address\n"Ann,ann@contoso.com\n', {}, "export, line 2: it is no CSV"),
        (csv_text(mailbox(ANN)), {"filters": ["aproved"]}, "filters"),
        (csv_text(mailbox(ANN)), {"headings": {"adress": "E-Mail"}}, "option headings: 'adress' is none of address"),
        (csv_text(mailbox(ANN)), {"strict": True, "compose": {"x": "no_such_variable"}}, "Could not set x for host"),
    ],
)
def test_what_cannot_be_read_or_meant_fails_and_says_what_to_do(
    desk: Desk, export: str, options: dict[str, Any], message: str
) -> None:
    desk.write("export", export)
    run = desk.show(desk.inventory(**options))
    assert (run.status, shown(run)) == (1, {})
    assert message in run.text


def test_a_file_of_another_name_is_not_for_this_plugin(desk: Desk) -> None:
    desk.write("export", csv_text(mailbox(ANN)))
    run = desk.show(desk.inventory("mailboxes.yml"))
    assert run.status == 1
    assert "could not be verified by inventory plugin" in run.text


def test_without_openpyxl_an_xlsx_says_what_to_install_and_a_csv_is_read(desk: Desk) -> None:
    (desk.directory / "path").mkdir()
    desk.write("path/openpyxl.py", "raise ImportError('not here')")
    environment = {"PYTHONPATH": str(desk.directory / "path")}
    desk.write("export", xlsx(mailbox(ANN)))
    run = desk.show(desk.inventory(), environment=environment)
    assert run.status == 1
    assert "Failed to import the required Python library (openpyxl)" in run.text
    assert "This is required for reading export." in run.text
    assert "Or save it as CSV" in run.text
    desk.write("export", csv_text(mailbox(ANN)))
    assert list(shown(desk.show(desk.inventory(), environment=environment))) == [ANN]


@pytest.mark.parametrize("core", CORES)
def test_constructed_variables_and_groups_are_made_of_what_the_export_tells(desk: Desk, core: str) -> None:
    desk.write("export", csv_text(mailbox(ANN, Owner="Support Team"), mailbox(BOB)))
    inventory = desk.inventory(
        group="mailboxes",
        compose={"mailbox_delegation_profile": "'reader' if crm_owner is match('Support') else 'sender'"},
        groups={"support": "crm_owner is match('Support')"},
        keyed_groups=[{"key": "crm_owner", "prefix": "of"}, {"key": "crm_entity", "separator": ""}],
    )
    told = shown(desk.show(inventory, core=core))
    assert told[ANN]["group_names"] == ["mailboxes", "of_Support_Team", "support"]
    assert told[BOB]["group_names"] == ["mailboxes", "of_Ann"]
    assert [told[name]["mailbox_delegation_profile"] for name in (ANN, BOB)] == ["reader", "sender"]


@pytest.mark.parametrize("core", ["2.17", NEWEST])
def test_the_cache_is_used_until_an_export_or_an_option_changes(desk: Desk, core: str) -> None:
    cache = desk.directory / "cache"
    options: dict[str, Any] = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(cache),
    }

    def names(**more: Any) -> list[str]:
        return [each["crm_name"] for each in shown(desk.show(desk.inventory(**options, **more), core=core)).values()]

    desk.write("export", csv_text(mailbox(ANN, Name="first")))
    assert names() == ["first"]
    (kept,) = (file for file in cache.rglob("*") if file.is_file())
    kept.write_text(kept.read_text().replace("first", "kept"))
    assert names() == ["kept"]
    assert names(filters=["active"]) == ["first"]
    desk.write("export", csv_text(mailbox(ANN, Name="second")))
    assert names(filters=["active"]) == ["second"]


def test_an_export_in_the_vault_is_read(desk: Desk) -> None:
    secret = VaultSecret(b"secret")
    desk.write("export", VaultLib([("default", secret)]).encrypt(csv_text(mailbox(ANN)), secret))
    desk.write("password", "secret")
    password = str(desk.directory / "password")
    run = desk.show(desk.inventory(), "--vault-password-file", password)
    assert list(shown(run)) == [ANN]
    assert desk.show(desk.inventory()).status == 1
