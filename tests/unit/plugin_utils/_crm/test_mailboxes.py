# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows to mailboxes: one for each address, every row accounted for, and no more work for each row as there are more."""

from __future__ import annotations

import json
import re
import sys
from types import FrameType

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.tables import ExportError
from hypothesis import given, settings
from hypothesis import strategies as st

from .samples import HEADINGS, addresses, csv_text, listed, mailbox, xlsx

ANN = "ann@contoso.com"
SIGNS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
PAGE = [{"emailaddress": ANN, "mailboxid": "1"}]


def test_a_host_is_called_by_its_address_in_lower_case() -> None:
    (found,) = listed(csv_text(mailbox(" Ann@Contoso.COM "))).mailboxes.values()
    assert (found.host, found.address) == (ANN, ANN)
    assert not [name for name in found.variables if name.startswith("mailbox_delegation")]


@pytest.mark.parametrize(
    "address", ["{{7+7}}@contoso.com", "a/../b@contoso.com", "who?@contoso.com", "!ann@contoso.com"]
)
def test_an_address_that_cannot_be_the_name_of_a_host_is_a_variable(address: str) -> None:
    (found,) = listed(csv_text(mailbox(address))).mailboxes.values()
    assert re.fullmatch(r"[0-9a-f]{8}_[\w.+@]+", found.host)
    assert found.variables["mailbox_delegation_mailbox"] == address


def test_addresses_that_differ_have_hosts_that_differ() -> None:
    alike = ["a{b@contoso.com", "a}b@contoso.com", "a_b@contoso.com", "a?b@contoso.com"]
    found = listed(csv_text(*map(mailbox, alike)))
    assert len({each.host for each in found.mailboxes.values()}) == len(alike)


@settings(max_examples=200)
@given(SIGNS, SIGNS)
def test_no_name_of_a_host_is_a_template_a_pattern_or_a_path(local: str, host: str) -> None:
    for each in listed(csv_text(mailbox(f"{local}@{host}.com"))).mailboxes.values():
        assert not set(each.host) & set("{}*?[],:/\\ \t\n")
        assert each.host[0] not in "!&~@"


def test_rows_with_the_same_address_are_one_mailbox_with_what_either_says() -> None:
    user = csv_text(
        ["Ann B.", "ann.b@contoso.com", "ANN@contoso.com", "one"],
        headings=["Full Name", "User Name", "Primary Email", "Team"],
    )
    queue = csv_text(
        ["Ann's queue", ANN, "Boss", "two"], ["", ANN, "", "one"], headings=["Name", "Incoming Email", "Owner", "Team"]
    )
    found = listed(user, queue, filters=[], profile_column="Team")
    (one,) = found.mailboxes.values()
    assert one.variables == {
        "crm_entity": "users",
        "crm_id": "",
        "crm_name": "Ann B.",
        "crm_user_name": "ann.b@contoso.com",
        "crm_owner": "Boss",
        "crm_regarding": "",
        "crm_server_profile": "",
        "crm_sources": ["export-1, row 2", "export-2, row 2", "export-2, row 3"],
        "mailbox_delegation_profile": ["one", "two"],
    }
    assert found.summary == "export-1, export-2: 3 rows, 1 mailbox; 2 joined with one of the same address"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "without an address (nothing in column 'Email Address': set it in CRM)"),
        ("\u00a0", "without an address"),
        ("ann", "with no valid address (column 'Email Address' says 'ann': the address has not the form name@domain)"),
        ("ann@contoso.com; bob@contoso.com", "with no valid address"),
        ("ann@contoso.com\u200b", r"with no valid address (column 'Email Address' says 'ann@contoso.com\u200b': "),
        ("@@contoso.com", "with no valid address"),
        ("{{ lookup('pipe', 'true') }}", "with no valid address"),
    ],
)
def test_what_is_no_address_is_rejected_with_its_place(address: str, reason: str) -> None:
    (line,) = listed(csv_text(mailbox(address))).rejected
    assert line.startswith(f"export-1, row 2: {reason}")


def test_a_row_with_more_cells_than_headings_is_rejected_because_its_cells_may_have_moved() -> None:
    (line,) = listed(csv_text([*mailbox(ANN), "more"])).rejected
    assert line == "export-1, row 2: with more cells than headings (the last one is 'more')"


def test_every_row_is_a_mailbox_joined_left_out_or_rejected() -> None:
    rows = [
        mailbox(ANN),
        mailbox("Ann@contoso.com"),
        mailbox("bob@contoso.com", Status="Inactive"),
        mailbox("eve@contoso.com", Status="Inactive"),
        mailbox("forward@contoso.com", Is_Forward_Mailbox="Yes"),
        mailbox(""),
    ]
    assert listed(xlsx(*rows)).summary == (
        "export-1: 6 rows, 1 mailbox; 1 joined with one of the same address; "
        "3 left out (2 inactive, 1 a forward mailbox); 1 rejected (1 without an address)"
    )


@settings(max_examples=100)
@given(st.lists(st.lists(SIGNS, max_size=len(HEADINGS) + 1), max_size=8))
def test_whatever_the_cells_hold_no_row_is_lost(rows: list[list[str]]) -> None:
    found = listed(csv_text(*rows), filters=[])
    joined = sum(len(each.sources) for each in found.mailboxes.values())
    assert joined + len(found.left_out) + len(found.rejected) == found.rows
    assert found.rows == sum(any(cell.strip() for cell in row) for row in rows)


def test_an_export_without_rows_beside_another_is_no_fault() -> None:
    assert addresses(listed(csv_text(headings=["whatever"]), csv_text(mailbox(ANN)))) == [ANN]


def test_pages_of_the_web_api_are_taken_together_and_none_may_be_missing() -> None:
    first = json.dumps({"value": PAGE, "@odata.nextLink": "https://crm/api?page=2"})
    last = json.dumps({"value": [{**PAGE[0], "emailaddress": "bob@contoso.com"}]})
    assert addresses(listed(first, last, filters=[])) == [ANN, "bob@contoso.com"]
    for incomplete in ([first], [last, first], [first, csv_text(mailbox(ANN))]):
        with pytest.raises(ExportError, match="it is one page of several, and the next one is missing"):
            listed(*incomplete, filters=[])


def calls(rows: int) -> int:
    """How many Python functions are called to list a file of so many rows."""
    export = csv_text(*(mailbox(f"box{number}@contoso.com", Owner=f"Team {number % 9}") for number in range(rows)))
    rules = [{"column": "Owner", "value": f"Team {number}", "profile": "x"} for number in range(5)]
    count = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        listed(export, profile_rules=rules)
    finally:
        sys.setprofile(None)
    return count


def test_ten_times_the_rows_are_ten_times_the_work_and_little_for_each() -> None:
    calls(1)  # fills what is kept from one file to the next
    few, many = calls(200), calls(2000)
    assert 9 < many / few < 10.5
    assert many / 2000 < 200
