# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second fence: whatever a client asks for, the runner runs its own cmdlets with their own parameters only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.needs import needed_cmdlets
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import bootstrap
from ansible_collections.email_router.exchange_online.tests.simulator import standin_exchange

from .driver import Conversation, Server

ROOT = Path(__file__).parents[2]
MODULE = json.loads(
    (ROOT / "tests/simulator/powershell/ExchangeOnlineManagement/cmdlets.json").read_text(encoding="utf-8")
)
COMMON = (
    "Verbose", "Debug", "ErrorAction", "WarningAction", "InformationAction", "ProgressAction", "ErrorVariable",
    "WarningVariable", "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable", "WhatIf",
    "vb", "db", "ea", "wa", "infa", "proga", "ev", "wv", "iv", "ov", "ob", "pv", "wi", "cf",
)  # fmt: skip


def lists_of(script: str) -> dict[str, list[str]]:
    """Cmdlet → parameters, as exchange.ps1 has them."""
    tables = re.findall(r"^\$(?:Readers|Writers) = \[ordered\]@\{\n(.*?)^\}", script, re.DOTALL | re.MULTILINE)
    assert len(tables) == 2
    entries = re.findall(r"'([\w-]+)' = (@\(\)|'\w+'(?:,\s+'\w+')*)", "".join(tables))
    return {name: re.findall(r"\w+", values) for name, values in entries}


ALLOWED = lists_of((Path(bootstrap.__file__).parent / "exchange.ps1").read_text(encoding="utf-8"))


def assert_refused(server: Server, conversation: Conversation, code: str, calls: Iterable[dict[str, Any]]) -> None:
    """Each of the calls, and Exchange hears of none."""
    before = len(server.tenant.calls)
    got = {json.dumps(call): conversation.error_of("invoke", **call) for call in calls}
    assert got
    assert {call: said for call, said in got.items() if said != code} == {}
    assert len(server.tenant.calls) == before


def test_the_stand_in_and_the_page_have_the_same_lists() -> None:
    small = {name.lower(): {each.lower() for each in parameters} for name, parameters in ALLOWED.items()}
    standin = {**standin_exchange.READERS, **standin_exchange.WRITERS}
    assert {name: set(parameters) for name, parameters in standin.items()} == small
    rows = re.findall(
        r"^\| (\w+-\w+(?:, \w+-\w+)*) \| (.*?) ?\|$", (ROOT / "docs/wire-protocol.md").read_text("utf-8"), re.M
    )
    page = {name: re.findall(r"\w+", parameters) for names, parameters in rows for name in names.split(", ")}
    assert {name: set(parameters) for name, parameters in page.items()} == {
        name: set(parameters) for name, parameters in ALLOWED.items()
    }


def test_a_run_needs_nothing_else() -> None:
    """And of the writers nothing less: what may be written is what runs write."""
    for revoked in (True, False):
        needed = needed_cmdlets(Right, Right if revoked else (), read_only=False, unresolved=True)
        for name, parameters in needed.items():
            assert set(parameters) <= set(ALLOWED[name]), name
    needed = needed_cmdlets(Right, Right, read_only=False)
    writers = {name for name in ALLOWED if name.lower() in standin_exchange.WRITERS}
    assert {name: set(needed[name]) for name in writers} == {name: set(ALLOWED[name]) for name in writers}


def test_every_parameter_is_one_of_the_module() -> None:
    for name, parameters in ALLOWED.items():
        assert set(parameters) <= {*MODULE[name]["parameters"], "Confirm"}, name


NAMES = [
    "ExchangeOnlineManagement\\Get-EXOMailbox", "ExchangeOnlineManagement\\Set-Mailbox", "Get-EXOMailbox ",
    " Get-Mailbox",
    "Get-Mailbox\n", "Get-Mailbox\r\nGet-Process", "Get-Mailbox;Get-Process", "Get-Mailbox|Get-Process", "Get-Mail*",
    "Get-Mailb?x", "[G]et-Mailbox", "& Get-Mailbox", "&Get-Mailbox", ". Get-Mailbox", "{Get-Mailbox}", "$(Get-Mailbox)",
    "`Get-Mailbox", "\"Get-Mailbox\"", "'Get-Mailbox'", "Get\u2013Mailbox", "Get\u2014Mailbox", "Get\u2015Mailbox",
    "Get\u2011Mailbox", "Get-Mailbox\u200b", "Get-\u00adMailbox", "Get-Mailbox\u0000", "Set-Mail\u200dbox",
    "Get-Ma\u0131lbox", "Get-Mailbo\u2179", "\u212aGet-Mailbox", "function:Get-Mailbox", "alias:gci", "Mailbox", "gci",
    "iex",
    "Invoke-Expression", "Invoke-Command", "Start-Process", "Get-Content", "Set-Content", "/bin/sh", "./Get-Mailbox",
    "..\\Get-Mailbox", "C:\\Windows\\System32\\cmd.exe", "cmd", "pwsh", "Invoke-Cmdlet", "Stop-Request",
    "Disconnect-Exchange",
    "Get-Variable", "Set-Variable", "Connect-ExchangeOnline", "Disconnect-ExchangeOnline", "Remove-Mailbox",
    "Set-MailboxPermission", "Set-User", "New-InboxRule", "Get-Mailbox" * 5000,
]  # fmt: skip


def test_only_a_cmdlet_of_the_list_runs_by_its_plain_name(shared: Server, enforcing: Conversation) -> None:
    assert_refused(shared, enforcing, "not_allowed", ({"cmdlet": name} for name in NAMES))
    asked: list[dict[str, Any]] = [
        {"op": "connect", "minimum_module": "3.2.0", "sign_in": {}, "cmdlets": {name: []}} for name in NAMES
    ]
    assert {enforcing.error_of(**each) for each in asked} == {"not_allowed"}


def abbreviations(name: str) -> list[str]:
    return [name[:length] for length in range(1, len(name))]


@pytest.mark.parametrize("cmdlet", ALLOWED)
def test_only_a_whole_name_of_its_own_parameters_is_taken(shared: Server, enforcing: Conversation, cmdlet: str) -> None:
    own = ALLOWED[cmdlet]
    short = [text for name in own for text in abbreviations(name) if text not in own]
    odd = [f"{name}{sign}" for name in own for sign in (":", ":$false", " ", "\u200b", "\u00ad", "\n", "[0]")]
    dashed = [f"{dash}{name}" for name in own for dash in "-\u2013\u2014\u2015"]
    others = [name for name in MODULE[cmdlet]["parameters"] if name not in own]
    names = {*short, *odd, *dashed, *others, *COMMON, "*", "@{}", "script:Exchange", "$Exchange", "Bogus"}
    calls = ({"cmdlet": cmdlet, "parameters": {name: "Exchange"}} for name in sorted(names))
    assert_refused(shared, enforcing, "not_allowed", calls)


def test_beside_its_own_parameters_no_common_one_is_taken(shared: Server, enforcing: Conversation) -> None:
    whole = {"Identity": "a", "GrantSendOnBehalfTo": {"Add": ["b"]}, "Confirm": False}
    calls = ({"cmdlet": "Set-Mailbox", "parameters": {**whole, name: "Exchange"}} for name in COMMON)
    assert_refused(shared, enforcing, "not_allowed", calls)
    assert enforcing.call("Get-Mailbox", "Text", Identity="a")["rows"] == [{"Text": "a"}]


VALUES: list[Any] = [
    1.5, {"Add": ["a"]}, {"x": 1}, [["a"]], [{"Add": ["a"]}], ["a", None], ["a", 1.5], [[]], {"Add": {"Add": ["a"]}},
]  # fmt: skip
EDITS: list[Any] = [
    {"Add": "a"}, {"Add": [["a"]]}, {"Add": [{"Add": ["a"]}]}, {"Replace": ["a"]}, {"A": ["a"]},
    {"Add": ["a"], "Set": ["b"]},
    {"Add\u200b": ["a"]}, {"@odata.type": ["a"]}, {"Add": True}, {"Add": 1},
]  # fmt: skip


def test_a_value_is_plain_or_an_edit_of_the_delegates(shared: Server, enforcing: Conversation) -> None:
    plain = [{"cmdlet": "Get-Mailbox", "parameters": {"Identity": value}} for value in VALUES]
    edits = [{"cmdlet": "Set-Mailbox", "parameters": {"GrantSendOnBehalfTo": value}} for value in EDITS]
    assert_refused(shared, enforcing, "bad_request", [*plain, *edits])


SELECTED = [
    "", " ", "Guid;Get-Process", "$(Get-Process)", "Guid.Length", "Guid.GetType()", "GetType()",
    "@{n='x';e={Get-Process}}",
    "{ Get-Process }", "Gu*", "*", "Guid\n", "\nGuid", "Guid\u0000", "G\u00fcid", "Guid\u200b", "'Guid'",
    "Guid,Name", "A-B",
    "a b", "1",
    "$_", "[Guid]", "Guid[0]", "PSObject.Properties", "::new",
]  # fmt: skip


def test_what_is_selected_is_the_name_of_a_property(shared: Server, enforcing: Conversation) -> None:
    calls = ({"cmdlet": "Get-Mailbox", "parameters": {"Identity": "a"}, "select": [name]} for name in SELECTED)
    assert_refused(shared, enforcing, "bad_request", calls)


@pytest.mark.parametrize("name", ["GetType", "ToString", "PSObject", "PSTypeNames", "get", "Where"])
def test_a_name_of_a_method_runs_nothing(enforcing: Conversation, name: str) -> None:
    """A row has its text at most."""
    answer = enforcing.call("Get-Mailbox", name, Identity="a@contoso.com")
    ((found,),) = [row.values() for row in answer["rows"]]
    assert found is None or isinstance(found, (str, list))
