# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""send_error_info as a user runs it: the examples of its documentation, files, check mode, and input that is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.modules.send_error_info import EXAMPLES
from ansible_collections.email_router.exchange_online.tests.simulator.host import find_powershell
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._diagnosis import texts

from .conftest import SetStage
from .harness import COLLECTION, CORES, NEWEST, ROOT, ControlNode, Run
from .stage import Stage, contoso

MODULE = f"{COLLECTION}.send_error_info"
#: The event log of the examples: two events of the router, one without a text, and a log that is not there.
EVENT_LOG = """
function Get-WinEvent {
    [CmdletBinding()] param([hashtable] $FilterHashtable, [int] $MaxEvents)
    if ($FilterHashtable.StartTime -gt (Get-Date).AddDays(-6)) { throw 'the start is too late' }
    $log = "$($FilterHashtable.LogName) $($FilterHashtable.ProviderName) $($FilterHashtable.Level)"
    if ($log -eq 'Application MSCRMEmail 2 3') { return $events | Select-Object -First $MaxEvents }
    if ($log -ne 'MSCRMEmailLog MSCRMEmailLog 2 3') { throw "there is no log $log" }
    $fault = [System.Exception]::new('the log cannot be read')
    $record = [System.Management.Automation.ErrorRecord]::new($fault, $reason, 'NotSpecified', $null)
    $PSCmdlet.ThrowTerminatingError($record)
}
"""


class Desk:
    """A playbook for a host that nobody can reach, with the files that it names."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, name: str, content: object) -> Path:
        """A file of YAML."""
        file = self.directory / name
        file.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
        return file

    def play(
        self,
        *tasks: Mapping[str, Any],
        core: str = NEWEST,
        check: bool = False,
    ) -> Run:
        """Runs the tasks."""
        hosts = {name: {"ansible_host": "127.0.0.1", "ansible_port": 1} for name in ("crm01", "crm02")}
        inventory = self.write("inventory.yml", {"routers": {"hosts": hosts}})
        play = {"name": "Errors", "hosts": "routers", "gather_facts": False, "tasks": list(tasks)}
        playbook = self.write("playbook.yml", [play])
        return ControlNode(core, self.directory).play("-i", inventory, playbook, *(["--check"] if check else []))


def results(run: Run, host: str = "crm01") -> list[Mapping[str, Any]]:
    """What each task send_error_info gave for the host."""
    return [each.result for each in run.tasks if each.action == MODULE and each.host == host]


def classes(result: Mapping[str, Any]) -> list[str]:
    return [each["class"] for each in result["diagnoses"]]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.usefixtures("powershell")
class TestExamples:
    """The examples run as they stand but for the sign-in, with a real PowerShell over an event log of the test."""

    def play(self, stage: Stage, reason: str) -> Run:
        collection = stage.directory / "collections" / "ansible_collections" / "ansible" / "windows"
        actions = collection / "plugins" / "action"
        actions.mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("win_powershell.py"), actions)
        said = f"{texts.SMTP_PAIR}\n-----\n{texts.BASIC_AUTH_GONE}\n\nand more of it\n"
        (stage.directory / "smtp-errors.txt").write_text(said, encoding="utf-16")
        events = [
            {"Message": texts.ROUTER_EWS + texts.KB_SEND_AS + texts.TRACE, "Properties": []},
            {"Message": None, "Properties": [{"Value": "#1 - An error:"}, {"Value": texts.ROUTER_CRM}]},
        ]
        literal = json.dumps(events).replace("'", "''")
        given = f"$events = ConvertFrom-Json -InputObject '{literal}'\n$reason = '{reason}'\n"
        tasks = yaml.safe_load(EXAMPLES)
        tasks[-1][f"{COLLECTION}.mailbox_permission"].update(stage.sign_in)
        variables = {"prelude": given + EVENT_LOG, "powershell": find_powershell()}
        paths = f"{stage.directory / 'collections'}:{ROOT / '.venv' / 'collections'}"
        playbook = stage.playbook(*tasks, vars=variables)
        return stage.play("-i", stage.inventory(["crm01"]), playbook, environment={"ANSIBLE_COLLECTIONS_PATH": paths})

    @pytest.mark.parametrize("core", CORES)
    def test_the_examples_tell_causes_and_cures(self, set_stage: SetStage, core: str) -> None:
        stage = set_stage(contoso({"address": texts.MAILBOX}), core=core)
        run = self.play(stage, "NoMatchingLogsFound")
        assert run.status == 0, run.output
        assert stage.holds(texts.MAILBOX, "send_as", texts.TRUSTEE)
        assert [each.action for each in run.tasks if each.result.get("changed")] == [f"{COLLECTION}.mailbox_permission"]
        knowledge_base, router, smtp = results(run)
        assert classes(knowledge_base) == ["exchange_send_as_denied", "exchange_delegate_insufficient"]
        assert classes(router) == ["exchange_send_as_denied", "crm_send_as_privilege"]
        assert [each["parsed"]["code"] for each in router["diagnoses"]] == ["61042", "1"]
        assert classes(smtp) == ["exchange_send_as_denied", "auth"]
        assert smtp["pairs"] == [{"trustee": texts.TRUSTEE, "mailbox": texts.MAILBOX, "right": "send_as"}]
        assert "2 texts: 1 crm_send_as_privilege, 1 exchange_send_as_denied." in run.text
        assert "No grant in Exchange helps." in run.text
        assert f"{texts.TRUSTEE} lacks send_as on {texts.MAILBOX}" in run.text
        assert "Zoë" not in run.text

    def test_a_log_that_cannot_be_read_is_not_one_without_errors(self, set_stage: SetStage) -> None:
        run = self.play(set_stage(contoso()), "LogInfoUnavailable")
        assert run.status != 0
        assert "the log cannot be read" in run.text


@pytest.mark.parametrize("core", CORES)
def test_it_runs_for_each_host_without_reaching_it_and_the_same_in_check_mode(desk: Desk, core: str) -> None:
    (desk.directory / "files").mkdir()
    events = texts.ROUTER_SMTP + texts.SMTP_DENIED + texts.TRACE + texts.ROUTER_EWS + texts.KB_DELEGATE
    (desk.directory / "files" / "router.log").write_text(events, encoding="utf-8")
    options = {
        "texts": [texts.SMTP_PAIR, "on {{ inventory_hostname }}", "", texts.EWS_IMPERSONATION],
        "files": ["router.log"],
        "extra_patterns": {"access_denied": ["on crm0*"]},
        "keep_subjects": True,
    }
    runs = [desk.play({MODULE: options}, core=core, check=check) for check in (True, False, False)]
    for run in runs:
        assert (run.status, run.changed) == (0, False), run.output
    first, *others = [[results(run, host) for host in ("crm01", "crm02")] for run in runs]
    assert all(first == other for other in others)
    ((result,), (second,)) = first
    assert result["diagnoses"] == second["diagnoses"]
    assert classes(result) == [
        "exchange_send_as_denied",
        "access_denied",
        "unknown",
        "exchange_impersonation",
        "exchange_send_as_denied",
        "exchange_delegate_insufficient",
    ]
    assert [each["grant"] for each in result["diagnoses"]] == [
        {"right": "send_as", "trustee": texts.TRUSTEE, "mailbox": texts.MAILBOX},
        None,
        None,
        None,
        {"right": "send_as", "trustee": None, "mailbox": None},
        {"right": "full_access", "trustee": None, "mailbox": None},
    ]
    sources = ["texts[0]", "texts[1]", "texts[2]", "texts[3]", "router.log:1", "router.log:6"]
    assert [each["source"] for each in result["diagnoses"]] == sources
    assert [each["parsed"]["subject"] for each in result["diagnoses"][-2:]] == [texts.SUBJECT] * 2
    assert result["summary"] == {
        "total": 6,
        "crm_send_as_privilege": 0,
        "exchange_send_as_denied": 2,
        "exchange_delegate_insufficient": 1,
        "exchange_impersonation": 1,
        "access_denied": 1,
        "auth": 0,
        "unknown": 1,
    }


@pytest.mark.parametrize("core", CORES)
def test_what_a_text_holds_is_never_run_and_a_subject_never_shown(desk: Desk, core: str) -> None:
    hostile = "{{ lookup('pipe', 'echo run') }}"
    event = texts.ROUTER_SMTP.replace("https://crm01:5555/Contoso", "{{'run'}}").replace(texts.SUBJECT, hostile)
    (desk.directory / "hostile.txt").write_text(event + texts.SMTP_DENIED, encoding="utf-8")
    show = {"ansible.builtin.debug": {"msg": "{{ found.diagnoses[0].parsed }}"}}
    run = desk.play({MODULE: {"files": ["hostile.txt"]}, "register": "found"}, show, core=core)
    (result,) = results(run)
    parsed = result["diagnoses"][0]["parsed"]
    assert (parsed["organization_url"], parsed["subject"]) == ("{{'run'}}", "(withheld)")
    assert "{{'run'}}" in run.text
    assert "pipe" not in run.text


def test_a_single_text_stays_whole_and_no_texts_are_no_error(desk: Desk) -> None:
    single = f"One, two, three. {texts.KB_SEND_AS}"
    run = desk.play({MODULE: {"texts": single}}, {MODULE: {"texts": []}})
    assert run.status == 0, run.output
    one, none = results(run)
    assert (classes(one), one["msg"]) == (["exchange_send_as_denied"], "1 text: 1 exchange_send_as_denied")
    assert (none["diagnoses"], none["pairs"], none["summary"]["total"], none["msg"]) == ([], [], 0, "0 texts")


def test_a_long_text_is_looked_at_in_part_and_that_is_said(desk: Desk) -> None:
    run = desk.play({MODULE: {"texts": [texts.KB_SEND_AS + " x" * 40_000]}})
    (result,) = results(run)
    assert classes(result) == ["exchange_send_as_denied"]
    assert "1 of 1 text: only the first 32,768 characters were looked at" in run.text


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, ["nothing to look at: set texts, files, or both"]),
    "unknown option": ({"texts": [], "text": "a"}, ["Unsupported parameters: text"]),
    "unknown class": (
        {"texts": [], "extra_patterns": {"unknown": ["abcd"], "spam": ["abcd"]}},
        ["extra_patterns: there is no class 'unknown'", "extra_patterns: there is no class 'spam'"],
    ),
    "no list": ({"texts": [], "extra_patterns": {"auth": "abcd"}}, ["auth must be a list of at most 200 phrases"]),
    "too many": (
        {"texts": [], "extra_patterns": {"auth": ["abcd"] * 201}},
        ["auth must be a list of at most 200 phrases"],
    ),
    "too short": (
        {"texts": [], "extra_patterns": {"auth": ["a*b"]}},
        ["auth: 'a*b': it holds no 4 characters in a row"],
    ),
    "too long": ({"texts": [], "extra_patterns": {"auth": ["a" * 501]}}, ["it is longer than 500 characters"]),
    "prefix": (
        {"texts": [], "tracking_token_prefix": " "},
        ["tracking_token_prefix must hold 1 to 20 characters"],
    ),
    "many texts": ({"texts": "{{ ['a'] * 10001 }}"}, ["10001 texts are more than 10,000"]),
    "no file": ({"files": ["missing.txt"]}, ["missing.txt"]),
    "large file": ({"files": ["large.txt"]}, ["holds 16,777,217 bytes, more than 16 MiB"]),
    "folder": ({"files": ["folder"]}, ["folder: Is a directory"]),
}


def test_input_that_cannot_be_meant_fails_with_every_reason(desk: Desk) -> None:
    (desk.directory / "large.txt").write_bytes(b" " * (16 * 1024 * 1024 + 1))
    (desk.directory / "folder").mkdir()
    tasks = [{MODULE: options, "ignore_errors": True} for options, _reasons in WRONG.values()]
    run = desk.play(*tasks)
    failures = [each for each in run.tasks if each.host == "crm01"]
    assert [each.status for each in failures] == ["failed"] * len(WRONG)
    for (_options, reasons), failure in zip(WRONG.values(), failures, strict=True):
        assert [reason for reason in reasons if reason not in failure.result["msg"]] == [], failure.result["msg"]
