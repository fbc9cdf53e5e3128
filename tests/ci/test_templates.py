# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The templates of docs/ci are what their CI systems accept, as far as that can be told without them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT

from .pipelines import (
    AZURE,
    AZURE_PLAN,
    AZURE_REHEARSE,
    AZURE_STEPS,
    CI,
    COMMON,
    GITHUB,
    GITHUB_ACTION,
    GITLAB,
    JENKINS,
    awx_tasks,
    load,
    scripts,
)

_BIN = Path(sys.executable).parent
_AZURE = ("vendor.azure-pipelines", "--data-transform", "azure-pipelines", "--regex-variant", "nonunicode")
_SCHEMAS = {
    **dict.fromkeys(GITHUB.values(), ("vendor.github-workflows",)),
    GITLAB: ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
    AZURE: _AZURE,
    AZURE_STEPS: _AZURE,
    AZURE_STEPS.with_name("exchange-setup.yml"): _AZURE,
    AZURE_PLAN: _AZURE,
    AZURE_REHEARSE: _AZURE,
    GITHUB_ACTION: ("vendor.github-actions",),
}
#: In a Jenkinsfile: texts, and comments.
_LITERAL = re.compile(r"'''.*?'''|'[^'\n]*'|\"[^\"\n]*\"|//[^\n]*", re.DOTALL)
_BRACE = re.compile(r"(?:(\w+)(?:\([^)]*\))?\s*)?([{}])")
#: What shellcheck says of a file that is sourced and is not there yet.
_MADE_ON_THE_WAY = ("SC1091",)


def ran(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False, **more)


# What CI systems accept


def against_schema(file: Path, kind: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return ran(_BIN / "check-jsonschema", "--builtin-schema", *kind, file)


@pytest.mark.parametrize("file", _SCHEMAS, ids=lambda file: str(file.relative_to(CI)))
def test_a_template_is_as_the_published_schema_of_its_system_says(file: Path) -> None:
    run = against_schema(file, _SCHEMAS[file])
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("file", _SCHEMAS, ids=lambda file: str(file.relative_to(CI)))
def test_the_schema_would_find_a_key_that_does_not_exist(file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    words = {"timeout-minutes": "time-out", "when: manual": "when: manuel", "lockBehavior": "lockBehaviour"}
    text = file.read_text(encoding="utf-8")
    for right, wrong in {**words, "- task: ": "- tusk: ", "using: composite": "using: composed"}.items():
        text = text.replace(right, wrong)
    broken.write_text(text, encoding="utf-8")
    assert against_schema(broken, _SCHEMAS[file]).returncode == 1


def blocks_of(text: str) -> list[str]:
    """The blocks of a Jenkinsfile, each as its path of names. Raises ValueError where braces do not fit."""
    bare = _LITERAL.sub(lambda found: "" if found[0].startswith("//") else "''", text)
    path: list[str] = []
    found = []
    for name, brace in _BRACE.findall(bare):
        if brace == "}":
            if not path:
                raise ValueError("a brace is closed that was not opened")
            path.pop()
        else:
            path.append(name)
            found.append("/".join(path))
    if path:
        raise ValueError(f"not closed: {path}")
    return found


def test_the_blocks_of_a_jenkinsfile_are_those_of_a_declarative_pipeline() -> None:
    """Neither Jenkins nor Groovy is at hand: this is all that is known of them, beside their scripts."""
    stage = "pipeline/stages/stage"
    job = [f"{stage}/{name}" for name in ("agent", "environment", "options", "steps", "steps/lock", "post")]
    job.append(f"{stage}/post/always")
    found = {name: blocks_of(file.read_text(encoding="utf-8")) for name, file in JENKINS.items()}
    before = ["pipeline", "pipeline/options", "pipeline/triggers", "pipeline/stages", stage]
    last = f"{stage}/post/always"
    assert found["audit"] == [*before, *job, f"{last}/lock", f"{stage}/post/cleanup"]
    approval = [stage, f"{stage}/options", f"{stage}/steps"]
    begin = ["pipeline", "pipeline/options", "pipeline/stages"]
    assert found["enforce"] == [*begin, *approval, stage, *job]
    when = [f"{stage}/when", f"{stage}/when/not"]
    at = job.index(f"{stage}/steps/lock") + 1
    plan = [*job[:at], f"{stage}/steps/script", *job[at:]]
    assert found["change"] == [*begin, stage, *plan, stage, *when, *approval[1:], stage, *when, *job]
    rehearse = [f"{stage}/{name}" for name in ("when", "environment", "steps", "steps/dir", "post", "post/always")]
    assert found["rehearse"] == ["pipeline", "pipeline/agent", *begin[1:], stage, *rehearse]
    for file in JENKINS.values():
        with pytest.raises(ValueError, match="not closed"):
            blocks_of(file.read_text(encoding="utf-8").rstrip().removesuffix("}"))


@pytest.mark.parametrize("name", scripts())
def test_shellcheck_has_nothing_to_say_of_a_script(name: str) -> None:
    shell = "sh" if name.startswith("jenkins") else "bash"
    for script in scripts()[name]:
        run = ran(_BIN / "shellcheck", "--shell", shell, "--exclude", ",".join(_MADE_ON_THE_WAY), "-", input=script)
        assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("file", sorted(COMMON.glob("*.sh")), ids=lambda file: str(file.name))
def test_shellcheck_has_nothing_to_say_of_what_the_templates_share(file: Path) -> None:
    run = ran(_BIN / "shellcheck", file)
    assert run.returncode == 0, run.stdout


def test_ansible_lint_sees_the_playbooks_of_awx_with_mocks_for_its_modules() -> None:
    """They are looked at by `make lint`, where awx.awx itself is not at hand."""
    mocked = load(ROOT / ".ansible-lint")["mock_modules"]
    assert sorted(mocked) == sorted({key for task in awx_tasks() for key in task if key.startswith("awx.awx.")})
