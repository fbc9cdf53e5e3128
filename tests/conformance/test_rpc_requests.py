# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/wire-protocol.md, requests: what hello says, what invoke runs and gives, and what is refused before it runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, CmdletError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import App, Role

from .driver import CMDLETS, CONNECT, TOKEN, Conversation, Server, echo, source

WRITES: dict[str, dict[str, Any]] = {
    "Add-RecipientPermission": {"Identity": "a", "Trustee": "b", "AccessRights": ["SendAs"], "Confirm": False},
    "Remove-RecipientPermission": {"Identity": "a", "Trustee": "b", "AccessRights": ["SendAs"], "Confirm": False},
    "Add-MailboxPermission": {"Identity": "a", "User": "b", "AccessRights": ["FullAccess"], "Confirm": False},
    "Remove-MailboxPermission": {"Identity": "a", "User": "b", "AccessRights": ["FullAccess"], "Confirm": False},
    "Set-Mailbox": {"Identity": "a", "GrantSendOnBehalfTo": {"Add": ["b"], "Remove": ["c", "d"]}, "Confirm": False},
}
READS = [name for name in CMDLETS if name not in WRITES and name != "Get-ConnectionInformation"]


def refusal(conversation: Conversation, cmdlet: str, **parameters: Any) -> str:
    return conversation.error_of("invoke", cmdlet=cmdlet, parameters=parameters)


def test_hello_says_who_serves(server: Server) -> None:
    with server.start() as conversation:
        result = conversation.ask("hello")["result"]
        assert result["protocol"] == 1
        assert result["runner_sha256"] == source().sha256
        assert result["pid"] == conversation.process.pid
        assert result["read_only"] is True
        assert result["language_mode"] == "FullLanguage"
        assert result["edition"] == "Core"
        assert all(isinstance(result[name], str) and result[name] for name in ("powershell", "user", "host"))


def test_only_the_first_hello_decides(server: Server) -> None:
    with server.start() as conversation:
        assert conversation.error_of("hello", read_only="false") == "bad_request"
        assert conversation.error_of("hello", read_only=False, idle_seconds=0) == "bad_request"
        assert conversation.error_of("hello", read_only=False, idle_seconds=601) == "bad_request"
        assert conversation.ask("hello", read_only=True)["result"]["read_only"] is True
        assert conversation.ask("hello", read_only=False)["result"]["read_only"] is True
        assert refusal(conversation, "Set-Mailbox", **WRITES["Set-Mailbox"]) == "read_only"


def test_before_hello_nothing_writes(server: Server) -> None:
    with server.start() as conversation:
        assert conversation.ask("connect", **CONNECT)["ok"]
        assert refusal(conversation, "Set-Mailbox", **WRITES["Set-Mailbox"]) == "read_only"
        assert server.tenant.calls == []


@pytest.mark.parametrize("fields", [{"op": "nonsense"}, {"op": ""}, {"op": "resume"}, {"op": "resume", "after": "1"}])
def test_a_request_that_makes_no_sense_is_refused(enforcing: Conversation, fields: dict[str, Any]) -> None:
    assert enforcing.error_of(**fields) == "bad_request"


INVOKES = [
    {}, {"cmdlet": 5}, {"cmdlet": " "}, {"cmdlet": None}, {"cmdlet": "Get-Mailbox", "parameters": ["Identity"]},
    {"cmdlet": "Get-Mailbox", "parameters": "a"}, {"cmdlet": "Get-Mailbox", "select": "Guid"},
    {"cmdlet": "Get-Mailbox", "select": [1]}, {"cmdlet": "Get-Mailbox", "select": [None]},
]  # fmt: skip


@pytest.mark.parametrize("fields", INVOKES, ids=str)
def test_a_call_that_is_not_well_formed_is_refused(enforcing: Conversation, fields: dict[str, Any]) -> None:
    assert enforcing.error_of("invoke", **fields) == "bad_request"


def test_a_call_without_connection_is_refused(server: Server) -> None:
    with server.greeted() as conversation:
        assert refusal(conversation, "Get-Mailbox", Identity="a") == "not_connected"
        assert conversation.ask("connect", **CONNECT)["ok"]
        assert refusal(conversation, "Get-Mailbox", Identity="a") == ""
        assert conversation.ask("disconnect")["result"] == {}
        assert server.tenant.open == set()
        assert refusal(conversation, "Get-Mailbox", Identity="a") == "not_connected"
        assert conversation.ask("disconnect")["ok"]


OFF_THE_LIST = [
    "Get-Process", "Remove-Mailbox", "New-ManagementRoleAssignment", "Get-Mail*", "Get-Mailbox;Get-Process",
    "Connect-ExchangeOnline", "Disconnect-ExchangeOnline", "$env:PATH", "ExchangeOnlineManagement\\Get-EXOMailbox",
    "Invoke-Call",
]  # fmt: skip


@pytest.mark.parametrize("cmdlet", OFF_THE_LIST)
def test_a_cmdlet_off_the_list_is_not_run(shared: Server, enforcing: Conversation, cmdlet: str) -> None:
    before = len(shared.tenant.calls)
    assert refusal(enforcing, cmdlet, Identity="a") == "not_allowed"
    assert len(shared.tenant.calls) == before


@pytest.mark.parametrize("cmdlet", [*WRITES, "ADD-mailboxPermission"])
def test_a_read_only_process_refuses_every_writer(shared: Server, auditing: Conversation, cmdlet: str) -> None:
    before = len(shared.tenant.calls)
    assert refusal(auditing, cmdlet, Identity="a") == "read_only"
    assert len(shared.tenant.calls) == before


@pytest.mark.parametrize("cmdlet", READS)
def test_a_read_only_process_runs_every_reader(auditing: Conversation, cmdlet: str) -> None:
    (row,) = auditing.call(cmdlet, "Cmdlet", "Parameters", Identity="a@contoso.com")["rows"]
    assert row == {"Cmdlet": cmdlet, "Parameters": '{"Identity": "a@contoso.com"}'}


def test_the_connection_can_be_looked_at(shared: Server, auditing: Conversation) -> None:
    shared.tenant.reply = lambda cmdlet, parameters: None
    assert auditing.call("Get-ConnectionInformation", "State", "TokenStatus")["rows"] == [
        {"State": "Connected", "TokenStatus": "Active"}
    ]
    shared.tenant.reply = echo


@pytest.mark.parametrize(("cmdlet", "parameters"), WRITES.items(), ids=WRITES)
def test_a_writer_gets_the_parameters_it_was_given(
    enforcing: Conversation, cmdlet: str, parameters: dict[str, Any]
) -> None:
    (row,) = enforcing.call(cmdlet, "Cmdlet", "Parameters", **parameters)["rows"]
    assert (row["Cmdlet"], json.loads(row["Parameters"])) == (cmdlet, parameters)


@pytest.mark.parametrize("name", ["ForwardingSmtpAddress", "Type", "WhatIf", "Grant", "ErrorAction"])
def test_set_mailbox_sets_nothing_else(shared: Server, enforcing: Conversation, name: str) -> None:
    before = len(shared.tenant.calls)
    assert refusal(enforcing, "Set-Mailbox", Identity="a", **{name: "x"}) == "not_allowed"
    assert len(shared.tenant.calls) == before


BLANKS: list[object] = [
    "",
    " ",
    "\t\n",
    "\u00a0",
    None,
    [],
    [""],
    ["a", " "],
    {},
    {"Add": []},
    {"Add": ["a"], "Remove": [" "]},
]


@pytest.mark.parametrize("name", ["Identity", "User", "Trustee", "identity", "Ident", "Filter"])
@pytest.mark.parametrize("blank", BLANKS, ids=repr)
def test_a_blank_parameter_never_reaches_exchange(
    shared: Server, enforcing: Conversation, name: str, blank: object
) -> None:
    """Exchange takes a blank identity for everything (exchange facts 1.4), whatever prefix of its name is used."""
    before = len(shared.tenant.calls)
    assert refusal(enforcing, "Get-Mailbox", **{name: blank}) == "bad_request"
    assert len(shared.tenant.calls) == before


def test_the_first_reason_in_the_order_of_the_table_is_given(server: Server) -> None:
    with server.start() as conversation:
        assert refusal(conversation, "Remove-Mailbox", Identity="") == "bad_request"
        assert refusal(conversation, "Set-Mailbox", Type="Shared") == "not_allowed"
        assert refusal(conversation, "Set-Mailbox", Identity="a") == "read_only"
        assert refusal(conversation, "Get-Mailbox", Identity="a") == "not_connected"


def test_a_row_has_exactly_what_was_selected(enforcing: Conversation) -> None:
    select = ("Text", "FLAG", "number", "List", "One", "Empty", "Nothing", "Unknown")
    answer = enforcing.call("Get-Mailbox", *select, Identity="a@contoso.com")
    assert answer["rows"] == [
        {"Text": "a", "FLAG": True, "number": 7, "List": ["a", "b"], "One": ["a"], "Empty": [], "Nothing": None,
         "Unknown": None}
    ]  # fmt: skip
    assert answer["warnings"] == []
    assert isinstance(answer["ms"], int)
    assert list(answer) == ["seq", "id", "ok", "rows", "warnings", "ms"]


def test_nothing_selected_gives_no_rows(enforcing: Conversation) -> None:
    assert enforcing.call("Get-Mailbox", Identity="a@contoso.com")["rows"] == []


@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_every_row_comes_and_every_warning(server: Server, count: int) -> None:
    rows = tuple({"Name": f"n{number}"} for number in range(count))
    server.tenant.reply = lambda cmdlet, parameters: Answer(rows, warnings=("first", "seco\u0144d"))
    with server.connected() as conversation:
        answer = conversation.call("Get-MailboxPermission", "Name", Identity="a@contoso.com")
        assert answer["rows"] == list(rows)
        assert answer["warnings"] == ["first", "seco\u0144d"]


NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
TEXT = "The operation couldn't be performed because object 'x|y' couldn't be found on 'DC01'.\nTwo lines."
REST = "Microsoft.Exchange.Management.RestApiClient"


def rest(body: object) -> CmdletError:
    text = f"Error while querying REST service. HttpStatusCode=404 ErrorMessage={json.dumps(body)}"
    return CmdletError(text, f"{REST}.RestClientException", "", "ProtocolError", f"An error.,{REST}.GetExoMailbox")


def proxy(code: str) -> CmdletError:
    return CmdletError(TEXT, NOT_FOUND, code, "NotSpecified", "[Server=A,RequestId=b,TimeStamp=c],Write-ErrorMessage")


PARSED = {"type": NOT_FOUND, "text": TEXT}
ERRORS = {
    "with a code": ("Get-Mailbox", proxy("Ex6F9304"), {"code": "Ex6F9304", **PARSED, "fqid": proxy("").fqid}),
    "of an older module": ("Get-Mailbox", proxy(""), {"code": "", **PARSED, "category": "NotSpecified"}),
    "in the message of a document": (
        "Get-EXOMailbox",
        rest({"error": {"code": "NotFound", "message": f"Ex6F9304|{NOT_FOUND}|{TEXT}"}}),
        {"code": "Ex6F9304", **PARSED, "category": "ProtocolError"},
    ),
    "in the details of a document": (
        "Get-EXOMailbox",
        rest({"error": {"message": "Error", "details": [{"message": f"Ex6F9304|{NOT_FOUND}|{TEXT}"}]}}),
        {"code": "Ex6F9304", **PARSED},
    ),
    "nowhere": (
        "Get-EXOMailbox",
        rest({"error": {"code": "Unauthorized", "message": "No."}}),
        {"code": "", "type": f"{REST}.RestClientException", "text": rest(
            {"error": {"code": "Unauthorized", "message": "No."}}).text},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cmdlet", "error", "expected"), ERRORS.values(), ids=ERRORS)
def test_an_error_record_is_taken_apart(
    server: Server, cmdlet: str, error: CmdletError, expected: dict[str, str]
) -> None:
    server.tenant.reply = lambda cmdlet, parameters: Answer(warnings=("before it failed",), error=error)
    with server.connected() as conversation:
        answer = conversation.call(cmdlet, "Guid", Identity="x")
        assert answer["ok"] is False
        assert answer["error"] | expected == answer["error"]
        assert set(answer["error"]) == {"code", "type", "text", "category", "fqid"}
        assert isinstance(answer["ms"], int)
        assert "rows" not in answer
        assert conversation.ask("ping")["ok"]


def test_a_parameter_that_the_role_does_not_grant_is_an_error_of_the_call(server: Server) -> None:
    role: Role = {"Get-User": ["Identity"]}
    server.tenant.organisation.apps = (App(access_tokens=(TOKEN,), role=role),)
    server.tenant.reply = lambda cmdlet, parameters: None
    with server.connected() as conversation:
        error = conversation.call("Get-User", "Guid", Filter="x")["error"]
        assert error["type"] == "System.Management.Automation.ParameterBindingException"
        assert error["fqid"] == "NamedParameterNotFound,Get-User"
