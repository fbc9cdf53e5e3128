# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight as a user runs it: all is well on every core; the host is made to fail, point by point."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.modules.exchange_connection_info import EXAMPLES
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Action,
    Code,
    Fault,
    SoapFault,
)

from .conftest import SetStage
from .harness import CORES
from .preflights import MODULE, POINTS, RECIPIENTS, SALES, assert_fails, preflight
from .stage import Stage, Transport, contoso

STAND_IN = HostOptions(pwsh=None)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """For what goes wrong outside of the host."""
    with Stage(tmp_path_factory.mktemp("shared"), contoso(*RECIPIENTS)) as stage:
        yield stage


@pytest.fixture
def closed() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else takes."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


# All is well


@pytest.mark.parametrize("transport", Transport, ids=lambda each: each.name.lower())
@pytest.mark.parametrize("core", CORES)
def test_where_all_is_well_every_point_passes(set_stage: SetStage, core: str, transport: Transport) -> None:
    stage = set_stage(contoso(*RECIPIENTS), core=core, transport=transport)
    done = preflight(stage, "--check", purpose="enforce")
    assert done.run.status == 0, done.run.output
    assert [row["point"] for row in done.points] == POINTS
    assert done.with_status("pass") == POINTS, done.result["report"]
    assert "warnings" not in done.result
    assert stage.tenant.sign_ins == 1


def test_the_stand_in_for_powershell_gives_the_same(set_stage: SetStage) -> None:
    done = preflight(set_stage(contoso(*RECIPIENTS), host=STAND_IN))
    assert done.with_status("pass") == POINTS, done.result["report"]


def test_check_mode_asks_for_no_right_to_write(shared: Stage) -> None:
    assert preflight(shared, "--check").with_status("skipped") == ["role_enforce"]


def test_a_file_does_for_a_certificate(shared: Stage) -> None:
    file = shared.simulator.applications[0].file
    options: dict[str, Any] = {"certificate_file": str(file.path), "certificate_password": file.password}
    done = preflight(shared, certificate_thumbprint=None, **options)
    assert done.with_status("pass") == POINTS, done.result["report"]
    assert file.password not in done.run.output


# The way to PowerShell


def test_a_host_that_is_not_there(shared: Stage, closed: int) -> None:
    done = preflight(shared, management={"ansible_port": closed})
    assert_fails(done, "reachability", f"127.0.0.1:{closed}", "Check ansible_host and ansible_port", skips=POINTS)
    assert len(done.run.text) < 2000, "one sentence and its data, not every point that was not looked at"


def test_a_wrong_password(shared: Stage) -> None:
    done = preflight(shared, management={"ansible_password": "wrong"})
    assert_fails(done, "authentication", "the sign-in was refused", "Check ansible_user", skips=POINTS[1:])


def test_a_host_that_starts_no_shell(shared: Stage) -> None:
    shared.simulator.faults.add(Fault(SoapFault(Code.MAX_SHELLS), on=Action.CREATE))
    assert_fails(preflight(shared), "powershell_start", "MaxShellsPerUser", skips=POINTS[2:])


def test_a_program_that_the_host_does_not_have(shared: Stage) -> None:
    done = preflight(shared, executable="pwsh-preview.exe")
    assert_fails(done, "powershell_start", "pwsh-preview.exe", skips=POINTS[2:])


def test_a_control_node_without_powershell(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS), transport=Transport.LOCAL)
    done = preflight(stage, executable="pwsh-preview")
    assert_fails(done, "powershell_start", "There is no PowerShell pwsh-preview", "Install", skips=POINTS[2:])


@pytest.mark.usefixtures("powershell")
def test_constrained_language_mode(set_stage: SetStage) -> None:
    done = preflight(set_stage(contoso(*RECIPIENTS), host=HostOptions(constrained=True)))
    assert_fails(done, "language_mode", "Constrained Language Mode", "full language", skips=POINTS[3:])


def test_a_host_that_dies_on_the_way(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS))

    def die(cmdlet: str, parameters: object) -> None:
        stage.simulator.processes[-1].kill()
        stage.tenant.open.clear()  # whoever is killed does not sign out

    stage.tenant.before_invoke = die
    done = preflight(stage)
    assert_fails(done, "reachability", "contact was lost", skips=POINTS[POINTS.index("role_audit") :])


# The host


@pytest.mark.parametrize(
    ("facts", "point", "says"),
    [
        ({"powershell": "7.2.18"}, "powershell_version", "Install PowerShell 7.4 or newer"),
        (
            {"edition": "Desktop", "powershell": "5.1.14393.1", "framework": 394802},
            "powershell_version",
            "Install .NET Framework 4.7.2",
        ),
        (
            {"platform": "Win32NT", "execution_policies": ["MachinePolicy=AllSigned", "Process=Bypass"]},
            "execution_policy",
            "set by Group Policy (MachinePolicy)",
        ),
        ({"tls": {"protocols": "SystemDefault", "enabled": 0}}, "tls", "TLS 1.2 is switched off"),
        ({"powershell": "7.4.6", "modules": ["3.10.1"]}, "module", "needs PowerShell 7.6"),
    ],
)
def test_a_host_that_would_not_do(set_stage: SetStage, facts: dict[str, Any], point: str, says: str) -> None:
    stage = set_stage(contoso(*RECIPIENTS), host=replace(STAND_IN, facts=facts))
    assert_fails(preflight(stage), point, says)
    assert stage.tenant.sign_ins == 0


def test_a_policy_that_nobody_can_read_is_told_and_stops_nothing(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS), host=replace(STAND_IN, facts={"platform": "Win32NT"}))
    done = preflight(stage)
    assert done.run.status == 0
    assert done.row("execution_policy")["found"] == "could not tell"


@pytest.mark.parametrize("pwsh", [None, HostOptions().pwsh], ids=["stand-in", "powershell"])
@pytest.mark.parametrize(
    ("version", "says"), [("none", "Install-Module ExchangeOnlineManagement"), ("3.1.0", "older than 3.2.0")]
)
def test_a_module_that_is_missing_or_too_old(set_stage: SetStage, pwsh: str | None, version: str, says: str) -> None:
    stage = set_stage(contoso(*RECIPIENTS), host=HostOptions(pwsh=pwsh, module_version=version))
    assert_fails(preflight(stage), "module", says)


def test_a_temporary_folder_that_cannot_be_written_to(set_stage: SetStage) -> None:
    nowhere = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), "/nowhere")
    stage = set_stage(contoso(*RECIPIENTS), host=HostOptions(environment=nowhere))
    assert_fails(preflight(stage), "temp", "/nowhere", "set its TEMP and TMP")


def test_a_network_without_a_way_to_exchange_warns_where_signing_in_works_all_the_same(
    shared: Stage, closed: int
) -> None:
    done = preflight(shared, endpoints=[f"127.0.0.1:{shared.simulator.port}", f"127.0.0.1:{closed}"])
    assert done.run.status == 0
    rows = [row for row in done.points if row["point"] == "network"]
    assert [row["status"] for row in rows] == ["pass", "warn"]
    assert f"127.0.0.1:{closed}: " in rows[1]["found"]
    assert "Let the PowerShell host reach it" in rows[1]["remedy"]
    assert done.row("sign_in")["status"] == "pass"


def test_a_network_without_a_way_to_exchange_fails_where_signing_in_does(set_stage: SetStage, closed: int) -> None:
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"sign_in_error": "No such host is known"}]))
    done = preflight(stage, endpoints=[f"127.0.0.1:{closed}"])
    assert done.run.status == 2
    assert done.with_status("fail") == ["network", "sign_in"]
    assert "login.microsoftonline.com" in done.row("sign_in")["remedy"]


def test_a_proxy_is_named_and_is_what_must_be_reached(set_stage: SetStage, closed: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        address = f"127.0.0.1:{proxy.getsockname()[1]}"
        behind = HostOptions(environment={"https_proxy": f"http://user:geheim@{address}"})
        stage = set_stage(contoso(*RECIPIENTS), host=behind)
        done = preflight(stage, endpoints=["outlook.invalid:443"])
    assert done.run.status == 0, done.run.output
    assert f"outlook.invalid:443 answers through the proxy {address}" in done.row("network")["found"]
    assert "geheim" not in done.run.output


# What the task makes of it


def test_never_failing_leaves_the_verdict_to_the_playbook(shared: Stage, closed: int) -> None:
    done = preflight(shared, management={"ansible_port": closed}, fail_on="never")
    assert done.run.status == 0
    assert done.result["summary"]["fail"] == 1
    assert done.result["report"][0].startswith("fail     reachability: WinRM on 127.0.0.1")


def test_a_snapshot_needs_neither_host_nor_sign_in(shared: Stage) -> None:
    snapshot = shared.directory / "snapshot.json"
    shared.tenant.organisation.save(snapshot)
    options = dict.fromkeys(shared.sign_in)
    done = preflight(shared, snapshot=str(snapshot), management={"ansible_password": None}, **options)
    assert done.run.status == 0, done.run.output
    assert done.with_status("pass") == POINTS[-4:]


def test_the_examples_run(set_stage: SetStage) -> None:
    """Before the stand-in, which finds any certificate."""
    stage = set_stage(contoso(*RECIPIENTS), host=STAND_IN)
    file = stage.simulator.applications[0].file
    tasks = yaml.safe_load(EXAMPLES.replace("/etc/ansible/exchange.pfx", str(file.path)))
    defaults = {MODULE: {"endpoints": [urlsplit(stage.simulator.url).netloc]}}
    playbook = stage.playbook(*tasks, module_defaults=defaults, vars={"vaulted_password": file.password})
    run = stage.play("-i", stage.inventory([SALES]), playbook, environment=stage.simulator.local().environment)
    assert run.status == 0, run.output
    first, second = (each.result for each in run.tasks if each.action == MODULE)
    assert first["summary"]["fail"] == second["summary"]["fail"] == 0
    assert second["report"][0] in run.output
