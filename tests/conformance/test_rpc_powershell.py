# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner in a real PowerShell with a module that chatters, prompts, and fails oddly."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .conftest import serve
from .driver import CONNECT, SIGN_IN, Conversation, Server

pytestmark = pytest.mark.powershell
MODULE = Path(__file__).parent / "odd" / "ExchangeOnlineManagement.psm1"


def install(directory: Path, version: str) -> None:
    folder = directory / MODULE.stem / version
    folder.mkdir(parents=True)
    shutil.copy(MODULE, folder)
    exported = "'Connect-ExchangeOnline', 'Disconnect-ExchangeOnline', 'Get-ConnectionInformation', 'Get-Mailbox'"
    manifest = f"RootModule = '{MODULE.name}'; ModuleVersion = '{version}'; FunctionsToExport = {exported}"
    (folder / f"{MODULE.stem}.psd1").write_text(f"@{{ {manifest} }}", encoding="utf-8")


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Server]:
    """Two versions of the module are there."""
    modules = tmp_path / "odd"
    for version in ("3.4.0", "3.10.1"):
        install(modules, version)
    with serve(tmp_path, "powershell") as server:
        yield replace(server, environment={**server.environment, "PSModulePath": str(modules)})


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversation]:
    directory = tmp_path_factory.mktemp("odd")
    install(directory / "odd", "3.9.0")
    with serve(directory, "powershell") as server:
        chatty = replace(server, environment={**server.environment, "PSModulePath": str(directory / "odd")})
        with chatty.connected() as conversation:
            yield conversation


def behaving(server: Server, how: str) -> Server:
    return replace(server, environment={**server.environment, "ODD_CONNECT": how})


def test_the_newest_module_is_loaded_and_told_to_be_quiet(odd: Server) -> None:
    with odd.greeted() as conversation:
        fields: dict[str, Any] = {
            "cmdlets": {"Get-Mailbox": ["Identity"], "Get-EXOMailbox": []},
            "environment": "O365China",
        }
        result = conversation.ask("connect", **{**CONNECT, **fields})["result"]
        assert result["module_version"] == "3.10.1"
        assert result["connection_id"] == "11111111-2222-3333-4444-555555555555"
        assert result["token_expires"] == "2030-01-02T03:04:05.0000000+00:00"
        assert result["missing"] == ["Get-EXOMailbox"]
        assert (
            "connect CommandName=Get-Mailbox ErrorAction=Stop ExchangeEnvironmentName=O365China "
            "Organization=contoso.onmicrosoft.com ShowBanner=False SkipLoadingFormatData=True"
        ) in conversation.log


def test_without_proxies_to_import_no_names_are_given(odd: Server) -> None:
    with odd.greeted() as conversation:
        assert conversation.ask("connect", **{**CONNECT, "cmdlets": {"Get-EXOMailbox": []}})["ok"]
        assert not [line for line in conversation.log if "CommandName" in line]


@pytest.mark.parametrize(
    ("how", "code", "text"),
    [
        ("fails late", "connect_failed", "not today"),
        ("no token", "connect_failed", "no active connection"),
        ("spoils the engine", "internal", "out of order"),
    ],
)
def test_a_connection_that_is_no_good_is_ended(odd: Server, how: str, code: str, text: str) -> None:
    with behaving(odd, how).greeted() as conversation:
        error = conversation.ask("connect", **CONNECT)["error"]
        assert error["code"] == code
        assert text in error["text"]
        assert conversation.log[-1] == "signed out"
        assert conversation.call("Get-Mailbox", Identity="a")["error"]["code"] == "not_connected"
        assert conversation.ask("quit")["ok"]
        assert conversation.exit_code() == 0
        assert conversation.log.count("signed out") == 1


def test_a_module_that_cannot_be_loaded_is_told_in_its_words(odd: Server) -> None:
    for module in odd.directory.glob("odd/*/3.10.1/*.psm1"):
        module.write_text("throw 'Could not load file or assembly'", encoding="utf-8")
    with odd.greeted() as conversation:
        error = conversation.ask("connect", **CONNECT)["error"]
        assert error["code"] == "connect_failed"
        assert "Could not load file or assembly" in error["text"]


def test_a_sign_out_that_fails_does_not_keep_the_process(odd: Server) -> None:
    with behaving(odd, "cannot leave").connected() as conversation:
        assert conversation.ask("disconnect")["ok"]
        assert conversation.call("Get-Mailbox", Identity="a")["error"]["code"] == "not_connected"
        assert conversation.ask("connect", **CONNECT)["ok"]
        conversation.end_input()
        assert conversation.exit_code() == 0
        assert conversation.log.count("signed out") == 2
        assert b"the door is stuck" in b"".join(conversation.errors)


def test_a_secret_is_never_printed(odd: Server) -> None:
    with behaving(odd, "fails late").greeted() as conversation:
        assert not conversation.ask("connect", **CONNECT)["ok"]
        conversation.end_input()
        assert conversation.exit_code() == 0
        printed = b"".join(line.data for line in conversation.lines) + b"".join(conversation.errors)
        assert SIGN_IN["access_token"].encode() not in printed


@pytest.mark.parametrize("identity", ["host", "half", "marker", "streams"])
def test_chatter_spoils_no_answer(conversation: Conversation, identity: str) -> None:
    answer = conversation.call("Get-Mailbox", "Name", Identity=identity)
    assert answer["rows"] == []
    assert conversation.call("Get-Mailbox", "Name", Identity="next")["rows"] == [{"Name": "next"}]
    if identity == "streams":
        assert answer["warnings"] == ["w"]


KINDS = {
    "Guid": "0a0b0c0d-0000-0000-0000-000000000001", "Shade": "Light", "Version": "1.2.3",
    "Date": "2024-02-03T04:05:06.0000000Z", "Offset": "2024-02-03T04:05:06.0000000+02:00", "Byte": "7", "Short": "-3",
    "Long": 9007199254740993, "Negative": -5, "Half": "1.5", "Whole": 2, "ArrayList": ["a", "b"], "Set": ["one"],
    "Mixed": ["1", "True", "00000000-0000-0000-0000-000000000000", "x", ""], "Nested": ["in"],
    "Table": "System.Collections.Hashtable", "Wrapped": ["w"], "Character": "c", "True": True, "Nothing": None,
    "Object": "@{Inner=1}", "Broken": None,
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_a_property_of_any_kind_becomes_plain(conversation: Conversation, name: str) -> None:
    assert conversation.call("Get-Mailbox", name, Identity="kinds")["rows"] == [{name: KINDS[name]}]


def test_nothing_asks_for_confirmation(conversation: Conversation) -> None:
    assert conversation.call("Get-Mailbox", "Done", Identity="prompt")["rows"] == [{"Done": True}]


def test_the_module_speaks_english_and_sees_nothing_of_the_runner(conversation: Conversation) -> None:
    (row,) = conversation.call("Get-Mailbox", "UI", "Runner", Identity="culture")["rows"]
    assert row == {"UI": "en-US", "Runner": ""}


def test_what_is_no_object_gives_a_row_without_values(conversation: Conversation) -> None:
    assert conversation.call("Get-Mailbox", "Name", Identity="text")["rows"] == [{"Name": None}]
    assert conversation.call("Get-Mailbox", "Name", Identity="nothing")["rows"] == [{"Name": None}]


RUNTIME = "System.Management.Automation.RuntimeException"
WRITTEN = "Microsoft.PowerShell.Commands.WriteErrorException"
ERRORS = {
    "soft": ("", WRITTEN, "soft error"),
    "throw": ("", RUNTIME, "a thrown text"),
    "nested": ("", "System.IO.IOException", "outer"),
    "type": ("", "Odd.TypeName", "said"),
    "reason": ("", "OddReason", "said"),
    "remote": ("Ex123456", "Odd.Remote", "told"),
    "document": ("", RUNTIME, "Error. ErrorMessage={not json}"),
    "warned": ("", WRITTEN, "then"),
}


@pytest.mark.parametrize(("identity", "expected"), ERRORS.items(), ids=ERRORS)
def test_an_error_of_any_kind_is_taken_apart(
    conversation: Conversation, identity: str, expected: tuple[str, str, str]
) -> None:
    answer = conversation.call("Get-Mailbox", "Name", Identity=identity)
    error = answer["error"]
    assert (error["code"], error["type"], error["text"]) == expected
    assert answer["warnings"] == (["first"] if identity == "warned" else [])
