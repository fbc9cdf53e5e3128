# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories of CRM exports as they are shown: the examples of the documentation, the demo's export, the job."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.inventory.crm_mailboxes import EXAMPLES
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._crm.samples import (
    ID,
    ROUTER,
    csv_text,
    mailbox,
    xlsx,
)

from .conftest import SetStage
from .crm import Desk, shown
from .harness import CORES, ROOT
from .stage import EVERYTHING, SEND_AS, contoso

ANN, BOB = "ann@contoso.com", "bob@contoso.com"
#: The exports that the examples of the documentation name.
EXPORTS: Mapping[str, str | bytes] = {
    "active_mailboxes.xlsx": xlsx(mailbox(ANN), mailbox(BOB, Status="Inactive")),
    "active_mailboxes.csv": csv_text(
        [ANN, ROUTER, "Approved"], headings=["Email Address", "Outgoing Email", "Email Address Status"]
    ),
    "users.csv": csv_text(
        [ANN, "Approved", ROUTER, "Enabled", "auditor"],
        ["eve@fabrikam.com", "Approved", ROUTER, "Enabled", ""],
        headings=[
            *("Primary Email", "Primary Email Status", "Outgoing Email Delivery Method", "Status"),
            "Delegation Profile",
        ],
    ),
    "queues.csv": csv_text(
        [BOB, "Approved", ROUTER, "Active", "Support Team"],
        headings=["Incoming Email", "Primary Email Status", "Outgoing Email Delivery Method", "Status", "Owner"],
    ),
    "page-1.json": json.dumps(
        {
            "@odata.nextLink": "https://crm",
            "value": [{"mailboxid": ID, "emailaddress": ANN, "emailrouteraccessapproval": 1}],
        }
    ),
    "page-2.json": json.dumps({"value": [{"mailboxid": ID, "emailaddress": BOB, "emailrouteraccessapproval": 2}]}),
    "postfaecher.csv": csv_text(
        [ANN, "Serverseitige Synchronisierung oder E-Mail-Router", "Genehmigt"],
        [BOB, "Keine", "Genehmigung ausstehend"],
        headings=["E-Mail-Adresse", "Ausgehende E-Mail", "Status der E-Mail-Adresse"],
        delimiter=";",
    ).encode("cp1252"),
}
#: What each example comes to: the profiles of each host.
WANTED: list[dict[str, object]] = [
    {ANN: ""},
    {ANN: ""},
    {ANN: ["auditor"], "eve@fabrikam.com": ["fabrikam"], BOB: ["sender", "reader"]},
    {ANN: ""},
    {ANN: ""},
]


def test_the_examples_of_the_documentation_work(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for name, content in EXPORTS.items():
        desk.write(name, content)
    examples = EXAMPLES.split("\n---\n")
    found = []
    for example in examples:
        run = desk.show(desk.write("crm_mailboxes.yml", example))
        assert run.status == 0, run.output
        assert "WARNING" not in run.output
        found.append({host: told["mailbox_delegation_profile"] for host, told in shown(run).items()})
    assert found == WANTED


def test_the_export_of_the_demo_is_what_the_demo_says(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    shutil.copy(ROOT / "tests" / "demo" / "crm_export.csv", desk.directory / "export")
    run = desk.show(desk.inventory())
    assert "export: 40 rows, 26 mailboxes; 2 joined" in run.text
    assert "4 rejected (" in run.text
    assert shown(run)["no.template@contoso.com"]["crm_name"] == "{{ lookup('pipe', 'id') }}"


@pytest.mark.parametrize("core", CORES)
def test_from_an_export_to_grants_that_are_there(set_stage: SetStage, core: str) -> None:
    """The quartet over an inventory of this plugin: what the export lists, and no other mailbox."""
    addresses = [ANN, BOB, "old@contoso.com", "r?d@contoso.com"]
    stage = set_stage(contoso(*({"address": address} for address in addresses)), core=core)
    desk = Desk(stage.directory)
    rows = [
        mailbox("ANN@contoso.com"),
        mailbox(BOB),
        mailbox("old@contoso.com", Status="Inactive"),
        mailbox("r?d@contoso.com"),
    ]
    desk.write("export", xlsx(*rows))
    inventory: list[str | Path] = ["-i", desk.inventory(profile_rules=[{"address": "bob*", "profile": "everything"}])]
    inventory += ["-i", stage.inventory([])]
    playbook = stage.playbook(stage.task(profiles={"router": SEND_AS, "everything": EVERYTHING}))
    check = stage.play(*inventory, playbook, "--check")
    assert (check.changed, stage.writes) == (True, [])
    assert stage.play(*inventory, playbook).status == 0
    held = {address: [right for right in EVERYTHING["rights"] if stage.holds(address, right)] for address in addresses}
    assert held == {
        ANN: ["send_as"],
        BOB: list(EVERYTHING["rights"]),
        "old@contoso.com": [],
        "r?d@contoso.com": ["send_as"],
    }
    again = stage.play(*inventory, playbook)
    assert (again.status, again.changed) == (0, False)
