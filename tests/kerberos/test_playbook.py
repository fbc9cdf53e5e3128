# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks over Kerberos, with the variables of ansible's own winrm plugin."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.integration.harness import OLDEST_AND_NEWEST, Run
from ansible_collections.email_router.exchange_online.tests.integration.stage import Exhibit, Stage, contoso
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action, EndpointOptions, Fault, Slow
from ansible_collections.email_router.exchange_online.tests.tools import kerberos
from ansible_collections.email_router.exchange_online.tests.wsman.client import wait_until

from .realm import HOST, PASSWORD, USER, Realm, Spy

SALES = "sales@contoso.com"


@pytest.fixture
def stage(realm: Realm, tmp_path: Path) -> Iterator[Stage]:
    """The management host is a member of the realm, and knows no password of its user.

    On it runs the stand-in: PowerShell itself does not see how it was reached.
    """
    directory = tmp_path / "stage"
    directory.mkdir()
    endpoint = EndpointOptions(keytab=realm.keytab, passwords={USER: "unused"})
    options = SimulatorOptions(host=HostOptions(pwsh=None), endpoint=endpoint)
    organisation = contoso({"address": SALES})
    with Stage(directory, organisation, options=options) as stage:
        environment = {name: os.environ[name] for name in ("KRB5_CONFIG", "KRB5CCNAME")}
        stage.node = replace(stage.node, environment={**environment, "PYTHONPATH": str(kerberos.PYTHON)})
        yield stage


def variables(spy: Spy, **others: Any) -> dict[str, Any]:
    """What a user would set for the management host."""
    return {
        "ansible_winrm_transport": "kerberos",
        "ansible_user": USER,
        "ansible_password": PASSWORD,
        "ansible_winrm_kerberos_hostname_override": HOST,
        "ansible_winrm_kinit_cmd": str(spy.program),
        "ansible_winrm_kinit_env_vars": ["KRB5_CONFIG"],
        **others,
    }


def run(stage: Stage, management: dict[str, Any], *arguments: str) -> Run:
    """One task over Kerberos."""
    inventory = stage.inventory([SALES], management=management)
    return stage.play("-i", inventory, stage.playbook(stage.task()), *arguments)


def left(stage: Stage) -> list[Path]:
    """Credential caches in the directories of the control node's user."""
    return list((stage.directory / "home").glob("**/krb5cc-*"))


def parent_of(process: int) -> int:
    """Zero where it has gone."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def told(done: Run) -> str:
    """All that a run says and hands on."""
    return done.output + json.dumps([each.result for each in done.tasks])


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_a_run_with_a_password_gets_its_own_ticket(stage: Stage, spy: Spy, core: str) -> None:
    done = run(stage.on(core), variables(spy, ansible_winrm_kerberos_delegation=True), "-vvvvv")
    assert done.status == 0, done.output
    assert done.outcomes() == {f"{SALES} send_as": "granted"}
    assert stage.holds(SALES, "send_as")
    (call,) = spy.calls
    assert call["arguments"] == ["-f", USER]
    assert set(call["environment"]) <= {"PATH", "KRB5CCNAME", "KRB5_CONFIG", "LC_CTYPE"}
    assert (stage.directory / "home") in spy.caches[0].parents, "where ansible tidies up, even after a killed worker"
    assert left(stage) == []
    assert PASSWORD not in told(done) + json.dumps(spy.calls)


def test_a_worker_that_is_killed_leaves_no_ticket(stage: Stage, spy: Spy) -> None:
    stage.simulator.faults.add(Fault(Slow(600.0), on=Action.RECEIVE))
    inventory = stage.inventory([SALES], management=variables(spy))
    with ThreadPoolExecutor(1) as background:
        ending = background.submit(stage.node.play, "-i", inventory, stage.playbook(stage.task()))
        wait_until(lambda: stage.simulator.faults.fired, 60.0)
        assert [cache.exists() for cache in spy.caches] == [True]
        workers = [each for each in stage.control_processes() if parent_of(each) in stage.control_processes()]
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        done = ending.result()
    assert workers, "it was a worker that had the ticket"
    assert done.status != 0
    assert [cache.exists() for cache in spy.caches] == [False]


def test_a_run_with_a_ticket_needs_no_password(stage: Stage, spy: Spy, realm: Realm, tmp_path: Path) -> None:
    realm.kinit(tmp_path / "of-the-user")
    done = run(stage, variables(spy, ansible_winrm_kinit_mode="manual", ansible_password=None))
    assert done.outcomes() == {f"{SALES} send_as": "granted"}
    assert spy.calls == []


#: Variables, and what the message says.
IN_THE_WAY: dict[str, tuple[dict[str, Any], str]] = {
    "wrong password": (
        {"ansible_password": "Falsch-und-geheim-9"},
        f"got no ticket for {USER}: kinit: Password incorrect while getting initial credentials (tried once, so that",
    ),
    "no ticket": ({"ansible_winrm_kinit_mode": "manual"}, "there is no Kerberos ticket of the user. Run kinit"),
    "another service": (
        {"ansible_winrm_kerberos_hostname_override": "elsewhere.exo.test"},
        "the realm does not know the service on this host. Use the name of the host in its domain",
    ),
    "no kinit": (
        {"ansible_winrm_kinit_cmd": "kinit-of-nobody"},
        "kinit-of-nobody, which gets Kerberos tickets, cannot be run: No such file or directory. Install it",
    ),
}


def test_what_is_in_the_way_is_told_with_its_remedy_and_without_the_password(stage: Stage, spy: Spy) -> None:
    exhibits = {
        name: Exhibit(stage.task(), management=variables(spy, **wrong)) for name, (wrong, _says) in IN_THE_WAY.items()
    }
    done = stage.exhibit(exhibits)
    for name, (_wrong, says) in IN_THE_WAY.items():
        result = done.task(name)
        assert (result.status, result.result.get("changed", False)) == ("failed", False)
        assert says in result.result["msg"]
        assert says in done.text, "the message shows"
    for secret in (PASSWORD, "Falsch-und-geheim-9"):
        assert secret not in told(done) + json.dumps(spy.calls)
    assert len(spy.calls) == 2, "once each where kinit was called"
    assert left(stage) == []
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])
