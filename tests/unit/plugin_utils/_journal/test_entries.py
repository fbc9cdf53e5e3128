# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a journal: what is written is what is read, and nothing else is believed to be an entry."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Verb
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.entries import (
    VERSION,
    Answered,
    Begun,
    Box,
    Damaged,
    Ended,
    Entry,
    Holder,
    Mended,
    OtherFormat,
    Place,
    Sent,
    WriteState,
    entry_of,
    line_of,
)
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT

SENT = Sent(
    "r",
    1,
    "2026-11-28T11:00:00.000Z",
    Verb.REVOKE,
    Right.FULL_ACCESS,
    Box("g", "zoë@contoso.com", "Zoë\n"),
    Holder("router@contoso.com", "", ("S-1-5-21-1-2-3-4",), ""),
    "Remove-MailboxPermission",
    "S-1-5-21-1-2-3-4",
    "Children",
    held=True,
    entries=(Place("S-1-5-21-1-2-3-4", "Children"),),
    place={"channel": "local", "pid": 1},
)
ENTRIES: tuple[Entry, ...] = (
    Begun("r", "t", "contoso.onmicrosoft.com", "mailbox_delegation", of="q", rehearsal=True),
    SENT,
    *(Answered("r", 1, "t", state, "why") for state in WriteState),
    Ended("r", "t"),
    Mended("t"),
)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: type(one).__name__)
def test_what_is_written_is_what_is_read(entry: Entry) -> None:
    line = line_of(entry)
    assert line.isascii()
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert entry_of(line) == entry


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: type(one).__name__)
def test_no_part_of_a_line_is_an_entry(entry: Entry) -> None:
    line = line_of(entry).rstrip(b"\n")
    for length in range(len(line)):
        with pytest.raises(Damaged):
            entry_of(line[:length])


def changed(**values: Any) -> dict[str, Any]:
    raw: dict[str, Any] = {**json.loads(line_of(SENT)), **values}
    return {name: value for name, value in raw.items() if value is not None}


@pytest.mark.parametrize(
    "raw",
    [
        [],
        {"entry": "before"},
        changed(entry="what"),
        changed(number=None),
        changed(number="1"),
        changed(number=True),
        changed(verb="steal"),
        changed(right="owner"),
        changed(held="yes"),
        changed(trustee=5),
        changed(mailbox={"guid": "g", "address": "a"}),
        changed(mailbox={"guid": 7, "address": "a", "name": "n"}),
        changed(account={"named": "a", "guid": "", "sids": [], "upn": ""}),
        changed(account={"named": "a", "guid": "g", "sids": "S-1-1-1", "upn": ""}),
        changed(account={"named": "a", "guid": "g", "sids": [3], "upn": ""}),
        changed(entries=[{"sid": "S"}, "x"]),
        changed(place="here"),
        changed(more="x"),
    ],
)
def test_what_lacks_something_or_has_it_otherwise_is_damaged(raw: Any) -> None:
    with pytest.raises(Damaged):
        entry_of(json.dumps(raw).encode())


def test_what_a_later_version_wrote_is_not_taken_for_damage() -> None:
    with pytest.raises(OtherFormat, match="it is in format 2, and this version of the collection reads format 1"):
        entry_of(json.dumps(changed(v=2)).encode())


def test_the_version_written_down_is_the_one_of_the_collection() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert galaxy["version"] == VERSION
