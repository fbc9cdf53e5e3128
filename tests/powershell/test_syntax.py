# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the scripts in _remote to what Windows PowerShell 5.1 can do, by walking their syntax trees in PowerShell 7."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import bootstrap
from ansible_collections.email_router.exchange_online.tests.conformance.cmdlet_powershell import required_powershell
from ansible_collections.email_router.exchange_online.tests.powershell import allowed

HERE = Path(__file__).parent
REMOTE = HERE.parents[1] / "plugins" / "plugin_utils" / "_remote"
MEMBERS = {member for members in allowed.TYPES.values() for member in members} | allowed.DATA
STATICS = {f"{name}::{member}" for name, members in allowed.TYPES.items() for member in members}
PARAMETERS = {f"{name} -{each}" for name, (page, parameters) in allowed.COMMANDS.items() for each in parameters}

pytestmark = pytest.mark.powershell


@dataclass(frozen=True)
class Use:
    """Something that a script uses; ``kind`` and ``name`` as walker.ps1 says them."""

    kind: str
    name: str
    line: int


def walk(scripts: dict[str, str], directory: Path) -> dict[str, list[Use]]:
    """What each script uses, by its name; one engine for all."""
    paths = {}
    for number, (name, text) in enumerate(scripts.items()):
        paths[str(directory / f"{number}.ps1")] = name
        (directory / f"{number}.ps1").write_text(text, encoding="utf-8")
    command = [required_powershell(), "-NoProfile", "-NonInteractive", "-File", str(HERE / "walker.ps1"), *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = [line[6:] for line in done.stdout.splitlines() if line.startswith("@uses ")]
    assert len(lines) == len(scripts), done.stdout + done.stderr
    answers = [json.loads(line) for line in lines]
    return {paths[answer["path"]]: [Use(**use) for use in answer["uses"]] for answer in answers}


def judge(uses: list[Use]) -> set[tuple[str, str]]:
    """Kind and name of each use that is not allowed."""
    own = {use.name for use in uses if use.kind == "function"}
    assigned = {use.name.casefold() for use in uses if use.kind == "assigned"}
    known: dict[str, Callable[[str], object]] = {
        "node": allowed.NODES.__contains__,
        "operator": allowed.OPERATORS.__contains__,
        "escape": allowed.ESCAPES.__contains__,
        "number": allowed.NUMBER.fullmatch,
        "switch": {"None"}.__contains__,
        "type": allowed.TYPES.__contains__,
        "member": (MEMBERS | STATICS).__contains__,
        "command": (own | allowed.COMMANDS.keys()).__contains__,
        "parameter": PARAMETERS.__contains__,
        "dynamic command": allowed.DYNAMIC_COMMANDS.__contains__,
        "variable": lambda name: name in allowed.AUTOMATIC_VARIABLES or name.casefold() in assigned,
        "assigned": lambda name: name == "null" or name not in allowed.AUTOMATIC_VARIABLES,
        "function": re.compile(r"[A-Z]\w+-[A-Z]\w+").fullmatch,
    }
    return {(use.kind, use.name) for use in uses if use.kind not in known or not known[use.kind](use.name)}


def runner_source() -> str:
    return "".join((REMOTE / name).read_text("utf-8") for name in ("exchange.ps1", "diagnose.ps1", "runner.ps1"))


@pytest.fixture(scope="module")
def uses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Use]]:
    """Of both scripts and of every bad snippet; one start of the engine serves them all."""
    scripts = {"bootstrap": (REMOTE / "bootstrap.ps1").read_text("utf-8"), "runner": runner_source()}
    return walk(scripts | {snippet: snippet for snippet in BAD}, tmp_path_factory.mktemp("walk"))


#: Each with the fault that must be found in it.
BAD = {
    "$x = $true ? 1 : 2": ("node", "TernaryExpressionAst"),
    "$x = $null ?? 1": ("operator", "QuestionQuestion"),
    "$x = 1; $x ??= 1": ("operator", "QuestionQuestionEquals"),
    "$x = 'a'; ${x}?.Trim()": ("node", "NullConditional"),
    "$x = 'a'; ${x}?[0]": ("node", "NullConditional"),
    "Get-Module && Get-Module": ("node", "PipelineChainAst"),
    "Get-Module || Get-Module": ("node", "PipelineChainAst"),
    "Get-Module &": ("node", "Background"),
    "Get-Module\n    | Import-Module": ("node", "LeadingPipe"),
    "function Get-It { process { } clean { } }": ("node", "CleanBlock"),
    "[Array]::Empty[int]()": ("node", "GenericTypeArguments"),
    "Get-Module *> out.txt": ("node", "FileRedirectionAst"),
    "class Thing { }": ("node", "TypeDefinitionAst"),
    "using namespace System.IO": ("node", "UsingStatementAst"),
    "1, 2 | ForEach-Object -Parallel { 1 }": ("parameter", "ForEach-Object -Parallel"),
    "ConvertFrom-Json -InputObject '{}' -AsHashtable": ("parameter", "ConvertFrom-Json -AsHashtable"),
    "Import-Module -Name It -UseWindowsPowerShell": ("parameter", "Import-Module -UseWindowsPowerShell"),
    "Get-Module -ListAvail": ("parameter", "Get-Module -ListAvail"),
    "Test-Json -Json '{}'": ("command", "Test-Json"),
    "$x = 'Get-Module'; & $x": ("dynamic command", "$x"),
    "New-Object System.Text.Json.JsonDocumentOptions": ("type", "System.Text.Json.JsonDocumentOptions"),
    "New-Object -TypeName System.Net.WebClient": ("type", "System.Net.WebClient"),
    "[System.Half] 1": ("type", "System.Half"),
    "[No.Such.Type] 1": ("type", "No.Such.Type"),
    "param([ValidateNotNullOrWhiteSpace()] $x) $x": ("node", "AttributeAst"),
    "[Console]::Beep()": ("member", "System.Console::Beep"),
    "[Convert]::ToHexString(1)": ("member", "System.Convert::ToHexString"),
    "$x = [Console]; $x::Beep()": ("member", "unknown::Beep"),
    "$x = 'a'; $x.Contains('a')": ("member", "Contains"),
    "$x = 'a'; $y = 'Trim'; $x.$y()": ("member", "$y"),
    "$x = 5u": ("number", "5u"),
    "$x = 0b101": ("number", "0b101"),
    "$x = 12n": ("number", "12n"),
    "$x = 1.5": ("number", "1.5"),
    '"`e[0m"': ("escape", "e"),
    '"`u{263a}"': ("escape", "u{"),
    "$IsWindows": ("variable", "IsWindows"),
    "$count = 1; $cuont": ("variable", "cuont"),
    "foreach ($x in $input) { $x }": ("variable", "input"),
    "$args = 1": ("assigned", "args"),
    "'a' -replace 'a', 'b'": ("operator", "Ireplace"),
    "'a' -isplit 'a'": ("operator", "Isplit"),
    "switch -Regex (1) { 1 { 1 } }": ("switch", "Regex"),
    "function Helper { 1 }": ("function", "Helper"),
    "if ($true) {": ("error", "MissingEndCurlyBrace"),
}


@pytest.mark.parametrize("script", ["bootstrap", "runner"])
def test_a_script_uses_only_what_both_powershells_have(uses: dict[str, list[Use]], script: str) -> None:
    faults = judge(uses[script])
    assert not faults, [use for use in uses[script] if (use.kind, use.name) in faults]


@pytest.mark.parametrize(("snippet", "fault"), BAD.items(), ids=[" ".join(fault) for fault in BAD.values()])
def test_the_walker_finds(uses: dict[str, list[Use]], snippet: str, fault: tuple[str, str]) -> None:
    assert fault in judge(uses[snippet])


def test_nothing_is_allowed_that_no_script_uses(uses: dict[str, list[Use]]) -> None:
    used = {(use.kind, use.name) for script in ("bootstrap", "runner") for use in uses[script]}
    names = {name for kind, name in used}
    assert {each for each in allowed.COMMANDS if ("command", each) not in used} == set()
    assert {each for each in PARAMETERS if ("parameter", each) not in used} == set()
    assert {each for each in allowed.NODES | allowed.OPERATORS | allowed.ESCAPES if each not in names} == set()
    assert {each for each in MEMBERS if each not in {name.split("::")[-1] for name in names}} == set()
    assert {name for name, members in allowed.TYPES.items() if not members and ("type", name) not in used} == set()


def test_every_function_is_called(uses: dict[str, list[Use]]) -> None:
    functions = {use.name for use in uses["runner"] if use.kind == "function"}
    assert functions == {use.name for use in uses["runner"] if use.kind == "command"} - allowed.COMMANDS.keys()


def test_every_type_and_member_on_the_list_exists(tmp_path: Path) -> None:
    script = tmp_path / "exists.ps1"
    script.write_text(
        "foreach ($name in $args) { $type, $member = $name -split '::'; if ($member -eq 'new') { $member = '.ctor' }\n"
        "if (-not ($type -as [type]) -or ($member -and -not ($type -as [type]).GetMember($member))) { $name } }",
        encoding="utf-8",
    )
    command = [required_powershell(), "-NoProfile", "-File", str(script), *allowed.TYPES, *sorted(STATICS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == []


def test_every_entry_names_a_page_for_either_side() -> None:
    entries = [("command", name) for name in allowed.COMMANDS]
    entries += [("type", name) for name in [*allowed.TYPES, *STATICS]]
    for kind, name in entries:
        for page in allowed.pages(kind, name):
            assert re.fullmatch(r"https://learn\.microsoft\.com/[a-z0-9./-]+\?view=[a-z0-9.-]+", page), page


def test_the_command_line_fits_cmd_exe() -> None:
    command = " ".join(("powershell.exe", *bootstrap.launch("powershell.exe").arguments))
    assert len(command) < 8000


def test_the_bootstrap_does_not_name_the_pipeline_variable() -> None:
    """Otherwise the 5.1 host reads standard input itself (winrm facts 3.2)."""
    assert "$input" not in (REMOTE / "bootstrap.ps1").read_text("utf-8").lower()


@pytest.mark.parametrize("name", ["bootstrap.ps1", "exchange.ps1", "diagnose.ps1", "runner.ps1"])
def test_a_script_is_ascii(name: str) -> None:
    """5.1 reads a file without BOM in the code page of the machine, should anybody run one by hand."""
    assert (REMOTE / name).read_bytes().isascii()
