# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mailbox that cannot be worked on stops only itself, and its row says what is wrong with it and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from .harness import Run
from .stage import ROUTER, Stage, contoso

RECIPIENTS = (
    {"address": "sales@contoso.com"},
    {"kind": "UserMailbox", "address": "zoë.o'neil@contoso.com", "name": "Zoë O'Neil"},
    {"address": "twin1@contoso.com", "aliases": ["twins@contoso.com"]},
    {"address": "twin2@contoso.com", "aliases": ["twins@contoso.com"]},
    {"address": "gone@contoso.com", "soft_deleted": True},
    {"kind": "GroupMailbox", "address": "team@contoso.com"},
    {"kind": "MailUser", "address": "onprem@contoso.com", "directory_synced": True},
    {"kind": "MailContact", "address": "partner@contoso.com"},
    {"kind": "MailUniversalDistributionGroup", "address": "list@contoso.com"},
    {"address": "info@contoso.com", "aliases": ["help@contoso.com"]},
    {"address": "desk@contoso.com", "aliases": ["front@contoso.com"]},
    {"kind": "SharedMailbox", "address": "closed@contoso.com", "soft_deleted": True},
)


def at(address: str) -> dict[str, Any]:
    return {"mailbox_delegation_mailbox": address}


#: Host, its variables, outcome, and what its row says: the cause, and the next step.
BAD: dict[str, tuple[str, Mapping[str, Any], str, str, str]] = {
    "not found": (
        "nobody@contoso.com", {}, "not_found", "no recipient has this address", "check the address",
    ),
    "ambiguous": (
        "twins@contoso.com", {}, "ambiguous",
        "2 recipients have this address: twin1 (SharedMailbox), twin2 (SharedMailbox)",
        "use an address that only one has",
    ),
    "soft-deleted": (
        "gone@contoso.com", {}, "not_found", "the mailbox is soft-deleted", "restore it, or take it off the list",
    ),
    "of a group": (
        "team@contoso.com", {}, "unsupported", "it is the mailbox of a Microsoft 365 group", "use a shared mailbox",
    ),
    "mastered on-premises": (
        "onprem@contoso.com", {}, "unsupported", "its mailbox is not in this organisation but on-premises or elsewhere",
        "work on it where the mailbox is",
    ),
    "a contact": (
        "partner@contoso.com", {}, "unsupported", "of the kind MailContact, which has no mailbox",
        "list the address of a mailbox",
    ),
    "a distribution group": (
        "list@contoso.com", {}, "unsupported", "which has no mailbox", "list the address of a mailbox",
    ),
    "the account itself": (
        ROUTER, {}, "unsupported", "it is the mailbox of the account itself", "take it off the list",
    ),
    "empty": ("nowhere", at(""), "unsupported", "the address is empty", "correct mailbox_delegation_mailbox"),
    "blank": ("blank", at("   "), "unsupported", "the address is empty", "correct mailbox_delegation_mailbox"),
    "with white space": (
        "spaced", at("sales @contoso.com"), "unsupported", "white space", "correct mailbox_delegation_mailbox",
    ),
    "with a quote": (
        "quoted", at('sales"@contoso.com'), "unsupported", "the character '\"'", "correct mailbox_delegation_mailbox",
    ),
    "with an asterisk": (
        "starred", at("*@contoso.com"), "unsupported", "the character '*'", "correct mailbox_delegation_mailbox",
    ),
    "with a dollar": (
        "dollar", at("$true@contoso.com"), "unsupported", "the character '$'", "correct mailbox_delegation_mailbox",
    ),
    "without a domain": (
        "reception", {}, "unsupported", "the address has not the form name@domain: 'reception'", "the name of the host",
    ),
    "one mailbox, present": (
        "desk@contoso.com", {}, "ambiguous",
        "conflict: these hosts are the same mailbox (desk@contoso.com): "
        "desk@contoso.com says present, front@contoso.com says absent",
        "let one host stand for the mailbox",
    ),
    "one mailbox, absent": (
        "front@contoso.com", {"mailbox_delegation_state": "absent"}, "ambiguous", "conflict: these hosts are the same",
        "let one host stand for the mailbox",
    ),
}  # fmt: skip
GOOD: dict[str, dict[str, Any]] = {
    "sales@contoso.com": {},
    "zoë.o'neil@contoso.com": {},
    "info@contoso.com": {},
    "help@contoso.com": {},
    "closed@contoso.com": {"mailbox_delegation_state": "absent"},
}
HOSTS = {**GOOD, **{host: variables for host, variables, *_rest in BAD.values()}}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("mailboxes"), contoso(*RECIPIENTS)) as stage:
        yield stage


@pytest.fixture(scope="module")
def run(stage: Stage) -> Run:
    """All of them in one task, which writes and shows every row."""
    return stage.ensure(HOSTS, on_failure="report")


@pytest.mark.parametrize("case", BAD)
def test_the_row_of_a_bad_mailbox_names_what_is_wrong_and_the_remedy(run: Run, case: str) -> None:
    host, _variables, outcome, cause, step = BAD[case]
    row = run.rows(host)["send_as"]
    assert row["outcome"] == outcome
    assert cause in row["cause"]
    assert step in row["next_step"]
    assert any(host in line and cause in line and step in line for line in run.access["attention"])


def test_the_others_are_served(run: Run, stage: Stage) -> None:
    assert run.changed
    assert run.access["verdict"]["failed"]
    served = {"sales@contoso.com", "zoë.o'neil@contoso.com", "info@contoso.com"}
    assert sorted(map(stage.written_to, stage.writes)) == sorted(served)
    assert all(stage.holds(address, "send_as") for address in served)
    assert not stage.holds("desk@contoso.com", "send_as")


def test_the_task_fails_and_shows_the_bad_ones_only(run: Run, stage: Stage) -> None:
    again = stage.ensure(HOSTS)
    assert again.status == 2
    assert not again.changed
    assert {row["mailbox"] for row in again.access["grants"]} == {host for host, *_rest in BAD.values()}
    counts = "25 grants on 21 mailboxes: 8 compliant, 2 not found, 3 ambiguous, 12 unsupported. First: blank, "
    assert again.message.startswith(counts)
    assert len(stage.writes) == run.access["statistics"]["writes"]


def test_nothing_that_cannot_be_an_address_is_sent(run: Run, stage: Stage) -> None:
    sent = [str(value) for call in stage.tenant.calls for value in call.parameters.values()]
    assert any("sales@contoso.com" in value for value in sent)
    assert all(value.strip() for value in sent)
    for poison in ("$true", 'sales"', "*@contoso", "sales @", "reception"):
        assert not any(poison in value for value in sent), poison


def test_hosts_that_are_one_mailbox_are_united_with_a_note(run: Run) -> None:
    (row,) = (row for row in run.access["grants"] if row["address"] == "info@contoso.com")
    assert (row["mailbox"], row["outcome"]) == ("info@contoso.com", "granted")
    assert row["notes"] == ["the same mailbox is listed as help@contoso.com too"]


def test_a_mailbox_that_is_gone_is_as_one_wants_it_that_wants_nothing_held_there(run: Run) -> None:
    rows = run.rows("closed@contoso.com").values()
    assert {row["outcome"] for row in rows} == {"compliant"}
    assert all("the mailbox is gone" in row["notes"][0] for row in rows)
