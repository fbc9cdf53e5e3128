# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which column holds what, and what an export lists: headings of CRM, of its Web API, and of the user."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.columns import (
    HEADINGS,
    Entity,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.tables import ExportError, key_of

from .samples import ID, ROUTER, addresses, csv_text, listed, mailbox, xlsx

USERS = ["Full Name", "User Name", "Primary Email", "Primary Email Status", "Outgoing Email Delivery Method", "Status"]
QUEUES = ["Name", "Incoming Email", "Primary Email Status", "Outgoing Email Delivery Method", "Status"]
ANN = "ann@contoso.com"
USER = ["Ann", "ann.b@contoso.com", ANN, "Approved", ROUTER, "Enabled"]
QUEUE = ["Support", ANN, "Approved", ROUTER, "Active"]


@pytest.mark.parametrize(
    ("text", "same"),
    [("E-mail Address", "Email\u00a0address"), ("emailaddress", "EMAIL ADDRESS"), ("_ownerid_value", "OwnerId Value")],
)
def test_case_spaces_and_hyphens_make_no_difference(text: str, same: str) -> None:
    assert key_of(text) == key_of(same)


def test_no_two_headings_of_an_entity_are_one_and_the_same() -> None:
    """Else a field would be read from the column of another, or from one column under two names."""
    for entity, fields in HEADINGS.items():
        keys = [key_of(heading) for headings in fields.values() for heading in headings]
        assert len(keys) == len(set(keys)), entity


@pytest.mark.parametrize(
    ("headings", "row", "entity"),
    [
        (USERS, USER, "users"),
        (QUEUES, QUEUE, "queues"),
        (["(Do Not Modify) User", *USERS], [ID, *USER], "users"),
        (["(Do Not Modify) Queue", *QUEUES], [ID, *QUEUE], "queues"),
    ],
)
@pytest.mark.parametrize("write", [csv_text, xlsx], ids=["csv", "xlsx"])
def test_an_export_tells_what_it_lists(
    headings: list[str], row: list[str], entity: str, write: Callable[..., bytes | str]
) -> None:
    (found,) = listed(write(row, headings=headings)).mailboxes.values()
    name = row[headings.index("Full Name" if entity == "users" else "Name")]
    assert (found.address, found.facts["entity"], found.facts["name"]) == (ANN, entity, name)


@pytest.mark.parametrize(
    ("entity", "record"),
    [
        (
            Entity.MAILBOXES,
            {"emailaddress": ANN, "outgoingemaildeliverymethod": 2, "emailrouteraccessapproval": 1, "statecode": 0}
            | {"isforwardmailbox": False, "mailboxid": ID, "name": "Ann"},
        ),
        (
            Entity.USERS,
            {"internalemailaddress": ANN, "outgoingemaildeliverymethod": 2, "emailrouteraccessapproval": 1}
            | {"isdisabled": False, "systemuserid": ID, "fullname": "Ann", "domainname": "CONTOSO\\ann"},
        ),
        (
            Entity.QUEUES,
            {"emailaddress": ANN, "outgoingemaildeliverymethod": 2, "emailrouteraccessapproval": 1, "statecode": 0}
            | {"queueid": ID, "name": "Ann"},
        ),
    ],
    ids=lambda value: value.word if isinstance(value, Entity) else "",
)
@pytest.mark.parametrize("told_by", ["context", "id"])
def test_an_answer_of_the_web_api_tells_what_it_lists(entity: Entity, record: dict[str, object], told_by: str) -> None:
    context = {"@odata.context": f"https://crm/$metadata#{entity.value}(name)"} if told_by == "context" else {}
    told = {name: value for name, value in record.items() if told_by == "id" or value != ID}
    (found,) = listed(json.dumps({**context, "value": [told]})).mailboxes.values()
    assert (found.address, found.facts["entity"], found.facts["name"]) == (ANN, entity.word, "Ann")
    assert found.facts["id"] == (ID if told_by == "id" else "")


def test_incoming_email_is_an_address_of_queues_and_a_method_of_mailboxes() -> None:
    """The trap of router facts 5.1: one heading, two meanings."""
    assert addresses(listed(csv_text(mailbox(ANN, Incoming_Email=ROUTER)))) == [ANN]
    with pytest.raises(ExportError, match="it cannot be told what it lists"):
        listed(csv_text([ROUTER, "Ann"], headings=["Incoming Email", "Name"]))


def test_the_entity_can_be_told_where_the_export_does_not() -> None:
    content = csv_text(["Support", ANN], headings=["Name", "Email Address"])
    (found,) = listed(content, entity="queues", filters=[]).mailboxes.values()
    assert found.facts["entity"] == "queues"


def test_headings_of_another_language_are_those_that_the_user_names() -> None:
    row = [ANN, "Genehmigt", "Aktiv", "Nein", "Serverseitige Synchronisierung"]
    headings = ["E-Mail-Adresse", "Status der Adresse", "Status", "Weiterleitung", "Ausgehend"]
    found = listed(
        csv_text(row, headings=headings, delimiter=";"),
        entity="mailboxes",
        headings={
            "address": "E-Mail-Adresse",
            "approval": ["Adressstatus", "Status der Adresse"],
            "forward": "weiterleitung",
            "outgoing": "Ausgehend",
        },
        labels={
            "approved": "Genehmigt",
            "active": ["Aktiv"],
            "not_forward": "Nein",
            "email_router": "Serverseitige Synchronisierung",
        },
    )
    assert addresses(found) == [ANN]


def test_a_heading_of_the_user_comes_before_those_of_crm() -> None:
    content = csv_text(["old@contoso.com", ANN], headings=["Email Address", "New Address"])
    assert addresses(listed(content, filters=[], headings={"address": "New Address"})) == [ANN]


def test_two_columns_with_the_heading_that_is_needed_are_refused() -> None:
    with pytest.raises(ExportError, match=r"columns 1 \('Email Address'\) and 2 \('E-mail address'\)"):
        listed(csv_text([ANN, ANN], headings=["Email Address", "E-mail address"]), filters=[])


def test_two_columns_with_a_heading_that_nobody_reads_do_no_harm() -> None:
    assert addresses(listed(csv_text([ANN, "", ""], headings=["Email Address", "x", "X"]), filters=[])) == [ANN]


def test_an_export_without_addresses_is_refused_with_the_headings_that_it_has() -> None:
    with pytest.raises(ExportError, match=r"no column of the users holds the address.*'Full Name', 'Fax'"):
        listed(csv_text(["Ann", "1"], headings=["Full Name", "Fax"]), entity="users")


def test_fields_of_the_record_become_facts() -> None:
    headings = ["Email Address", "mailboxid", "Name", "_ownerid_value", "Regarding", "Server Profile"]
    (found,) = listed(
        csv_text([ANN, ID, "Sales", "Ann", "Queue", "SMTP"], headings=headings), filters=[]
    ).mailboxes.values()
    assert found.facts == {
        "entity": "mailboxes",
        "id": ID,
        "name": "Sales",
        "user_name": "",
        "owner": "Ann",
        "regarding": "Queue",
        "server_profile": "SMTP",
    }
