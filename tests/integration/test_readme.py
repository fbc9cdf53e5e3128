# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trial of the README, as it stands there: an organisation in a file, a plan, its apply, and an audit."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from .harness import OLDEST_AND_NEWEST, ROOT, ControlNode, Run


def trial(directory: Path) -> list[list[str]]:
    """Writes its two files; the arguments of its commands."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    begin = text.index("**Mailboxes of your own, still without a tenant.**")
    organisation, inventory, commands = re.findall(r"```\w*\n(.*?)```", text[begin:], re.DOTALL)[:3]
    (directory / "organisation.json").write_text(organisation, encoding="utf-8")
    (directory / "trial.yml").write_text(inventory, encoding="utf-8")
    return [line.removeprefix("ansible-playbook ").split() for line in commands.splitlines()]


def held(organisation: str) -> set[str]:
    """The mailboxes on which somebody holds Send As."""
    return {each["address"] for each in json.loads(organisation)["recipients"] if each.get("send_as")}


def said(run: Run) -> str:
    return " ".join(run.output.split())


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_the_trial_ends_as_the_readme_says(core: str, tmp_path: Path) -> None:
    plan, apply, audit = trial(tmp_path)
    node = replace(ControlNode(core, tmp_path), cwd=tmp_path)
    planned = node.play(*plan)
    assert planned.status == 0, planned.output
    assert "+1 Send As, -1 Send As; 3 as wanted" in said(planned)
    assert node.play(*apply).status == 0
    audited = node.play(*audit)
    assert (audited.status, ": 5 compliant" in said(audited)) == (0, True), audited.output


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_an_edit_between_plan_and_apply_stops_it(core: str, tmp_path: Path) -> None:
    plan, apply, _audit = trial(tmp_path)
    node = replace(ControlNode(core, tmp_path), cwd=tmp_path)
    assert node.play(*plan).status == 0
    file = tmp_path / "organisation.json"
    account = "crmrouter@contoso.com"
    edited = file.read_text(encoding="utf-8").replace(f', "send_as": ["{account}"]', "", 1)
    file.write_text(edited, encoding="utf-8")
    applied = node.play(*apply)
    assert (applied.status, applied.access["failure_class"]) == (2, "plan"), applied.output
    assert held(file.read_text(encoding="utf-8")) == held(edited) == {"old@contoso.com"}
