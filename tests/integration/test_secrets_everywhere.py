# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords and tokens are nowhere to be found after a run, and with no other user's eyes while it lasts."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator import host
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .canaries import Search, written
from .conftest import SetStage
from .harness import Run
from .stage import Stage, Transport, contoso

SALES = "sales@contoso.com"
TOKEN = 'eyJ0eXAi.ca<na>ry"&%+/ of an hour é.signature'


#: Each secret, each channel.
WAYS = [("certificate_file", Transport.NTLM), ("access_token", Transport.LOCAL)]


@dataclass
class Story:
    """A run with all that ansible can be made to say and keep, and where that is."""

    stage: Stage
    way: str
    environment: Mapping[str, str]

    def __post_init__(self) -> None:
        file = self.stage.simulator.applications[0].file
        assert file.password == self.stage.simulator.password
        self.kept = self.stage.directory / "kept"
        self.temporary = self.kept / "tmp"
        self.temporary.mkdir(parents=True)
        self.search = Search([file.password.encode(), TOKEN.encode(), file.path.read_bytes()[:120]])
        self.journal = self.kept / "journal.jsonl"

    def run(self, *arguments: str, **options: Any) -> Run:
        """The secrets come from variables, as from a vault; what is registered is printed."""
        file = self.stage.simulator.applications[0].file
        ways: dict[str, dict[str, Any]] = {
            "access_token": {"app_id": None, "access_token": "{{ vaulted_token }}"},
            "certificate_file": {"certificate_file": str(file.path), "certificate_password": "{{ vaulted_password }}"},
            "environment": {"app_id": None},
        }
        own = {"certificate_thumbprint": None, "journal": str(self.journal), **ways[self.way], **options}
        task = self.stage.task({"ignore_errors": True}, **own)
        show = {"name": "What was registered", "ansible.builtin.debug": {"var": "access"}}
        variables = {"vaulted_token": TOKEN, "vaulted_password": file.password}
        playbook, inventory = self.stage.playbook(task, show), self.stage.inventory([SALES])
        secrets = self.stage.write("vault.yml", variables)
        with self.search.watching(self.stage.simulator.tenant_server.key):
            return self.stage.play(
                "-i", inventory, playbook, "-e", f"@{secrets}", *arguments, environment=self._surroundings()
            )

    def _surroundings(self) -> dict[str, str]:
        return {
            "ANSIBLE_DEBUG": "1",
            "ANSIBLE_DEPRECATION_WARNINGS": "0",  # tree is going to be left out, some day
            "ANSIBLE_KEEP_REMOTE_FILES": "1",
            "ANSIBLE_LOG_PATH": str(self.kept / "ansible.log"),
            "ANSIBLE_LOCAL_TEMP": str(self.temporary / "local"),
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "ANSIBLE_CALLBACKS_ENABLED": "recorder,junit,tree",
            "ANSIBLE_CALLBACK_TREE_DIR": str(self.kept / "tree"),
            "JUNIT_OUTPUT_DIR": str(self.kept / "junit"),
            "TMPDIR": str(self.temporary),
            **self.environment,
        }

    def assert_silent(self, run: Run) -> None:
        """All that was printed, handed on, written and seen."""
        assert self.search.in_text(run.output) == set()
        assert self.search.in_text(json.dumps([each.result for each in run.tasks], ensure_ascii=False)) == set()
        assert self.search.in_files(self.kept) == {}
        assert self.search.in_files(self.stage.directory / "home") == {}
        assert self.search.in_bytes(self.stage.node.records.read_bytes()) == set()
        assert self.search.in_processes() == []
        assert {file.name for file in self.kept.iterdir()} >= {"ansible.log", "junit", "tree"}
        assert list((self.kept / "junit").glob("*.xml"))


def story(
    set_stage: SetStage, way: str, transport: Transport, environment: Mapping[str, str] | None = None, **options: Any
) -> Story:
    organisation = contoso({"address": SALES}, apps=[{"access_tokens": [TOKEN], **options.pop("app", {})}])
    return Story(set_stage(organisation, transport=transport, **options), way, environment or {})


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    search = Search([TOKEN.encode()])
    for number, form in enumerate(written(TOKEN.encode())):
        (tmp_path / str(number)).write_bytes(b"before" + form + b"after")
    assert len(search.in_files(tmp_path)) == len(list(tmp_path.iterdir())) > 10
    assert search.in_text("nothing of it") == set()


@pytest.mark.parametrize("transport", [Transport.NTLM, Transport.LOCAL])
def test_when_all_goes_well(set_stage: SetStage, transport: Transport) -> None:
    """With a real PowerShell, where there is one."""
    told = story(set_stage, "certificate_file", transport)
    run = told.run("-vvvvv", "--diff")
    assert told.stage.holds(SALES, "send_as"), run.output
    told.assert_silent(run)
    assert told.search.environments, "no PowerShell was seen"
    assert told.journal.stat().st_mode & 0o777 == 0o600


def test_a_local_powershell_gets_no_secret_from_the_environment(set_stage: SetStage) -> None:
    """The token is in that of ansible-playbook, from where it must not go on."""
    told = story(set_stage, "environment", Transport.LOCAL, {"EXCHANGE_ONLINE_ACCESS_TOKEN": TOKEN})
    script = told.stage.simulator.local().executable
    script.write_text(script.read_text().replace("exec env -i ", "exec env "))
    run = told.run("-vvvvv")
    assert told.stage.holds(SALES, "send_as"), run.output
    told.assert_silent(run)
    assert told.search.environments, "no PowerShell was seen"


@pytest.mark.parametrize(("way", "transport"), WAYS)
def test_when_the_service_repeats_it(set_stage: SetStage, way: str, transport: Transport) -> None:
    """Its words are cut after 400 characters, in the middle of the token."""
    text = f"AADSTS500133: {'the assertion is not within its valid time range ' * 8}{TOKEN} Correct-Horse-7"
    told = story(set_stage, way, transport, app={"sign_in_error": text}, host=HostOptions(None))
    run = told.run("-vvvvv")
    assert "AADSTS500133" in run.output
    told.assert_silent(run)
    assert TOKEN[:12] not in run.output


def test_when_the_password_of_the_file_is_wrong(set_stage: SetStage, powershell: None) -> None:
    told = story(set_stage, "certificate_file", Transport.NTLM)
    run = told.run("-vvvvv", certificate_password="{{ vaulted_password ~ 'x' }}")
    assert "certificate_password" in run.message
    told.assert_silent(run)


#: Says on both of its streams what it was told to sign in with, and is gone.
BABBLER = f"""\
#!{sys.executable} -S
import base64, json, subprocess, sys
child = subprocess.Popen([sys.executable, "-S", {str(Path(host.__file__).with_name("standin.py"))!r}, *sys.argv],
                         stdin=subprocess.PIPE)
for line in sys.stdin.buffer:
    if b'"sign_in"' in line:
        said = json.loads(line)["sign_in"]
        for text in (line.decode(), repr(said), base64.b64encode(line).decode(), *map(str, said.values())):
            print(text, flush=True)
            print(text, file=sys.stderr, flush=True)
        child.kill()
        child.wait()
        sys.exit(3)
    child.stdin.write(line)
    child.stdin.flush()
"""


@pytest.mark.parametrize("way", ["certificate_file", "access_token"])
def test_when_powershell_prints_it_and_dies(set_stage: SetStage, way: str) -> None:
    told = story(set_stage, way, Transport.LOCAL, host=HostOptions(None))
    program = told.stage.directory / "babbler"
    program.write_text(BABBLER)
    program.chmod(0o700)
    run = told.run("-vvvvv", executable=str(program))
    assert "exit code 3. It printed:" in run.message
    told.assert_silent(run)


@pytest.mark.parametrize(("way", "transport"), WAYS)
def test_when_the_collection_itself_crashes(
    set_stage: SetStage, monkeypatch: pytest.MonkeyPatch, way: str, transport: Transport
) -> None:
    """What no run may say otherwise is asked for here: a traceback, of which ansible shows all that it gets."""
    monkeypatch.setattr(f"{__package__}.harness.SHAMEFUL", ())
    everything = {
        "ANSIBLE_CALLBACKS_ENABLED": "recorder,junit,tree,saboteur",
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
    }
    told = story(set_stage, way, transport, everything, host=HostOptions(None))
    run = told.run("-vvvvv")
    assert "a fault of this collection, please report it: RuntimeError: injected" in run.message
    assert "in _crash" in run.output
    told.assert_silent(run)
