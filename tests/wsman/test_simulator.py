# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a whole: a runner on the simulated host, over WinRM and locally, in PowerShell and the stand-in."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.bootstrap import launch
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from ansible_collections.email_router.exchange_online.tests.conformance.cmdlet_powershell import required_powershell
from ansible_collections.email_router.exchange_online.tests.simulator.certificates import make_certificate
from ansible_collections.email_router.exchange_online.tests.simulator.constrained import constrained
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import Simulator, SimulatorOptions
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action
from winrm.protocol import Protocol

from .client import Conversation, connect, wait_until

PACKAGE = "ansible_collections.email_router.exchange_online.tests.simulator"
Answers = list[dict[str, Any]]
MARKER = b"@exo "
#: Runs a program with arguments and its input, which ends after so many answers; gives its output and exit code.
Run = Callable[[Simulator, list[str], bytes, int], tuple[bytes, int]]


def over_winrm(simulator: Simulator, arguments: list[str], data: bytes, answers: int) -> tuple[bytes, int]:
    options = {"username": simulator.user, "password": simulator.password, "read_timeout_sec": 60}
    protocol = connect(simulator.endpoint, **options, operation_timeout_sec=20)
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, "powershell.exe", arguments, console_mode_stdin=False)
    talk = Conversation(protocol, shell, command)
    talk.send(data)
    out, done = b"", False
    while out.count(MARKER) < answers and not done:
        more, _err, code, done = talk.receive()
        out += more
    if not done:
        talk.send(b"", end=True)
        rest, _err, code = talk.drain()
        out += rest
    protocol.close_shell(shell)
    return out, code


def locally(simulator: Simulator, arguments: list[str], data: bytes, answers: int) -> tuple[bytes, int]:
    command = ["pwsh", *arguments]
    with subprocess.Popen(
        command, env=dict(simulator.local().environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(data)
        process.stdin.flush()
        out = b""
        while out.count(MARKER) < answers and (line := process.stdout.readline()):
            out += line
        process.stdin.close()
        out += process.stdout.read()
        return out, process.wait()


@pytest.fixture(params=["stand-in", pytest.param("powershell", marks=pytest.mark.powershell)])
def host(request: pytest.FixtureRequest) -> HostOptions:
    return HostOptions(pwsh=required_powershell() if request.param == "powershell" else None)


@pytest.fixture
def powershell() -> HostOptions:
    return HostOptions(pwsh=required_powershell())


@pytest.fixture(scope="module")
def ready_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("command-line") / "ready.json"


def simulate(host: HostOptions, **options: Any) -> Simulator:
    return Simulator(Tenant(generate(10, seed=3)), SimulatorOptions(host=host, **options))


def talk(simulator: Simulator, run: Run, *requests: dict[str, Any]) -> Answers:
    """Sends the requests to a runner, and gives its answers in order. The end of input would drop those that wait."""
    start = launch("powershell.exe")
    lines = "".join(json.dumps({"id": number, **each}) + "\n" for number, each in enumerate(requests, 1))
    out, _code = run(simulator, start.arguments, start.preamble + lines.encode(), len(requests))
    return [json.loads(line[5:]) for line in out.decode().splitlines() if line.startswith("@exo ")]


def sign_in(simulator: Simulator, **way: str) -> dict[str, Any]:
    app = simulator.applications[0]
    way = way or {"way": "certificate_thumbprint", "certificate_thumbprint": app.thumbprint}
    keys = {"organization": simulator.organization, "app_id": app.app_id, **way}
    return {"op": "connect", "minimum_module": "3.2.0", "cmdlets": {"Get-Mailbox": ["Identity"]}, "sign_in": keys}


MAILBOXES = {"op": "invoke", "cmdlet": "Get-Mailbox", "parameters": {}, "select": ["PrimarySmtpAddress"]}


@pytest.mark.parametrize(("run", "tls"), [(over_winrm, False), (over_winrm, True), (locally, False)])
def test_a_runner_on_the_host_signs_in_by_certificate_and_reads_the_tenant(
    run: Run, tls: bool, host: HostOptions
) -> None:
    with simulate(host, tls=tls) as simulator:
        hello, connected, mailboxes = talk(simulator, run, {"op": "hello"}, sign_in(simulator), MAILBOXES)
        assert hello["ok"]
        assert connected["result"]["certificate"]["store"] == "CurrentUser\\My"
        assert len(mailboxes["rows"]) == 11
        assert [call.cmdlet for call in simulator.tenant.calls][-1] == "Get-Mailbox"
        assert [process.alive for process in simulator.processes] == ([] if run is locally else [False])
        assert simulator.requests[Action.COMMAND] == len(simulator.processes)
    assert not simulator.directory.exists()


def test_a_certificate_file_signs_in_too(host: HostOptions) -> None:
    with simulate(host) as simulator:
        file = simulator.applications[0].file
        keys = {
            "way": "certificate_file",
            "certificate_pfx": base64.b64encode(file.path.read_bytes()).decode(),
            "certificate_password": file.password,
        }
        (connected,) = talk(simulator, locally, sign_in(simulator, **keys))
    assert connected["ok"], connected
    assert connected["result"]["certificate"]["store"] == "file"


def test_the_host_may_lack_the_module(host: HostOptions) -> None:
    with simulate(replace(host, module_version="none")) as simulator:
        (refused,) = talk(simulator, over_winrm, sign_in(simulator))
    assert refused["error"]["code"] == "module_missing"


@pytest.mark.powershell
@pytest.mark.parametrize(
    ("stored", "with_key", "code"),
    [(False, False, "certificate_not_found"), (True, False, "certificate_key_missing"), (True, True, "connect_failed")],
)
def test_the_store_holds_what_was_put_there(stored: bool, with_key: bool, code: str, powershell: HostOptions) -> None:
    with simulate(powershell) as simulator:
        stranger = make_certificate("stranger")
        if stored:
            simulator.host.store.add(stranger, with_key=with_key)
        way = {"way": "certificate_thumbprint", "certificate_thumbprint": stranger.thumbprint}
        (refused,) = talk(simulator, over_winrm, sign_in(simulator, **way))
    assert refused["error"]["code"] == code


@pytest.mark.powershell
@pytest.mark.parametrize("run", [over_winrm, locally])
def test_the_host_may_be_in_constrained_language_mode(run: Run, powershell: HostOptions) -> None:
    with simulate(replace(powershell, constrained=True)) as simulator:
        start = launch("powershell.exe")
        out, code = run(simulator, start.arguments, start.preamble, 1)
    assert (out.split(), code) == ([b"@exo", b'{"seq":0,"fatal":"language_mode"}'], 3)


def test_constrained_language_mode_needs_powershell(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="real PowerShell"):
        simulate(HostOptions(pwsh=None, constrained=True))
    with pytest.raises(ValueError, match="-encodedcommand"):
        constrained(["-Command", "x"])


def test_the_host_shows_nothing_of_this_machine(host: HostOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CONTROLLER", "geheim")
    with simulate(replace(host, environment={"COLOUR": "red"})) as simulator:
        environment = simulator.endpoint.options.programs["powershell.exe"].environment
        script = simulator.local().executable.read_text()
    assert environment["COLOUR"] == "red"
    assert "COLOUR=red" in script
    assert "geheim" not in {*environment.values(), script}


@pytest.fixture
def served(ready_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", PACKAGE, "--mailboxes", "3", "--stand-in", "--ready-file", str(ready_file)]
    ready_file.unlink(missing_ok=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_line_serves_until_it_is_told_to_stop(
    number: int, ready_file: Path, served: subprocess.Popen[bytes]
) -> None:
    wait_until(ready_file.exists)
    ready = json.loads(ready_file.read_text())
    assert ready["pid"] == served.pid
    assert Path(ready["certificate_file"]).exists()
    variables = ready["variables"]
    protocol = Protocol(
        ready["url"],
        transport=variables["ansible_winrm_transport"],
        username=variables["ansible_user"],
        password=variables["ansible_password"],
        proxy=None,
    )
    start = launch("powershell.exe")
    shell = protocol.open_shell()
    runner = Conversation(protocol, shell, protocol.run_command(shell, "powershell.exe", start.arguments))
    runner.send(start.preamble + b'{"id":1,"op":"hello"}\n')
    pid = json.loads(runner.receive()[0].partition(b"@exo ")[2])["result"]["pid"]
    assert Path(f"/proc/{pid}").exists()
    os.kill(served.pid, number)
    assert served.wait(10) == 0
    assert not Path(ready["certificate_file"]).exists()
    assert not Path(f"/proc/{pid}").exists()
