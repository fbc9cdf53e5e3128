# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/security.md says of a hostile change of an inventory: that it can do so much, and what keeps it from it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.ci.hostile import Change, file, proposed
from ansible_collections.email_router.exchange_online.tests.ci.pipelines import COMMON

from .conftest import SetStage
from .harness import CORES, NEWEST, PATIENCE
from .playbooks import ENFORCE
from .stage import ROUTER, SEND_AS, Stage, Transport, contoso

SALES, SUPPORT, DESK = "sales@contoso.com", "support@contoso.com", "desk@contoso.com"
CANARY = "a-secret-of-the-runner"
#: A callback of ansible that leaves a file.
CALLBACK = """
from ansible.plugins.callback import CallbackBase

open({marker!r}, "w").close()


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "evil"
"""


def pipe(command: str) -> str:
    """A template in quotes that runs a command."""
    return f"\"{{{{ lookup('ansible.builtin.pipe', '{command}') }}}}\"\n"


def run_by_ansible(marker: Path) -> dict[str, Change]:
    """Changes of which ansible runs something when it does no more than show the variable x of a mailbox."""
    touch = f"touch {marker}"
    signs = "#jinja2: variable_start_string:'[[', variable_end_string:']]'\\n"
    return {
        "a template of a group": file("group_vars/crm_mailboxes.yml", f"x: {pipe(touch)}"),
        "a template of a mailbox": file(f"host_vars/{SALES}.yml", f"x: {pipe(touch)}"),
        "a template by other signs": file(
            "group_vars/all.yml", f"x: \"{signs}[[ lookup('ansible.builtin.pipe', '{touch}') ]]\"\n"
        ),
        "a script": file("hosts.yml", f"#!/bin/sh\n{touch}\necho '{{}}'\n", 0o755),
    }


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("name", run_by_ansible(Path("marker")))
def test_what_ansible_would_run_the_check_refuses(name: str, core: str, tmp_path: Path) -> None:
    """On every core: an inventory is a program to ansible."""
    marker = tmp_path / "marker"
    folder = proposed(tmp_path / "inventory", run_by_ansible(marker)[name])
    checked = subprocess.run([sys.executable, COMMON / "inventory_check.py", folder], capture_output=True, check=False)
    assert checked.returncode == 1
    assert not marker.exists(), "the check runs nothing"
    command = ["ansible", "--inventory", str(folder), SALES, "-m", "ansible.builtin.debug", "-a", "msg={{ x | d() }}"]
    run(command, cwd=tmp_path, core=core)
    assert marker.exists(), "if ansible did not run it, the check would not be needed"


def run(command: list[str], cwd: Path, core: str = NEWEST, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command with nothing of the machine's own around it but this environment."""
    (cwd / "home").mkdir(exist_ok=True)
    path = os.pathsep.join([str(CORES[core] / "bin"), os.environ.get("PATH", os.defpath)])
    surroundings = {"PATH": path, "HOME": str(cwd / "home"), "LANG": "C.UTF-8", **environment}
    return subprocess.run(
        command, cwd=cwd, env=surroundings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip


@dataclass(frozen=True)
class Runner:
    """A runner for rehearsals: checkouts of the target branch, its inventory and the proposed one, and a snapshot."""

    directory: Path
    collections: Path

    @property
    def marker(self) -> Path:
        return self.directory / "marker"

    @property
    def target(self) -> Path:
        return self.directory / "target"

    def rehearse(self) -> subprocess.CompletedProcess[str]:
        """As the templates start it, in an environment with a secret that does not belong there."""
        command = ["sh", "ci/rehearse.sh", "../proposed/inventory", "../base/inventory", "../organisation.json"]
        return run(
            command, cwd=self.target, ANSIBLE_COLLECTIONS_PATH=str(self.collections), CI_JOB_TOKEN=CANARY,
            EXCHANGE_ONLINE_CERTIFICATE_PASSWORD=CANARY,
        )  # fmt: skip


@pytest.fixture
def runner(set_stage: SetStage, collections: Path, tmp_path: Path) -> Runner:
    stage = set_stage(contoso(*({"address": each} for each in (SALES, SUPPORT, DESK))), transport=Transport.LOCAL)
    stage.tenant.organisation.save(tmp_path / "organisation.json")
    shutil.copytree(COMMON, tmp_path / "target" / "ci", ignore=shutil.ignore_patterns("__pycache__"))
    for branch, mailboxes in {"base": [SALES], "proposed": [SALES, DESK]}.items():
        hosts: dict[str, dict[str, Any]] = {address: {} for address in mailboxes}
        content = {"crm_mailboxes": {"hosts": hosts, "vars": {"mailbox_delegation_profiles": {"router": SEND_AS}}}}
        stage.write(f"{branch}/inventory/mailboxes.yml", content)
        file("group_vars/crm_mailboxes.yml", "mailbox_delegation_default_profile: router\n")(
            tmp_path / branch / "inventory"
        )
    return Runner(tmp_path, collections)


def with_template(runner: Runner, command: str) -> None:
    """The default profile of the proposed inventory comes from a command that prints nothing."""
    text = f"mailbox_delegation_default_profile: \"{{{{ 'router' ~ lookup('ansible.builtin.pipe', '{command}') }}}}\"\n"
    file("group_vars/crm_mailboxes.yml", text)(runner.directory / "proposed" / "inventory")


def test_a_template_is_not_run_in_a_rehearsal_for_the_check_comes_before(runner: Runner) -> None:
    assert runner.rehearse().returncode == 0
    with_template(runner, f"touch {runner.marker}")
    rehearsal = runner.rehearse()
    assert rehearsal.returncode == 1
    assert "a template" in rehearsal.stderr
    assert not runner.marker.exists()
    assert not (runner.target / "reports" / "change.md").exists(), "that of the rehearsal before"


def test_without_the_check_it_is_run_and_its_environment_holds_no_secret(runner: Runner) -> None:
    """But a program finds what the runner knows elsewhere: so that must know none."""
    (runner.target / "ci" / "inventory_check.py").write_text("", encoding="utf-8")
    with_template(runner, f"env > {runner.marker}")
    assert runner.rehearse().returncode == 0
    seen = runner.marker.read_text(encoding="utf-8")
    assert f"HOME={runner.target}/.rehearsal-home" in seen
    assert CANARY not in seen
    with_template(runner, f"cat /proc/[0-9]*/environ > {runner.marker} 2>/dev/null; true")
    assert runner.rehearse().returncode == 0
    assert CANARY in runner.marker.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize(("started_in", "is_run"), [("proposed", True), ("target", False)])
def test_settings_and_plugins_are_taken_from_where_ansible_is_started(
    runner: Runner, started_in: str, is_run: bool
) -> None:
    """So never in what is proposed."""
    branch = runner.directory / "proposed"
    file("ansible.cfg", "[defaults]\ncallback_plugins = plugins\ncallbacks_enabled = evil\n")(branch)
    file("plugins/evil.py", CALLBACK.format(marker=str(runner.marker)))(branch)
    if started_in == "target":
        rehearsal = runner.rehearse()
        assert rehearsal.returncode == 0, rehearsal.stdout
    else:
        run(["ansible", "--inventory", "inventory", SALES, "-m", "ansible.builtin.debug"], cwd=branch)
    assert runner.marker.exists() is is_run


def enforce(stage: Stage, hosts: Mapping[str, Mapping[str, Any]], *arguments: str, **variables: Any) -> int:
    """The exit status of playbook enforce on a copy of the organisation, which is as it says afterwards."""
    copy = stage.directory / "organisation.json"
    stage.tenant.organisation.save(copy)
    own = {"exchange_snapshot": str(copy), "exchange_snapshot_update": True}
    own.update(mailbox_delegation_profiles={"router": SEND_AS}, mailbox_delegation_default_profile="router")
    inventory = stage.write("hosts.yml", {"crm_mailboxes": {"hosts": hosts, "vars": {**own, **variables}}})
    status = stage.play("-i", inventory, ENFORCE, *arguments).status
    stage.tenant.become(type(stage.tenant.organisation).load(copy))
    return status


def test_a_brake_that_one_mailbox_loosens_holds_where_it_is_given_as_an_extra_variable(
    set_user_stage: SetStage,
) -> None:
    """What one task takes for all mailboxes is taken from the first of them."""
    stage = set_user_stage(contoso(*({"address": each} for each in (SALES, SUPPORT))), transport=Transport.LOCAL)
    hosts: dict[str, dict[str, Any]] = {SALES: {"mailbox_delegation_max_grants": 100}, SUPPORT: {}}
    given = ("-e", "mailbox_delegation_max_grants=1")
    assert enforce(stage, hosts, *given, mailbox_delegation_max_grants=1) == 2
    assert not stage.holds(SALES, "send_as")
    assert enforce(stage, hosts, mailbox_delegation_max_grants=1) == 0
    assert stage.holds(SALES, "send_as")
    assert stage.holds(SUPPORT, "send_as")


def test_whoever_wants_many_mailboxes_absent_takes_back_nothing(set_user_stage: SetStage) -> None:
    """At most ten revocations, where nobody has set another number."""
    many = [f"mailbox{number}@contoso.com" for number in range(11)]
    held = ({"address": each, "send_as": [ROUTER]} for each in many)
    stage = set_user_stage(contoso(*held), transport=Transport.LOCAL)
    assert enforce(stage, {each: {"mailbox_delegation_state": "absent"} for each in many}) == 2
    assert all(stage.holds(each, "send_as") for each in many)
